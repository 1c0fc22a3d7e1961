#include "proto/check.h"
#include "proto/msg_parts.h"

enum { PING_ELEMENTS = 2 };

void msg_ping_encode(enum message_kind kind, const struct msg_ping *m, struct buf *out)
{
    CHECK(kind == MESSAGE_PING || kind == MESSAGE_PONG);
    msg_parts_start(out, kind, PING_ELEMENTS);
    mp_write_uint(out, m->nonce);
}

enum status msg_ping_decode(enum message_kind kind, struct bytes in, struct msg_ping *out)
{
    CHECK(kind == MESSAGE_PING || kind == MESSAGE_PONG);
    struct mp_reader r;
    msg_parts_begin(&r, in, kind, PING_ELEMENTS);
    out->nonce = mp_read_uint(&r, UINT64_MAX);
    return mp_end(&r);
}
