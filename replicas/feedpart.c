#include "replicas/feedpart.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"

enum {
    VERSION = 1,
    MAGIC_BYTES = 8,
    BLOCK_MAGIC_BYTES = 4,
    HEAD_SUM_AT = FEEDPART_HEAD_BYTES - JFRAME_SUM_BYTES,
    BLOCK_SUM_AT = FEEDPART_BLOCK_BYTES - JFRAME_SUM_BYTES,
    TAIL_SUM_AT = FEEDPART_TAIL_BYTES - JFRAME_SUM_BYTES,
};

static const uint8_t head_magic[MAGIC_BYTES] = {'m', 'i', 'n', 'g', 'a', 'f', 'e', 'd'};
static const uint8_t tail_magic[MAGIC_BYTES] = {'m', 'i', 'n', 'g', 'a', 'e', 'n', 'd'};
static const uint8_t block_magic[BLOCK_MAGIC_BYTES] = {'m', 'j', 'b', 'k'};

/* The sum of up to three runs of bytes, one behind the other. */
static struct jframe_sum sum_of(struct bytes a, struct bytes b, struct bytes c)
{
    crypto_generichash_state state;
    struct jframe_sum sum;
    int bad = crypto_generichash_init(&state, NULL, 0, sizeof sum.id);
    bad |= crypto_generichash_update(&state, a.data, a.count);
    bad |= crypto_generichash_update(&state, b.data, b.count);
    bad |= crypto_generichash_update(&state, c.data, c.count);
    bad |= crypto_generichash_final(&state, sum.id, sizeof sum.id);
    CHECK(bad == 0);
    return sum;
}

static struct bytes bytes_of_sum(const struct jframe_sum *sum)
{
    return (struct bytes){sum->id, sizeof sum->id};
}

static const struct bytes no_bytes = {NULL, 0};

static bool sums_equal(const struct jframe_sum *a, const uint8_t *b)
{
    return memcmp(a->id, b, JFRAME_SUM_BYTES) == 0;
}

void feedpart_head_encode(const struct feedpart_head *head, struct buf *out, struct jframe_sum *sum)
{
    CHECK(head->generation_first > 0 && head->generation_first <= head->generation);
    size_t start = out->count;
    buf_add(out, head_magic, sizeof head_magic);
    buf_add_u32be(out, VERSION);
    buf_add_u32be(out, head->generation_first);
    buf_add_u32be(out, head->generation);
    buf_add_u64be(out, head->first);
    buf_add(out, head->network.id, sizeof head->network.id);
    buf_add(out, head->previous.id, sizeof head->previous.id);
    if (out->failed)
        return;
    CHECK(out->count - start == HEAD_SUM_AT);
    *sum = sum_of((struct bytes){out->data + start, HEAD_SUM_AT}, no_bytes, no_bytes);
    buf_add(out, sum->id, sizeof sum->id);
}

enum status feedpart_head_decode(struct bytes in, struct feedpart_head *out, struct jframe_sum *sum)
{
    if (in.count < FEEDPART_HEAD_BYTES || memcmp(in.data, head_magic, sizeof head_magic) != 0)
        return ST_MALFORMED;
    struct jframe_sum found = sum_of((struct bytes){in.data, HEAD_SUM_AT}, no_bytes, no_bytes);
    struct feedpart_head head = {
        .generation_first = jframe_u32(in.data + 12),
        .generation = jframe_u32(in.data + 16),
        .first = jframe_u64(in.data + 20),
    };
    if (!sums_equal(&found, in.data + HEAD_SUM_AT) || jframe_u32(in.data + 8) != VERSION ||
        head.generation_first == 0 || head.generation_first > head.generation)
        return ST_MALFORMED;
    memcpy(head.network.id, in.data + 28, sizeof head.network.id);
    memcpy(head.previous.id, in.data + 60, sizeof head.previous.id);
    *out = head;
    *sum = found;
    return ST_OK;
}

static struct jframe_sum sum_of_block(const struct jframe_sum *head, uint64_t offset,
                                      const uint8_t *fields, struct bytes stored)
{
    uint8_t placed[BLOCK_SUM_AT + sizeof offset];
    memcpy(placed, fields, BLOCK_SUM_AT);
    for (unsigned i = 0; i < sizeof offset; i++)
        placed[BLOCK_SUM_AT + i] = (uint8_t)(offset >> (56 - 8 * i));
    return sum_of(bytes_of_sum(head), (struct bytes){placed, sizeof placed}, stored);
}

void feedpart_block_encode(const struct jframe_sum *head, uint64_t offset,
                           const struct feedpart_block *block, struct bytes stored, struct buf *out)
{
    CHECK(block->raw_bytes <= FEEDPART_RAW_MAX && block->stored_bytes == stored.count);
    size_t start = out->count;
    buf_add(out, block_magic, sizeof block_magic);
    buf_add_u32be(out, block->stored_bytes);
    buf_add_u32be(out, block->raw_bytes);
    buf_add_u32be(out, block->items);
    buf_add_u64be(out, block->first);
    if (out->failed)
        return;
    CHECK(out->count - start == BLOCK_SUM_AT);
    struct jframe_sum sum = sum_of_block(head, offset, out->data + start, stored);
    buf_add(out, sum.id, sizeof sum.id);
    buf_add_bytes(out, stored);
}

