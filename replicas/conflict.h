/*
 * conflict: fields that hold values of several writers who did not know of each other: listed, and
 * told in plain words. verb.h has their contract; edit.h settles them.
 */
#ifndef REPLICAS_CONFLICT_H
#define REPLICAS_CONFLICT_H

#include "replicas/verb.h"

/* conflict_list(): conflicts; a row a field, by type and id, alike on every member: id, type, name,
 * field, values, since. Errors: ST_NEEDS_PERSON  when there are any, after their rows */
MUST_USE enum status conflict_list(const struct verb_call *call, struct fault *f);

/* conflict_explain(): explain ID; a row a field: id, type, field, text (a plain sentence),
 * commands (any of which settles it), values; one row without a field where there is none. */
MUST_USE enum status conflict_explain(const struct verb_call *call, struct fault *f);

#endif
