/*
 * meeting: the first write after a start waits for word of a peer, so that an office that was put
 * back from a backup learns of its own newer commits before it writes beside them.
 *
 * Over: once a peer has told all its heads and they are known here; or nobody can be reached; or
 * the time of the configuration (office.meet) passed in which nothing came. While commits come it
 * goes on, up to MEETING_TIMES of that time. Reading never waits.
 */
#ifndef DAEMON_MEETING_H
#define DAEMON_MEETING_H

#include "daemon/worker.h"

enum { MEETING_TIMES = 10 }; /* of office.meet, while what we lack is arriving */

struct server;

struct meeting {
    bool over;
    uint64_t wait_ms, until_ms, last_ms; /* one wait; its end; the end however much still comes */
    struct job *first, *last;            /* held: ours until then */
};

void meeting_begin(struct meeting *m, uint64_t now_ms, uint64_t wait_ms);

/* meeting_holds(): a job that writes, before it is over: it is kept, and the answer is true. */
bool meeting_holds(struct meeting *m, struct job *j);

/* meeting_progress(): commits came from a peer. */
void meeting_progress(struct meeting *m, uint64_t now_ms);

/* meeting_check(): whether it is over by now; then what was held goes to the storage thread. */
void meeting_check(struct server *s);

uint64_t meeting_deadline_ms(const struct meeting *m); /* UINT64_MAX: none */

/* meeting_end(): drop what is held: the daemon stops. */
void meeting_end(struct meeting *m);

#endif
