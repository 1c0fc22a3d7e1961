/*
 * record: one case record (or entry) as its canonical file has it, and the join of two versions.
 * Page "Records" of docs/FORMATS.md; model.py is the oracle.
 *
 * A record's file, where 'fields' and 'sets' are left out when empty:
 *
 *     {"id":"3fa9c04be1d27788a0c4f19e","type":"enterprise",
 *     "seen":{"<change>":"42 santiago","<change>":"61 iquique"},
 *     "fields":{
 *     "line":{"<change>":"strengthening"},
 *     "stage":{"<change>":"workshop"}
 *     },
 *     "sets":{
 *     "needs":{"health":["<change>"],"housing":["<change>"]}
 *     }}
 *
 * An entry's, one member of the content a line ('"entry":{}}' when it has none):
 *
 *     {"id":"<40 hex digits>","type":"grant","entry":{
 *     "amount":200000,
 *     "currency":"USD"
 *     }}
 *
 * A struct record borrows every run of bytes from the text (or records, or operations) it was made
 * from; it owns one block with its arrays, an entry's content without its line breaks, and the id
 * of a record that op_apply() began. Invariants after parse, join and apply: 'seen' not empty and
 * ascending by change; fields, sets by name; values and element changes by change; elements by
 * json_compare_text(); every change that a value or element names is in 'seen'.
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
    struct bytes id; /* hex text: RECORD_ID_TEXT, or ENTRY_ID_TEXT for an entry */
    struct bytes type;
    struct bytes entry; /* canonical JSON object, without line breaks; {NULL, 0} for a record */
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
    void *block; /* owned: holds all arrays */
};

/* What stands for a record that is not there: no id, nothing seen; a constant. */
extern const struct record record_empty;

void record_release(struct record *r);

/* What a record's block has to hold: elements of each array, and bytes behind them. */
struct record_room {
    size_t seen, fields, values, sets, elements, changes, bytes;
};

/*
 * record_make_room(): empty arrays of the given sizes in one block, for those that build records.
 * bytes_out  the extra bytes; may be NULL.
 * Errors: ST_NO_MEMORY; *out is empty either way
 */
MUST_USE enum status record_make_room(const struct record_room *room, struct record *out,
                                      uint8_t **bytes_out);

/*
 * record_parse(): take the exact canonical bytes of one file, or nothing.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE, ST_NO_MEMORY; *out is then empty
 */
MUST_USE enum status record_parse(struct bytes text, struct record *out);

/* record_encode(): the canonical file of a record that keeps the invariants, or of an entry (id,
 * type and content; the rest zero). Check buf_status(). */
void record_encode(const struct record *r, struct buf *out);

/*
 * record_join(): the least upper bound of two versions of one record (same id, same type).
 * 'out' borrows what a and b borrow and nothing of their blocks: id and content are copied. Entries
 * of one id have one content, by their hash; should two differ all the same, or two values of one
 * change, or its height and label, then the smaller stand.
 * Errors: ST_NO_MEMORY; ST_MALFORMED  another id, type or shape; *out is then empty
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
