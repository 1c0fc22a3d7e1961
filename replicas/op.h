/*
 * op: what operations mean: the ids they make, what they do to a record, and how they follow from
 * two versions of it. The list of them and its bytes: op_list.h.
 */
#ifndef REPLICAS_OP_H
#define REPLICAS_OP_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "replicas/op_list.h"
#include "replicas/record.h"

/* op_entry_id(): BLAKE2b-160 over ("minga/entry/1", network, type, content), each behind its length
 * in bytes (u64, big endian). */
void op_entry_id(const struct digest *network, struct bytes type, struct bytes content,
                 uint8_t out[static ENTRY_ID_BYTES]);

/* op_record_id(): BLAKE2b-96 over ("minga/record/1", network, type, key), in the same way: ids of
 * imported rows. */
void op_record_id(const struct digest *network, struct bytes type, struct bytes key,
                  uint8_t out[static RECORD_ID_BYTES]);

/* The writer of the change that is being applied. */
struct op_change {
    struct change change;
    uint64_t height;
    struct bytes label;
};

/*
 * op_apply(): the record after 'count' operations (all SET/ADD/DROP, of one record, canonical
 * order) by one change. 'base' is NULL for a new record. 'out' borrows what base borrows, and from
 * ops and 'by'; nothing of the base's block.
 * Strict: what it accepts is exactly what op_diff() would give back.
 * Errors: ST_WRONG_OPERATION  'over' names what the base does not hold there; a drop of nothing; a
 *                             change that the base has seen; no operations, in another order, of
 *                             another record or on an entry
 *         ST_NO_MEMORY; *out is empty on any error
 */
MUST_USE enum status op_apply(const struct record *base, const struct op *ops, uint32_t count,
                              const struct op_change *by, struct record *out);

/*
 * op_diff(): the operations that lead from base (NULL: none) to 'tree' by 'change', appended to
 * 'out' (copied). None when they are equal. For a new entry: one ENTRY operation.
 * Errors: ST_WRONG_OPERATION  no operations can lead there (changes appear that are not 'change',
 *                             or vanish without it; an entry changed)
 *         ST_NO_MEMORY; 'out' then has the operations that it had
 */
MUST_USE enum status op_diff(const struct record *base, const struct record *tree,
                             const struct change *change, struct op_list *out);

/*
 * op_subject(): "enterprise: 3 changed, visit: 2 written, grant: 1 added": types and verbs only, at
 * most 72 bytes; "merge" for an empty list. A function of the list alone, which is in canonical
 * order: the canonical subject of a commit, appended to 'out'. Entries (charters, adoptions) are
 * added; a record is changed where something is superseded, else written: the list does not tell
 * whether it was there before. What does not fit becomes ", more".
 */
void op_subject(const struct op_list *l, struct buf *out);

#endif
