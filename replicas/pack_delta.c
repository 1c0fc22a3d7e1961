#include "replicas/pack_delta.h"

#include "proto/check.h"

enum {
    COPY_BYTES_MAX = 0xffff,
    INSERT_BYTES_MAX = 0x7f,
    BASE_BYTES_MAX = 1 << 30,
};

static void add_size(struct buf *out, size_t size)
{
    for (; size > 0x7f; size >>= 7)
        buf_add_byte(out, (uint8_t)(0x80 | (size & 0x7f)));
    buf_add_byte(out, (uint8_t)size);
}

/* Copy from the base: a byte of flags, then the non-zero bytes of offset and length. */
static void add_copy(struct buf *out, size_t offset, size_t count)
{
    while (count > 0) {
        size_t now = count < COPY_BYTES_MAX ? count : COPY_BYTES_MAX;
        uint8_t op[7] = {0x80};
        size_t used = 1;
        for (unsigned i = 0; i < 4; i++)
            if ((offset >> 8 * i & 0xff) != 0) {
                op[0] |= (uint8_t)(1 << i);
                op[used++] = (uint8_t)(offset >> 8 * i);
            }
        for (unsigned i = 0; i < 2; i++)
            if ((now >> 8 * i & 0xff) != 0) {
                op[0] |= (uint8_t)(0x10 << i);
                op[used++] = (uint8_t)(now >> 8 * i);
            }
        buf_add(out, op, used);
        offset += now;
        count -= now;
    }
}

static void add_insert(struct buf *out, const uint8_t *data, size_t count)
{
    while (count > 0) {
        size_t now = count < INSERT_BYTES_MAX ? count : INSERT_BYTES_MAX;
        buf_add_byte(out, (uint8_t)now);
        buf_add(out, data, now);
        data += now;
        count -= now;
    }
}

bool pack_delta_make(struct bytes base, struct bytes target, struct buf *out)
{
    CHECK(base.count < BASE_BYTES_MAX);
    buf_reset(out);
    size_t shared = base.count < target.count ? base.count : target.count, head = 0, tail = 0;
    while (head < shared && base.data[head] == target.data[head])
        head++;
    while (tail < shared - head &&
           base.data[base.count - tail - 1] == target.data[target.count - tail - 1])
        tail++;
    size_t middle = target.count - head - tail;
    if (2 * middle >= target.count)
        return false;
    add_size(out, base.count);
    add_size(out, target.count);
    add_copy(out, 0, head);
    add_insert(out, target.data + head, middle);
    add_copy(out, base.count - tail, tail);
    if (buf_status(out) != ST_OK || 2 * out->count > target.count) {
        buf_reset(out);
        return false;
    }
    return true;
}