enum status feedpart_block_decode(const struct jframe_sum *head, uint64_t offset, struct bytes in,
                                  struct feedpart_block *out, struct bytes *stored)
{
    if (in.count <= FEEDPART_BLOCK_BYTES || memcmp(in.data, block_magic, sizeof block_magic) != 0)
        return ST_MALFORMED;
    struct bytes rest = {in.data + FEEDPART_BLOCK_BYTES, in.count - FEEDPART_BLOCK_BYTES};
    struct feedpart_block block = {
        .stored_bytes = jframe_u32(in.data + 4),
        .raw_bytes = jframe_u32(in.data + 8),
        .items = jframe_u32(in.data + 12),
        .first = jframe_u64(in.data + 16),
    };
    struct jframe_sum sum = sum_of_block(head, offset, in.data, rest);
    if (!sums_equal(&sum, in.data + BLOCK_SUM_AT) || block.stored_bytes != rest.count ||
        block.raw_bytes > FEEDPART_RAW_MAX || block.items == 0)
        return ST_MALFORMED;
    *out = block;
    *stored = rest;
    return ST_OK;
}

void feedpart_entry_encode(const struct feedpart_entry *entry, struct buf *out)
{
    buf_add_u64be(out, entry->offset);
    buf_add_u64be(out, entry->first);
}

void feedpart_tail_encode(const struct jframe_sum *head, struct bytes index,
                          const struct feedpart_tail *tail, struct buf *out)
{
    CHECK(tail->blocks > 0 && index.count == (size_t)tail->blocks * FEEDPART_ENTRY_BYTES);
    size_t start = out->count;
    buf_add(out, tail_magic, sizeof tail_magic);
    buf_add_u32be(out, tail->blocks);
    buf_add_u64be(out, tail->items);
    buf_add_u64be(out, tail->raw_bytes);
    buf_add(out, tail->last.id, sizeof tail->last.id);
    if (out->failed)
        return;
    CHECK(out->count - start == TAIL_SUM_AT);
    struct jframe_sum sum =
        sum_of(bytes_of_sum(head), index, (struct bytes){out->data + start, TAIL_SUM_AT});
    buf_add(out, sum.id, sizeof sum.id);
}

enum status feedpart_tail_blocks(struct bytes in, uint32_t *blocks_out)
{
    if (in.count != FEEDPART_TAIL_BYTES || memcmp(in.data, tail_magic, sizeof tail_magic) != 0)
        return ST_MALFORMED;
    uint32_t blocks = jframe_u32(in.data + MAGIC_BYTES);
    if (blocks == 0 || blocks > FEEDPART_BLOCKS_MAX)
        return ST_MALFORMED;
    *blocks_out = blocks;
    return ST_OK;
}

/* Entries rise from the header's end and the first item, each block within its limits. */
static bool entries_rise(const struct feedpart_head *head, uint64_t end,
                         const struct feedpart_entry *entries, const struct feedpart_tail *tail)
{
    uint64_t next;
    if (__builtin_add_overflow(head->first, tail->items, &next) ||
        entries[0].offset != FEEDPART_HEAD_BYTES || entries[0].first != head->first)
        return false;
    for (uint32_t i = 0; i < tail->blocks; i++) {
        bool last = i + 1 == tail->blocks;
        uint64_t offset = last ? end : entries[i + 1].offset;
        uint64_t first = last ? next : entries[i + 1].first;
        if (offset <= entries[i].offset || first <= entries[i].first ||
            offset - entries[i].offset <= FEEDPART_BLOCK_BYTES ||
            offset - entries[i].offset > FEEDPART_BLOCK_BYTES + FEEDPART_STORED_MAX)
            return false;
    }
    return true;
}

enum status feedpart_tail_decode(const struct jframe_sum *head_sum,
                                 const struct feedpart_head *head, uint64_t offset, struct bytes in,
                                 struct feedpart_entry *entries, struct feedpart_tail *out)
{
    struct feedpart_tail tail;
    if (in.count < FEEDPART_TAIL_BYTES)
        return ST_MALFORMED;
    struct bytes index = {in.data, in.count - FEEDPART_TAIL_BYTES};
    struct bytes end = {in.data + index.count, FEEDPART_TAIL_BYTES};
    if (feedpart_tail_blocks(end, &tail.blocks) != ST_OK ||
        index.count != (size_t)tail.blocks * FEEDPART_ENTRY_BYTES)
        return ST_MALFORMED;
    struct jframe_sum sum =
        sum_of(bytes_of_sum(head_sum), index, (struct bytes){end.data, TAIL_SUM_AT});
    if (!sums_equal(&sum, end.data + TAIL_SUM_AT))
        return ST_MALFORMED;
    tail.items = jframe_u64(end.data + 12);
    tail.raw_bytes = jframe_u64(end.data + 20);
    memcpy(tail.last.id, end.data + 28, sizeof tail.last.id);
    for (uint32_t i = 0; i < tail.blocks; i++) {
        const uint8_t *at = index.data + (size_t)i * FEEDPART_ENTRY_BYTES;
        entries[i] = (struct feedpart_entry){jframe_u64(at), jframe_u64(at + 8)};
    }
    if (!entries_rise(head, offset, entries, &tail))
        return ST_MALFORMED;
    *out = tail;
    return ST_OK;
}
