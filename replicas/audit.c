#include "replicas/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/auditing.h"
#include "replicas/engine.h"
#include "replicas/erasure.h"
#include "replicas/inspect.h"
#include "replicas/object.h"
#include "replicas/tree.h"

void audit_free(struct audit_result *a)
{
    if (a == NULL)
        return;
    finding_release(&a->findings);
    mem_free(a->offices);
    mem_free(a->totals);
    mem_free(a->heads);
    mem_free(a->attestations);
    mem_free(a);
}

const char *audit_verdict_word(enum audit_verdict verdict)
{
    static const char *const words[] = {"clean", "findings", "failed"};
    return words[verdict];
}

void audit_refuse(struct audit_result *a, const struct oid *commit, enum status code,
                  const char *format, ...)
{
    struct verify_report *v = &a->verified;
    va_list args;
    v->ok = false;
    if (v->finding_count == VERIFY_FINDINGS_MAX) {
        v->more_findings++;
        return;
    }
    struct verify_finding *one = &v->findings[v->finding_count++];
    *one = (struct verify_finding){.code = code};
    if (commit != NULL)
        one->commit = *commit;
    va_start(args, format);
    vsnprintf(one->text, sizeof one->text, format, args);
    va_end(args);
}

/* ---- erasures ---- */

struct erasing {
    struct replica *replica;
    struct audit_result *audit;
    struct fault *fault;
};

static enum status on_erasure(void *user, const char *path, const struct oid *blob)
{
    struct erasing *e = user;
    struct bytes text;
    struct record record = {0};
    struct erasure erasure = {.proposed = 0};
    (void)path;
    enum status st = store_read(replica_store(e->replica), blob, STORE_BLOB, &text, e->fault);
    if (st == ST_OK)
        st = record_parse(text, &record);
    const struct record_field *field = st == ST_OK ? record_field(&record, BYTES("record")) : NULL;
    struct bytes target = {NULL, 0};
    if (field != NULL)
        target = object_unquoted(record_reads(&record, field)->json);
    if (target.count == RECORD_ID_TEXT) {
        st = erasure_read(e->replica, target, &erasure, e->fault);
        bool settled = false;
        for (uint32_t i = 0; st == ST_OK && i < erasure.order_count; i++)
            settled = settled || erasure.orders[i].settled;
        e->audit->erasures++;
        e->audit->erasures_open += settled ? 0 : 1;
        erasure_release(&erasure);
    }
    record_release(&record);
    return st;
}

