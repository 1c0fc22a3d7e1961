/*
 * record: one case record (or entry) as its canonical file has it, and the join of two versions.
 * Page "Records" of docs/FORMATS.md; model.py is the oracle.
 *
 * A struct record borrows every run of bytes from the text (or records, or operations) it was made
 * from; it owns only its arrays. Invariants after parse, join and apply: 'seen' ascending by
 * change; fields, sets by name; values and element changes by change; elements by bytes; every
 * change that a value or element names is in 'seen'.
 */
#ifndef REPLICAS_RECORD_H
#define REPLICAS_RECORD_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"

struct record_seen {
    struct change change;
    uint64_t height;
    struct bytes label;
};

struct record_value {
    struct change change;
    struct bytes json; /* canonical JSON value */
};

struct record_field {
    struct bytes name;
    uint32_t first, count; /* in record.values; count >= 1 */
};

struct record_element {
    struct bytes text;     /* as it stands in JSON, with quotes */
    uint32_t first, count; /* in record.changes; count >= 1 */
};

struct record_set {
    struct bytes name;
    uint32_t first, count; /* in record.elements; count >= 1 */
};

struct record {
    struct bytes id;    /* hex text: RECORD_ID_TEXT, or ENTRY_ID_TEXT for an entry */
    struct bytes type;
    struct bytes entry; /* canonical JSON object; {NULL, 0} for a record */
    struct record_seen *seen;
    uint32_t seen_count;
    struct record_field *fields;
    uint32_t field_count;
    struct record_value *values;
    uint32_t value_count;
    struct record_set *sets;
    uint32_t set_count;
    struct record_element *elements;
    uint32_t element_count;
    struct change *changes; /* of elements */
    uint32_t change_count;
};

void record_release(struct record *r);

/*
 * record_parse(): take the exact canonical bytes of one file, or nothing.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NO_MEMORY; *out is then empty
 */
MUST_USE enum status record_parse(struct bytes text, struct record *out);

/* record_encode(): the canonical file, one field a line, one final newline. Check buf_status(). */
void record_encode(const struct record *r, struct buf *out);

/*
 * record_join(): the least upper bound of two versions of one record (same id, same type).
 * 'out' borrows what a and b borrow. Entries of one id have one content, by their hash; should two
 * differ, the smaller bytes stand.
 * Errors: ST_NO_MEMORY
 */
MUST_USE enum status record_join(const struct record *a, const struct record *b,
                                 struct record *out);

const struct record_field *record_field(const struct record *r, struct bytes name);
const struct record_set *record_set(const struct record *r, struct bytes name);
const struct record_element *record_element(const struct record *r, const struct record_set *set,
                                            struct bytes text_json);
const struct record_seen *record_seen(const struct record *r, const struct change *c);

/* record_reads(): the value everyone shows: that of the greatest change by (height, label, id). */
const struct record_value *record_reads(const struct record *r, const struct record_field *f);

/* record_conflicts(): whether a field holds two different values. */
bool record_conflicts(const struct record *r, const struct record_field *f);

#endif
