/*
 * jobs_sealed: the storage thread's jobs about sealed items: which of them this office wants, what
 * a peer may have of them, and keeping what came.
 */
#ifndef DAEMON_JOBS_SEALED_H
#define DAEMON_JOBS_SEALED_H

#include "daemon/worker.h"

/* jobs_sealed_wish(), _give(), _keep(): JOB_WISH, JOB_GIVE, JOB_KEEP. What was kept is durable with
 * the next replica_sync(). */
void jobs_sealed_wish(struct replica *r, struct job *j);
void jobs_sealed_give(struct replica *r, struct job *j);
void jobs_sealed_keep(struct replica *r, struct job *j);

/* jobs_sealed_waiting(): how many are wanted and not held, by lane. Errors: LOCAL */
MUST_USE enum status jobs_sealed_waiting(struct replica *r, uint64_t out[static SEALED_LANES],
                                         struct fault *f);

#endif
