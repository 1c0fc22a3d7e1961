/*
 * recall: class keys that the history once gave us, though the state shows our copy no longer:
 * whoever may write a classkey record may drop the copies of others from it.
 */
#ifndef REPLICAS_RECALL_H
#define REPLICAS_RECALL_H

#include "replicas/replica.h"

/* recall_keys(): open what of them commits of the past hold, once for each version of a record.
 * Errors: LOCAL only */
MUST_USE enum status recall_keys(struct replica *r, struct keyring *keyring, struct fault *f);

#endif
