#include "replicas/history.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/provenance.h"
#include "replicas/reading.h"
#include "replicas/render.h"
#include "replicas/reveal.h"
#include "replicas/tree.h"

/* A list of nodes, and what their rows need. */
struct log {
    struct replica *replica;
    struct graph *graph;
    uint32_t *nodes;
    uint32_t count, capacity;
    struct provenance provenance;
    const char *only; /* changes of this record only; NULL: all */
    struct buf row, bytes;
};

static void log_release(struct log *l)
{
    mem_free(l->nodes);
    provenance_end(&l->provenance);
    buf_release(&l->row);
    buf_release(&l->bytes);
}

static enum status add_node(struct log *l, uint32_t node)
{
    if (l->count == l->capacity) {
        uint32_t capacity = l->capacity > 0 ? 2 * l->capacity : 64;
        void *grown = mem_resize(l->nodes, capacity * sizeof *l->nodes);
        if (grown == NULL)
            return ST_NO_MEMORY;
        l->nodes = grown;
        l->capacity = capacity;
    }
    l->nodes[l->count++] = node;
    return ST_OK;
}

/* Newest first, the same on every member: by (height, label, change), greatest first. */
static int newest_first(const void *a, const void *b, void *context)
{
    const struct graph *g = context;
    const struct graph_node *x = graph_node(g, *(const uint32_t *)a);
    const struct graph_node *y = graph_node(g, *(const uint32_t *)b);
    if (x->height != y->height)
        return x->height < y->height ? 1 : -1;
    int labels = strcmp(graph_key(g, y->key)->label, graph_key(g, x->key)->label);
    int digests = memcmp(y->digest.id, x->digest.id, DIGEST_BYTES);
    return labels != 0 ? labels : digests != 0 ? digests : oid_compare(&y->id, &x->id);
}

static enum status log_begin(struct log *l, struct replica *r, struct fault *f)
{
    *l = (struct log){.replica = r, .graph = replica_graph(r)};
    enum status status = provenance_begin(&l->provenance, r);
    return status == ST_OK ? ST_OK : fault_set(f, status, "%s", status_text(status));
}

/* ---- One row ---- */

/* A value that a commit superseded or wrote, as it can be read here. */
static enum status add_readable(struct log *l, const struct op *op, const char *id,
                                struct bytes json, enum sealed_state *state_out, struct fault *f)
{
    const struct record about = {.type = op->type, .id = bytes_of_text(id)};
    return reveal_value(l->replica, &about, op->name, json, &l->row, state_out, f);
}

static enum status add_before(struct log *l, const struct record *base, const struct op *op,
                              const char *id, struct fault *f)
{
    const struct record_field *field = record_field(base, op->name);
    struct bytes json = op->verb == OP_DROP ? op->value : BYTES("null");
    if (op->verb == OP_SET && field != NULL)
        json = record_reads(base, field)->json;
    enum sealed_state state;
    return add_readable(l, op, id, json, &state, f);
}

static enum status add_record_change(struct log *l, const struct op *op, const char *id,
                                     const struct record *base, struct fault *f)
{
    struct buf *out = &l->row;
    buf_add_text(out, "{\"record\":");
    render_text(out, id);
    buf_add_text(out, ",\"type\":");
    json_add_text(out, op->type);
    buf_add_text(out, ",\"field\":");
    if (op->verb == OP_ENTRY)
        buf_add_text(out, "null");
    else
        json_add_text(out, op->name);
    buf_add_text(out, ",\"before\":");
    enum status status = add_before(l, base, op, id, f);
    buf_add_text(out, ",\"after\":");
    enum sealed_state state = SEALED_READ;
    if (status == ST_OK && op->verb == OP_ENTRY)
        buf_add_bytes(out, op->value);
    else if (status == ST_OK)
        status =
            add_readable(l, op, id, op->verb == OP_DROP ? BYTES("null") : op->value, &state, f);
    if (state != SEALED_READ)
        buf_add_format(out, ",\"sealed\":\"%s\"", sealed_state_text(state));
    buf_add_byte(out, '}');
    return status;
}

static void add_other_change(const struct op *op, struct buf *out)
{
    CHECK(op->verb == OP_CHARTER || op->verb == OP_ADOPT);
    if (op->verb == OP_CHARTER) {
        buf_add_format(out,
                       "{\"record\":null,\"type\":\"charter\",\"field\":\"version\","
                       "\"before\":null,\"after\":%u}",
                       op->version);
        return;
    }
    char hex[OID_TEXT + 1];
    hex_encode(op->commit.id, OID_BYTES, hex);
    buf_add_format(out,
                   "{\"record\":null,\"type\":\"adopted\",\"field\":\"commit\","
                   "\"before\":null,\"after\":\"%s\"}",
                   hex);
}

