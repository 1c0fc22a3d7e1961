/*
 * charter_parse: one charter version out of its exact bytes.
 */
#ifndef REPLICAS_CHARTER_PARSE_H
#define REPLICAS_CHARTER_PARSE_H

#include "replicas/charter.h"

/*
 * charter_parse(): the exact canonical bytes of one version, or nothing. Every rule that one
 * version alone has to keep: limits, order, roles, at least one admin, a schema that holds.
 * Signatures are read, not verified. *out is owned by the caller: charter_file_free().
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NOT_SCHEMA, ST_NO_MEMORY
 */
MUST_USE enum status charter_parse(struct bytes file, struct charter **out, struct fault *f);

/* charter_parse_body(): the same for a body alone, as a motion carries it: 'file' holds the body,
 * and there are no signatures. */
MUST_USE enum status charter_parse_body(struct bytes body, struct charter **out, struct fault *f);

#endif
