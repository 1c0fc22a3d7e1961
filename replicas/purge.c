#include "replicas/purge.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/engine.h"
#include "replicas/expunge.h"
#include "replicas/json.h"
#include "replicas/object.h"
#include "replicas/rules.h"
#include "replicas/tree.h"

enum {
    AT_ONCE = 16,           /* orders looked at in one round */
    AGAIN_MS = 50,          /* until the next ones */
    TARGETS_MAX = 1u << 20, /* records that somebody proposed to erase */
};

struct target {
    uint8_t erasure[RECORD_ID_BYTES]; /* the id of the record of type erasure */
    bool open;                        /* something may have to be done */
};

struct purge {
    struct target *targets; /* ascending */
    uint32_t count, capacity;
    struct oid tree;  /* of the records of type erasure, as they were looked at */
    uint32_t looked;  /* nodes below were looked at */
    uint32_t checked; /* nodes there were when the open ones were looked at last */
    bool more;        /* open ones that were not looked at since */
    uint32_t next;    /* of the targets: where to go on */
    struct buf bytes;
};

void purge_free(struct purge *p)
{
    if (p == NULL)
        return;
    mem_free(p->targets);
    buf_release(&p->bytes);
    mem_free(p);
}

/* ---- Which records ---- */

/* Where it is, or would be. */
static uint32_t place_of(const struct purge *p, const uint8_t erasure[static RECORD_ID_BYTES])
{
    uint32_t low = 0, high = p->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(p->targets[middle].erasure, erasure, RECORD_ID_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct target *find(struct purge *p, const uint8_t erasure[static RECORD_ID_BYTES])
{
    uint32_t at = place_of(p, erasure);
    bool there = at < p->count && memcmp(p->targets[at].erasure, erasure, RECORD_ID_BYTES) == 0;
    return there ? &p->targets[at] : NULL;
}

static enum status insert(struct purge *p, const uint8_t erasure[static RECORD_ID_BYTES])
{
    uint32_t at = place_of(p, erasure);
    if (p->count == TARGETS_MAX)
        return ST_OK;
    if (p->count == p->capacity) {
        uint32_t capacity = p->capacity > 0 ? 2 * p->capacity : 16;
        void *grown = mem_resize(p->targets, capacity * sizeof *p->targets);
        if (grown == NULL)
            return ST_NO_MEMORY;
        p->targets = grown;
        p->capacity = capacity;
    }
    memmove(&p->targets[at + 1], &p->targets[at], (p->count - at) * sizeof *p->targets);
    p->targets[at] = (struct target){.open = true};
    memcpy(p->targets[at].erasure, erasure, RECORD_ID_BYTES);
    p->count++;
    return ST_OK;
}

/* An erasure's file differs: "h/h/h/<id>.json". */
static enum status on_erasure(void *user, const char *path, const struct oid *a,
                              const struct oid *b)
{
    struct purge *p = user;
    const char *name = strrchr(path, '/');
    uint8_t id[RECORD_ID_BYTES];
    (void)a;
    (void)b;
    name = name != NULL ? name + 1 : path;
    if (strlen(name) != RECORD_ID_TEXT + strlen(".json") ||
        hex_decode((struct bytes){(const uint8_t *)name, RECORD_ID_TEXT}, id, sizeof id) != ST_OK)
        return ST_OK;
    struct target *found = find(p, id);
    if (found == NULL)
        return insert(p, id);
    found->open = true;
    return ST_OK;
}

/* Follows the records of type erasure. */
static enum status follow_erasures(struct replica *r, struct fault *f)
{
    struct purge *p = r->purge;
    struct oid tree;
    enum status status = tree_find_tree(r->store, &r->state, "records/" ERASURE_TYPE, &tree, f);
    if (status == ST_NOT_FOUND) {
        tree_empty(&tree);
        status = ST_OK;
    }
    if (status != ST_OK || oid_equal(&tree, &p->tree))
        return status;
    status = tree_diff(r->store, &p->tree, &tree, on_erasure, p, f);
    if (status == ST_OK) {
        p->tree = tree;
        p->more = true;
    }
    return status;
}

/* ---- What new commits touch ---- */

/* The record that an operation's own one would be erased with; "" where with none. */
static enum status target_of(struct replica *r, const struct op *op, struct bytes id,
                             char out[static ENTRY_ID_TEXT + 1], struct fault *f)
{
    struct record record = {0};
    out[0] = '\0';
    if (!erasure_follows(op->type))
        return ST_OK;
    enum status status = replica_record(r, NULL, op->type, id, &record, f);
    if (status == ST_OK)
        erasure_target(&record, out);
    record_release(&record);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static void open_target(struct replica *r, const char *record)
{
    char id[RECORD_ID_TEXT + 1];
    uint8_t bytes[RECORD_ID_BYTES];
    if (strlen(record) != RECORD_ID_TEXT)
        return;
    erasure_id(replica_network(r), bytes_of_text(record), id);
    enum status status = hex_decode(bytes_of_text(id), bytes, sizeof bytes);
    CHECK(status == ST_OK);
    struct target *found = find(r->purge, bytes);
    if (found != NULL) {
        found->open = true;
        r->purge->more = true;
    }
}

static enum status look_at(struct replica *r, uint32_t node, struct fault *f)
{
    struct item item;
    struct op_list ops = {0};
    char id[RECORD_ID_TEXT + 1], record[ENTRY_ID_TEXT + 1];
    enum status status = replica_item(r, node, &r->purge->bytes, &item, f);
    if (status == ST_OK)
        status = op_list_decode(item.operations, replica_network(r), &ops);
    for (uint32_t i = 0; status == ST_OK && i < ops.count; i++) {
        const struct op *op = &ops.ops[i];
        if (op->verb != OP_SET || op->value.count == 0)
            continue;
        hex_encode(op->id, RECORD_ID_BYTES, id);
        open_target(r, id);
        status = target_of(r, op, bytes_of_text(id), record, f);
        open_target(r, record);
        if (bytes_equal_text(op->name, "record") &&
            object_unquoted(op->value).count == RECORD_ID_TEXT) {
            memcpy(record, op->value.data + 1, RECORD_ID_TEXT);
            record[RECORD_ID_TEXT] = '\0';
            open_target(r, record);
        }
    }
    op_list_release(&ops);
    return status;
}

static enum status look(struct replica *r, struct fault *f)
{
    struct purge *p = r->purge;
    uint32_t count = graph_count(r->graph);
    enum status status = ST_OK;
    for (; p->count > 0 && p->looked < count && status == ST_OK; p->looked++)
        if (!graph_node(r->graph, p->looked)->empty)
            status = look_at(r, p->looked, f);
    if (p->count == 0)
        p->looked = count; /* whoever is proposed later is looked at whole */
    return status;
}

/* ---- Confirming ---- */

void purge_confirmation(const struct digest *network, const char *erasure, const char *label,
                        char out[static RECORD_ID_TEXT + 1])
{
    char key[RECORD_ID_TEXT + LABEL_BYTES_MAX + 2];
    uint8_t id[RECORD_ID_BYTES];
    snprintf(key, sizeof key, "%s/%s", erasure, label);
    op_record_id(network, BYTES(PURGE_CONFIRMATION), bytes_of_text(key), id);
    hex_encode(id, sizeof id, out);
}

enum status purge_confirmed(struct replica *r, const struct erasure *e,
                            const struct erasure_order *order, const char *label,
                            uint32_t *node_out, struct fault *f)
{
    char id[RECORD_ID_TEXT + 1];
    struct record record = {0};
    *node_out = GRAPH_NONE;
    purge_confirmation(replica_network(r), e->id, label, id);
    enum status status =
        replica_record(r, NULL, BYTES(PURGE_CONFIRMATION), bytes_of_text(id), &record, f);
    const struct record_field *field = record_field(&record, BYTES("office"));
    for (uint32_t i = 0; status == ST_OK && field != NULL && i < field->count; i++) {
        const struct record_value *value = &record.values[field->first + i];
        const struct record_seen *seen = record_seen(&record, &value->change);
        uint32_t node = graph_find_change(replica_graph(r), &value->change);
        if (node != GRAPH_NONE && seen != NULL && bytes_equal_text(seen->label, label) &&
            bytes_equal_text(object_unquoted(value->json), label) &&
            graph_reaches(replica_graph(r), node, order->approved))
            *node_out = node;
    }
    record_release(&record);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

/* 'name' of our confirmation, over what stands there. */
static enum status add_set(struct op_list *ops, const struct record *now, const char *id,
                           const char *name, const char *text)
{
    struct buf value = {0}, over = {0};
    const struct record_field *field = record_field(now, bytes_of_text(name));
    json_add_text(&value, bytes_of_text(text));
    for (uint32_t i = 0; field != NULL && i < field->count; i++)
        buf_add(&over, now->values[field->first + i].change.id, CHANGE_BYTES);
    struct op op = {.verb = OP_SET,
                    .type = BYTES(PURGE_CONFIRMATION),
                    .name = bytes_of_text(name),
                    .value = buf_bytes(&value),
                    .over = buf_bytes(&over)};
    enum status status = hex_decode(bytes_of_text(id), op.id, RECORD_ID_BYTES);
    CHECK(status == ST_OK);
    status = buf_status(&value);
    if (status == ST_OK)
        status = buf_status(&over);
    if (status == ST_OK)
        status = op_list_add(ops, &op);
    buf_release(&value);
    buf_release(&over);
    return status;
}

static enum status confirm(struct tending *now, const struct erasure *e, struct fault *f)
{
    struct replica *r = now->replica;
    char id[RECORD_ID_TEXT + 1];
    struct op_list ops = {0};
    struct record held = {0};
    struct replica_commit commit;
    purge_confirmation(replica_network(r), e->id, r->label, id);
    enum status status =
        replica_record(r, NULL, BYTES(PURGE_CONFIRMATION), bytes_of_text(id), &held, f);
    if (status == ST_NOT_FOUND)
        status = ST_OK;
    if (status == ST_OK)
        status = add_set(&ops, &held, id, "erasure", e->id);
    if (status == ST_OK)
        status = add_set(&ops, &held, id, "office", r->label);
    if (status == ST_OK)
        status = replica_write(r, &ops, now->author, &commit, f);
    now->wrote = now->wrote || status == ST_OK;
    op_list_release(&ops);
    record_release(&held);
    return status;
}

/* Whether this member may say that it erased. */
static bool may_confirm(struct replica *r)
{
    const struct charter *newest = charter_newest(&r->chain);
    const struct charter_member *self = charter_by_key(newest, &r->identity.key);
    const struct schema_type *type = schema_type(newest->schema, BYTES(PURGE_CONFIRMATION));
    return self != NULL && !r->locked && strcmp(self->label, r->label) == 0 && type != NULL &&
           rules_may_write(self, type);
}

/* Whether a commit of ours has the order in its past already. */
static bool we_have_signed(struct replica *r, const struct erasure_order *order)
{
    uint32_t count = 0, key = graph_key_find(r->graph, &r->identity.key);
    if (key == GRAPH_NONE)
        return false;
    const uint32_t *heads = graph_own_heads(r->graph, key, &count);
    for (uint32_t i = 0; i < count; i++)
        if (graph_reaches(r->graph, heads[i], order->approved))
            return true;
    return false;
}

/* An order need not wait until an office has something to say, or acknowledges of itself: every
 * office signs an empty commit over it. */
static enum status acknowledge(struct tending *now, const struct erasure *e, struct fault *f)
{
    struct replica *r = now->replica;
    const struct charter_member *self = charter_by_key(charter_newest(&r->chain), &r->identity.key);
    struct op_list none = {0};
    struct replica_commit commit;
    if (self == NULL || self->role != CHARTER_OFFICE || !may_confirm(r) ||
        now->tend->options.acknowledge_ms == 0)
        return ST_OK;
    for (uint32_t i = 0; i < e->order_count; i++) {
        if (e->orders[i].settled || we_have_signed(r, &e->orders[i]))
            continue;
        enum status status = replica_write(r, &none, now->author, &commit, f);
        now->wrote = now->wrote || status == ST_OK;
        return status; /* it stands over all of them */
    }
    return ST_OK;
}

/* ---- The step ---- */

/* The record that one of type erasure is about, where its id says the same; "" else. */
static enum status read_target(struct replica *r, const struct target *t,
                               char out[static RECORD_ID_TEXT + 1], struct fault *f)
{
    struct record record = {0};
    char id[RECORD_ID_TEXT + 1], derived[RECORD_ID_TEXT + 1];
    out[0] = '\0';
    hex_encode(t->erasure, RECORD_ID_BYTES, id);
    enum status status =
        replica_record(r, NULL, BYTES(ERASURE_TYPE), bytes_of_text(id), &record, f);
    const struct record_field *field = record_field(&record, BYTES("record"));
    for (uint32_t i = 0; field != NULL && i < field->count; i++) {
        struct bytes text = object_unquoted(record.values[field->first + i].json);
        erasure_id(replica_network(r), text, derived);
        if (text.count != RECORD_ID_TEXT || strcmp(derived, id) != 0)
            continue;
        memcpy(out, text.data, text.count);
        out[text.count] = '\0';
    }
    record_release(&record);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

/* One that is open: carried out as far as it is settled. It stays open until we have confirmed. */
static enum status tend_target(struct tending *now, uint32_t index, struct fault *f)
{
    struct replica *r = now->replica;
    char record[RECORD_ID_TEXT + 1];
    struct erasure e = {.proposed = GRAPH_NONE};
    const struct erasure_order *last = NULL;
    bool waits = false;
    enum status status = read_target(r, &r->purge->targets[index], record, f);
    if (status == ST_OK && record[0] != '\0')
        status = erasure_read(r, bytes_of_text(record), &e, f);
    for (uint32_t i = 0; i < e.order_count; i++) {
        if (e.orders[i].settled && (last == NULL || e.orders[i].approved > last->approved))
            last = &e.orders[i];
        waits = waits || !e.orders[i].settled;
    }
    if (status == ST_OK && last != NULL)
        status = expunge_run(r, &e, f);
    uint32_t node = GRAPH_NONE;
    for (uint32_t i = 0; status == ST_OK && last != NULL && may_confirm(r) && i < e.order_count;
         i++) {
        if (!e.orders[i].settled)
            continue;
        status = purge_confirmed(r, &e, &e.orders[i], r->label, &node, f);
        if (status == ST_OK && node == GRAPH_NONE) {
            status = confirm(now, &e, f);
            break; /* it has all of them in its past */
        }
    }
    if (status == ST_OK && waits)
        status = acknowledge(now, &e, f);
    if (status == ST_OK)
        r->purge->targets[index].open = waits;
    erasure_release(&e);
    return status;
}

static enum status tend_open(struct tending *now, struct fault *f)
{
    struct purge *p = now->replica->purge;
    uint32_t done = 0;
    enum status status = ST_OK;
    for (; p->next < p->count && done < AT_ONCE && status == ST_OK; p->next++) {
        if (!p->targets[p->next].open)
            continue;
        status = tend_target(now, p->next, f);
        done++;
    }
    if (p->next < p->count) {
        tend_again(now, now->now_ms + AGAIN_MS);
        return status;
    }
    p->next = 0;
    p->more = status != ST_OK;
    return status;
}

enum status purge_step(struct tending *now, struct fault *f)
{
    struct replica *r = now->replica;
    if (r->vault == NULL || r->chain.count == 0)
        return ST_OK;
    if (r->purge == NULL) {
        r->purge = mem_alloc(sizeof *r->purge);
        if (r->purge == NULL)
            return ST_NO_MEMORY;
        tree_empty(&r->purge->tree);
    }
    struct purge *p = r->purge;
    enum status status = look(r, f);
    if (status == ST_OK)
        status = follow_erasures(r, f);
    if (status != ST_OK || p->count == 0)
        return status;
    uint32_t count = graph_count(r->graph);
    if (p->checked != count && p->next == 0) {
        p->checked = count;
        p->more = true;
    }
    return p->more ? tend_open(now, f) : ST_OK;
}
