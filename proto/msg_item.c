#include "proto/check.h"
#include "proto/msg_parts.h"

enum { ITEM_ELEMENTS = 3 };

static_assert(ITEM_BYTES_MAX <= MESSAGE_BYTES_MAX - KIB, "an item alone fits a message");

static const struct msg_parts_bound item_bound = {BATCH_ITEMS_MAX, ITEM_BYTES_MAX};

enum status msg_item_validate(const struct msg_item *m)
{
    size_t total_bytes = 0;
    enum status status = msg_parts_check_list(m->items, m->item_count, item_bound, &total_bytes);
    if (status != ST_OK)
        return status;
    return total_bytes <= BATCH_BYTES_MAX || m->item_count == 1 ? ST_OK : ST_TOO_LARGE;
}

bool msg_item_add(struct msg_item *m, struct bytes item)
{
    CHECK(item.count >= 1 && item.count <= ITEM_BYTES_MAX);
    size_t held = msg_parts_total(m->items, m->item_count);
    bool fits = m->item_count == 0 || held + item.count <= BATCH_BYTES_MAX;
    if (m->item_count == BATCH_ITEMS_MAX || !fits)
        return false;
    m->items[m->item_count++] = item;
    return true;
}

void msg_item_encode(const struct msg_item *m, struct buf *out)
{
    CHECK(msg_item_validate(m) == ST_OK);
    msg_parts_start(out, MESSAGE_ITEM, ITEM_ELEMENTS);
    msg_parts_write_list(out, m->items, m->item_count);
    mp_write_bool(out, m->more);
}

enum status msg_item_decode(struct bytes in, struct msg_item *out)
{
    struct mp_reader r;
    msg_parts_begin(&r, in, MESSAGE_ITEM, ITEM_ELEMENTS);
    out->item_count = msg_parts_read_list(&r, out->items, item_bound);
    out->more = mp_read_bool(&r);
    enum status status = mp_end(&r);
    return status != ST_OK ? status : msg_item_validate(out);
}
