#include "replicas/recall.h"

#include "replicas/engine.h"
#include "replicas/keyring.h"

/* The copies that one commit added to the record. */
static enum status read_node(struct replica *r, struct keyring *keyring, uint32_t node,
                             const uint8_t *record, bool *opened_out, struct fault *f)
{
    struct item item;
    struct buf bytes = {0};
    struct op_list ops = {0};
    enum status status = replica_item(r, node, &bytes, &item, f);
    if (status == ST_OK)
        status = op_list_decode(item.operations, replica_network(r), &ops);
    for (uint32_t i = 0; status == ST_OK && !*opened_out && i < ops.count; i++) {
        const struct op *op = &ops.ops[i];
        if (op->verb == OP_ADD && bytes_equal_text(op->type, "classkey") &&
            bytes_equal_text(op->name, "copies") && memcmp(op->id, record, RECORD_ID_BYTES) == 0)
            status = keyring_recall(keyring, record, op->value, opened_out);
    }
    op_list_release(&ops);
    buf_release(&bytes);
    return status == ST_OK ? ST_OK : fault_set(f, status, "a class key: %s", status_text(status));
}

static enum status recall_one(struct replica *r, struct keyring *keyring, const uint8_t *id,
                              struct fault *f)
{
    char hex[RECORD_ID_TEXT + 1];
    struct record record = {0};
    bool opened = false;
    hex_encode(id, RECORD_ID_BYTES, hex);
    enum status status = replica_record(r, NULL, BYTES("classkey"), bytes_of_text(hex), &record, f);
    for (uint32_t i = 0; status == ST_OK && !opened && i < record.seen_count; i++) {
        uint32_t node = graph_find_change(r->graph, &record.seen[i].change);
        if (node != GRAPH_NONE)
            status = read_node(r, keyring, node, id, &opened, f);
    }
    record_release(&record);
    return status;
}

enum status recall_keys(struct replica *r, struct keyring *keyring, struct fault *f)
{
    uint8_t record[RECORD_ID_BYTES];
    enum status status = ST_OK;
    for (uint32_t at = 0; status == ST_OK && keyring_lacks(keyring, &at, record); at++) {
        status = recall_one(r, keyring, record, f);
        if (status == ST_OK)
            keyring_recalled(keyring, at);
    }
    return status;
}
