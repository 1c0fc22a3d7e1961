#include "proto/check.h"
#include "proto/msg_parts.h"

enum { STORED_ELEMENTS = 4 };

#define ITEMS_MAX ((UINT64_C(1) << SAFE_INTEGER_BITS) - 1)

enum status msg_stored_validate(const struct msg_stored *m)
{
    bool fits =
        m->items <= ITEMS_MAX && m->id_count <= HEADS_MAX && m->dropped_count <= BATCH_ITEMS_MAX;
    return fits ? ST_OK : ST_TOO_LARGE;
}

void msg_stored_encode(const struct msg_stored *m, struct buf *out)
{
    CHECK(msg_stored_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_STORED, STORED_ELEMENTS);
    mp_write_uint(out, m->items);
    msg_parts_write_ids(out, m->ids, m->id_count);
    msg_parts_write_ids(out, m->dropped, m->dropped_count);
}

enum status msg_stored_decode(struct bytes in, struct msg_stored *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_STORED, STORED_ELEMENTS);
    out->items = mp_read_uint(&r, ITEMS_MAX);
    out->id_count = msg_parts_read_ids(&r, out->ids, HEADS_MAX);
    out->dropped_count = msg_parts_read_ids(&r, out->dropped, BATCH_ITEMS_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_stored_validate(out);
}
