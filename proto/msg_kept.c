#include "proto/check.h"
#include "proto/msg_parts.h"

enum { KEPT_ELEMENTS = 3 };

#define WAITING_MAX ((UINT64_C(1) << SAFE_INTEGER_BITS) - 1)

enum status msg_kept_validate(const struct msg_kept *m)
{
    return m->waiting <= WAITING_MAX && m->name_count <= SEALED_NAMES_MAX ? ST_OK : ST_TOO_LARGE;
}

void msg_kept_encode(const struct msg_kept *m, struct buf *out)
{
    CHECK(msg_kept_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_KEPT, KEPT_ELEMENTS);
    msg_parts_write_names(out, m->names, m->name_count);
    mp_write_uint(out, m->waiting);
}

enum status msg_kept_decode(struct bytes in, struct msg_kept *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_KEPT, KEPT_ELEMENTS);
    out->name_count = msg_parts_read_names(&r, out->names, SEALED_NAMES_MAX);
    out->waiting = mp_read_uint(&r, WAITING_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_kept_validate(out);
}
