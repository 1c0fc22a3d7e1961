/*
 * plain: what this office can read of its records, for lists and searches: between the vault, which
 * holds it sealed, and the index's part in memory (index_plain.h).
 */
#ifndef REPLICAS_PLAIN_H
#define REPLICAS_PLAIN_H

#include "replicas/tend.h"

enum {
    PLAIN_PART = 128,   /* records that one quiet moment reads */
    PLAIN_PAUSE_MS = 50 /* between two of them: others come first */
};

/*
 * plain_update(): read up to 'max' marked records (0: all that are). Tidies the store on its way:
 * nothing lent by it outlives the call.
 * more_out: some are left; NULL: not asked. Errors: LOCAL only
 */
MUST_USE enum status plain_update(struct replica *r, uint64_t max, bool *more_out, struct fault *f);

/* plain_mark(): an item of this record came or went: read it again before it is used. */
MUST_USE enum status plain_mark(struct replica *r, struct bytes type, struct bytes record,
                                struct fault *f);

/* plain_forget(): everything that was read: this office may read other classes now. */
MUST_USE enum status plain_forget(struct replica *r, struct fault *f);

/* plain_step(): of tend.c: reads ahead of questions. What fails is met again by the question. */
MUST_USE enum status plain_step(struct tending *now, struct fault *f);

#endif
