#include "tests/fuzz/mutate.h"

#include <stdlib.h>
#include <string.h>

enum { GROWTH_BYTES = 64, PLAIN_ONE_IN = 4 };

uint32_t chance_below(struct chance *c, uint32_t bound)
{
    c->state = c->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(c->state >> 33) % bound;
}

uint64_t chance_number(struct chance *c)
{
    static const uint8_t bits[] = {0, 1, 5, 7, 8, 15, 16, 31, 32, 53, 63};
    uint64_t edge = UINT64_C(1) << bits[chance_below(c, sizeof bits)];
    switch (chance_below(c, 4)) {
    case 0:
        return edge - 1;
    case 1:
        return edge;
    case 2:
        return chance_below(c, 64);
    default:
        return edge + chance_below(c, 3);
    }
}

bool mutate_plain(struct bytes in, struct chance *c, struct buf *out)
{
    (void)c;
    uint8_t *room = buf_reserve(out, in.count + GROWTH_BYTES);
    if (room == NULL)
        return false;
    if (in.count > 0)
        memcpy(room, in.data, in.count);
    out->count += LLVMFuzzerMutate(room, in.count, in.count + GROWTH_BYTES);
    return true;
}

bool mutate_words(struct bytes in, struct chance *c, struct buf *out)
{
    size_t width = chance_below(c, 2) == 0 ? 4 : 8;
    if (in.count < width)
        return false;
    size_t at = chance_below(c, (uint32_t)(in.count - width + 1)), first = out->count;
    uint64_t number = chance_number(c);
    buf_add_bytes(out, in);
    if (out->failed)
        return false;
    for (size_t i = 0; i < width; i++)
        out->data[first + at + i] = (uint8_t)(number >> 8 * (width - 1 - i));
    return true;
}

static struct bytes line_at(struct bytes in, uint32_t index)
{
    for (; index > 0; index--) {
        const uint8_t *end = memchr(in.data, '\n', in.count);
        in.count -= (size_t)(end + 1 - in.data);
        in.data = end + 1;
    }
    const uint8_t *end = in.count > 0 ? memchr(in.data, '\n', in.count) : NULL;
    return (struct bytes){in.data, end != NULL ? (size_t)(end + 1 - in.data) : in.count};
}

bool mutate_lines(struct bytes in, struct chance *c, struct buf *out)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < in.count; i++)
        lines += in.data[i] == '\n' ? 1u : 0u;
    uint32_t at = chance_below(c, lines), from = chance_below(c, lines);
    struct bytes line = line_at(in, at), other = line_at(in, from);
    buf_add(out, in.data, (size_t)(line.data - in.data));
    bool changed = true;
    switch (chance_below(c, 5)) {
    case 0: /* gone */
        break;
    case 1: /* twice */
        buf_add_bytes(out, line);
        buf_add_bytes(out, line);
        break;
    case 2: /* another in its place */
        buf_add_bytes(out, other);
        break;
    case 3: /* another before it */
        buf_add_bytes(out, other);
        buf_add_bytes(out, line);
        break;
    default:
        changed = mutate_plain(line, c, out);
        break;
    }
    const uint8_t *behind = line.data + line.count;
    buf_add(out, behind, (size_t)(in.data + in.count - behind));
    return changed;
}

bool mutate_behind(struct bytes in, size_t count, mutate_shape *shape, struct chance *c,
                   struct buf *out)
{
    if (in.count < count)
        return false;
    buf_add(out, in.data, count);
    return shape((struct bytes){in.data + count, in.count - count}, c, out);
}

size_t mutate_input(mutate_shape *shape, uint8_t *data, size_t size, size_t room, unsigned seed)
{
    static int plain_only = -1;
    struct chance c = {seed};
    struct buf out = {0};
    size_t count = 0;
    if (plain_only < 0)
        plain_only = getenv("FUZZ_PLAIN") != NULL;
    if (plain_only == 0 && size > 0 && size <= MUTATE_ROOM_BYTES &&
        chance_below(&c, PLAIN_ONE_IN) > 0 && shape((struct bytes){data, size}, &c, &out) &&
        !out.failed && out.count > 0 && out.count <= room) {
        memcpy(data, out.data, out.count);
        count = out.count;
    }
    buf_release(&out);
    return count > 0 ? count : LLVMFuzzerMutate(data, size, room);
}
