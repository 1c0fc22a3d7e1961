/*
 * carrier: sealed items between the core and the storage thread: its effects become jobs, finished
 * jobs become events.
 */
#ifndef DAEMON_CARRIER_H
#define DAEMON_CARRIER_H

#include "daemon/server.h"

/* carrier_submit(): FX_WISH, FX_GIVE or FX_KEEP. */
void carrier_submit(struct server *s, const struct core_effect *e);

/* carrier_tell(): JOB_WISH, JOB_GIVE, JOB_KEEP or JOB_WANTED is done. */
void carrier_tell(struct server *s, const struct job *j);

#endif