/* The id that an operation is about; "" for charters and adoptions. */
static void id_of(const struct op *op, char out[static ENTRY_ID_TEXT + 1])
{
    out[0] = '\0';
    if (op->verb == OP_ENTRY)
        hex_encode(op->entry, ENTRY_ID_BYTES, out);
    else if (op->verb == OP_SET || op->verb == OP_ADD || op->verb == OP_DROP)
        hex_encode(op->id, RECORD_ID_BYTES, out);
}

static enum status add_changes(struct log *l, uint32_t node, const struct op_list *ops,
                               struct fault *f)
{
    struct record base = {0};
    char based[ENTRY_ID_TEXT + 1] = "";
    enum status status = ST_OK;
    size_t start = l->row.count;
    for (uint32_t i = 0; i < ops->count && status == ST_OK; i++) {
        const struct op *op = &ops->ops[i];
        char id[ENTRY_ID_TEXT + 1];
        id_of(op, id);
        if (l->only != NULL && strcmp(l->only, id) != 0)
            continue;
        if (l->row.count > start)
            buf_add_byte(&l->row, ',');
        if (id[0] == '\0') {
            add_other_change(op, &l->row);
            continue;
        }
        /* What superseded nothing had nothing before it: most of an import needs no look-up. */
        if (strcmp(based, id) != 0 && op->verb == OP_SET && op->over.count > 0) {
            record_release(&base);
            status = replica_record_before(l->replica, node, op->type, bytes_of_text(id), &base, f);
            status = status == ST_NOT_FOUND ? ST_OK : status;
            memcpy(based, id, sizeof based);
        }
        static const struct record nothing;
        if (status == ST_OK)
            status = add_record_change(l, op, id, strcmp(based, id) == 0 ? &base : &nothing, f);
    }
    record_release(&base);
    return status;
}

/* One commit's row, appended to l->row. */
static enum status add_row(struct log *l, uint32_t node, struct fault *f)
{
    struct item item;
    struct op_list ops = {0};
    struct buf subject = {0};
    enum status status = replica_item(l->replica, node, &l->bytes, &item, f);
    if (status == ST_OK) {
        status = op_list_decode(item.operations, replica_network(l->replica), &ops);
        if (status != ST_OK)
            fault_set(f, status, "the operations of an accepted commit: %s", status_text(status));
    }
    if (status == ST_OK) {
        buf_add_byte(&l->row, '{');
        provenance_facts(&l->provenance, node, item.author, &l->row);
        op_subject(&ops, &subject);
        buf_add_text(&l->row, ",\"subject\":");
        json_add_text(&l->row, buf_bytes(&subject));
        buf_add_text(&l->row, ",\"changes\":[");
        status = add_changes(l, node, &ops, f);
        buf_add_text(&l->row, "],\"signature\":\"good\"");
        provenance_standing(&l->provenance, node, &l->row);
        buf_add_byte(&l->row, '}');
    }
    buf_release(&subject);
    op_list_release(&ops);
    return status == ST_OK ? buf_status(&l->row) : status;
}

enum status history_row(struct replica *r, uint32_t node, struct buf *out, struct fault *f)
{
    struct log l;
    enum status status = log_begin(&l, r, f);
    if (status == ST_OK)
        status = add_row(&l, node, f);
    if (status == ST_OK)
        buf_add_bytes(out, buf_bytes(&l.row));
    log_release(&l);
    return status;
}

/* ---- Which commits ---- */

static enum status holds(struct log *l, const char *path, uint32_t node, bool *out, struct fault *f)
{
    struct oid blob;
    enum status status =
        tree_find(replica_store(l->replica), &graph_node(l->graph, node)->tree, path, &blob, f);
    *out = status == ST_OK;
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static enum status is_first(struct log *l, const char *path, uint32_t node, bool *out,
                            struct fault *f)
{
    const struct graph_node *n = graph_node(l->graph, node);
    bool held = false;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < n->parent_count && status == ST_OK && !held; i++)
        status = holds(l, path, graph_parent(l->graph, n, i), &held, f);
    *out = !held;
    return status;
}

/*
 * The commits that wrote an entry, which keeps no list of changes. Whoever has it once has it for
 * good: along the commits of one key the first that holds it is found by halving.
 */
static enum status add_entry_nodes(struct log *l, const struct index_id *id, struct fault *f)
{
    char path[TREE_PATH_MAX];
    replica_record_path(bytes_of_text(id->type), bytes_of_text(id->id), path);
    uint32_t nodes = graph_count(l->graph), *own = mem_array(nodes, sizeof *own);
    enum status status = own != NULL ? ST_OK : ST_NO_MEMORY;
    for (uint32_t k = 0; k < graph_key_count(l->graph) && status == ST_OK; k++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < nodes; i++)
            if (graph_node(l->graph, i)->key == k)
                own[count++] = i;
        uint32_t low = 0, high = count;
        while (low < high && status == ST_OK) {
            uint32_t middle = low + (high - low) / 2;
            bool held = false;
            status = holds(l, path, own[middle], &held, f);
            if (held)
                high = middle;
            else
                low = middle + 1;
        }
        bool first = false;
        if (status == ST_OK && low < count)
            status = is_first(l, path, own[low], &first, f);
        if (status == ST_OK && first)
            status = add_node(l, own[low]);
    }
    mem_free(own);
    return status;
}

