/*
 * lookup: the names that a person types, found or answered with what was probably meant: types,
 * fields, beginnings of ids, commits, labels, references, values.
 */
#ifndef REPLICAS_LOOKUP_H
#define REPLICAS_LOOKUP_H

#include "replicas/index.h"
#include "replicas/replica.h"

enum { LOOKUP_PREFIX_MIN = 4 }; /* digits of an id */

/* Errors: ST_NOT_SCHEMA  no such type, no such field: the fault names the nearest */
MUST_USE enum status lookup_type(struct replica *r, struct bytes name,
                                 const struct schema_type **out, struct fault *f);
MUST_USE enum status lookup_field(const struct schema_type *type, struct bytes name,
                                  const struct schema_field **out, struct fault *f);

/*
 * lookup_id(): the one record whose id begins with 'prefix'. Brings the index up to date: nothing
 * lent by the store outlives the call.
 * Errors: ST_USAGE      fewer than LOOKUP_PREFIX_MIN digits, or no hex digits
 *         ST_NOT_FOUND, ST_AMBIGUOUS (names some candidates); ST_BAD_CONFIG  opened without index
 */
MUST_USE enum status lookup_id(struct replica *r, struct bytes prefix, struct index_id *out,
                               struct fault *f);

/* lookup_record(): lookup_id(), then the record of the state; release it. */
MUST_USE enum status lookup_record(struct replica *r, struct bytes prefix, struct index_id *id_out,
                                   struct record *out, struct fault *f);

/* lookup_index(): the index, up to date. Errors: ST_BAD_CONFIG  opened without one */
MUST_USE enum status lookup_index(struct replica *r, struct index **out, struct fault *f);

/* lookup_commit(): the node whose id begins with 'prefix'. Errors as lookup_id() */
MUST_USE enum status lookup_commit(struct replica *r, struct bytes prefix, uint32_t *node_out,
                                   struct fault *f);

/* lookup_label(): whether it is a member's, or was. Errors: ST_NOT_FOUND names the nearest */
MUST_USE enum status lookup_label(struct replica *r, struct bytes label, struct fault *f);

/*
 * lookup_value(): what was typed for a field, as canonical JSON, appended. References may be the
 * beginning of an id or the other record's key; labels have to be members'. For a set: one element.
 * Errors: ST_BAD_VALUE, ST_NOT_FOUND, ST_AMBIGUOUS
 */
MUST_USE enum status lookup_value(struct replica *r, const struct schema_field *field,
                                  struct bytes text, struct bytes currency, struct buf *out,
                                  struct fault *f);

/* lookup_writable(): Errors: ST_NOT_ALLOWED  this office may not read the field's class */
MUST_USE enum status lookup_writable(struct replica *r, const struct schema_type *type,
                                     const struct schema_field *field, struct fault *f);

/* lookup_held(): whether the state holds that record; 'id' in hex. */
MUST_USE enum status lookup_held(struct replica *r, struct bytes type, struct bytes id_hex,
                                 bool *out, struct fault *f);

#endif
