#include "replicas/jblock.h"

#include "proto/check.h"
#include "replicas/jframe.h"

void jblock_release(struct jblock *b)
{
    if (b == NULL)
        return;
    buf_release(&b->raw);
    *b = (struct jblock){0};
}

void jblock_start(struct jblock *b, uint64_t first)
{
    buf_reset(&b->raw);
    b->first = first;
    b->count = 0;
    b->at_ordinal = first;
    b->at_offset = 0;
}

enum status jblock_add(struct jblock *b, struct bytes payload)
{
    CHECK(payload.count > 0 && payload.count <= JFRAME_PAYLOAD_MAX);
    if (buf_reserve(&b->raw, JBLOCK_LENGTH_BYTES + payload.count) == NULL) {
        b->raw.failed = false;
        return ST_NO_MEMORY;
    }
    buf_add_u32be(&b->raw, (uint32_t)payload.count);
    buf_add_bytes(&b->raw, payload);
    b->count++;
    return ST_OK;
}

enum status jblock_check(struct jblock *b, uint64_t count)
{
    size_t at = 0;
    uint64_t seen = 0;
    b->count = 0;
    while (at < b->raw.count && seen < count) {
        if (b->raw.count - at < JBLOCK_LENGTH_BYTES)
            return ST_MALFORMED;
        uint32_t bytes = jframe_u32(b->raw.data + at);
        at += JBLOCK_LENGTH_BYTES;
        if (bytes == 0 || bytes > JFRAME_PAYLOAD_MAX || bytes > b->raw.count - at)
            return ST_MALFORMED;
        at += bytes;
        seen++;
    }
    if (at != b->raw.count || seen != count)
        return ST_MALFORMED;
    b->count = count;
    b->at_ordinal = b->first;
    b->at_offset = 0;
    return ST_OK;
}

bool jblock_holds(const struct jblock *b, uint64_t ordinal)
{
    return ordinal >= b->first && ordinal - b->first < b->count;
}

struct bytes jblock_item(struct jblock *b, uint64_t ordinal)
{
    CHECK(jblock_holds(b, ordinal));
    if (ordinal < b->at_ordinal) {
        b->at_ordinal = b->first;
        b->at_offset = 0;
    }
    for (;;) {
        CHECK(b->raw.count - b->at_offset > JBLOCK_LENGTH_BYTES);
        uint32_t bytes = jframe_u32(b->raw.data + b->at_offset);
        CHECK(bytes <= b->raw.count - b->at_offset - JBLOCK_LENGTH_BYTES);
        if (b->at_ordinal == ordinal)
            return (struct bytes){b->raw.data + b->at_offset + JBLOCK_LENGTH_BYTES, bytes};
        b->at_offset += JBLOCK_LENGTH_BYTES + bytes;
        b->at_ordinal++;
    }
}
