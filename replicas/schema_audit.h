/*
 * schema_audit: what an audit expects, as a schema's "audit" says it:
 *
 * {"sessions":{"group":4,"individual":4},"small_cell":5}
 *
 * Each member may be left out and then has the value above. They are no part of what only grows:
 * any version of a charter may change them.
 */
#ifndef REPLICAS_SCHEMA_AUDIT_H
#define REPLICAS_SCHEMA_AUDIT_H

#include "replicas/fault.h"
#include "replicas/schema.h"

/* What stands where nothing is said. */
extern const struct schema_audit schema_audit_default;

/* schema_audit_parse(): from canonical JSON; members that are not there keep their default.
 * Errors: ST_NOT_SCHEMA (the fault names the member and its range); *out is then unchanged */
MUST_USE enum status schema_audit_parse(struct bytes json, struct schema_audit *out,
                                        struct fault *f);

#endif
