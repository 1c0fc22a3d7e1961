#include "replicas/attestation.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/engine.h"
#include "replicas/json.h"
#include "replicas/merge.h"
#include "replicas/object.h"
#include "replicas/rules.h"
#include "replicas/tree.h"
#include "replicas/words.h"

/* ---- reading ---- */

struct listing {
    struct replica *replica;
    struct attestation *list;
    uint32_t count, capacity;
    struct fault *fault;
};

static struct bytes json_of(const struct record *r, const char *name)
{
    const struct record_field *field = record_field(r, bytes_of_text(name));
    return field != NULL ? record_reads(r, field)->json : (struct bytes){NULL, 0};
}

static int64_t number_of(const struct record *r, const char *name)
{
    int64_t n = 0;
    enum status st = json_take_integer(json_of(r, name), &n);
    return st == ST_OK ? n : 0;
}

static bool hex_of(struct bytes json, uint8_t *out, size_t count)
{
    return hex_decode(object_unquoted(json), out, count) == ST_OK;
}

static void read_heads(const struct record *r, struct attestation *a)
{
    const struct record_set *set = record_set(r, BYTES("heads"));
    for (uint32_t i = 0; set != NULL && i < set->count; i++) {
        struct oid *head = &a->heads[a->head_count];
        if (a->head_count == ATTESTATION_HEADS_MAX ||
            !hex_of(r->elements[set->first + i].text, head->id, OID_BYTES)) {
            a->head_count = 0; /* to take a part for the whole would verify too little */
            return;
        }
        a->head_count++;
    }
}

/* The commit that wrote it: the first that it has seen. */
static void read_origin(struct replica *r, const struct record *record, struct attestation *a)
{
    const struct graph *g = replica_graph(r);
    const struct record_seen *first = NULL;
    for (uint32_t i = 0; i < record->seen_count; i++)
        if (first == NULL || record->seen[i].height < first->height)
            first = &record->seen[i];
    if (first == NULL || first->label.count > LABEL_BYTES_MAX)
        return;
    memcpy(a->office, first->label.data, first->label.count);
    uint32_t node = graph_find_change(g, &first->change);
    if (node == GRAPH_NONE)
        return;
    a->commit = graph_node(g, node)->id;
    a->time = graph_node(g, node)->time;
    a->height = graph_node(g, node)->height;
}

static void read_record(struct replica *r, const struct record *record, struct attestation *a)
{
    struct bytes verdict = object_unquoted(json_of(record, "verdict"));
    *a = (struct attestation){.commits = number_of(record, "commits"),
                              .errors = number_of(record, "errors"),
                              .warnings = number_of(record, "warnings"),
                              .notices = number_of(record, "notices"),
                              .closed = bytes_equal_text(json_of(record, "closed"), "true")};
    memcpy(a->id, record->id.data, RECORD_ID_TEXT);
    if (verdict.count < sizeof a->verdict)
        memcpy(a->verdict, verdict.count > 0 ? verdict.data : (const uint8_t *)"", verdict.count);
    read_heads(record, a);
    if (!hex_of(json_of(record, "state"), a->state.id, OID_BYTES) ||
        !hex_of(json_of(record, "digest"), a->digest.id, DIGEST_BYTES))
        a->head_count = 0;
    read_origin(r, record, a);
    if (record->seen_count > 1) { /* what it says may be another's words under the first's name */
        snprintf(a->verdict, sizeof a->verdict, "altered");
        a->head_count = 0;
    }
}

static enum status on_record(void *user, const char *path, const struct oid *blob)
{
    struct listing *l = user;
    struct bytes text;
    struct record record = {0};
    (void)path;
    enum status st = store_read(replica_store(l->replica), blob, STORE_BLOB, &text, l->fault);
    if (st == ST_OK)
        st = record_parse(text, &record);
    bool sound = st == ST_OK && record.id.count == RECORD_ID_TEXT; /* no entry of such a type */
    if (sound && l->count == l->capacity) {
        uint32_t wanted = l->capacity == 0 ? 8 : 2 * l->capacity;
        struct attestation *grown = mem_resize(l->list, wanted * sizeof *grown);
        st = grown != NULL ? ST_OK : ST_NO_MEMORY;
        l->list = grown != NULL ? grown : l->list;
        l->capacity = grown != NULL ? wanted : l->capacity;
    }
    if (st == ST_OK && sound)
        read_record(l->replica, &record, &l->list[l->count++]);
    record_release(&record);
    return st;
}

