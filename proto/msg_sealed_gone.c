#include "proto/check.h"
#include "proto/msg_parts.h"

enum { SEALED_GONE_ELEMENTS = 3 };

enum status msg_sealed_gone_validate(const struct msg_sealed_gone *m)
{
    if (m->name_count > SEALED_NAMES_MAX)
        return ST_TOO_LARGE;
    return m->name_count > 0 && (unsigned)m->lane < SEALED_LANES ? ST_OK : ST_MALFORMED;
}

void msg_sealed_gone_encode(const struct msg_sealed_gone *m, struct buf *out)
{
    CHECK(msg_sealed_gone_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_SEALED_GONE, SEALED_GONE_ELEMENTS);
    mp_write_uint(out, (uint64_t)m->lane);
    msg_parts_write_names(out, m->names, m->name_count);
}

enum status msg_sealed_gone_decode(struct bytes in, struct msg_sealed_gone *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_SEALED_GONE, SEALED_GONE_ELEMENTS);
    out->lane = msg_parts_read_lane(&r);
    out->name_count = msg_parts_read_names(&r, out->names, SEALED_NAMES_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_sealed_gone_validate(out);
}
