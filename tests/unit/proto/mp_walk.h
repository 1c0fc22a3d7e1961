/*
 * mp_walk: read any document with proto/mp.h and write again what was read; the unit test and the
 * fuzz target of mp share it.
 */
#ifndef TESTS_MP_WALK_H
#define TESTS_MP_WALK_H

#include "proto/mp.h"

static inline void mp_walk_integer(struct mp_reader *r, struct buf *out)
{
    struct mp_reader ahead = *r;
    uint64_t n = mp_read_uint(&ahead, UINT64_MAX);
    if (ahead.status == ST_OK) {
        *r = ahead;
        mp_write_uint(out, n);
        return;
    }
    mp_write_int(out, mp_read_int(r));
}

static inline enum status mp_walk(struct bytes in, struct buf *out)
{
    struct mp_reader r;
    mp_read(&r, in);
    do {
        switch (mp_peek(&r)) {
        case MP_BOOL:
            mp_write_bool(out, mp_read_bool(&r));
            break;
        case MP_INTEGER:
            mp_walk_integer(&r, out);
            break;
        case MP_TEXT:
            mp_write_text(out, mp_read_text(&r, SIZE_MAX));
            break;
        case MP_BINARY:
            mp_write_binary(out, mp_read_binary(&r, SIZE_MAX));
            break;
        case MP_ARRAY:
            mp_write_array(out, mp_read_array(&r, 0, UINT32_MAX));
            break;
        case MP_MAP:
            mp_write_map(out, mp_read_map(&r, UINT32_MAX / 2));
            break;
        case MP_NIL:
        case MP_NONE:
            mp_read_nil(&r);
            mp_write_nil(out);
            break;
        }
    } while (r.status == ST_OK && r.depth > 0);
    return mp_end(&r);
}

#endif
