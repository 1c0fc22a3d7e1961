#include "cli/audit.h"

#include <jansson.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/ask.h"
#include "cli/auditor.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/story.h"
#include "replicas/audit.h"

enum { DAY_BYTES = 10, ROOM_BYTES = 64 };

/* ---- the result, as one JSON object ---- */

static enum status no_memory(struct fault *f)
{
    return fault_set(f, ST_NO_MEMORY, "%s", tr(status_text(ST_NO_MEMORY)));
}

static enum finding_language language(void)
{
    return language_now() == LANGUAGE_SPANISH ? FINDING_SPANISH : FINDING_ENGLISH;
}

/* One row: the head becomes the result, a finding is added to it. */
static bool take_row(json_t **result, struct bytes json)
{
    json_t *row = json_loadb((const char *)json.data, json.count, 0, NULL);
    json_t *one = json_object_get(row, "finding");
    if (row == NULL)
        return false;
    if (one == NULL && *result == NULL) {
        *result = row;
        return json_object_set_new(row, "findings", json_array()) == 0;
    }
    bool taken = one != NULL && *result != NULL &&
                 json_array_append(json_object_get(*result, "findings"), one) == 0;
    json_decref(row);
    return taken;
}

static enum status result_of(const struct audit_result *a, json_t **out, struct fault *f)
{
    struct buf row = {0};
    audit_json_head(a, &row);
    bool whole = buf_status(&row) == ST_OK && take_row(out, buf_bytes(&row));
    for (uint32_t i = 0; whole && i < a->findings.count; i++) {
        buf_reset(&row);
        buf_add_text(&row, "{\"finding\":");
        audit_json_finding(&a->findings, i, language(), &row);
        buf_add_byte(&row, '}');
        whole = buf_status(&row) == ST_OK && take_row(out, buf_bytes(&row));
    }
    buf_release(&row);
    return whole ? ST_OK : no_memory(f);
}

struct taking {
    json_t *result;
    bool lost;
};

static void on_row(void *user, struct bytes json)
{
    struct taking *t = user;
    t->lost = t->lost || !take_row(&t->result, json);
}

/* The status of the word that a request ended with. */
static enum status status_of(const char *word)
{
    for (int s = 0; s < STATUS_COUNT; s++) {
        char code[CLIENT_CODE_BYTES]; /* status_word() uses its memory again */
        snprintf(code, sizeof code, "%s", status_word((enum status)s));
        if (strcmp(code, word) == 0)
            return (enum status)s;
    }
    return ST_IO;
}

/* By the daemon; where none runs, by this process on the same files. */
static enum status run_since(const struct call *c, const char *since, json_t **out, struct fault *f)
{
    struct control_request request = {.verb = BYTES("audit")};
    struct client_end end = {.exit = CALL_DONE};
    struct client *client = NULL;
    struct taking taking = {0};
    if (call_has(c, "close"))
        request.options[request.option_count++] =
            (struct control_option){BYTES("close"), BYTES("")};
    request.options[request.option_count++] = (struct control_option){
        BYTES("language"), language() == FINDING_SPANISH ? BYTES("es") : BYTES("en")};
    request.options[request.option_count++] =
        (struct control_option){BYTES("since"), bytes_of_text(since)};
    enum status st = ask_open(c, &client, f);
    if (st == ST_NO_DAEMON) {
        struct replica_options options = {.home = c->home, .readonly = true};
        struct audit_options how = {.close = call_has(c, "close")};
        struct audit_result *a = NULL;
        struct replica *r = NULL;
        st = replica_open(&options, &r, f);
        if (st == ST_OK)
            st = audit_since(r, bytes_of_text(since), &how, &a, f);
        if (st == ST_OK)
            st = result_of(a, out, f);
        audit_free(a);
        replica_drop(r);
        return st;
    }
    if (st == ST_OK)
        st = client_run(client, &request, on_row, &taking, &end, f);
    client_close(client);
    if (st == ST_OK && end.exit != CALL_DONE) {
        st = fault_set(f, status_of(end.code), "%s", end.text);
        fault_fix(f, "%s", end.fix);
    } else if (st == ST_OK && (taking.lost || taking.result == NULL)) {
        st = no_memory(f);
    }
    if (st == ST_OK)
        *out = taking.result;
    else
        json_decref(taking.result);
    return st;
}

static enum status network_of(const char *text, struct digest *out, struct fault *f)
{
    if (hex_decode(bytes_of_text(text), out->id, DIGEST_BYTES) == ST_OK)
        return ST_OK;
    fault_set(f, ST_USAGE, "%s", tr("a network id is 64 hex digits"));
    fault_fix(f, "%s", tr("minga verify --json names it, in an office's home"));
    return ST_USAGE;
}

