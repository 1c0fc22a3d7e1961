/*
 * share: whoever may read a class gets a copy of its keys: with the charter version that makes it a
 * member, or a little later by whoever sees that it lacks one.
 */
#ifndef REPLICAS_SHARE_H
#define REPLICAS_SHARE_H

#include "replicas/tend.h"

enum {
    SHARE_MS = 3000, /* until somebody else than who added it shares; so often once is enough */
    SHARE_SPREAD_MS = 6000, /* and up to so much more, by chance */
};

/* share_add(): the operations that give the copies which members lack; none where nobody does, or
 * we can open no key. Errors: as keyring_share(), replica_keyring() */
MUST_USE enum status share_add(struct replica *r, struct op_list *ops, struct fault *f);

/* share_step(): of tend.c. */
MUST_USE enum status share_step(struct tending *now, struct fault *f);

#endif
