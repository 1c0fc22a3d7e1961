/*
 * idset: a set of commit ids as a sorted array. Small by its users' bounds (heads, summaries).
 *
 * Owns 'ids'. Invariant: strictly ascending. A zeroed struct is the empty set.
 */
#ifndef PROTO_IDSET_H
#define PROTO_IDSET_H

#include "proto/id.h"

struct idset {
    struct oid *ids;
    uint32_t count, capacity;
};

void idset_release(struct idset *s);
bool idset_has(const struct idset *s, const struct oid *id);
bool idset_equal(const struct idset *a, const struct idset *b);

/* idset_within(): every id of 'a' is in 'b'. */
bool idset_within(const struct idset *a, const struct idset *b);

/* idset_add(): one more; there already: nothing. Errors: ST_NO_MEMORY: unchanged */
MUST_USE enum status idset_add(struct idset *s, const struct oid *id);
void idset_remove(struct idset *s, const struct oid *id);

/* idset_assign(): exactly these, in any order, repeated or not. Errors: ST_NO_MEMORY: unchanged */
MUST_USE enum status idset_assign(struct idset *s, const struct oid *ids, uint32_t count);

#endif