static enum status run_whole(const struct call *c, json_t **out, struct fault *f)
{
    struct audit_options how = {.close = call_has(c, "close")};
    const char *repo = call_option(c, "repo"), *id = call_option(c, "network");
    struct audit_result *a = NULL;
    struct digest network;
    enum status st = id != NULL ? network_of(id, &network, f) : ST_OK;
    if (st != ST_OK)
        return st;
    if (repo == NULL)
        st = audit_home(c->home, &how, &a, f);
    else
        st = audit_repo(repo, id != NULL ? &network : NULL, &how, &a, f);
    if (st == ST_OK)
        st = result_of(a, out, f);
    else if (repo != NULL && f->fix[0] == '\0')
        fault_fix(f, "%s", tr("name a clone: git clone minga.bundle DIR; minga audit --repo DIR"));
    audit_free(a);
    return st;
}

static enum status run(const struct call *c, json_t **out, struct fault *f)
{
    const char *since = call_option(c, "since");
    bool repo = call_has(c, "repo");
    if (call_has(c, "network") && !repo)
        return fault_set(f, ST_USAGE, "%s", tr("--network goes with --repo"));
    if (since != NULL && repo) {
        fault_set(f, ST_USAGE, "%s", tr("--since goes without --repo"));
        fault_fix(f, "%s", tr("a clone is audited whole: leave --since out"));
        return ST_USAGE;
    }
    return since != NULL ? run_since(c, since, out, f) : run_whole(c, out, f);
}

/* ---- in words ---- */

