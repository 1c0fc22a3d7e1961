#include "replicas/erase.h"

#include "proto/check.h"
#include "replicas/erasure.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/orders.h"
#include "replicas/purge.h"
#include "replicas/render.h"
#include "replicas/rules.h"
#include "replicas/sealed.h"

enum { REASON_BYTES_MAX = 4096 };

struct erase {
    const struct verb_call *call;
    struct replica *replica;
    struct index_id id;             /* of what is to be erased */
    const struct schema_type *type; /* erasure */
    struct erasure order;
    struct record now; /* the record of type erasure; empty: none */
    struct op_list ops;
    struct buf row, scratch;
};

static void release(struct erase *e)
{
    erasure_release(&e->order);
    record_release(&e->now);
    op_list_release(&e->ops);
    buf_release(&e->row);
    buf_release(&e->scratch);
}

/* ---- What it is about ---- */

/* The ID of an order stands for what it is about. */
static enum status follow(struct erase *e, struct fault *f)
{
    struct record record = {0};
    enum status status = replica_record(e->replica, NULL, bytes_of_text(e->id.type),
                                        bytes_of_text(e->id.id), &record, f);
    const struct record_field *field = record_field(&record, BYTES("record"));
    if (status == ST_OK && field != NULL) {
        struct bytes text = object_unquoted(record_reads(&record, field)->json);
        status = lookup_id(e->replica, text, &e->id, f);
    }
    record_release(&record);
    return status;
}

static enum status check_kind(struct erase *e, struct fault *f)
{
    static const char *const kept[] = {ERASURE_TYPE, PURGE_CONFIRMATION, "classkey"};
    const struct schema_type *type = NULL;
    enum status status = lookup_type(e->replica, bytes_of_text(e->id.type), &type, f);
    if (status != ST_OK)
        return status;
    if (type->entry)
        return fault_set(f, ST_NOT_ALLOWED,
                         "%s %.8s is an entry: it holds open fields only, and money is never"
                         " erased",
                         e->id.type, e->id.id);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (strcmp(e->id.type, kept[i]) == 0)
            return fault_set(f, ST_NOT_ALLOWED,
                             "%s %.8s is part of how this network works: it is"
                             " never erased",
                             e->id.type, e->id.id);
    return ST_OK;
}

static enum status open_order(struct erase *e, struct fault *f)
{
    const struct control_request *q = e->call->request;
    if (q->word_count != 1) {
        enum status status = fault_set(f, ST_USAGE, "something is missing behind 'erase'");
        fault_fix(f, "use: minga erase ID --reason TEXT | --approve | --status");
        return status;
    }
    enum status status = lookup_id(e->replica, q->words[0], &e->id, f);
    if (status == ST_OK)
        status = lookup_type(e->replica, BYTES(ERASURE_TYPE), &e->type, f);
    if (status == ST_OK && strcmp(e->id.type, ERASURE_TYPE) == 0)
        status = follow(e, f);
    if (status == ST_OK)
        status = check_kind(e, f);
    if (status == ST_OK)
        status = erasure_read(e->replica, bytes_of_text(e->id.id), &e->order, f);
    if (status == ST_OK)
        status = replica_record(e->replica, NULL, BYTES(ERASURE_TYPE), bytes_of_text(e->order.id),
                                &e->now, f);
    return status == ST_NOT_FOUND && e->order.id[0] != '\0' ? ST_OK : status;
}

/* The order that the newest proposal became; else the newest of all; NULL: none. */
static const struct erasure_order *current(const struct erase *e)
{
    const struct erasure_order *found = NULL;
    for (uint32_t i = 0; i < e->order.order_count; i++) {
        const struct erasure_order *o = &e->order.orders[i];
        if (e->order.open || (o->proposed != e->order.proposed && e->order.proposed != GRAPH_NONE))
            continue;
        if (found == NULL || o->by > found->by)
            found = o;
    }
    return found;
}

static const char *label_at(struct erase *e, uint32_t node)
{
    struct graph *g = replica_graph(e->replica);
    return graph_key(g, graph_node(g, node)->key)->label;
}

/* ---- Writing ---- */

