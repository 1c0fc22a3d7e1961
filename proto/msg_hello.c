#include "proto/check.h"
#include "proto/msg_parts.h"

enum { HELLO_ELEMENTS = 4 };

enum status msg_hello_validate(const struct msg_hello *m)
{
    if (m->agent.count > AGENT_BYTES_MAX)
        return ST_TOO_LARGE;
    if (m->version == 0 || !msg_parts_is_printable(m->agent, true))
        return ST_MALFORMED;
    return ST_OK;
}

void msg_hello_encode(const struct msg_hello *m, struct buf *out)
{
    CHECK(msg_hello_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_HELLO, HELLO_ELEMENTS);
    mp_write_uint(out, m->version);
    mp_write_uint(out, m->features);
    mp_write_text(out, m->agent);
}

enum status msg_hello_decode(struct bytes in, struct msg_hello *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_HELLO, HELLO_ELEMENTS);
    out->version = (uint32_t)mp_read_uint(&r, UINT32_MAX);
    out->features = mp_read_uint(&r, UINT64_MAX);
    out->agent = mp_read_text(&r, AGENT_BYTES_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_hello_validate(out);
}