static long long number(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static const char *day_of(const json_t *object, const char *name, char out[static DAY_BYTES + 1])
{
    snprintf(out, DAY_BYTES + 1, "%s", output_text(object, name));
    return out;
}

static void print_verified(const json_t *r)
{
    size_t i;
    const json_t *one;
    output_line(stdout, tr("network %s (%s), charter %u"), output_text(r, "network"),
                output_text(r, "network_id"), (unsigned)number(r, "charter"));
    if (json_is_true(json_object_get(r, "incremental")))
        output_line(stdout, tr("%llu commits verified, those since %.8s"),
                    (unsigned long long)number(r, "commits"), output_text(r, "since"));
    else
        output_line(stdout, tr("%llu commits replayed, %llu signatures good"),
                    (unsigned long long)number(r, "commits"),
                    (unsigned long long)number(r, "signatures"));
    output_line(stdout, tr("state %s"), output_text(r, "state"));
    json_array_foreach(json_object_get(r, "refused"), i, one)
    {
        const char *commit = output_text(one, "commit");
        if (commit[0] != '\0')
            output_line(stdout, "- %s: %s", commit, output_text(one, "reason"));
        else
            output_line(stdout, "- %s", output_text(one, "reason"));
    }
    if (number(r, "more") > 0)
        output_line(stdout, tr("... and %u more"), (unsigned)number(r, "more"));
}

static void print_finding(const json_t *one)
{
    struct buf line = {0};
    size_t i;
    const json_t *id;
    const char *since = output_text(one, "since"), *commit = output_text(one, "commit");
    output_line(stdout, "%s %s: %s", tr(output_text(one, "severity")), output_text(one, "rule"),
                output_text(one, "text"));
    json_array_foreach(json_object_get(one, "records"), i, id)
        buf_add_format(&line, "%s%.8s", i > 0 ? " " : "", json_string_value(id));
    if (since[0] != '\0')
        output_line(stdout, "  %s %s%s%.8s  %s", tr("since"), since, commit[0] != '\0' ? ", " : "",
                    commit, buf_text(&line));
    else if (line.count > 0)
        output_line(stdout, "  %s", buf_text(&line));
    buf_release(&line);
}

static void print_findings(const json_t *r)
{
    size_t i;
    const json_t *one;
    if (json_array_size(json_object_get(r, "findings")) > 0)
        fputs("\n", stdout);
    json_array_foreach(json_object_get(r, "findings"), i, one) print_finding(one);
}

static void cell(struct output_table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void cell(struct output_table *t, const char *format, ...)
{
    char text[ROOM_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    output_table_add(t, bytes_of_text(text));
}

/* Whose commits are in it, up to which, and who was not heard of. */
static void print_complete(const json_t *r)
{
    static const char *const heads[] = {trn("office"), trn("role"),          trn("up to"),
                                        trn("commit"), trn("last heard of"), trn("gaps"),
                                        trn("waiting")};
    struct output_table t;
    const char *label;
    json_t *o, *complete = json_object_get(r, "complete");
    output_table_init(&t, sizeof heads / sizeof *heads);
    t.right = 1 << 2 | 1 << 5 | 1 << 6;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        output_table_add(&t, bytes_of_text(tr(heads[i])));
    json_object_foreach(complete, label, o)
    {
        struct buf when = {0};
        bool heard = json_is_string(json_object_get(o, "head"));
        story_when(output_text(o, "last_contact"), &when);
        cell(&t, "%s", label);
        cell(&t, "%s",
             json_is_true(json_object_get(o, "member")) ? output_text(o, "role") : tr("no member"));
        cell(&t, "%lld", number(o, "seq"));
        cell(&t, "%.8s", heard ? output_text(o, "head") : "-");
        cell(&t, "%s", heard ? buf_text(&when) : "-");
        cell(&t, "%lld", number(o, "gaps"));
        cell(&t, "%lld", number(o, "quarantined"));
        buf_release(&when);
    }
    fputs("\n", stdout);
    output_table_print(&t, stdout);
    json_object_foreach(complete, label, o)
    {
        char day[DAY_BYTES + 1];
        if (!json_is_true(json_object_get(o, "silent")))
            continue;
        if (json_is_string(json_object_get(o, "head")))
            output_line(stdout, tr("%s has not been heard of since %s"), label,
                        day_of(o, "last_contact", day));
        else
            output_line(stdout, tr("%s has never been heard of"), label);
    }
    const json_t *erasures = json_object_get(r, "erasures");
    output_line(stdout, tr("forks: %lld, in quarantine: %lld, erasures: %lld (%lld open)"),
                number(r, "forks"), number(r, "quarantined"), number(erasures, "ordered"),
                number(erasures, "open"));
}

static void print_totals(const json_t *r)
{
    static const char *const names[] = {"granted",     "given",    "received",  "allotted",
                                        "passed",      "awarded",  "disbursed", "purchased",
                                        "handed_over", "expensed", "receipted", "balance"};
    static const char *const heads[] = {trn("granted"),  trn("exchanged away"), trn("exchanged in"),
                                        trn("allotted"), trn("passed on"),      trn("awarded"),
                                        trn("paid out"), trn("bought"),         trn("handed over"),
                                        trn("spent"),    trn("with receipt"),   trn("left")};
    struct output_table table;
    const char *currency;
    json_t *t;
    output_table_init(&table, 3);
    table.right = 1 << 2;
    json_object_foreach(json_object_get(r, "totals"), currency, t)
    {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            long long amount = number(t, names[i]);
            struct buf text = {0};
            if (amount == 0 && strcmp(names[i], "balance") != 0)
                continue;
            amount_number(amount, currency, &text);
            output_table_add(&table, bytes_of_text(currency));
            output_table_add(&table, bytes_of_text(tr(heads[i])));
            output_table_add(&table, buf_bytes(&text));
            buf_release(&text);
        }
    }
    fputs("\n", stdout);
    output_table_print(&table, stdout);
    fputs("\n", stdout);
}

static void print_attestations(const json_t *r)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(r, "attestations"), i, one)
    {
        char day[DAY_BYTES + 1];
        output_line(stdout, tr("attested by %s on %s: %s (%.8s)"), output_text(one, "office"),
                    day_of(one, "time", day), tr(output_text(one, "verdict")),
                    output_text(one, "id"));
    }
}

static void print(const json_t *r)
{
    print_verified(r);
    print_findings(r);
    print_complete(r);
    print_totals(r);
    print_attestations(r);
    if (json_is_true(json_object_get(r, "closed")))
        output_line(stdout, "%s", tr("The programme is closed: what is due by then was asked."));
    if (output_text(r, "unchecked")[0] != '\0')
        output_line(stdout, tr("Not checked here: %s"), language_text(output_text(r, "unchecked")));
}

/* ---- the verdict ---- */

static bool is_verdict(const json_t *r, enum audit_verdict verdict)
{
    return strcmp(output_text(r, "verdict"), audit_verdict_word(verdict)) == 0;
}

