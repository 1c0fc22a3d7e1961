#include "replicas/expunge.h"

#include <stdio.h>

#include "replicas/engine.h"
#include "replicas/index.h"
#include "replicas/json.h"
#include "replicas/lookup.h"
#include "replicas/object.h"
#include "replicas/plain.h"
#include "replicas/sealed.h"
#include "replicas/tree.h"

struct run {
    struct replica *replica;
    const struct erasure *erasure;
    struct buf bytes;
    struct buf rows;  /* struct index_id of each record whose row is to be made anew */
    struct buf named; /* struct naming, of one record */
    bool any;         /* something was refused anew */
    struct fault *fault;
};

struct naming { /* a counted commit names a salt in the record */
    uint32_t node;
    struct seal_id salt;
    bool goes; /* an order covers the commit, and the record was about the target */
};

/* What 'record' has of the salt goes. */
static enum status refuse(struct run *run, const struct seal_id *salt, const char *record)
{
    bool refused = false;
    struct vault *v = run->replica->vault;
    enum status status = vault_is_erased(v, salt, record, &refused, run->fault);
    if (status != ST_OK || refused)
        return status;
    run->any = true;
    return vault_erase(v, salt, record, run->fault);
}

/* An item that a disclosure names: it stands under a salt of its own, and the record that it is
 * about. Only what is a disclosure goes: whoever writes one may name anything. */
static enum status refuse_disclosed(struct run *run, const struct op *op, const char *own)
{
    struct digest name;
    struct vault_facts facts = {.kind = VAULT_DISCLOSURE};
    struct vault *v = run->replica->vault;
    struct seal_id salt;
    if (!bytes_equal_text(op->type, "disclosure") || !bytes_equal_text(op->name, "item") ||
        hex_decode(object_unquoted(op->value), name.id, DIGEST_BYTES) != ST_OK)
        return ST_OK;
    memcpy(salt.id, name.id, SEAL_ID_BYTES);
    memcpy(facts.record, run->erasure->target, sizeof run->erasure->target);
    enum status status = vault_get(v, &name, &facts, NULL, NULL);
    if (status == ST_NOT_FOUND)
        status = vault_wanted(v, &name, &facts, NULL);
    if (status != ST_OK && status != ST_NOT_FOUND)
        return fault_set(run->fault, status, "a disclosure: %s", status_text(status));
    if (facts.kind != VAULT_DISCLOSURE ||
        (strcmp(facts.record, run->erasure->target) != 0 && strcmp(own, run->erasure->target) != 0))
        return ST_OK;
    return refuse(run, &salt, facts.record);
}

/* Whether a commit that does not count says that this record is about the target. */
static bool points_at(const struct op_list *ops, const struct op *op, const char *target)
{
    for (uint32_t i = 0; i < ops->count; i++) {
        const struct op *other = &ops->ops[i];
        if (other->verb == OP_SET && bytes_equal_text(other->name, "record") &&
            bytes_equal(other->type, op->type) && memcmp(other->id, op->id, RECORD_ID_BYTES) == 0)
            return bytes_equal_text(object_unquoted(other->value), target);
    }
    return false;
}

/* Whether a counted commit wrote of that record when it was about the target: by what it says
 * itself, or its base. What others say later makes none follow another record. */
