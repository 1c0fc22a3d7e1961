#include "proto/check.h"
#include "proto/msg_parts.h"

enum { WANT_ELEMENTS = 2 };

enum status msg_want_validate(const struct msg_want *m)
{
    if (m->id_count > WANT_IDS_MAX)
        return ST_TOO_LARGE;
    return m->id_count > 0 ? ST_OK : ST_MALFORMED;
}

void msg_want_encode(const struct msg_want *m, struct buf *out)
{
    CHECK(msg_want_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_WANT, WANT_ELEMENTS);
    msg_parts_write_ids(out, m->ids, m->id_count);
}

enum status msg_want_decode(struct bytes in, struct msg_want *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_WANT, WANT_ELEMENTS);
    out->id_count = msg_parts_read_ids(&r, out->ids, WANT_IDS_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_want_validate(out);
}