static enum status gather_erasures(struct replica *r, struct audit_result *a, struct fault *f)
{
    struct erasing e = {r, a, f};
    enum status st =
        tree_walk(replica_store(r), replica_state(r), "records/" ERASURE_TYPE, on_erasure, &e, f);
    return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ---- one audit ---- */

/* The last day of all programmes; BOOK_NO_DAY: none says one. */
static int32_t last_day(const struct book *b)
{
    int32_t last = BOOK_NO_DAY;
    for (uint32_t i = 0; i < b->programme_count; i++)
        last = b->programmes[i].end > last ? b->programmes[i].end : last;
    return last;
}

static enum status run(struct replica *r, const struct book *b, const struct audit_options *o,
                       struct audit_result *a, struct fault *f)
{
    const struct schema_audit *due = &charter_newest(replica_charters(r))->schema->audit;
    struct inspect_settings settings = {due->sessions_group, due->sessions_individual, false};
    a->state = *replica_state(r);
    enum status st = audit_offices_gather(r, a);
    int32_t last = last_day(b);
    a->closed = o->close || (last != BOOK_NO_DAY && audit_offices_closed(a, last));
    settings.closed = a->closed;
    if (st == ST_OK)
        st = inspect_book(b, &settings, &a->findings);
    if (st == ST_OK)
        st = audit_history_inspect(r, a);
    if (st == ST_OK)
        st = finding_sort(&a->findings);
    if (st == ST_OK)
        st = audit_totals_gather(b, a);
    if (st == ST_OK)
        st = gather_erasures(r, a, f);
    if (st == ST_OK)
        st = attestation_list(r, &a->attestations, &a->attestation_count, f);
    return st;
}

static void judge(struct audit_result *a)
{
    memset(a->levels, 0, sizeof a->levels);
    for (uint32_t i = 0; i < a->findings.count; i++)
        a->levels[a->findings.list[i].level]++;
    a->verdict = !a->verified.ok         ? AUDIT_FAILED
                 : a->findings.count > 0 ? AUDIT_FINDINGS
                                         : AUDIT_CLEAN;
}

static enum status make(struct audit_result **out, struct fault *f)
{
    *out = mem_alloc(sizeof **out);
    if (*out == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    (*out)->verified.ok = true;
    return ST_OK;
}

/* The end of a run: the result, judged, or nothing. */
static enum status give(struct audit_result *a, enum status st, struct audit_result **out,
                        struct fault *f)
{
    if (st != ST_OK) {
        audit_free(a);
        if (st == ST_NO_MEMORY)
            fault_set(f, st, "%s", status_text(st));
        return st;
    }
    judge(a);
    *out = a;
    return ST_OK;
}

enum status audit_run_book(struct replica *r, const struct book *b, const struct audit_options *o,
                           struct audit_result **out, struct fault *f)
{
    struct audit_result *a = NULL;
    *out = NULL;
    enum status st = make(&a, f);
    if (st == ST_OK)
        st = run(r, b, o, a, f);
    return give(a, st, out, f);
}

/* The book read anew, the accounts held against the entries, then the rules. */
static enum status run_whole(struct replica *r, const struct audit_options *o,
                             struct audit_result *a, struct fault *f)
{
    struct book *book = NULL;
    enum status st = book_read(r, &book, f);
    if (st == ST_OK)
        st = audit_accounts_check(r, book, a, f);
    if (st == ST_OK)
        st = run(r, book, o, a, f);
    book_free(book);
    return st;
}

enum status audit_run(struct replica *r, const struct audit_options *o, struct audit_result **out,
                      struct fault *f)
{
    struct audit_result *a = NULL;
    *out = NULL;
    enum status st = make(&a, f);
    if (st == ST_OK)
        st = run_whole(r, o, a, f);
    return give(a, st, out, f);
}

/* The rules over what a verification has made. What cannot be read is a reason to refuse it. */
static enum status run_verified(struct replica *r, const struct audit_options *o,
                                struct audit_result *a, struct fault *f)
{
    struct fault own = {0};
    if (r == NULL || replica_charters(r)->count == 0)
        return ST_OK;
    enum status st = run_whole(r, o, a, &own);
    if (st == ST_OK)
        return ST_OK;
    if (a->verified.ok && (st == ST_CORRUPT || st == ST_NOT_FOUND || st == ST_TOO_LARGE))
        audit_refuse(a, NULL, st, "%s", own.text);
    if (!a->verified.ok && st != ST_NO_MEMORY)
        return ST_OK; /* it failed already: what is there is told */
    return fault_set(f, st, "%s", own.text);
}

enum status audit_home(const char *home, const struct audit_options *o, struct audit_result **out,
                       struct fault *f)
{
    struct audit_result *a = NULL;
    struct replica *r = NULL;
    *out = NULL;
    enum status st = make(&a, f);
    if (st == ST_OK)
        st = verify_home_into(home, &a->verified, &r, f);
    if (st == ST_OK)
        st = run_verified(r, o, a, f);
    replica_drop(r);
    return give(a, st, out, f);
}

enum status audit_repo(const char *dir, const struct digest *network, const struct audit_options *o,
                       struct audit_result **out, struct fault *f)
{
    struct audit_result *a = NULL;
    struct replica *r = NULL;
    *out = NULL;
    enum status st = make(&a, f);
    if (st == ST_OK)
        st = verify_repo_into(dir, network, &a->verified, &r, f);
    if (st == ST_OK)
        st = run_verified(r, o, a, f);
    replica_drop(r);
    return give(a, st, out, f);
}
