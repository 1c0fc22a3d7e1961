#include "proto/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { BUF_BYTES_MIN = 64 };

struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.data, b.data, a.count) == 0);
}

bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_text(text));
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shared = a.count < b.count ? a.count : b.count;
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
    return order != 0 ? order : (a.count > b.count) - (a.count < b.count);
}

/* The length of the sequence that starts with 'lead', and the range of its second byte. */
static size_t utf8_sequence(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef) {
        *low = lead == 0xe0 ? 0xa0 : 0x80;
        *high = lead == 0xed ? 0x9f : 0xbf;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *low = lead == 0xf0 ? 0x90 : 0x80;
        *high = lead == 0xf4 ? 0x8f : 0xbf;
        return 4;
    }
    return 0;
}

bool bytes_are_utf8(struct bytes text)
{
    size_t i = 0;
    while (i < text.count) {
        if (text.data[i] < 0x80) {
            if (text.data[i++] == 0)
                return false;
            continue;
        }
        uint8_t low, high;
        size_t length = utf8_sequence(text.data[i], &low, &high);
        if (length == 0 || length > text.count - i)
            return false;
        if (text.data[i + 1] < low || text.data[i + 1] > high)
            return false;
        for (size_t k = 2; k < length; k++)
            if ((text.data[i + k] & 0xc0) != 0x80)
                return false;
        i += length;
    }
    return true;
}

void buf_release(struct buf *b)
{
    if (b == NULL)
        return;
    mem_free(b->data);
    *b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
    b->count = 0;
    b->failed = false;
}

uint8_t *buf_reserve(struct buf *b, size_t count)
{
    CHECK(b->count <= b->capacity);
    if (b->failed)
        return NULL;
    if (b->data != NULL && count <= b->capacity - b->count)
        return b->data + b->count;
    size_t wanted;
    if (__builtin_add_overflow(b->count, count, &wanted) || wanted > SIZE_MAX / 2) {
        b->failed = true;
        return NULL;
    }
    size_t capacity = b->capacity * 2 > wanted ? b->capacity * 2 : wanted;
    if (capacity < BUF_BYTES_MIN)
        capacity = BUF_BYTES_MIN;
    uint8_t *data = mem_resize(b->data, capacity);
    if (data == NULL) {
        b->failed = true;
        return NULL;
    }
    b->data = data;
    b->capacity = capacity;
    return b->data + b->count;
}

void buf_add(struct buf *b, const void *data, size_t count)
{
    if (count == 0)
        return;
    uint8_t *at = buf_reserve(b, count);
    if (at == NULL)
        return;
    memcpy(at, data, count);
    b->count += count;
}

void buf_add_bytes(struct buf *b, struct bytes data)
{
    buf_add(b, data.data, data.count);
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_byte(struct buf *b, uint8_t byte)
{
    buf_add(b, &byte, 1);
}

void buf_add_format(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(count >= 0);
    uint8_t *at = buf_reserve(b, (size_t)count + 1);
    if (at == NULL)
        return;
    va_start(args, format);
    vsnprintf((char *)at, (size_t)count + 1, format, args);
    va_end(args);
    b->count += (size_t)count;
}

static void add_big_endian(struct buf *b, uint64_t n, unsigned width)
{
    uint8_t out[8];
    for (unsigned i = 0; i < width; i++)
        out[i] = (uint8_t)(n >> (8 * (width - 1 - i)));
    buf_add(b, out, width);
}

void buf_add_u16be(struct buf *b, uint16_t n)
{
    add_big_endian(b, n, 2);
}

void buf_add_u32be(struct buf *b, uint32_t n)
{
    add_big_endian(b, n, 4);
}

void buf_add_u64be(struct buf *b, uint64_t n)
{
    add_big_endian(b, n, 8);
}

void buf_drop_front(struct buf *b, size_t count)
{
    CHECK(count <= b->count);
    if (count > 0 && count < b->count)
        memmove(b->data, b->data + count, b->count - count);
    b->count -= count;
}

struct bytes buf_bytes(const struct buf *b)
{
    return (struct bytes){b->data, b->count};
}

const char *buf_text(struct buf *b)
{
    uint8_t *end = buf_reserve(b, 1);
    if (end == NULL)
        return "";
    *end = '\0';
    return (const char *)b->data;
}

enum status buf_status(const struct buf *b)
{
    return b->failed ? ST_NO_MEMORY : ST_OK;
}
