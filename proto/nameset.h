/*
 * nameset: a set of names of sealed items, as an open hash table. Names are hashes themselves.
 *
 * Owns 'slots'. Invariants: at most half of the slots are used; a zero name is in no set. A zeroed
 * struct is the empty set.
 */
#ifndef PROTO_NAMESET_H
#define PROTO_NAMESET_H

#include "proto/id.h"

struct nameset {
    struct digest *slots;     /* zero: free */
    uint32_t count, capacity; /* capacity: 0 or a power of two */
};

void nameset_release(struct nameset *s);
bool nameset_has(const struct nameset *s, const struct digest *name);

/* nameset_add(): one more; there already, or zero: nothing. Errors: ST_NO_MEMORY: unchanged */
MUST_USE enum status nameset_add(struct nameset *s, const struct digest *name);

/* nameset_remove(): whether it was there. */
bool nameset_remove(struct nameset *s, const struct digest *name);

#endif
