/*
 * expunge: what settled orders to erase (erasure.h) cover goes out of this replica's vault and
 * index, for good.
 */
#ifndef REPLICAS_EXPUNGE_H
#define REPLICAS_EXPUNGE_H

#include "replicas/erasure.h"

/*
 * expunge_run(): refuse every salt with which commits that a settled order of 'e' covers sealed the
 * record, its attachments, documents, decisions and disclosures, counted or not; then what the
 * index had read of them is forgotten. The vault is checkpointed: durable on return, and no page
 * keeps a byte. May be done any number of times. Writes no commit.
 * Errors: LOCAL only; it may have been done in part
 */
MUST_USE enum status expunge_run(struct replica *r, const struct erasure *e, struct fault *f);

#endif