static int end(const struct call *c, const json_t *r)
{
    char text[ROOM_BYTES * 2];
    fflush(stdout);
    if (is_verdict(r, AUDIT_FAILED))
        return call_end(c, "not-verified", tr("verdict: failed"),
                        tr("the lines above name what is wrong; minga doctor says what to do"),
                        CALL_NOT_VERIFIED);
    if (is_verdict(r, AUDIT_CLEAN)) {
        if (!c->json)
            output_line(stdout, "%s", tr("Verdict: clean."));
        return CALL_DONE;
    }
    snprintf(text, sizeof text, tr("Verdict: findings (errors %lld, warnings %lld, notices %lld)."),
             number(r, "errors"), number(r, "warnings"), number(r, "notices"));
    if (!c->json)
        output_line(stdout, "%s", text);
    return number(r, "errors") + number(r, "warnings") > 0 ? CALL_NEEDS_PERSON : CALL_DONE;
}

static void print_json(const struct call *c, const json_t *r)
{
    struct buf row = {0};
    output_value(r, &row);
    if (buf_status(&row) == ST_OK)
        call_row(c, buf_bytes(&row));
    buf_release(&row);
}

int audit_command(struct call *c)
{
    struct fault f = {0};
    json_t *result = NULL;
    enum status st = auditor_check(c, &f);
    if (st == ST_OK)
        st = run(c, &result, &f);
    bool kit = st == ST_OK && call_has(c, "kit") && !is_verdict(result, AUDIT_FAILED);
    if (kit)
        st = auditor_kit(c, result, &f);
    if (st != ST_OK) {
        json_decref(result);
        return call_fail(c, &f);
    }
    if (c->json)
        print_json(c, result);
    else
        print(result);
    if (kit && !c->json)
        auditor_tell(c, result);
    int exit = end(c, result);
    json_decref(result);
    return exit;
}

/* ---- attest ---- */

static void print_attested(void *user, const struct call *c, const json_t *row)
{
    const json_t *result = user;
    output_line(stdout, tr("attested: %s, by commit %.8s (%.8s)"),
                tr(output_text(result, "verdict")), output_text(row, "commit"),
                output_text(row, "id"));
    (void)c;
}

struct numbers { /* what a request lends */
    char commits[ROOM_BYTES], errors[ROOM_BYTES], warnings[ROOM_BYTES], notices[ROOM_BYTES];
    struct buf heads;
};

static void add_option(struct control_request *q, const char *name, const char *value)
{
    q->options[q->option_count++] =
        (struct control_option){bytes_of_text(name), bytes_of_text(value)};
}

/* Options ascend by their names. */
static void make_request(const struct call *c, const json_t *r, struct numbers *n,
                         struct control_request *q)
{
    size_t i;
    const json_t *head;
    *q = (struct control_request){.verb = BYTES("attest")};
    snprintf(n->commits, sizeof n->commits, "%lld", number(r, "commits"));
    snprintf(n->errors, sizeof n->errors, "%lld", number(r, "errors"));
    snprintf(n->warnings, sizeof n->warnings, "%lld", number(r, "warnings"));
    snprintf(n->notices, sizeof n->notices, "%lld", number(r, "notices"));
    json_array_foreach(json_object_get(r, "heads"), i, head)
        buf_add_format(&n->heads, "%s%s", i > 0 ? "," : "", json_string_value(head));
    if (call_has(c, "author"))
        add_option(q, "author", call_option(c, "author"));
    if (json_is_true(json_object_get(r, "closed")))
        add_option(q, "closed", "");
    add_option(q, "commits", n->commits);
    add_option(q, "digest", output_text(r, "digest"));
    add_option(q, "errors", n->errors);
    add_option(q, "heads", buf_text(&n->heads));
    add_option(q, "notices", n->notices);
    add_option(q, "state", output_text(r, "state"));
    add_option(q, "verdict", output_text(r, "verdict"));
    add_option(q, "warnings", n->warnings);
}

int audit_attest(struct call *c)
{
    struct fault f = {0};
    json_t *result = NULL;
    struct numbers numbers = {.heads = {0}};
    struct control_request request;
    struct client *client = NULL;
    enum status st = ask_open(c, &client, &f); /* before the work: it is what signs */
    client_close(client);
    if (st == ST_OK)
        st = run(c, &result, &f);
    if (st != ST_OK) {
        json_decref(result);
        return call_fail(c, &f);
    }
    int exit;
    if (is_verdict(result, AUDIT_FAILED)) {
        if (!c->json)
            print(result);
        exit = call_end(c, "not-verified", tr("nothing was attested: the audit failed"),
                        tr("minga audit names what is wrong"), CALL_NOT_VERIFIED);
    } else {
        struct ask_view view = {.row = print_attested, .user = result};
        if (!c->json)
            print_findings(result);
        make_request(c, result, &numbers, &request);
        exit = ask_run(c, &request, &view);
    }
    buf_release(&numbers.heads);
    json_decref(result);
    return exit;
}
