#include "proto/check.h"
#include "proto/msg_parts.h"

enum { SUMMARY_ELEMENTS = 2 };

enum status msg_summary_validate(const struct msg_summary *m)
{
    return m->id_count <= SUMMARY_IDS_MAX ? ST_OK : ST_TOO_LARGE;
}

void msg_summary_encode(const struct msg_summary *m, struct buf *out)
{
    CHECK(msg_summary_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_SUMMARY, SUMMARY_ELEMENTS);
    msg_parts_write_ids(out, m->ids, m->id_count);
}

enum status msg_summary_decode(struct bytes in, struct msg_summary *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_SUMMARY, SUMMARY_ELEMENTS);
    out->id_count = msg_parts_read_ids(&r, out->ids, SUMMARY_IDS_MAX);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_summary_validate(out);
}
