/*
 * moment: what a record was, at a commit or at a time: show --at.
 */
#ifndef REPLICAS_MOMENT_H
#define REPLICAS_MOMENT_H

#include "replicas/index.h"
#include "replicas/replica.h"

/*
 * moment_record(): the record as a commit had it, or, for a date, as the commits up to the end of
 * that moment have it together. Appends "at":{…}, to 'row'. Release 'out'. Errors: ST_NOT_FOUND  no
 * such commit; not there yet
 */
MUST_USE enum status moment_record(struct replica *r, struct bytes when, const struct index_id *id,
                                   struct record *out, struct buf *row, struct fault *f);

#endif
