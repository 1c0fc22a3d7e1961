/*
 * lanes: sealed items on one link, in both directions: values first, files while nothing else is
 * under way; and KEPT, by which each side tells how many values it still waits for.
 *
 * Between members of which one may read nothing sealed nothing is asked, given or told.
 *
 * Owns everything in it.
 */
#ifndef PROTO_LANES_H
#define PROTO_LANES_H

#include "proto/give.h"
#include "proto/pull.h"

struct lanes;

struct lanes_peer { /* the other side, as the link knows it now */
    const struct key *key;
    enum core_role role;
    bool quiet; /* nothing of the history is under way */
};

/* Errors: ST_NO_MEMORY */
MUST_USE enum status lanes_create(link_id link, struct lanes **out);
void lanes_free(struct lanes *l);

/* lanes_end(): the link is closed. */
void lanes_end(struct lanes *l, struct common *c);

/*
 * lanes_on_message(): c->in is one of SEALED_WANT, SEALED, SEALED_GONE, KEPT.
 * Errors: as pull.h and give.h
 */
MUST_USE enum status lanes_on_message(struct lanes *l, struct common *c, struct wire *w,
                                      const struct lanes_peer *peer);

/* lanes_owns(), lanes_on_answer(): CORE_WISHES, CORE_GIVEN, CORE_KEPT. Errors: as there */
bool lanes_owns(const struct lanes *l, uint32_t request);
MUST_USE enum status lanes_on_answer(struct lanes *l, struct common *c, const struct core_event *e);

/* lanes_tell_kept(): these items are durable here now: those that the peer gave ('gave'), or that
 * it asked for in vain, are named to it. */
void lanes_tell_kept(struct lanes *l, struct common *c, struct wire *w,
                     const struct lanes_peer *peer, const struct core_event *e, bool gave);

/* lanes_pump(): at the end of every step. Errors: ST_NO_MEMORY */
MUST_USE enum status lanes_pump(struct lanes *l, struct common *c, struct wire *w,
                                const struct lanes_peer *peer);
uint64_t lanes_deadline_ms(const struct lanes *l, const struct common *c, const struct wire *w);

/* lanes_waiting(): how many values the peer waits for, as it told. */
uint64_t lanes_waiting(const struct lanes *l);

#endif
