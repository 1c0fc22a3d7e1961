#include "proto/check.h"
#include "proto/msg_parts.h"

enum { SEALED_WANT_ELEMENTS = 3, WISH_ELEMENTS = 2 };

enum status msg_sealed_want_validate(const struct msg_sealed_want *m)
{
    if (m->wish_count > SEALED_NAMES_MAX)
        return ST_TOO_LARGE;
    for (uint32_t i = 0; i < m->wish_count; i++)
        if (m->wishes[i].offset >= SEALED_ITEM_BYTES_MAX)
            return ST_TOO_LARGE;
    return m->wish_count > 0 && (unsigned)m->lane < SEALED_LANES ? ST_OK : ST_MALFORMED;
}

void msg_sealed_want_encode(const struct msg_sealed_want *m, struct buf *out)
{
    CHECK(msg_sealed_want_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_SEALED_WANT, SEALED_WANT_ELEMENTS);
    mp_write_uint(out, (uint64_t)m->lane);
    mp_write_array(out, m->wish_count);
    for (uint32_t i = 0; i < m->wish_count; i++) {
        mp_write_array(out, WISH_ELEMENTS);
        mp_write_binary(out, (struct bytes){m->wishes[i].name.id, DIGEST_BYTES});
        mp_write_uint(out, m->wishes[i].offset);
    }
}

enum status msg_sealed_want_decode(struct bytes in, struct msg_sealed_want *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_SEALED_WANT, SEALED_WANT_ELEMENTS);
    out->lane = msg_parts_read_lane(&r);
    out->wish_count = mp_read_array(&r, 0, SEALED_NAMES_MAX);
    for (uint32_t i = 0; i < out->wish_count; i++) {
        mp_read_array(&r, WISH_ELEMENTS, WISH_ELEMENTS);
        mp_read_fixed(&r, out->wishes[i].name.id, DIGEST_BYTES);
        out->wishes[i].offset = (uint32_t)mp_read_uint(&r, SEALED_ITEM_BYTES_MAX - 1);
    }
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_sealed_want_validate(out);
}
