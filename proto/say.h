/*
 * say: the messages that are made from this side's view alone, written to one link's wire.
 *
 * Failure is the wire's (sticky). None of these keeps anything.
 */
#ifndef PROTO_SAY_H
#define PROTO_SAY_H

#include "proto/wire.h"

/* HELLO, as every link begins. */
void say_hello(struct common *c, struct wire *w);

/* CHARTER: the version that we have, and nothing of it. */
void say_charter(struct common *c, struct wire *w);

/* CHARTERs with the versions above 'theirs', as many messages as it takes; none: nothing. */
void say_versions(struct common *c, struct wire *w, uint32_t theirs);

/* HEADS: what changed after generation 'since'; 0: whole. */
void say_heads(struct common *c, struct wire *w, uint64_t since);

/*
 * STORED: 'judged' items so far, our heads, and the newest of those that the event says were stored
 * just now, should the heads not name them yet.
 */
void say_stored(struct common *c, struct wire *w, uint64_t judged, const struct core_event *e);

/* WANT: the parents that the event says are missing; SUMMARY: the ids that it loaded. */
void say_want(struct common *c, struct wire *w, const struct core_event *e);
void say_summary(struct common *c, struct wire *w, const struct core_event *e);

/* PING with a random nonce. */
void say_ping(struct common *c, struct wire *w);

#endif
