/*
 * simrepo: a repository in memory, behind struct backing, that shares the power of a simulated disk
 * and can go back to an older state of its own.
 *
 * A write of objects is durable as a whole or not at all, as a pack is; refs move one by one. Each
 * is a boundary of the disk's (simdisk_pass()).
 */
#ifndef TESTS_SIM_SIMREPO_H
#define TESTS_SIM_SIMREPO_H

#include "replicas/store.h"
#include "tests/sim/simdisk.h"

struct simrepo;

/* What simrepo_restore() goes back to. Owns its refs. */
struct simrepo_state {
    size_t object_count;
    struct store_ref *refs;
    size_t ref_count;
};

/* NULL: out of memory. 'power' is borrowed. */
struct simrepo *simrepo_new(struct simdisk *power);
void simrepo_free(struct simrepo *r);

/* simrepo_backing(): as the code under test takes it; its close does nothing. */
struct backing simrepo_backing(struct simrepo *r);

/* simrepo_arm(): the n-th read or write from now on fails with ST_IO (1: the next); 0: none.
 * simrepo_spoil(): one object, by chance, rots (ST_CORRUPT) or is lost (ST_NOT_FOUND); false: there
 * is none. simrepo_is_damaged(): whether one did. */
void simrepo_arm(struct simrepo *r, uint64_t n);
bool simrepo_spoil(struct simrepo *r, uint64_t seed);
bool simrepo_is_damaged(const struct simrepo *r);

MUST_USE enum status simrepo_save(const struct simrepo *r, struct simrepo_state *out);
/* simrepo_restore(): Errors: ST_NO_MEMORY  nothing changed */
MUST_USE enum status simrepo_restore(struct simrepo *r, const struct simrepo_state *to);
void simrepo_state_release(struct simrepo_state *s);

#endif