static int compare(const void *left, const void *right)
{
    const struct attestation *a = left, *b = right;
    if (a->height != b->height)
        return a->height < b->height ? -1 : 1;
    int order = oid_compare(&a->commit, &b->commit);
    return order != 0 ? order : strcmp(a->id, b->id);
}

enum status attestation_list(struct replica *r, struct attestation **out, uint32_t *count_out,
                             struct fault *f)
{
    struct listing l = {.replica = r, .fault = f};
    enum status st = tree_walk(replica_store(r), replica_state(r), "records/" ATTESTATION_TYPE,
                               on_record, &l, f);
    if (st == ST_NOT_FOUND)
        st = ST_OK;
    if (st == ST_OK && l.count > 1)
        qsort(l.list, l.count, sizeof *l.list, compare);
    if (st != ST_OK) {
        mem_free(l.list);
        l = (struct listing){0};
    }
    *out = l.list;
    *count_out = l.count;
    return st;
}

/* ---- writing ---- */

struct writing {
    const struct verb_call *call;
    struct replica *replica;
    const struct schema_type *type;
    uint8_t id[RECORD_ID_BYTES];
    struct op_list ops;
    struct oid joined; /* the trees of the heads */
};

static enum status usage(struct fault *f, const char *what)
{
    enum status st = fault_set(f, ST_USAGE, "what is attested has no sound \"%s\"", what);
    fault_fix(f, "use: minga attest");
    return st;
}

static enum status add_value(struct writing *w, enum op_verb verb, const char *name,
                             struct bytes json)
{
    struct op op = {
        .verb = verb, .type = BYTES(ATTESTATION_TYPE), .name = bytes_of_text(name), .value = json};
    memcpy(op.id, w->id, sizeof op.id);
    return op_list_add(&w->ops, &op);
}

static enum status add_text(struct writing *w, enum op_verb verb, const char *name,
                            struct bytes text)
{
    struct buf json = {0};
    json_add_text(&json, text);
    enum status st = buf_status(&json);
    if (st == ST_OK)
        st = add_value(w, verb, name, buf_bytes(&json));
    buf_release(&json);
    return st;
}

static enum status add_numbers(struct writing *w, struct fault *f)
{
    static const char *const names[] = {"commits", "errors", "notices", "warnings"};
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < sizeof names / sizeof *names; i++) {
        char text[24];
        uint64_t count;
        if (words_count(control_option(w->call->request, names[i]), names[i], &count, f) != ST_OK)
            return usage(f, names[i]);
        snprintf(text, sizeof text, "%llu", (unsigned long long)count);
        st = add_value(w, OP_SET, names[i], bytes_of_text(text));
    }
    return st;
}

/* One head: known here, its tree joined to the others'. */
static enum status add_head(struct writing *w, struct bytes hex, struct fault *f)
{
    struct graph *g = replica_graph(w->replica);
    struct oid id;
    if (hex_decode(hex, id.id, OID_BYTES) != ST_OK)
        return usage(f, "heads");
    uint32_t node = graph_find(g, &id);
    if (node == GRAPH_NONE || !graph_node(g, node)->counted)
        return fault_set(f, ST_NOT_FOUND, "there is no commit '%.*s' here", words_shown(hex),
                         (const char *)hex.data);
    enum status st = merge_trees(replica_store(w->replica), &w->joined, &graph_node(g, node)->tree,
                                 &w->joined, f);
    return st == ST_OK ? add_text(w, OP_ADD, "heads", hex) : st;
}