static enum status add_seen_nodes(struct log *l, const struct record *record)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < record->seen_count && status == ST_OK; i++) {
        uint32_t node = graph_find_change(l->graph, &record->seen[i].change);
        if (node != GRAPH_NONE)
            status = add_node(l, node);
    }
    return status;
}

static enum status add_record_nodes(struct log *l, const struct record *record,
                                    const struct index_id *id, struct fault *f)
{
    return record->entry.count > 0 ? add_entry_nodes(l, id, f) : add_seen_nodes(l, record);
}

static void sort_nodes(struct log *l)
{
    if (l->count > 0)
        qsort_r(l->nodes, l->count, sizeof *l->nodes, newest_first, l->graph);
}

enum status history_of(struct replica *r, const struct record *record, struct buf *out,
                       struct fault *f)
{
    struct log l;
    struct index_id id = {.type = ""};
    CHECK(record->type.count <= NAME_BYTES_MAX && record->id.count <= ENTRY_ID_TEXT);
    memcpy(id.type, record->type.data, record->type.count);
    memcpy(id.id, record->id.data, record->id.count);
    enum status status = log_begin(&l, r, f);
    l.only = id.id;
    if (status == ST_OK)
        status = add_record_nodes(&l, record, &id, f);
    sort_nodes(&l);
    for (uint32_t i = 0; i < l.count && status == ST_OK; i++) {
        if (i > 0)
            buf_add_byte(&l.row, ',');
        status = add_row(&l, l.nodes[i], f);
    }
    if (status == ST_OK)
        buf_add_bytes(out, buf_bytes(&l.row));
    log_release(&l);
    return status;
}

/* ---- log ---- */

struct wanted {
    struct bytes by; /* empty: everyone */
    int64_t since;
    uint64_t limit; /* 0: all */
};

static enum status read_wanted(const struct verb_call *call, struct wanted *out, struct fault *f)
{
    const struct control_request *q = call->request;
    *out = (struct wanted){.by = control_option(q, "by"), .limit = HISTORY_ROWS_DEFAULT};
    enum status status = ST_OK;
    if (control_has(q, "by"))
        status = lookup_label(call->replica, out->by, f);
    if (status == ST_OK && control_has(q, "since"))
        status = words_moment(control_option(q, "since"), &out->since, NULL, f);
    if (status == ST_OK && control_has(q, "limit"))
        status = words_count(control_option(q, "limit"), "limit", &out->limit, f);
    if (status == ST_OK && q->word_count > 1) {
        status = fault_set(f, ST_USAGE, "log takes one id");
        fault_fix(f, "use: minga log [ID] [--by LABEL] [--since DATE] [--limit N]");
    }
    return status;
}

static enum status gather(struct log *l, const struct verb_call *call, struct index_id *id,
                          struct fault *f)
{
    enum status status = ST_OK;
    if (call->request->word_count == 0) {
        for (uint32_t i = 0; i < graph_count(l->graph) && status == ST_OK; i++)
            status = add_node(l, i);
        return status;
    }
    struct record record = {0};
    status = lookup_record(l->replica, call->request->words[0], id, &record, f);
    if (status == ST_OK)
        status = add_record_nodes(l, &record, id, f);
    l->only = id->id;
    record_release(&record);
    return status;
}

enum status history_log(const struct verb_call *call, struct fault *f)
{
    struct wanted wanted;
    struct index_id id = {.type = ""};
    struct log l;
    enum status status = log_begin(&l, call->replica, f);
    if (status == ST_OK)
        status = read_wanted(call, &wanted, f);
    if (status == ST_OK)
        status = gather(&l, call, &id, f);
    if (status == ST_OK)
        sort_nodes(&l);
    uint64_t sent = 0;
    for (uint32_t i = 0; i < l.count && status == ST_OK; i++) {
        const struct graph_node *n = graph_node(l.graph, l.nodes[i]);
        bool theirs =
            wanted.by.count == 0 || bytes_equal_text(wanted.by, graph_key(l.graph, n->key)->label);
        if (!theirs || n->time < wanted.since)
            continue;
        buf_reset(&l.row);
        status = add_row(&l, l.nodes[i], f);
        if (status == ST_OK)
            call->row(call->user, buf_bytes(&l.row));
        store_tidy(replica_store(call->replica));
        if (wanted.limit > 0 && ++sent == wanted.limit)
            break;
    }
    log_release(&l);
    return status;
}
