#include "replicas/erasure.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/settled.h"

enum { ORDERS_MAX = 1024 }; /* of one record; the later ones cover what the earlier did */

void erasure_id(const struct digest *network, struct bytes target, char out[static 25])
{
    uint8_t id[RECORD_ID_BYTES];
    op_record_id(network, BYTES(ERASURE_TYPE), target, id);
    hex_encode(id, sizeof id, out);
}

bool erasure_follows(struct bytes type)
{
    static const char *const types[] = {"attachment", "decision", "disclosure", "document"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (bytes_equal_text(type, types[i]))
            return true;
    return false;
}

/* A hex id as a field's value has it. */
static bool take_id(const struct record *record, char out[static ENTRY_ID_TEXT + 1])
{
    const struct record_field *field = record_field(record, BYTES("record"));
    struct bytes text = {0};
    if (field != NULL)
        text = object_unquoted(record_reads(record, field)->json);
    if (text.count != RECORD_ID_TEXT && text.count != ENTRY_ID_TEXT)
        return false;
    memcpy(out, text.data, text.count);
    out[text.count] = '\0';
    return true;
}

void erasure_target(const struct record *record, char out[static ENTRY_ID_TEXT + 1])
{
    out[0] = '\0';
    if (bytes_equal_text(record->type, ERASURE_TYPE) ||
        bytes_equal_text(record->type, "confirmation") ||
        bytes_equal_text(record->type, "classkey") || record->id.count > ENTRY_ID_TEXT)
        return;
    if (erasure_follows(record->type) && take_id(record, out))
        return;
    memcpy(out, record->id.data, record->id.count);
    out[record->id.count] = '\0';
}

/* ---- Reading ---- */

struct reader {
    struct replica *replica;
    struct graph *graph;
    struct erasure *erasure;
    struct settled settled;
    struct buf bytes;
};

/* Whether a value is exactly this text. */
static bool is_text(struct bytes json, const char *text)
{
    return bytes_equal_text(object_unquoted(json), text);
}

/* How many offices there were by the charter that a commit names; UINT32_MAX: not known. */
static uint32_t offices_at(struct replica *r, uint32_t node)
{
    const struct charter_chain *chain = replica_charters(r);
    uint32_t version = graph_node(replica_graph(r), node)->charter_version, count = 0;
    if (version < 1 || version > chain->count)
        return UINT32_MAX;
    const struct charter *charter = chain->versions[version - 1];
    for (uint32_t i = 0; i < charter->member_count; i++)
        count += charter->members[i].role == CHARTER_OFFICE ? 1 : 0;
    return count;
}

/* Whether one office alone was the network when it wrote this. A commit may name an old charter, on
 * an old past: what the same key wrote since others were there has to have it in its past. */
static bool is_alone(struct reader *d, uint32_t node)
{
    const struct graph_node *n = graph_node(d->graph, node);
    if (offices_at(d->replica, node) != 1)
        return false;
    for (uint32_t i = 0; i < graph_count(d->graph); i++) {
        const struct graph_node *other = graph_node(d->graph, i);
        if (other->key == n->key && other->counted && other->charter_version > n->charter_version &&
            offices_at(d->replica, i) != 1 && !graph_reaches(d->graph, i, node))
            return false;
    }
    return true;
}

static enum status add_order(struct reader *d, uint32_t proposed, uint32_t approved,
                             struct fault *f)
{
    struct erasure *e = d->erasure;
    if (e->order_count == ORDERS_MAX)
        return ST_OK;
    if (e->order_count == e->order_capacity) {
        uint32_t capacity = e->order_capacity > 0 ? 2 * e->order_capacity : 4;
        void *grown = mem_resize(e->orders, capacity * sizeof *e->orders);
        if (grown == NULL)
            return fault_set(f, ST_NO_MEMORY, "out of memory");
        e->orders = grown;
        e->order_capacity = capacity;
    }
    uint32_t by = settled_by(&d->settled, approved);
    e->orders[e->order_count++] = (struct erasure_order){
        .proposed = proposed,
        .approved = approved,
        .by = by,
        .settled = settled_enough(&d->settled, by),
    };
    return ST_OK;
}

/* The proposal that the base of 'node' shows; GRAPH_NONE: none of another office. */
static enum status proposal_before(struct reader *d, uint32_t node, uint32_t *out, struct fault *f)
{
    const char *label = graph_key(d->graph, graph_node(d->graph, node)->key)->label;
    struct record base = {0};
    *out = GRAPH_NONE;
    enum status status = replica_record_before(d->replica, node, BYTES(ERASURE_TYPE),
                                               bytes_of_text(d->erasure->id), &base, f);
    const struct record_field *field = record_field(&base, BYTES("record"));
    if (status == ST_OK && field != NULL) {
        const struct record_value *value = record_reads(&base, field);
        const struct record_seen *seen = record_seen(&base, &value->change);
        if (is_text(value->json, d->erasure->target) && seen != NULL &&
            !bytes_equal_text(seen->label, label))
            *out = graph_find_change(d->graph, &value->change);
    }
    record_release(&base);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static enum status read_op(struct reader *d, uint32_t node, const struct op *op, struct fault *f)
{
    const char *label = graph_key(d->graph, graph_node(d->graph, node)->key)->label;
    uint32_t proposed = GRAPH_NONE;
    if (op->verb == OP_SET && bytes_equal_text(op->name, "record") &&
        is_text(op->value, d->erasure->target) && is_alone(d, node))
        return add_order(d, node, node, f);
    if (op->verb != OP_ADD || !bytes_equal_text(op->name, "approvals") ||
        !is_text(op->value, label))
        return ST_OK;
    enum status status = proposal_before(d, node, &proposed, f);
    return status == ST_OK && proposed != GRAPH_NONE ? add_order(d, proposed, node, f) : status;
}

/* What one commit did to the record. */
static enum status read_node(struct reader *d, uint32_t node, struct fault *f)
{
    struct item item;
    struct op_list ops = {0};
    uint8_t id[RECORD_ID_BYTES];
    enum status status = hex_decode(bytes_of_text(d->erasure->id), id, sizeof id);
    CHECK(status == ST_OK);
    status = replica_item(d->replica, node, &d->bytes, &item, f);
    if (status == ST_OK)
        status = op_list_decode(item.operations, replica_network(d->replica), &ops);
    for (uint32_t i = 0; status == ST_OK && i < ops.count; i++) {
        const struct op *op = &ops.ops[i];
        if ((op->verb == OP_SET || op->verb == OP_ADD) &&
            bytes_equal_text(op->type, ERASURE_TYPE) && memcmp(op->id, id, sizeof id) == 0)
            status = read_op(d, node, op, f);
    }
    op_list_release(&ops);
    return status;
}

static void find_newest(struct reader *d, const struct record *record)
{
    struct erasure *e = d->erasure;
    const struct record_field *field = record_field(record, BYTES("record"));
    if (field == NULL || !is_text(record_reads(record, field)->json, e->target))
        return;
    e->proposed = graph_find_change(d->graph, &record_reads(record, field)->change);
    e->open = e->proposed != GRAPH_NONE;
    for (uint32_t i = 0; i < e->order_count; i++)
        e->open = e->open && e->orders[i].proposed != e->proposed;
}

enum status erasure_read(struct replica *r, struct bytes target, struct erasure *out,
                         struct fault *f)
{
    struct reader d = {.replica = r, .graph = replica_graph(r), .erasure = out};
    struct record record = {0};
    *out = (struct erasure){.proposed = GRAPH_NONE};
    if (target.count != RECORD_ID_TEXT)
        return ST_OK;
    memcpy(out->target, target.data, target.count);
    erasure_id(replica_network(r), target, out->id);
    enum status status =
        replica_record(r, NULL, BYTES(ERASURE_TYPE), bytes_of_text(out->id), &record, f);
    if (status == ST_NOT_FOUND)
        return ST_OK;
    settled_begin(&d.settled, r);
    out->offices = d.settled.offices;
    for (uint32_t i = 0; status == ST_OK && i < record.seen_count; i++) {
        uint32_t node = graph_find_change(d.graph, &record.seen[i].change);
        if (node != GRAPH_NONE)
            status = read_node(&d, node, f);
    }
    if (status == ST_OK)
        find_newest(&d, &record);
    buf_release(&d.bytes);
    record_release(&record);
    return status;
}

void erasure_release(struct erasure *e)
{
    mem_free(e->orders);
    e->orders = NULL;
    e->order_count = e->order_capacity = 0;
}

bool erasure_covers(struct graph *g, const struct erasure *e, uint32_t node, bool settled_only)
{
    for (uint32_t i = 0; i < e->order_count; i++)
        if ((e->orders[i].settled || !settled_only) &&
            !graph_reaches(g, node, e->orders[i].approved))
            return true;
    return false;
}

/* Whether no order about 'target' covers what 'node' wrote. */
static enum status spares(struct replica *r, const char *target, uint32_t node, bool *out,
                          struct fault *f)
{
    struct erasure e;
    char id[RECORD_ID_TEXT + 1];
    bool held = false;
    if (strlen(target) != RECORD_ID_TEXT)
        return ST_OK;
    erasure_id(replica_network(r), bytes_of_text(target), id);
    enum status status = lookup_held(r, BYTES(ERASURE_TYPE), bytes_of_text(id), &held, f);
    if (status != ST_OK || !held)
        return status;
    status = erasure_read(r, bytes_of_text(target), &e, f);
    if (status == ST_OK && erasure_covers(replica_graph(r), &e, node, false))
        *out = false;
    erasure_release(&e);
    return status;
}

enum status erasure_spares(struct replica *r, const struct record *record,
                           const struct change *change, bool *out, struct fault *f)
{
    char target[ENTRY_ID_TEXT + 1], own[RECORD_ID_TEXT + 1] = "";
    uint32_t node = graph_find_change(replica_graph(r), change);
    *out = true;
    if (node == GRAPH_NONE)
        return ST_OK;
    erasure_target(record, target);
    if (record->id.count == RECORD_ID_TEXT)
        memcpy(own, record->id.data, RECORD_ID_TEXT);
    own[record->id.count == RECORD_ID_TEXT ? RECORD_ID_TEXT : 0] = '\0';
    enum status status = spares(r, target, node, out, f);
    if (status == ST_OK && *out && strcmp(own, target) != 0)
        status = spares(r, own, node, out, f);
    return status;
}
