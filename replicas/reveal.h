/*
 * reveal: records as this office may read them: sealed values opened where it may and can, a word
 * for why not where it may not or cannot yet.
 */
#ifndef REPLICAS_REVEAL_H
#define REPLICAS_REVEAL_H

#include "replicas/record.h"
#include "replicas/sealed.h"

/*
 * reveal_value(): a value of a record's field as canonical JSON, appended; "null" where it is
 * sealed and state_out is not SEALED_READ. Errors: LOCAL only
 */
MUST_USE enum status reveal_value(struct replica *r, const struct record *record,
                                  struct bytes field, struct bytes json, struct buf *out,
                                  enum sealed_state *state_out, struct fault *f);

/*
 * reveal_fields(): reading_fields() with the sealed values that can be read, appended to
 * 'fields_out'; of those that cannot, {name: word} appended to 'words_out' ("{}": there are none).
 * either may be NULL. Errors: LOCAL only
 */
MUST_USE enum status reveal_fields(struct replica *r, const struct record *record,
                                   struct buf *fields_out, struct buf *words_out, struct fault *f);

/* reveal_plain(): {name: value} of the sealed fields alone that can be read, appended to 'out';
 * *waiting_out: how many may be read once something else has come. Errors: LOCAL only */
MUST_USE enum status reveal_plain(struct replica *r, const struct record *record, struct buf *out,
                                  uint32_t *waiting_out, struct fault *f);

enum reveal_sameness { REVEAL_SAME, REVEAL_DIFFERENT, REVEAL_UNKNOWN };

/* reveal_sameness(): whether all values of a field say the same; UNKNOWN where one cannot be read.
 */
MUST_USE enum status reveal_sameness(struct replica *r, const struct record *record,
                                     const struct record_field *field, enum reveal_sameness *out,
                                     struct fault *f);

/* reveal_says(): whether one of a field's values says 'plain' (canonical JSON); UNKNOWN where none
 * that can be read does, and one cannot be read. */
MUST_USE enum status reveal_says(struct replica *r, const struct record *record,
                                 const struct record_field *field, struct bytes plain,
                                 enum reveal_sameness *out, struct fault *f);

/* reveal_has_sealed(): whether any field of it that people read is sealed. */
bool reveal_has_sealed(const struct record *record);

#endif
