/*
 * A feed file: of arbitrary bytes, of a sound feed with arbitrary changes, and the content of a
 * block. The first byte chooses: 0 bytes, 1 changes of four bytes each (an offset, bits to invert),
 * 2 what a block decompresses to; the next byte is then the number of items that it should hold.
 */
#include <stdlib.h>
#include <string.h>

#include "replicas/feed.h"
#include "replicas/feedwriter.h"
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