static enum status add_op(struct erase *e, enum op_verb verb, const char *name, struct bytes value)
{
    struct op op = {
        .verb = verb, .type = BYTES(ERASURE_TYPE), .name = bytes_of_text(name), .value = value};
    struct buf over = {0};
    const struct record_field *field = record_field(&e->now, op.name);
    const struct record_set *set = record_set(&e->now, op.name);
    const struct record_element *element = set != NULL ? record_element(&e->now, set, value) : NULL;
    for (uint32_t i = 0; verb == OP_SET && field != NULL && i < field->count; i++)
        buf_add(&over, e->now.values[field->first + i].change.id, CHANGE_BYTES);
    for (uint32_t i = 0; verb == OP_ADD && element != NULL && i < element->count; i++)
        buf_add(&over, e->now.changes[element->first + i].id, CHANGE_BYTES);
    op.over = buf_bytes(&over);
    enum status status = hex_decode(bytes_of_text(e->order.id), op.id, RECORD_ID_BYTES);
    CHECK(status == ST_OK);
    status = buf_status(&over);
    if (status == ST_OK)
        status = op_list_add(&e->ops, &op);
    buf_release(&over);
    return status;
}

static enum status check_writer(struct erase *e, struct fault *f)
{
    const struct charter_member *self = charter_by_key(charter_newest(replica_charters(e->replica)),
                                                       &replica_identity(e->replica)->key);
    if (self != NULL && rules_may_write(self, e->type))
        return ST_OK;
    return fault_set(f, ST_NOT_ALLOWED, "%s may not order to erase: offices do",
                     replica_label(e->replica));
}

static enum status write_ops(struct erase *e, struct fault *f)
{
    struct replica_commit done;
    if (control_has(e->call->request, "dry-run"))
        return ST_OK;
    enum status status = replica_write(e->replica, &e->ops, e->call->author, &done, f);
    if (status != ST_OK)
        return status;
    erasure_release(&e->order);
    record_release(&e->now);
    e->now = (struct record){0};
    status = erasure_read(e->replica, bytes_of_text(e->id.id), &e->order, f);
    if (status == ST_OK)
        status = replica_record(e->replica, NULL, BYTES(ERASURE_TYPE), bytes_of_text(e->order.id),
                                &e->now, f);
    return status;
}

static enum status add_reason(struct erase *e, struct bytes reason, struct fault *f)
{
    struct sealed_target target = {
        .type = BYTES(ERASURE_TYPE),
        .record = bytes_of_text(e->order.id),
        .now = &e->now,
        .field = schema_field(e->type, BYTES("because")),
    };
    struct buf plain = {0};
    CHECK(target.field != NULL);
    json_add_text(&plain, reason);
    enum status status = buf_status(&plain);
    if (status == ST_OK)
        status = sealed_close(e->replica, &target, buf_bytes(&plain), &e->ops, &e->scratch, f);
    if (status == ST_OK)
        status = add_op(e, OP_SET, "because", buf_bytes(&e->scratch));
    buf_release(&plain);
    return status;
}

static enum status propose(struct erase *e, struct bytes reason, struct fault *f)
{
    struct buf target = {0};
    const struct erasure_order *order = current(e);
    enum status status = check_writer(e, f);
    if (status == ST_OK && (reason.count == 0 || reason.count > REASON_BYTES_MAX))
        status =
            fault_set(f, ST_USAGE, "say why in 1 to %d bytes: --reason TEXT", REASON_BYTES_MAX);
    if (status == ST_OK && e->order.open) {
        status = fault_set(f, ST_EXISTS, "%s has proposed to erase %s %.8s already",
                           label_at(e, e->order.proposed), e->id.type, e->id.id);
        fault_fix(f, "another office approves it: minga erase %.8s --approve", e->id.id);
    } else if (status == ST_OK && order != NULL && !order->settled) {
        status = fault_set(f, ST_EXISTS,
                           "the order to erase %s %.8s waits for a majority of the"
                           " offices already",
                           e->id.type, e->id.id);
    }
    json_add_text(&target, bytes_of_text(e->id.id));
    if (status == ST_OK)
        status = buf_status(&target);
    if (status == ST_OK)
        status = add_op(e, OP_SET, "record", buf_bytes(&target));
    if (status == ST_OK && !control_has(e->call->request, "dry-run"))
        status = add_reason(e, reason, f);
    buf_release(&target);
    return status == ST_OK ? write_ops(e, f) : status;
}

static enum status approve(struct erase *e, struct fault *f)
{
    struct buf label = {0};
    enum status status = check_writer(e, f);
    if (status != ST_OK)
        return status;
    if (e->order.proposed == GRAPH_NONE) {
        status = fault_set(f, ST_NOT_FOUND, "nobody has proposed to erase %s %.8s", e->id.type,
                           e->id.id);
        fault_fix(f, "minga erase %.8s --reason TEXT proposes it", e->id.id);
        return status;
    }
    if (!e->order.open)
        return fault_set(f, ST_EXISTS, "erasing %s %.8s is approved already", e->id.type, e->id.id);
    if (strcmp(label_at(e, e->order.proposed), replica_label(e->replica)) == 0) {
        status = fault_set(f, ST_NOT_ALLOWED,
                           "%s proposed this itself, so another office has to"
                           " approve it",
                           replica_label(e->replica));
        fault_fix(f, "at another office: minga erase %.8s --approve", e->id.id);
        return status;
    }
    json_add_text(&label, bytes_of_text(replica_label(e->replica)));
    status = buf_status(&label);
    if (status == ST_OK)
        status = add_op(e, OP_ADD, "approvals", buf_bytes(&label));
    buf_release(&label);
    return status == ST_OK ? write_ops(e, f) : status;
}

