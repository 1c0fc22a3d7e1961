/*
 * op: operations: what a commit did, exactly and in canonical order the difference between its base
 * and its tree.
 *
 * Canonical bytes (msgpack): [group …], groups ascending by kind, then key:
 *   [0, version, file]                           charter: one whole version file
 *   [1, commit id]                               adopt
 *   [2, type, id, [op …]]                        a record; by (type, id); op is
 *        [0, field, value JSON, over]            set; fields first, by name
 *        [1, set, element JSON, over]            add;  then by (set, element)
 *        [2, set, element JSON, over]            drop
 *   [3, type, content JSON]                      entry; by (type, content's id)
 * 'over' is one binary: the superseded changes, 20 bytes each, ascending. Text is JSON text in
 * a msgpack string. Ids, commit ids and files are binaries.
 */
#ifndef REPLICAS_OP_H
#define REPLICAS_OP_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "replicas/record.h"

enum op_verb { OP_CHARTER, OP_ADOPT, OP_SET, OP_ADD, OP_DROP, OP_ENTRY };

struct op {
    enum op_verb verb;
    uint32_t version;            /* CHARTER */
    struct oid commit;           /* ADOPT */
    struct bytes type;           /* SET, ADD, DROP, ENTRY */
    uint8_t id[RECORD_ID_BYTES]; /* SET, ADD, DROP */
    uint8_t entry[ENTRY_ID_BYTES]; /* ENTRY: set by op_list_add() and decode from the content */
    struct bytes name;           /* SET, ADD, DROP: field or set */
    struct bytes value;          /* JSON: SET value, ADD/DROP element, ENTRY content; CHARTER: file */
    struct bytes over;           /* packed changes, ascending; SET, ADD, DROP */
};

/* A list owns its array and the bytes that op_list_add() copied. */
struct op_list {
    struct op *ops;
    uint32_t count, capacity;
    void **blocks; /* copies */
    uint32_t block_count, block_capacity;
};

void op_list_release(struct op_list *l);

/* op_list_add(): append a deep copy of 'op'. Errors: ST_NO_MEMORY (the list is as before). */
MUST_USE enum status op_list_add(struct op_list *l, const struct op *op);

/* op_entry_id(): BLAKE2b-160 over (domain, network, type, content), each with its length. The
 * network is needed: decode leaves op.entry zeroed until op_list_resolve() fills every one. */
void op_entry_id(const struct digest *network, struct bytes type, struct bytes content,
                 uint8_t out[static ENTRY_ID_BYTES]);
void op_list_resolve(struct op_list *l, const struct digest *network);

/* op_record_id(): BLAKE2b-96 over (domain, network, type, key): ids of imported rows. */
void op_record_id(const struct digest *network, struct bytes type, struct bytes key,
                  uint8_t out[static RECORD_ID_BYTES]);

/*
 * op_list_encode(): sort canonically (in place), then append the bytes. op.entry must be filled.
 * Errors: ST_NO_MEMORY, ST_WRONG_OPERATION  two operations on one field or element
 *         ST_TOO_LARGE  over OPERATIONS_BYTES_MAX, COMMIT_RECORDS_MAX or VALUE_BYTES_MAX
 *         (a list whose only operations are charters may exceed OPERATIONS_BYTES_MAX up to
 *          CHARTER_BYTES_MAX: see item.h's bound; the caller checks)
 */
MUST_USE enum status op_list_encode(struct op_list *l, struct buf *out);

/*
 * op_list_decode(): the exact inverse; ops borrow from 'in'. Refuses any other order or spelling,
 * values that are not canonical JSON, and lists over the limits.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NO_MEMORY
 */
MUST_USE enum status op_list_decode(struct bytes in, const struct digest *network,
                                    struct op_list *out);

/* The writer of the change that is being applied. */
struct op_change {
    struct change change;
    uint64_t height;
    struct bytes label;
};

/*
 * op_apply(): the record after 'count' operations (all SET/ADD/DROP, of one record, canonical
 * order) by one change. 'base' is NULL for a new record. 'out' borrows from base and ops.
 * Strict: what it accepts is exactly what op_diff() would give back.
 * Errors: ST_WRONG_OPERATION  'over' names what the base does not hold there; a drop of nothing; a
 *                             change that the base has seen
 *         ST_NO_MEMORY
 */
MUST_USE enum status op_apply(const struct record *base, const struct op *ops, uint32_t count,
                              const struct op_change *by, struct record *out);

/*
 * op_diff(): the operations that lead from base (NULL: none) to 'tree' by 'change', appended to
 * 'out' (copied). For an entry: one ENTRY operation.
 * Errors: ST_WRONG_OPERATION  no operations can lead there (changes appear that are not 'change')
 */
MUST_USE enum status op_diff(const struct record *base, const struct record *tree,
                             const struct change *change, struct op_list *out);

/* op_subject(): "enterprise: 3 changed, visit: 2 added": types and verbs only, at most 72 bytes;
 * "merge" for an empty list. The canonical subject of a commit, appended to 'out'. */
void op_subject(const struct op_list *l, struct buf *out);

#endif