static enum status follows(struct run *run, uint32_t node, const struct op_list *ops,
                           const struct op *op, const char *own, bool *out)
{
    struct record base = {0};
    *out = true;
    if (strcmp(own, run->erasure->target) == 0)
        return ST_OK;
    for (uint32_t i = 0; i < ops->count; i++)
        if (ops->ops[i].verb == OP_SET && bytes_equal_text(ops->ops[i].name, "record") &&
            bytes_equal(ops->ops[i].type, op->type) &&
            memcmp(ops->ops[i].id, op->id, RECORD_ID_BYTES) == 0) {
            *out = points_at(ops, op, run->erasure->target);
            return ST_OK;
        }
    *out = false;
    enum status status =
        replica_record_before(run->replica, node, op->type, bytes_of_text(own), &base, run->fault);
    const struct record_field *field = record_field(&base, BYTES("record"));
    for (uint32_t i = 0; status == ST_OK && field != NULL && i < field->count; i++)
        *out = *out || bytes_equal_text(object_unquoted(base.values[field->first + i].json),
                                        run->erasure->target);
    record_release(&base);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

/* The operations of a commit; they stand in run->bytes. */
static enum status read_ops(struct run *run, uint32_t node, struct op_list *out)
{
    struct item item;
    enum status status = replica_item(run->replica, node, &run->bytes, &item, run->fault);
    if (status == ST_OK)
        status = op_list_decode(item.operations, replica_network(run->replica), out);
    return status;
}

/* What a counted commit says of one record. */
static enum status note_node(struct run *run, uint32_t node, struct bytes type, const char *id)
{
    struct op_list ops = {0};
    char own[RECORD_ID_TEXT + 1];
    bool covered = erasure_covers(run->replica->graph, run->erasure, node, true);
    enum status status = read_ops(run, node, &ops);
    for (uint32_t i = 0; status == ST_OK && i < ops.count; i++) {
        const struct op *op = &ops.ops[i];
        struct sealed_value value;
        struct naming naming = {.node = node, .goes = covered};
        hex_encode(op->id, RECORD_ID_BYTES, own);
        if (op->verb != OP_SET || strcmp(own, id) != 0 || !bytes_equal(op->type, type))
            continue;
        if (covered)
            status = follows(run, node, &ops, op, own, &naming.goes);
        if (status == ST_OK && sealed_parse(op->value, &value)) {
            naming.salt = value.salt;
            buf_add(&run->named, &naming, sizeof naming);
            status = buf_status(&run->named);
        } else if (status == ST_OK && naming.goes) {
            status = refuse_disclosed(run, op, own);
        }
    }
    op_list_release(&ops);
    return status;
}

static struct naming naming_at(const struct run *run, size_t i)
{
    struct naming out;
    memcpy(&out, run->named.data + i * sizeof out, sizeof out);
    return out;
}

static bool same_salt(const struct naming *a, const struct naming *b)
{
    return memcmp(a->salt.id, b->salt.id, SEAL_ID_BYTES) == 0;
}

/* Whether a salt was first named by a commit that stays. One that has another naming in its past
 * only repeats it, and saves nothing; of two that know nothing of each other nobody can tell which
 * was first, and one member alone has to erase nothing. */
static bool is_spared(const struct run *run, const struct naming *of)
{
    size_t count = run->named.count / sizeof *of;
    bool spared = false;
    for (size_t i = 0; !spared && i < count; i++) {
        struct naming one = naming_at(run, i);
        spared = !one.goes && same_salt(&one, of);
        for (size_t k = 0; spared && k < count; k++) {
            struct naming other = naming_at(run, k);
            spared = other.node == one.node || !same_salt(&other, of) ||
                     !graph_reaches(run->replica->graph, one.node, other.node);
        }
    }
    return spared;
}

static enum status read_record(struct run *run, const struct record *record, const char *id)
{
    struct graph *g = run->replica->graph;
    enum status status = ST_OK;
    buf_reset(&run->named);
    for (uint32_t i = 0; status == ST_OK && i < record->seen_count; i++) {
        uint32_t node = graph_find_change(g, &record->seen[i].change);
        if (node != GRAPH_NONE)
            status = note_node(run, node, record->type, id);
    }
    return status;
}

/* What a commit that does not count sealed: unless the state has it too, and says what becomes of
 * it. */
static enum status refuse_stray(struct run *run, const struct op *op, const char *own)
{
    struct sealed_value value;
    struct record record = {0};
    bool known = false;
    struct buf kept = run->bytes; /* the operation stands in it */
    if (!sealed_parse(op->value, &value))
        return refuse_disclosed(run, op, own);
    run->bytes = (struct buf){0};
    enum status status =
        replica_record(run->replica, NULL, op->type, bytes_of_text(own), &record, run->fault);
    if (status == ST_OK)
        status = read_record(run, &record, own);
    for (size_t i = 0; status == ST_OK && i < run->named.count / sizeof(struct naming); i++) {
        struct naming one = naming_at(run, i);
        known = known || memcmp(one.salt.id, value.salt.id, SEAL_ID_BYTES) == 0;
    }
    record_release(&record);
    buf_release(&run->bytes);
    run->bytes = kept;
    if (status != ST_OK && status != ST_NOT_FOUND)
        return status;
    return known ? ST_OK : refuse(run, &value.salt, own);
}

static enum status refuse_node(struct run *run, uint32_t node)
{
    struct op_list ops = {0};
    char own[RECORD_ID_TEXT + 1];
    if (!erasure_covers(run->replica->graph, run->erasure, node, true))
        return ST_OK;
    enum status status = read_ops(run, node, &ops);
    for (uint32_t i = 0; status == ST_OK && i < ops.count; i++) {
        const struct op *op = &ops.ops[i];
        hex_encode(op->id, RECORD_ID_BYTES, own);
        if (op->verb == OP_SET &&
            (strcmp(own, run->erasure->target) == 0 ||
             (erasure_follows(op->type) && points_at(&ops, op, run->erasure->target))))
            status = refuse_stray(run, op, own);
    }
    op_list_release(&ops);
    return status;
}

static enum status take_record(struct run *run, const struct record *record)
{
    char id[RECORD_ID_TEXT + 1];
    if (record->id.count != RECORD_ID_TEXT)
        return ST_OK;
    memcpy(id, record->id.data, RECORD_ID_TEXT);
    id[RECORD_ID_TEXT] = '\0';
    enum status status = read_record(run, record, id);
    for (size_t i = 0; status == ST_OK && i < run->named.count / sizeof(struct naming); i++) {
        struct naming one = naming_at(run, i);
        if (one.goes && !is_spared(run, &one))
            status = refuse(run, &one.salt, id);
    }
    if (status != ST_OK || record->type.count > NAME_BYTES_MAX)
        return status;
    struct index_id row = {.type = ""};
    memcpy(row.type, record->type.data, record->type.count);
    memcpy(row.id, id, sizeof id);
    buf_add(&run->rows, &row, sizeof row);
    return buf_status(&run->rows);
}

/* One file of a type whose records may be about the target. */
static enum status on_follower(void *user, const char *path, const struct oid *blob)
{
    struct run *run = user;
    struct bytes text;
    struct record record = {0};
    char target[ENTRY_ID_TEXT + 1] = "";
    (void)path;
    enum status status = store_read(run->replica->store, blob, STORE_BLOB, &text, run->fault);
    if (status == ST_OK)
        status = record_parse(text, &record);
    if (status == ST_OK)
        erasure_target(&record, target);
    if (status == ST_OK && strcmp(target, run->erasure->target) == 0)
        status = take_record(run, &record);
    record_release(&record);
    return status;
}

static enum status on_row(void *user, const struct index_row *row)
{
    struct run *run = user;
    struct record record = {0};
    enum status status =
        replica_record(run->replica, NULL, row->type, row->id, &record, run->fault);
    if (status == ST_OK)
        status = take_record(run, &record);
    record_release(&record);
    return status;
}

/* Those that are about the target: by the index, or one by one where there is none. */
static enum status take_followers(struct run *run, const struct schema_type *type)
{
    struct replica *r = run->replica;
    struct index *index = NULL;
    struct buf json = {0};
    char prefix[TREE_PATH_MAX];
    if (r->index == NULL) {
        snprintf(prefix, sizeof prefix, "records/%s", type->name);
        enum status walked = tree_walk(r->store, &r->state, prefix, on_follower, run, run->fault);
        return walked == ST_NOT_FOUND ? ST_OK : walked;
    }
    json_add_text(&json, bytes_of_text(run->erasure->target));
    struct index_filter filter = {.field = "record", .json = buf_bytes(&json)};
    struct index_query query = {.type = type->name, .filters = &filter, .filter_count = 1};
    enum status status = buf_status(&json);
    if (status == ST_OK)
        status = lookup_index(r, &index, run->fault);
    if (status == ST_OK)
        status = index_list(index, &query, on_row, run, run->fault);
    buf_release(&json);
    return status;
}

/* The record itself, under whichever type. */
static enum status take_itself(struct run *run, const struct schema_type *type)
{
    struct record record = {0};
    enum status status = replica_record(run->replica, NULL, bytes_of_text(type->name),
                                        bytes_of_text(run->erasure->target), &record, run->fault);
    if (status == ST_OK)
        status = take_record(run, &record);
    record_release(&record);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

/* What was read of them is forgotten: the file of the index never held it. */
static enum status renew_rows(struct run *run)
{
    struct replica *r = run->replica;
    if (r->index == NULL || run->rows.count == 0)
        return ST_OK;
    enum status status = ST_OK;
    for (size_t at = 0; status == ST_OK && at < run->rows.count; at += sizeof(struct index_id)) {
        struct index_id row;
        memcpy(&row, run->rows.data + at, sizeof row);
        status = plain_mark(r, bytes_of_text(row.type), bytes_of_text(row.id), run->fault);
    }
    return status;
}

static enum status carry_out(struct run *run)
{
    struct replica *r = run->replica;
    const struct schema *schema = charter_newest(&r->chain)->schema;
    enum status status = ST_OK;
    for (uint32_t i = 0; status == ST_OK && i < schema->type_count; i++) {
        const struct schema_type *type = &schema->types[i];
        if (!type->entry)
            status = take_itself(run, type);
        if (status == ST_OK && erasure_follows(bytes_of_text(type->name)) &&
            schema_field(type, BYTES("record")) != NULL)
            status = take_followers(run, type);
    }
    for (uint32_t i = 0; status == ST_OK && i < graph_count(r->graph); i++) {
        const struct graph_node *n = graph_node(r->graph, i);
        if (!n->counted && !n->empty)
            status = refuse_node(run, i);
    }
    if (status == ST_OK && run->any) {
        r->vault_changed = true;
        sealed_memo_forget(r->sealed);
    }
    if (status == ST_OK)
        status = vault_commit(r->vault, run->fault);
    if (status == ST_OK)
        status = vault_checkpoint(r->vault, run->fault);
    return status == ST_OK ? renew_rows(run) : status;
}

enum status expunge_run(struct replica *r, const struct erasure *e, struct fault *f)
{
    struct run run = {.replica = r, .erasure = e, .fault = f};
    enum status status = carry_out(&run);
    buf_release(&run.bytes);
    buf_release(&run.rows);
    buf_release(&run.named);
    return status;
}
