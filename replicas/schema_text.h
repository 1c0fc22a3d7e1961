/*
 * schema_text: whether a text, without quotes or escapes, is a value of a field. Both ways a value
 * comes in (as JSON from a peer, as typed by a person) end here, so that they cannot differ.
 */
#ifndef REPLICAS_SCHEMA_TEXT_H
#define REPLICAS_SCHEMA_TEXT_H

#include "proto/limits.h"
#include "replicas/schema.h"

#define SCHEMA_INTEGER_MAX ((INT64_C(1) << SAFE_INTEGER_BITS) - 1)

/*
 * schema_text_check(): for the kinds that are kept as JSON strings (text, date, choice, label,
 * reference, currency, set). Allocates: no.
 * Errors: ST_BAD_VALUE (fault: field, value, what would fit)
 */
MUST_USE enum status schema_text_check(const struct schema_field *field, struct bytes text,
                                       struct fault *f);

/* schema_text_refuse(): ST_BAD_VALUE with "FIELD: VALUE is WHY"; a value that is not of class open
 * is not repeated. */
enum status schema_text_refuse(const struct schema_field *field, struct bytes text, const char *why,
                               struct fault *f);

#endif
