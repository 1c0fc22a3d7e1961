/*
 * reading: a record as people read it: one value a field, lists for sets, and whether the values
 * of a field are in conflict. Pure: a record in, JSON out.
 */
#ifndef REPLICAS_READING_H
#define REPLICAS_READING_H

#include "replicas/record.h"

/*
 * reading_fields(): one JSON object, appended: {name: value}, names ascending; the value that
 * everyone reads, a list for a set, the content of an entry as it stands. Cleared fields are left
 * out, sealed ones null. Check buf_status().
 */
void reading_fields(const struct record *r, struct buf *out);

/* reading_fields_by(): the same; what stands for a sealed value is added by 'sealed' (NULL: null).
 */
typedef void (*reading_sealed_fn)(void *user, struct bytes field, struct bytes json,
                                  struct buf *out);
void reading_fields_by(const struct record *r, reading_sealed_fn sealed, void *user,
                       struct buf *out);

/* reading_merge(): reading_fields() with what was read of the sealed ones, {name: value}; both in
 * canonical JSON. */
void reading_merge(struct bytes fields, struct bytes plain, struct buf *out);

/* reading_conflicts(): how many fields hold values that differ. */
uint32_t reading_conflicts(const struct record *r);

/* reading_is_sealed(): whether a value is kept outside of the history. */
bool reading_is_sealed(struct bytes json);

/* reading_text(): a value as a person would type it: text without quotes, other values as JSON;
 * a cleared one is empty. Appended. */
void reading_text(struct bytes json, struct buf *out);

#endif
