/*
 * json: canonical JSON, the form in which records, entries, values and charters are kept.
 *
 * Canonical: valid UTF-8; object keys strictly ascending in byte order; integers only, within
 * +-(2^53 - 1), no "-0", no leading zeros; the shortest escapes (\" \\ \b \f \n \r \t, \u00xx in
 * lower case for other control characters, nothing else escaped); no NUL, escaped or not; no white
 * space (records add line breaks at fixed places, see record.h). At most JSON_DEPTH_MAX containers
 * inside each other. The order of keys is that of the bytes that they stand for, not of their
 * escapes: what every library's sorted keys are.
 */
#ifndef REPLICAS_JSON_H
#define REPLICAS_JSON_H

#include "proto/bytes.h"

enum { JSON_DEPTH_MAX = 8 };

void json_add_text(struct buf *out, struct bytes utf8); /* with quotes; invalid UTF-8: buf fails */
void json_add_integer(struct buf *out, int64_t n);      /* within +-(2^53 - 1) */

/*
 * json_check(): whether 'text' is exactly one canonical value.
 * Errors: ST_MALFORMED  no JSON value; ST_NOT_CANONICAL  another spelling; ST_TOO_LARGE  too deep
 */
MUST_USE enum status json_check(struct bytes text);

/*
 * json_take_text(): the string that 'text' (a canonical JSON string with its quotes) stands for,
 * appended to 'out' without quotes.
 * Errors: ST_MALFORMED  no canonical string; ST_NO_MEMORY
 */
MUST_USE enum status json_take_text(struct bytes text, struct buf *out);

/* json_take_integer(): Errors: ST_MALFORMED  no canonical integer; *out is unchanged */
MUST_USE enum status json_take_integer(struct bytes text, int64_t *out);

/* json_compare_text(): <0, 0, >0 by the bytes that two canonical strings stand for. */
int json_compare_text(struct bytes a, struct bytes b);

/*
 * A walker over one canonical value: sticky failure, borrows, allocates nothing. Strings come back
 * raw: with their quotes and escapes.
 */
struct json_reader {
    const uint8_t *at, *end;
    enum status status;
};
void json_read(struct json_reader *r, struct bytes in);
void json_read_literal(struct json_reader *r, const char *literal); /* exactly these bytes */
bool json_read_try(struct json_reader *r, const char *literal);     /* consumed if there */
struct bytes json_read_text(struct json_reader *r);                 /* raw string with quotes */
struct bytes json_read_value(struct json_reader *r); /* raw canonical value of any kind */

/* Errors: ST_MALFORMED  cut short, or bytes left over; else as json_check(): the first failure */
MUST_USE enum status json_end(const struct json_reader *r);

/*
 * json_canonical(): any valid JSON text in (white space, any key order, \u escapes; no floats, no
 * duplicate keys) to its canonical form, appended to 'out', which is unchanged on error. Through
 * jansson; for schema and programme files.
 * Errors: ST_TOO_LARGE (too deep), ST_MALFORMED (fault names line and column), ST_NO_MEMORY (which
 * jansson may take for malformed text)
 */
struct fault;
MUST_USE enum status json_canonical(struct bytes in, struct buf *out, struct fault *f);

#endif
