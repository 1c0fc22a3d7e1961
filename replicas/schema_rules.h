/*
 * schema_rules: what holds between the types and fields of one schema. Whoever uses a parsed schema
 * relies on it: references lead to a type, an amount has its currency, an entry is open, only the
 * writer's own account is debited, and where a type reverses entries each names its writer.
 */
#ifndef REPLICAS_SCHEMA_RULES_H
#define REPLICAS_SCHEMA_RULES_H

#include "replicas/schema.h"

/* schema_rules(): checks all types, and sets 'to_entry' of references. Allocates: no.
 * Errors: ST_NOT_SCHEMA (fault: type, field, rule) */
MUST_USE enum status schema_rules(struct schema *s, struct fault *f);

#endif
