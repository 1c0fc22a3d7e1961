/*
 * A feed file: of arbitrary bytes, of a sound feed with arbitrary changes, and the content of a
 * block. The first byte chooses: 0 bytes, 1 changes of four bytes each (an offset, bits to invert),
 * 2 what a block decompresses to; the next byte is then the number of items that it should hold.
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "replicas/feed.h"
#include "replicas/feedwriter.h"
#include "tests/fuzz/mutate.h"
#include "tests/sim/simdisk.h"

enum { ITEMS = 60, CHANGE_BYTES_EACH = 4 };

static const struct digest network = {{1}};

static void require(bool good)
{
    if (!good)
        abort();
}

static void hear(void *user, const char *text)
{
    (void)user;
    require(text[0] != '\0');
}

static struct bytes item_of(uint64_t ordinal, uint8_t out[static 64])
{
    memset(out, (int)ordinal + 1, 64);
    return (struct bytes){out, (size_t)(ordinal * 13 % 63) + 1};
}

static struct simdisk *sound_disk(void)
{
    static struct simdisk *made;
    struct feedwriter *w = NULL;
    struct feed *d = NULL;
    struct fault f = {0};
    uint8_t room[64];
    if (made != NULL)
        return made;
    made = simdisk_new();
    struct disk disk = simdisk_table(made);
    struct feedpart_head head = {.generation_first = 1, .generation = 1, .network = network};
    require(disk.make_folder(disk.context, "journal", &f) == ST_OK);
    require(feedwriter_new(&disk, &head, &w, &f) == ST_OK);
    for (uint64_t i = 0; i < ITEMS; i++)
        require(feedwriter_add(w, item_of(i, room), &f) == ST_OK);
    require(feedwriter_finish(w, &head.previous, &f) == ST_OK);
    feedwriter_free(w);
    require(feed_open(&disk, 1, false, &network, &d, &f) == ST_OK);
    require(feed_publish(d, &f) == ST_OK);
    feed_free(d);
    return made;
}

/* Each item reads as it was, or its block is damaged. */
static void read_known(struct feed *d, struct feed_reader *r)
{
    struct jblock block = {0};
    struct fault f = {0};
    uint8_t room[64];
    for (uint64_t i = 0; i < feed_tail(d)->items; i++) {
        enum status st = feed_block(d, r, i, &block, &f);
        require(st == ST_OK || st == ST_CORRUPT);
        if (st == ST_OK)
            require(bytes_equal(jblock_item(&block, i), item_of(i, room)));
    }
    jblock_release(&block);
}

static void check_block(const uint8_t *data, size_t size)
{
    struct jblock block = {0};
    jblock_start(&block, 5);
    buf_add(&block.raw, data + 1, size - 1);
    if (jblock_check(&block, data[0]) == ST_OK) {
        size_t bytes = 0;
        for (uint64_t i = 5; i < 5u + data[0]; i++)
            bytes += jblock_item(&block, i).count + JBLOCK_LENGTH_BYTES;
        require(bytes == size - 1);
    }
    jblock_release(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] % 3 == 2) {
        check_block(data + 1, size - 1);
        return 0;
    }
    bool known = data[0] % 3 == 1;
    struct simdisk *sim = known ? simdisk_clone(sound_disk()) : simdisk_new();
    struct disk disk = simdisk_table(sim);
    struct fault f = {0};
    struct feed *d = NULL;
    struct feed_reader *r = NULL;
    if (known) {
        size_t bytes = simdisk_content(sim, "journal/00000001.feed").count;
        for (size_t at = 1; size - at >= CHANGE_BYTES_EACH; at += CHANGE_BYTES_EACH) {
            uint64_t offset = (uint64_t)data[at] << 16 | (uint64_t)data[at + 1] << 8 | data[at + 2];
            (void)simdisk_flip(sim, "journal/00000001.feed", offset % bytes, data[at + 3]);
        }
    } else {
        require(disk.make_folder(disk.context, "journal", &f) == ST_OK);
        struct bytes file = {data + 1, size - 1};
        require(disk_put(&disk, "journal", "00000001.feed", file, &f) == ST_OK);
    }
    require(feed_reader_new(&r) == ST_OK);
    if (feed_open(&disk, 1, true, &network, &d, &f) == ST_OK) {
        (void)!feed_check(d, r, hear, NULL, &f);
        if (known)
            read_known(d, r);
    }
    feed_free(d);
    feed_reader_free(r);
    simdisk_free(sim);
    return 0;
}

