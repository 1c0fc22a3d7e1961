/*
 * pull: the asking side of one lane of sealed items on one link. The wanted names are walked in
 * their order: the replica is asked for the next of them, the peer for their pieces; whole items go
 * to the replica, which keeps them.
 *
 *   RESTING -> WISHING -> ASKING -> (WISHING -> ASKING ...) -> RESTING
 *
 * At rest it waits until the shell says that others are wanted, until the peer says that it has now
 * what it had not, or for the next sweep. A name that is under way on another link is left to that;
 * one that the peer does not have is not asked for again before the sweep.
 *
 * Owns everything in it (parcels.h has what is under way). Invariant: a request for names is under
 * way exactly in WISHING.
 */
#ifndef PROTO_PULL_H
#define PROTO_PULL_H

#include "proto/nameset.h"
#include "proto/wire.h"

enum pull_state { PULL_RESTING, PULL_WISHING, PULL_ASKING, PULL_STATE_COUNT };

struct pull;

/* Errors: ST_NO_MEMORY */
MUST_USE enum status pull_create(enum sealed_lane lane, link_id link, struct pull **out);
void pull_free(struct pull *p);

/* pull_end(): the link is closed: others may ask for what it was asking for. */
void pull_end(struct pull *p, struct common *c);

/*
 * pull_on_sealed(), pull_on_gone(): c->in is SEALED or SEALED_GONE of this lane.
 * Errors: ST_NO_MEMORY
 *         ST_PROTOCOL  what was not asked for; another piece than that; two totals of one item
 */
MUST_USE enum status pull_on_sealed(struct pull *p, struct common *c);
MUST_USE enum status pull_on_gone(struct pull *p, struct common *c);

/* pull_on_kept(): the peer has this now. */
void pull_on_kept(struct pull *p, const struct digest *name);

/*
 * pull_owns(), pull_on_answer(): CORE_WISHES or CORE_KEPT of a request of ours.
 * Errors: ST_NO_MEMORY
 *         ST_BAD_VALUE  an item that this peer alone gave is not what its name says
 *         the local fault that the replica met
 */
bool pull_owns(const struct pull *p, uint32_t request);
MUST_USE enum status pull_on_answer(struct pull *p, struct common *c, const struct core_event *e);

/* pull_pump(): at the end of every step; 'may_ask': nothing more urgent is under way here; 'key' is
 * the peer's. Errors: ST_NO_MEMORY */
MUST_USE enum status pull_pump(struct pull *p, struct common *c, struct wire *w,
                               const struct key *key, bool may_ask);
uint64_t pull_deadline_ms(const struct pull *p, const struct common *c);

/* pull_is_idle(): nothing is asked for. */
bool pull_is_idle(const struct pull *p);
size_t pull_window(const struct pull *p); /* bytes */

#endif