/* ---- The certificate ---- */

/* {"office","author","time","commit"} of a node. */
static enum status add_event(struct erase *e, uint32_t node, struct fault *f)
{
    struct graph *g = replica_graph(e->replica);
    const struct graph_node *n = graph_node(g, node);
    struct item item;
    char commit[OID_TEXT + 1], when[WORDS_TIME_BYTES];
    enum status status = replica_item(e->replica, node, &e->scratch, &item, f);
    if (status != ST_OK)
        return status;
    hex_encode(n->id.id, OID_BYTES, commit);
    words_time(n->time, when);
    buf_add_format(&e->row, "{\"office\":\"%s\",\"author\":", graph_key(g, n->key)->label);
    json_add_text(&e->row, item.author);
    buf_add_format(&e->row, ",\"time\":\"%s\",\"commit\":\"%s\"}", when, commit);
    return buf_status(&e->row);
}

static enum status add_because(struct erase *e, struct fault *f)
{
    struct sealed_target target = {.type = BYTES(ERASURE_TYPE),
                                   .record = bytes_of_text(e->order.id),
                                   .now = &e->now,
                                   .field = schema_field(e->type, BYTES("because"))};
    const struct record_field *field = record_field(&e->now, BYTES("because"));
    enum sealed_state state = SEALED_DAMAGED;
    enum status status = ST_OK;
    buf_reset(&e->scratch);
    if (field != NULL && target.field != NULL)
        status = sealed_open(e->replica, &target, record_reads(&e->now, field)->json, &e->scratch,
                             &state, f);
    buf_add_text(&e->row, ",\"because\":");
    buf_add_bytes(&e->row, state == SEALED_READ ? buf_bytes(&e->scratch) : BYTES("null"));
    return status;
}

static bool holds_sealed(enum charter_role role)
{
    return role == CHARTER_OFFICE || role == CHARTER_AUDITOR;
}

/* The members in force that have confirmed ('said'), or that have not. */
static enum status add_members(struct erase *e, const struct erasure_order *order, bool said,
                               uint32_t *count_out, struct fault *f)
{
    const struct charter *newest = charter_newest(replica_charters(e->replica));
    enum status status = ST_OK;
    *count_out = 0;
    for (uint32_t i = 0; i < newest->member_count && status == ST_OK; i++) {
        const struct charter_member *m = &newest->members[i];
        uint32_t node = GRAPH_NONE;
        if (!holds_sealed(m->role))
            continue;
        if (order != NULL)
            status = purge_confirmed(e->replica, &e->order, order, m->label, &node, f);
        if (status != ST_OK || (node != GRAPH_NONE) != said)
            continue;
        buf_add_text(&e->row, (*count_out)++ > 0 ? "," : "");
        if (said)
            status = add_event(e, node, f);
        else
            buf_add_format(&e->row, "{\"office\":\"%s\",\"role\":\"%s\"}", m->label,
                           charter_role_text(m->role));
    }
    return status;
}

/* The role that a retired key had last. */
static bool held_sealed(struct replica *r, const struct key *key)
{
    const struct charter_chain *chain = replica_charters(r);
    for (uint32_t v = chain->count; v > 0; v--) {
        const struct charter_member *m = charter_by_key(chain->versions[v - 1], key);
        if (m != NULL)
            return holds_sealed(m->role);
    }
    return false;
}

/* Keys that read such values once and can say nothing any more. */
static void add_retired(struct erase *e)
{
    const struct charter *newest = charter_newest(replica_charters(e->replica));
    uint32_t count = 0;
    for (uint32_t i = 0; i < newest->retired_count; i++) {
        char key[2 * KEY_BYTES + 1];
        if (!held_sealed(e->replica, &newest->retired[i].key))
            continue;
        hex_encode(newest->retired[i].key.id, KEY_BYTES, key);
        buf_add_format(&e->row, "%s{\"office\":\"%s\",\"key\":\"%s\"}", count++ > 0 ? "," : "",
                       newest->retired[i].label, key);
    }
}

