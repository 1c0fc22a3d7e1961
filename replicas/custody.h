/*
 * custody: what this office wants of the vault's items, gives to others and keeps for itself: the
 * rules of entitlement between the history, the vault and the protocol.
 */
#ifndef REPLICAS_CUSTODY_H
#define REPLICAS_CUSTODY_H

#include "replicas/replica.h"
#include "replicas/vault.h"

enum custody_lane { CUSTODY_VALUES, CUSTODY_FILES };

/* custody_note(): a commit was accepted or written: want the items that its operations name and
 * that our role may read. */
MUST_USE enum status custody_note(struct replica *r, const struct op_list *ops, struct fault *f);

/* custody_recount(): our own role or the charter is another: drop what we may not read any more;
 * where we gained, want what the state names. */
MUST_USE enum status custody_recount(struct replica *r, struct fault *f);

/* custody_want_state(): want everything that the state names and our role may read: for a vault
 * that was lost, or is new to a history that is not. */
MUST_USE enum status custody_want_state(struct replica *r, struct fault *f);

/* custody_erase(): a salt of this record is erased: what it opened goes from the vault (with the
 * next replica_sync(); from its file with the next checkpoint) and from memory, for good. */
MUST_USE enum status custody_erase(struct replica *r, const struct seal_id *salt, struct bytes type,
                                   struct bytes record, struct fault *f);

/* custody_wishes(): the first 'max' wanted names behind 'after' (zero: from the start) of a lane
 * that the member of key 'from' may hold. more_out: there are others behind them. */
MUST_USE enum status custody_wishes(struct replica *r, enum custody_lane lane,
                                    const struct key *from, const struct digest *after,
                                    uint32_t max, struct digest *out, uint32_t *count_out,
                                    bool *more_out, struct fault *f);

/* custody_give(): an item for the member of key 'to', appended.
 * Errors: ST_NOT_FOUND  not held, erased, or not for that member: which is not told; ST_IO */
MUST_USE enum status custody_give(struct replica *r, const struct key *to,
                                  const struct digest *name, struct buf *out, struct fault *f);

/* custody_keep(): an item that came; durable with the next replica_sync().
 * Errors: ST_NOT_FOUND  nobody wants it (any more); ST_BAD_VALUE  not what its name says; LOCAL */
MUST_USE enum status custody_keep(struct replica *r, const struct digest *name, struct bytes item,
                                  struct fault *f);

/* custody_waiting(): wanted, not held: values and salts; chunks of files. */
MUST_USE enum status custody_waiting(struct replica *r, uint64_t *values_out, uint64_t *files_out,
                                     struct fault *f);

#endif