static enum status add_heads(struct writing *w, struct fault *f)
{
    struct bytes left = control_option(w->call->request, "heads");
    uint32_t count = 0;
    enum status st = left.count > 0 ? ST_OK : usage(f, "heads");
    while (st == ST_OK && left.count > 0) {
        const uint8_t *comma = memchr(left.data, ',', left.count);
        size_t bytes = comma != NULL ? (size_t)(comma - left.data) : left.count;
        st = count++ < ATTESTATION_HEADS_MAX
                 ? add_head(w, (struct bytes){left.data, bytes}, f)
                 : fault_set(f, ST_TOO_LARGE,
                             "too many heads stand side by side: wait until the "
                             "offices have exchanged what they have");
        bytes += comma != NULL ? 1 : 0;
        left = (struct bytes){left.data + bytes, left.count - bytes};
    }
    return st;
}

static enum status add_all(struct writing *w, struct fault *f)
{
    const struct control_request *q = w->call->request;
    struct bytes state = control_option(q, "state"), digest = control_option(q, "digest");
    struct bytes verdict = control_option(q, "verdict");
    uint8_t bytes[DIGEST_BYTES];
    struct oid tree;
    if (hex_decode(state, tree.id, OID_BYTES) != ST_OK)
        return usage(f, "state");
    if (hex_decode(digest, bytes, DIGEST_BYTES) != ST_OK)
        return usage(f, "digest");
    if (!bytes_equal_text(verdict, "clean") && !bytes_equal_text(verdict, "findings"))
        return usage(f, "verdict");
    enum status st = add_heads(w, f);
    if (st == ST_OK && !oid_equal(&w->joined, &tree)) {
        st = fault_set(f, ST_BAD_VALUE, "the commits that were audited do not give that state");
        fault_fix(f, "audit anew: minga attest");
    }
    if (st == ST_OK)
        st = add_text(w, OP_SET, "state", state);
    if (st == ST_OK)
        st = add_text(w, OP_SET, "digest", digest);
    if (st == ST_OK)
        st = add_text(w, OP_SET, "verdict", verdict);
    if (st == ST_OK)
        st = add_value(w, OP_SET, "closed",
                       control_has(q, "closed") ? BYTES("true") : BYTES("false"));
    return st == ST_OK ? add_numbers(w, f) : st;
}

static enum status check_writer(struct writing *w, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(w->replica));
    const struct charter_member *self = charter_by_key(newest, &replica_identity(w->replica)->key);
    w->type = schema_type(newest->schema, BYTES(ATTESTATION_TYPE));
    if (w->type == NULL) {
        enum status st =
            fault_set(f, ST_NOT_SCHEMA, "the charter of this network knows no attestations");
        fault_fix(f, "an admin adds them: minga member schema FILE, with the schema as it is");
        return st;
    }
    if (self != NULL && rules_may_write(self, w->type))
        return ST_OK;
    return fault_set(f, ST_NOT_ALLOWED, "%s may not attest: offices and auditors do",
                     replica_label(w->replica));
}

static enum status send(const struct verb_call *call, const struct writing *w,
                        const struct replica_commit *done)
{
    struct buf row = {0};
    char id[RECORD_ID_TEXT + 1], commit[OID_TEXT + 1];
    hex_encode(w->id, RECORD_ID_BYTES, id);
    hex_encode(done->id.id, OID_BYTES, commit);
    buf_add_format(&row, "{\"id\":\"%s\",\"commit\":\"%s\"}", id, commit);
    enum status st = verb_send(call, &row);
    buf_release(&row);
    return st;
}

enum status attestation_verb(const struct verb_call *call, struct fault *f)
{
    struct writing w = {.call = call, .replica = call->replica};
    struct replica_commit done;
    randombytes_buf(w.id, sizeof w.id);
    enum status st = check_writer(&w, f);
    if (st == ST_OK)
        st = add_all(&w, f);
    if (st == ST_OK)
        st = replica_write(w.replica, &w.ops, call->author, &done, f);
    if (st == ST_OK)
        st = send(call, &w, &done);
    op_list_release(&w.ops);
    return st;
}
