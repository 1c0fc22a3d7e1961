/*
 * mp: canonical msgpack. The writer goes through msgpack-c's packer; the reader is a strict walker
 * of ours that borrows from its input and allocates nothing.
 *
 * Canonical: the shortest form of every integer, string, binary, array and map; no floats, no
 * extensions; strings are valid UTF-8; at most MESSAGE_DEPTH_MAX levels; nothing behind the end.
 * The reader's failure is sticky: after the first error every read gives zero or nothing, and
 * mp_end() reports the first error.
 */
#ifndef PROTO_MP_H
#define PROTO_MP_H

#include "proto/bytes.h"
#include "proto/limits.h"

enum mp_kind { MP_NONE, MP_NIL, MP_BOOL, MP_INTEGER, MP_TEXT, MP_BINARY, MP_ARRAY, MP_MAP };

struct mp_reader {
    const uint8_t *at, *end;
    uint32_t left[MESSAGE_DEPTH_MAX]; /* elements still to come, a level each */
    unsigned depth;
    enum status status;
};

void mp_read(struct mp_reader *r, struct bytes in);

/* mp_peek(): the kind of the next element; MP_NONE at the end of input or after an error. */
enum mp_kind mp_peek(const struct mp_reader *r);

/* mp_read_array(): enter an array of 'min' .. 'max' elements; its count, 0 on error. An array is
 * left by reading its last element. A map of n pairs counts 2 n elements. With min == max > 0
 * another count is ST_MALFORMED, else one over 'max' is ST_TOO_LARGE. */
uint32_t mp_read_array(struct mp_reader *r, uint32_t min, uint32_t max);
uint32_t mp_read_map(struct mp_reader *r, uint32_t max_pairs);

uint64_t mp_read_uint(struct mp_reader *r, uint64_t max);
int64_t mp_read_int(struct mp_reader *r);
bool mp_read_bool(struct mp_reader *r);
void mp_read_nil(struct mp_reader *r);
struct bytes mp_read_text(struct mp_reader *r, size_t max_bytes);
struct bytes mp_read_binary(struct mp_reader *r, size_t max_bytes);

/* mp_read_fixed(): a binary of exactly 'count' bytes, copied to 'out' (zeroed on error). */
void mp_read_fixed(struct mp_reader *r, void *out, size_t count);

/* mp_fail(): the caller's own check failed; keeps the first error. */
void mp_fail(struct mp_reader *r, enum status status);

/*
 * mp_end(): whether everything was read and nothing is left over.
 * Errors: ST_MALFORMED      cut short, wrong kind or trailing bytes
 *         ST_NOT_CANONICAL  a longer form than needed, a float, an extension, invalid UTF-8
 *         ST_TOO_LARGE      over a bound, or deeper than MESSAGE_DEPTH_MAX
 *         whatever mp_fail() was given
 */
MUST_USE enum status mp_end(const struct mp_reader *r);

void mp_write_array(struct buf *out, uint32_t count);
void mp_write_map(struct buf *out, uint32_t pairs);
void mp_write_uint(struct buf *out, uint64_t n);
void mp_write_int(struct buf *out, int64_t n);
void mp_write_bool(struct buf *out, bool b);
void mp_write_nil(struct buf *out);
void mp_write_text(struct buf *out, struct bytes text);
void mp_write_binary(struct buf *out, struct bytes data);

#endif
