/*
 * history: who changed what: log, and show --history. Times order nothing but what a person asks
 * for by a date.
 */
#ifndef REPLICAS_HISTORY_H
#define REPLICAS_HISTORY_H

#include "replicas/index.h"
#include "replicas/verb.h"

enum { HISTORY_ROWS_DEFAULT = 50 };

/*
 * history_log(): log [ID] [by=LABEL] [since=DATE] [limit=N, 0: all]; a row a commit, newest first
 * by (height, label, change): commit, change, office, author, time, seq, subject, changes [{record,
 * type, field, before, after}], signature, settled {k, n}.
 */
MUST_USE enum status history_log(const struct verb_call *call, struct fault *f);

/* history_of(): the commits that touched one record, as log's rows narrowed to it, newest first,
 * with commas between, appended. */
MUST_USE enum status history_of(struct replica *r, const struct record *record, struct buf *out,
                                struct fault *f);

/* history_row(): log's row about one commit, appended. */
MUST_USE enum status history_row(struct replica *r, uint32_t node, struct buf *out,
                                 struct fault *f);

#endif
