#include "replicas/orders.h"

#include "replicas/erasure.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/tree.h"

struct orders {
    const struct verb_call *call;
    struct replica *replica;
    struct fault *fault;
};

static enum status send_row(struct orders *o, const struct erasure *e, uint32_t by)
{
    struct graph *g = replica_graph(o->replica);
    struct index_id id = {.type = ""};
    struct buf row = {0};
    enum status status = lookup_id(o->replica, bytes_of_text(e->target), &id, o->fault);
    bool here = status == ST_OK;
    if (status_class(status) == STATUS_LOCAL)
        return status;
    buf_add_format(&row, "{\"record\":\"%s\",\"type\":%s%s%s,\"erasure\":\"%s\",\"state\":\"%s\"",
                   e->target, here ? "\"" : "", here ? id.type : "null", here ? "\"" : "", e->id,
                   e->open ? "proposed" : "approved");
    buf_add_format(&row, ",\"office\":\"%s\",\"by\":%u,\"of\":%u}",
                   graph_key(g, graph_node(g, e->proposed)->key)->label, by, e->offices);
    status = verb_send(o->call, &row);
    buf_release(&row);
    return status;
}

static enum status look_at(struct orders *o, struct bytes target)
{
    struct erasure e;
    bool waits = false;
    uint32_t by = 0;
    enum status status = erasure_read(o->replica, target, &e, o->fault);
    if (status == ST_OK && e.proposed != GRAPH_NONE) {
        waits = e.open;
        for (uint32_t i = 0; i < e.order_count && !e.open; i++) {
            waits = waits || !e.orders[i].settled;
            by = e.orders[i].by > by ? e.orders[i].by : by;
        }
    }
    if (status == ST_OK && waits)
        status = send_row(o, &e, by);
    erasure_release(&e);
    return status;
}

static enum status on_erasure(void *user, const char *path, const struct oid *blob)
{
    struct orders *o = user;
    struct bytes text;
    struct record record = {0};
    char target[RECORD_ID_TEXT + 1] = "";
    (void)path;
    enum status status = store_read(replica_store(o->replica), blob, STORE_BLOB, &text, o->fault);
    if (status == ST_OK)
        status = record_parse(text, &record);
    const struct record_field *field = record_field(&record, BYTES("record"));
    if (status == ST_OK && field != NULL) {
        struct bytes id = object_unquoted(record_reads(&record, field)->json);
        if (id.count == RECORD_ID_TEXT)
            memcpy(target, id.data, id.count);
    }
    record_release(&record);
    return status == ST_OK && target[0] != '\0' ? look_at(o, bytes_of_text(target)) : status;
}

enum status orders_list(const struct verb_call *call, struct fault *f)
{
    struct orders o = {.call = call, .replica = call->replica, .fault = f};
    enum status status = tree_walk(replica_store(o.replica), replica_state(o.replica),
                                   "records/" ERASURE_TYPE, on_erasure, &o, f);
    return status == ST_NOT_FOUND ? ST_OK : status;
}
