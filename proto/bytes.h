/*
 * bytes: a borrowed run of bytes, and a growing buffer with sticky failure.
 *
 * struct bytes owns nothing. struct buf owns 'data'; after a failed growth 'failed' stays set and
 * every further write is dropped, so that a writer checks once, at its end (buf_status).
 */
#ifndef PROTO_BYTES_H
#define PROTO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/status.h"

struct bytes {
    const uint8_t *data;
    size_t count;
};

/* A literal's bytes, without its NUL. */
#define BYTES(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

struct bytes bytes_of_text(const char *text);
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_text(struct bytes a, const char *text);

/* bytes_compare(): <0, 0, >0 in byte order, a prefix before what it begins. */
int bytes_compare(struct bytes a, struct bytes b);

/* bytes_are_utf8(): valid UTF-8 as RFC 3629 has it (no surrogates, no overlong forms), no NUL. */
bool bytes_are_utf8(struct bytes text);

struct buf {
    uint8_t *data;
    size_t count;
    size_t capacity;
    bool failed;
};

void buf_release(struct buf *b); /* frees; *b is as zeroed afterwards */
void buf_reset(struct buf *b);   /* empties, keeps the memory, clears 'failed' */
void buf_add(struct buf *b, const void *data, size_t count);
void buf_add_bytes(struct buf *b, struct bytes data);
void buf_add_text(struct buf *b, const char *text);
void buf_add_byte(struct buf *b, uint8_t byte);
void buf_add_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_u16be(struct buf *b, uint16_t n);
void buf_add_u32be(struct buf *b, uint32_t n);
void buf_add_u64be(struct buf *b, uint64_t n);

/* buf_reserve(): room for 'count' more bytes behind data + count; NULL when it cannot grow. */
uint8_t *buf_reserve(struct buf *b, size_t count);

/* buf_drop_front(): forget the first 'count' bytes (<= b->count). */
void buf_drop_front(struct buf *b, size_t count);

/* buf_bytes(): what is in it, borrowed until the next write. */
struct bytes buf_bytes(const struct buf *b);

/* buf_text(): its content as a C string, borrowed; "" after a failure. Adds a NUL beyond 'count'.
 */
const char *buf_text(struct buf *b);

/* Errors: ST_NO_MEMORY  some write was dropped */
MUST_USE enum status buf_status(const struct buf *b);

#endif
