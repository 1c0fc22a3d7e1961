/*
 * give: the serving side of one lane of sealed items on one link: what the peer asked for and has
 * not got yet. The replica decides what is for that peer (FX_GIVE); pieces leave only as fast as
 * the line takes them, so that what is said in other lanes meanwhile does not wait behind them.
 *
 *   IDLE -> READING -> SENDING -> IDLE
 *
 * Owns everything in it. Invariants: a request is under way exactly in READING; pieces are at hand
 * exactly in SENDING.
 */
#ifndef PROTO_GIVE_H
#define PROTO_GIVE_H

#include "proto/nameset.h"
#include "proto/wire.h"

enum give_state { GIVE_IDLE, GIVE_READING, GIVE_SENDING, GIVE_STATE_COUNT };

struct give;

/* Errors: ST_NO_MEMORY */
MUST_USE enum status give_create(enum sealed_lane lane, struct give **out);
void give_free(struct give *g);

/* give_on_want(): c->in is SEALED_WANT of this lane.
 * Errors: ST_TOO_LARGE  more than SEALED_NAMES_MAX wishes that are not answered yet */
MUST_USE enum status give_on_want(struct give *g, const struct common *c);

/* give_owns(), give_on_answer(): CORE_GIVEN. Errors: ST_NO_MEMORY; the replica's local fault */
bool give_owns(const struct give *g, uint32_t request);
MUST_USE enum status give_on_answer(struct give *g, const struct core_event *e);

/* give_pump(): at the end of every step: ask the replica, send what the line takes; 'key' is the
 * peer's. Errors: ST_NO_MEMORY */
MUST_USE enum status give_pump(struct give *g, struct common *c, struct wire *w,
                               const struct key *key);

/* give_is_ready(): there is more to be sent, and the line takes it: in the next step. */
bool give_is_ready(const struct give *g, const struct wire *w);

/* give_is_idle(): the peer waits for nothing. */
bool give_is_idle(const struct give *g);

/* give_was_gone(): whether the peer asked for this in vain; forgotten with the answer. */
bool give_was_gone(struct give *g, const struct digest *name);

#endif