static const char *state_of(const struct erase *e, const struct erasure_order *order,
                            uint32_t missing)
{
    if (e->order.open)
        return "proposed";
    if (order == NULL)
        return "none";
    if (!order->settled)
        return "approved";
    return missing > 0 ? "settled" : "done";
}

static enum status add_half(struct erase *e, const char *name, uint32_t node, struct fault *f)
{
    buf_add_format(&e->row, ",\"%s\":", name);
    if (node != GRAPH_NONE)
        return add_event(e, node, f);
    buf_add_text(&e->row, "null");
    return ST_OK;
}

/* The row; *missing_out: how many members in force have not confirmed. */
static enum status fill_row(struct erase *e, uint32_t *missing_out, struct fault *f)
{
    const struct erasure_order *order = current(e);
    uint32_t said = 0;
    buf_reset(&e->row);
    buf_add_format(&e->row, "{\"record\":\"%s\",\"type\":\"%s\",\"erasure\":\"%s\"", e->id.id,
                   e->id.type, e->order.id);
    enum status status = add_half(e, "proposed", e->order.proposed, f);
    if (status == ST_OK)
        status = add_because(e, f);
    if (status == ST_OK)
        status = add_half(e, "approved", order != NULL ? order->approved : GRAPH_NONE, f);
    buf_add_format(&e->row, ",\"settled\":{\"by\":%u,\"of\":%u,\"enough\":%s},\"confirmed\":[",
                   order != NULL ? order->by : 0, e->order.offices,
                   order != NULL && order->settled ? "true" : "false");
    if (status == ST_OK)
        status = add_members(e, order, true, &said, f);
    buf_add_text(&e->row, "],\"missing\":[");
    if (status == ST_OK)
        status = add_members(e, order, false, missing_out, f);
    buf_add_text(&e->row, "],\"cannot_confirm\":[");
    add_retired(e);
    buf_add_format(&e->row, "],\"state\":\"%s\",\"needs\":%s", state_of(e, order, *missing_out),
                   e->order.open ? "\"approval\"" : "null");
    if (control_has(e->call->request, "dry-run"))
        buf_add_text(&e->row, ",\"dry_run\":true");
    buf_add_byte(&e->row, '}');
    return status;
}

static enum status say_state(struct erase *e, uint32_t missing, struct fault *f)
{
    const struct erasure_order *order = current(e);
    enum status status = ST_OK;
    if (e->order.open) {
        status =
            fault_set(f, ST_NEEDS_PERSON, "erasing %s %.8s waits for another office's approval",
                      e->id.type, e->id.id);
        fault_fix(f, "at another office: minga erase %.8s --approve", e->id.id);
    } else if (order == NULL) {
        status = fault_set(f, ST_NOT_FOUND, "nobody has proposed to erase %s %.8s", e->id.type,
                           e->id.id);
    } else if (!order->settled) {
        status =
            fault_set(f, ST_NEEDS_PERSON,
                      "the order is here, and not yet with a majority of the offices: %u of %u",
                      order->by, e->order.offices);
        fault_fix(f, "it goes on by itself when they meet: minga peer shows who is away");
    } else if (missing > 0) {
        status = fault_set(f, ST_NEEDS_PERSON, "members that have not confirmed yet: %u", missing);
        fault_fix(f, "they confirm by themselves once they are reached");
    }
    return status;
}

enum status erase_verb(const struct verb_call *call, struct fault *f)
{
    const struct control_request *q = call->request;
    struct erase e = {.call = call, .replica = call->replica};
    bool asks = control_has(q, "status");
    unsigned ways = (asks ? 1u : 0u) + (control_has(q, "reason") ? 1u : 0u) +
                    (control_has(q, "approve") ? 1u : 0u);
    uint32_t missing = 0;
    if (control_has(q, "list"))
        return orders_list(call, f);
    e.order.proposed = GRAPH_NONE;
    enum status status = ST_OK;
    if (ways != 1) {
        status = fault_set(f, ST_USAGE, "say one of --reason TEXT, --approve and --status");
        fault_fix(f, "as in: minga erase 3fa9c0 --reason \"asked by the family\"");
    }
    if (status == ST_OK)
        status = open_order(&e, f);
    if (status == ST_OK && control_has(q, "reason"))
        status = propose(&e, control_option(q, "reason"), f);
    else if (status == ST_OK && !asks)
        status = approve(&e, f);
    if (status == ST_OK)
        status = fill_row(&e, &missing, f);
    if (status == ST_OK)
        status = verb_send(call, &e.row);
    if (status == ST_OK && asks)
        status = say_state(&e, missing, f);
    release(&e);
    return status;
}
