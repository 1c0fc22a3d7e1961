/*
 * retention: which records have been kept for as long as the schema says, and longer: their
 * personal data is due to be erased.
 */
#ifndef REPLICAS_RETENTION_H
#define REPLICAS_RETENTION_H

#include "replicas/verb.h"

enum { RETENTION_IDS_SHOWN = 5 };

/* retention_limit(): the latest second (since 1970) of the newest change of a record that is due at
 * 'now': a date that does not exist is the first of the month behind it. */
int64_t retention_limit(const struct schema_retention *retention, int64_t now);

/*
 * retention_list(): a row for each type of which records are due: type, retention ("5y"), count,
 * ids (the first ones), before (the day). A record is due when its newest change is older than the
 * retention and one of its personal values is not erased. The dates are those of the commits.
 */
MUST_USE enum status retention_list(const struct verb_call *call, struct fault *f);

#endif
