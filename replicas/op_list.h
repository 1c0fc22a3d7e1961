/*
 * op_list: operations and lists of them: what a commit did, exactly and in canonical order the
 * difference between its base and its tree, and the bytes that its digest covers.
 *
 * Canonical bytes (msgpack): [group …], groups ascending by kind, then key:
 *   [0, version, file]                           charter: one whole version file
 *   [1, commit id]                               adopt
 *   [2, type, id, [op …]]                        a record; by (type, id); op is
 *        [0, field, value JSON, over]            set; fields first, by name
 *        [1, set, element JSON, over]            add;  then by (set, element)
 *        [2, set, element JSON, over]            drop
 *   [3, type, content JSON]                      entry; by (type, content's id)
 * 'over' is one binary: the superseded changes, 20 bytes each, strictly ascending. A value, element
 * or content is JSON text in a msgpack string; an element is a JSON string, a content an object.
 * Ids, commit ids and files are binaries. Elements are ordered by json_compare_text(). No two
 * groups have one key, and no two operations of a record one field or element.
 */
#ifndef REPLICAS_OP_LIST_H
#define REPLICAS_OP_LIST_H

#include "proto/bytes.h"
#include "proto/id.h"

enum op_verb { OP_CHARTER, OP_ADOPT, OP_SET, OP_ADD, OP_DROP, OP_ENTRY };

struct op {
    enum op_verb verb;
    uint32_t version;              /* CHARTER */
    struct oid commit;             /* ADOPT */
    struct bytes type;             /* SET, ADD, DROP, ENTRY */
    uint8_t id[RECORD_ID_BYTES];   /* SET, ADD, DROP */
    uint8_t entry[ENTRY_ID_BYTES]; /* ENTRY: filled by decode, resolve and diff */
    struct bytes name;             /* SET, ADD, DROP: field or set */
    struct bytes value; /* JSON: SET value, ADD/DROP element, ENTRY content; CHARTER: file */
    struct bytes over;  /* packed changes, ascending; SET, ADD, DROP */
};

/* A list owns its array and the bytes that op_list_add() copied. */
struct op_list {
    struct op *ops;
    uint32_t count, capacity;
    void **blocks; /* copies */
    uint32_t block_count, block_capacity;
    size_t block_used, block_bytes; /* of the last block */
};

void op_list_release(struct op_list *l);

/* op_list_add(): append a deep copy of 'op'. Errors: ST_NO_MEMORY (the list is as before). */
MUST_USE enum status op_list_add(struct op_list *l, const struct op *op);

/* op_list_resolve(): fill op.entry of every entry: needed before op_list_encode(). */
void op_list_resolve(struct op_list *l, const struct digest *network);

/* op_list_compare(): the canonical order of operations; 0: on one thing. */
int op_list_compare(const struct op *a, const struct op *b);

/* op_list_count_records(): how many records and entries the list touches, in canonical order. */
uint32_t op_list_count_records(const struct op_list *l);

/*
 * op_list_encode(): sort canonically (in place), then append the bytes. op.entry must be filled;
 * values must be canonical JSON. On error nothing is appended.
 * Errors: ST_NO_MEMORY
 *         ST_WRONG_OPERATION  two operations on one field or element, or of one key
 *         ST_TOO_LARGE        over OPERATIONS_BYTES_MAX, beside CHARTERS_BYTES_MAX for charters;
 *                             over COMMIT_RECORDS_MAX, VALUE_BYTES_MAX or PARENTS_MAX adoptions
 */
MUST_USE enum status op_list_encode(struct op_list *l, struct buf *out);

/* op_list_is_empty(): whether these canonical bytes hold no operation. */
bool op_list_is_empty(struct bytes in);

/*
 * op_list_decode(): the exact inverse; ops borrow from 'in', with op.entry filled. Refuses any
 * other order or spelling, values that are not canonical JSON, and lists over the limits.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NO_MEMORY; *out is then empty
 */
MUST_USE enum status op_list_decode(struct bytes in, const struct digest *network,
                                    struct op_list *out);

#endif
