/*
 * report: what `status`, `peer` and `sync` print: JSON rows made from the core's picture of its
 * peers and the replica's part of the status.
 */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "daemon/server.h"

/* report_status(): the object of `status`, appended to 'out'; 'part' is a finished JOB_STATUS. */
void report_status(struct server *s, const struct job *part, struct buf *out);

/* report_peer(): the object of one line of `peer`. */
void report_peer(const struct core_peer *peer, struct buf *out);

/* report_synced(): every connected peer holds all that we hold, and we lack nothing of it.
 * connecting_out: some peer is still on its way in. */
bool report_synced(const struct server *s, bool *connecting_out);

/* report_sync(): the object of `sync`; complete_out: nothing is under way any more;
 * failed_out: how many failed. Only 'label', where that is not empty. */
void report_sync(const struct server *s, struct bytes label, struct buf *out, bool *complete_out,
                 uint32_t *failed_out);

#endif