/* What a block holds, as it was stored; raw_out: what it decompresses to, where it does. */
static bool take_block(struct bytes file, const struct jframe_sum *sum, uint64_t *offset,
                       struct feedpart_block *block, struct bytes *stored, struct buf *raw_out)
{
    struct bytes at = {file.data + *offset, file.count - *offset};
    if (at.count < FEEDPART_BLOCK_BYTES)
        return false;
    at.count = FEEDPART_BLOCK_BYTES + (size_t)jframe_u32(at.data + 4);
    if (at.count > file.count - *offset ||
        feedpart_block_decode(sum, *offset, at, block, stored) != ST_OK)
        return false;
    uint8_t *room = buf_reserve(raw_out, block->raw_bytes);
    size_t got = ZSTD_decompress(room, block->raw_bytes, stored->data, stored->count);
    raw_out->count = ZSTD_isError(got) ? 0 : got;
    *offset += at.count;
    return true;
}

static void change_block(struct feedpart_block *block, struct bytes *stored, const struct buf *raw,
                         struct chance *c, struct buf *room)
{
    struct buf changed = {0};
    switch (chance_below(c, 5)) {
    case 0:
        block->items = (uint32_t)chance_number(c);
        break;
    case 1:
        block->first = chance_number(c);
        break;
    case 2:
        block->raw_bytes = (uint32_t)(chance_number(c) % FEEDPART_RAW_MAX);
        break;
    case 3:
        (void)mutate_plain(*stored, c, room);
        *stored = buf_bytes(room);
        break;
    default:
        if (chance_below(c, 2) == 0 || !mutate_words(buf_bytes(raw), c, &changed))
            (void)mutate_plain(buf_bytes(raw), c, &changed);
        uint8_t *at = buf_reserve(room, ZSTD_compressBound(changed.count));
        room->count =
            ZSTD_compress(at, ZSTD_compressBound(changed.count), changed.data, changed.count, 1);
        block->raw_bytes = (uint32_t)changed.count;
        *stored = buf_bytes(room);
        buf_release(&changed);
        break;
    }
    block->stored_bytes = (uint32_t)stored->count;
}

static void add_tail(const struct jframe_sum *sum, struct bytes index, struct feedpart_tail *tail,
                     struct chance *c, struct buf *out)
{
    uint32_t way = chance_below(c, 16);
    tail->items = way == 1 ? chance_number(c) : tail->items;
    tail->raw_bytes = way == 2 ? chance_number(c) : tail->raw_bytes;
    feedpart_tail_encode(sum, index, tail, out);
}

/* A feed file with right sums, in which one number or one block is another. */
static bool mutate_feed(struct bytes in, struct chance *c, struct buf *out)
{
    struct feedpart_head head;
    struct jframe_sum sum, old;
    struct feedpart_tail tail = {0};
    struct buf made = {0}, index = {0};
    uint64_t offset = FEEDPART_HEAD_BYTES;
    uint32_t chosen = chance_below(c, 4);
    if (feedpart_head_decode(in, &head, &old) != ST_OK)
        return false;
    head.first = chosen == 3 ? chance_number(c) : head.first;
    feedpart_head_encode(&head, &made, &sum);
    for (;;) {
        struct feedpart_block block;
        struct bytes stored;
        struct buf raw = {0}, room = {0};
        struct feedpart_entry entry = {.offset = made.count};
        if (!take_block(in, &old, &offset, &block, &stored, &raw)) {
            buf_release(&raw);
            break;
        }
        entry.first = block.first;
        tail.items += block.items;
        if (tail.blocks++ == chosen)
            change_block(&block, &stored, &raw, c, &room);
        tail.raw_bytes += block.raw_bytes;
        feedpart_block_encode(&sum, made.count, &block, stored, &made);
        entry.first = chance_below(c, 8) == 0 ? chance_number(c) : entry.first;
        feedpart_entry_encode(&entry, &index);
        buf_release(&raw);
        buf_release(&room);
    }
    if (tail.blocks > 0) {
        buf_add_bytes(&made, buf_bytes(&index));
        add_tail(&sum, buf_bytes(&index), &tail, c, &made);
    }
    buf_add_bytes(out, buf_bytes(&made));
    buf_release(&made);
    buf_release(&index);
    return true;
}

static bool mutate_parts(struct bytes in, struct chance *c, struct buf *out)
{
    return in.data[0] % 3 == 0 && mutate_behind(in, 1, mutate_feed, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_parts, data, size, room, seed);
}
