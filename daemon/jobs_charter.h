/*
 * jobs_charter: the storage thread's jobs about the charter: what the core is told of it, and what
 * peers offer: versions, and motions for the next one.
 */
#ifndef DAEMON_JOBS_CHARTER_H
#define DAEMON_JOBS_CHARTER_H

#include "daemon/worker.h"

/* jobs_charter_fill(): the whole chain, the members and retired keys of the newest version, and the
 * open motions, into the job. Errors: ST_NO_MEMORY */
MUST_USE enum status jobs_charter_fill(struct replica *r, struct job *j);

/* jobs_charter_offer(): JOB_CHARTERS. Filled where versions were offered or anything changed;
 * else its charter_version is 0. A refused motion is logged; one that is none is the status. */
void jobs_charter_offer(struct replica *r, struct job *j);

/* jobs_charter_mark(): tells one set of open motions from another. */
void jobs_charter_mark(struct replica *r, struct digest *out);

#endif
