#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/auditing.h"
#include "replicas/engine.h"
#include "replicas/lookup.h"
#include "replicas/words.h"

enum { PREFIX_MIN = 4 }; /* digits of an id: as everywhere */

/* What is believed: the heads, and who named them. */
struct believed {
    struct oid commit; /* of the attestation, or the one that was named */
    uint32_t nodes[ATTESTATION_HEADS_MAX];
    uint32_t count;
};

static enum status none(struct fault *f, const char *text)
{
    enum status st = fault_set(f, ST_NOT_FOUND, "%s", text);
    fault_fix(f, "audit the whole history: minga audit; then minga attest signs what it found");
    return st;
}

static enum status take_attestation(struct replica *r, const struct attestation *a,
                                    struct believed *out, struct fault *f)
{
    if (a->head_count == 0)
        return none(f, "that attestation does not say what it covers");
    for (uint32_t i = 0; i < a->head_count; i++) {
        uint32_t node = graph_find(replica_graph(r), &a->heads[i]);
        if (node == GRAPH_NONE)
            return none(f, "commits that the attestation covers are not here");
        out->nodes[out->count++] = node;
    }
    out->commit = a->commit;
    return ST_OK;
}

/* The newest that says what it covers, or the one whose id begins so; NULL: none. Errors:
 * ST_AMBIGUOUS */
static enum status pick(const struct attestation *list, uint32_t count, struct bytes which,
                        const struct attestation **out, struct fault *f)
{
    *out = NULL;
    if (bytes_equal_text(which, "last")) {
        for (uint32_t i = 0; i < count; i++)
            *out = list[i].head_count > 0 ? &list[i] : *out;
        return ST_OK;
    }
    for (uint32_t i = 0; which.count >= PREFIX_MIN && i < count; i++) {
        if (which.count > RECORD_ID_TEXT || memcmp(list[i].id, which.data, which.count) != 0)
            continue;
        if (*out != NULL)
            return fault_set(f, ST_AMBIGUOUS, "'%.*s' begins more than one attestation's id",
                             words_shown(which), (const char *)which.data);
        *out = &list[i];
    }
    return ST_OK;
}

/* An attestation by "last" or the beginning of its id; else a commit. */
static enum status find(struct replica *r, struct bytes which, struct believed *out,
                        struct fault *f)
{
    struct attestation *list = NULL;
    const struct attestation *found = NULL;
    uint32_t count = 0, node;
    enum status st = attestation_list(r, &list, &count, f);
    if (st == ST_OK)
        st = pick(list, count, which, &found, f);
    if (st == ST_OK && found != NULL) {
        st = take_attestation(r, found, out, f);
    } else if (st == ST_OK && bytes_equal_text(which, "last")) {
        st = none(f, "nobody has attested an audit yet");
    } else if (st == ST_OK) {
        st = lookup_commit(r, which, &node, f);
        if (st == ST_OK) {
            out->nodes[out->count++] = node;
            out->commit = graph_node(replica_graph(r), node)->id;
        }
    }
    mem_free(list);
    return st;
}

static enum status verify_rest(struct replica *r, const struct believed *b, struct audit_result *a,
                               struct fault *f)
{
    uint32_t *list = NULL, count = 0;
    enum status st = graph_lacking(replica_graph(r), b->nodes, b->count, &list, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        struct fault own = {0};
        const struct graph_node *n = graph_node(replica_graph(r), list[i]);
        if (n->left)
            continue; /* written under a charter that was left: it never counts */
        enum status judged = judge_again(r, list[i], &own);
        if (judged == ST_OK) {
            a->verified.commits++;
            a->verified.signatures++;
        } else if (status_class(judged) == STATUS_LOCAL && judged != ST_CORRUPT) {
            st = fault_set(f, judged, "%s", own.text);
        } else {
            audit_refuse(a, &n->id, judged, "%s", own.text);
        }
        store_tidy(replica_store(r));
    }
    mem_free(list);
    return st;
}

static void describe(struct replica *r, struct audit_result *a)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    struct verify_report *v = &a->verified;
    v->state = *replica_state(r);
    v->network = *replica_network(r);
    v->charter = newest->version;
    snprintf(v->network_name, sizeof v->network_name, "%s", newest->network);
    snprintf(v->unchecked, sizeof v->unchecked,
             "what the attestation covers, and the files of this home: minga verify");
}

/* The rules over the book at hand. What cannot be read is a reason to refuse it. */
static enum status run_rules(struct replica *r, const struct audit_options *o,
                             struct audit_result **a, struct fault *f)
{
    const struct book *book = NULL;
    struct audit_result *ruled = NULL;
    struct fault own = {0};
    enum status st = replica_book(r, &book, &own);
    if (st == ST_OK)
        st = audit_run_book(r, book, o, &ruled, &own);
    if (st == ST_OK) {
        ruled->verified = (*a)->verified;
        audit_free(*a);
        *a = ruled;
        return ST_OK;
    }
    if (status_class(st) == STATUS_LOCAL && st != ST_CORRUPT)
        return fault_set(f, st, "%s", own.text);
    if ((*a)->verified.ok)
        audit_refuse(*a, NULL, st, "%s", own.text);
    return ST_OK;
}

enum status audit_since(struct replica *r, struct bytes which, const struct audit_options *o,
                        struct audit_result **out, struct fault *f)
{
    struct believed believed = {.count = 0};
    struct audit_result *a = mem_alloc(sizeof *a);
    *out = NULL;
    if (a == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    a->verified.ok = true;
    enum status st = find(r, which, &believed, f);
    if (st == ST_OK)
        st = verify_rest(r, &believed, a, f);
    if (st == ST_OK)
        st = run_rules(r, o, &a, f);
    if (st != ST_OK) {
        audit_free(a);
        return st;
    }
    describe(r, a);
    a->state = *replica_state(r);
    a->incremental = true;
    a->since = believed.commit;
    if (!a->verified.ok)
        a->verdict = AUDIT_FAILED;
    *out = a;
    return ST_OK;
}

/* ---- the verb ---- */

static enum status send(const struct verb_call *call, const struct audit_result *a,
                        enum finding_language language)
{
    struct buf row = {0};
    audit_json_head(a, &row);
    enum status st = verb_send(call, &row);
    for (uint32_t i = 0; st == ST_OK && i < a->findings.count; i++) {
        buf_reset(&row);
        buf_add_text(&row, "{\"finding\":");
        audit_json_finding(&a->findings, i, language, &row);
        buf_add_byte(&row, '}');
        st = verb_send(call, &row);
    }
    buf_release(&row);
    return st;
}

enum status audit_since_verb(const struct verb_call *call, struct fault *f)
{
    struct audit_result *a = NULL;
    struct audit_options o = {.close = control_has(call->request, "close")};
    bool spanish = bytes_equal_text(control_option(call->request, "language"), "es");
    if (!control_has(call->request, "since"))
        return fault_set(f, ST_USAGE, "use: minga audit --since last");
    enum status st = audit_since(call->replica, control_option(call->request, "since"), &o, &a, f);
    if (st == ST_OK)
        st = send(call, a, spanish ? FINDING_SPANISH : FINDING_ENGLISH);
    audit_free(a);
    return st;
}
