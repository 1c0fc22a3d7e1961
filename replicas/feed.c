#include "replicas/feed.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/zstd_memory.h"

struct feed_reader {
    ZSTD_DCtx *zstd;
    struct buf stored;
};

struct feed {
    struct disk *disk;
    struct disk_file *file;
    char name[DISK_NAME_BYTES];
    struct feedpart_head head;
    struct feedpart_tail tail;
    struct jframe_sum head_sum;
    uint64_t bytes;
    uint64_t blocks_end; /* offset of the index */
    struct feedpart_entry *entries;
};

enum status feed_reader_new(struct feed_reader **out)
{
    struct feed_reader *r = mem_alloc(sizeof *r);
    if (r == NULL)
        return ST_NO_MEMORY;
    r->zstd = ZSTD_createDCtx_advanced(zstd_memory());
    if (r->zstd == NULL) {
        mem_free(r);
        return ST_NO_MEMORY;
    }
    *out = r;
    return ST_OK;
}

void feed_reader_free(struct feed_reader *r)
{
    if (r == NULL)
        return;
    ZSTD_freeDCtx(r->zstd);
    buf_release(&r->stored);
    mem_free(r);
}

static void name_of(char out[static DISK_NAME_BYTES], uint32_t generation, const char *ending)
{
    snprintf(out, DISK_NAME_BYTES, "journal/%08u.feed%s", (unsigned)generation, ending);
}

static enum status corrupt(const struct feed *d, uint64_t offset, const char *what, struct fault *f)
{
    enum status st = fault_set(f, ST_CORRUPT, "%s is damaged at offset %llu: %s", d->name,
                               (unsigned long long)offset, what);
    fault_fix(f, "run minga repair journal, which makes it again from the repository or a peer");
    return st;
}

static enum status read_head(struct feed *d, const struct digest *network, struct fault *f)
{
    uint8_t head[FEEDPART_HEAD_BYTES];
    if (d->bytes < FEEDPART_HEAD_BYTES + FEEDPART_TAIL_BYTES)
        return corrupt(d, d->bytes, "it ends too early", f);
    enum status st = d->disk->read(d->disk->context, d->file, 0, head, sizeof head, f);
    if (st != ST_OK)
        return st;
    if (feedpart_head_decode((struct bytes){head, sizeof head}, &d->head, &d->head_sum) != ST_OK)
        return corrupt(d, 0, "its header is not sound", f);
    if (memcmp(&d->head.network, network, sizeof *network) != 0)
        return fault_set(f, ST_WRONG_NETWORK, "%s belongs to another network", d->name);
    return ST_OK;
}

static enum status read_tail(struct feed *d, struct fault *f)
{
    uint8_t tail[FEEDPART_TAIL_BYTES];
    struct buf end = {0};
    uint32_t blocks = 0;
    uint64_t at = d->bytes - FEEDPART_TAIL_BYTES;
    enum status st = d->disk->read(d->disk->context, d->file, at, tail, sizeof tail, f);
    if (st != ST_OK)
        return st;
    uint64_t room = at - FEEDPART_HEAD_BYTES;
    if (feedpart_tail_blocks((struct bytes){tail, sizeof tail}, &blocks) != ST_OK ||
        (uint64_t)blocks * FEEDPART_ENTRY_BYTES > room)
        return corrupt(d, at, "its trailer is not sound", f);
    size_t bytes = (size_t)blocks * FEEDPART_ENTRY_BYTES + FEEDPART_TAIL_BYTES;
    d->blocks_end = d->bytes - bytes;
    d->entries = mem_array(blocks, sizeof *d->entries);
    uint8_t *into = buf_reserve(&end, bytes);
    if (d->entries == NULL || into == NULL) {
        st = fault_set(f, ST_NO_MEMORY, "%s: out of memory", d->name);
        goto out;
    }
    st = d->disk->read(d->disk->context, d->file, d->blocks_end, into, bytes, f);
    if (st == ST_OK &&
        feedpart_tail_decode(&d->head_sum, &d->head, d->blocks_end, (struct bytes){into, bytes},
                             d->entries, &d->tail) != ST_OK)
        st = corrupt(d, d->blocks_end, "its index or trailer is not sound", f);
out:
    buf_release(&end);
    return st;
}

enum status feed_open(struct disk *disk, uint32_t generation, bool finished,
                      const struct digest *network, struct feed **out, struct fault *f)
{
    CHECK(disk != NULL && network != NULL);
    struct feed *d = mem_alloc(sizeof *d);
    if (d == NULL)
        return fault_set(f, ST_NO_MEMORY, "opening the feed: out of memory");
    d->disk = disk;
    name_of(d->name, generation, finished ? "" : ".tmp");
    enum status st = disk->open(disk->context, d->name, false, &d->file, f);
    if (st == ST_OK)
        st = disk->size(disk->context, d->file, &d->bytes, f);
    if (st == ST_OK)
        st = read_head(d, network, f);
    if (st == ST_OK && d->head.generation != generation)
        st = corrupt(d, 0, "it holds another generation than its name says", f);
    if (st == ST_OK)
        st = read_tail(d, f);
    if (st == ST_OK) {
        *out = d;
        d = NULL;
    }
    feed_free(d);
    return st;
}

void feed_free(struct feed *d)
{
    if (d == NULL)
        return;
    if (d->file != NULL)
        d->disk->close(d->disk->context, d->file);
    mem_free(d->entries);
    mem_free(d);
}

const struct feedpart_head *feed_head(const struct feed *d)
{
    return &d->head;
}

const struct feedpart_tail *feed_tail(const struct feed *d)
{
    return &d->tail;
}

uint64_t feed_bytes(const struct feed *d)
{
    return d->bytes;
}

enum status feed_publish(struct feed *d, struct fault *f)
{
    char name[DISK_NAME_BYTES];
    name_of(name, d->head.generation, "");
    enum status st = d->disk->rename(d->disk->context, d->name, name, f);
    memcpy(d->name, name, sizeof name);
    if (st == ST_OK)
        st = d->disk->sync_folder(d->disk->context, "journal", f);
    return st;
}

/* How many items the index promises for a block. */
static uint64_t items_of(const struct feed *d, uint32_t block)
{
    uint64_t next =
        block + 1 < d->tail.blocks ? d->entries[block + 1].first : d->head.first + d->tail.items;
    return next - d->entries[block].first;
}

static enum status inflate(struct feed *d, struct feed_reader *r, uint32_t block,
                           const struct feedpart_block *about, struct bytes stored,
                           struct jblock *out, struct fault *f)
{
    uint64_t offset = d->entries[block].offset;
    jblock_start(out, about->first);
    uint8_t *raw = buf_reserve(&out->raw, about->raw_bytes);
    if (raw == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s: out of memory", d->name);
    size_t got = ZSTD_decompressDCtx(r->zstd, raw, about->raw_bytes, stored.data, stored.count);
    if (ZSTD_isError(got) || got != about->raw_bytes)
        return corrupt(d, offset, "a block does not decompress", f);
    out->raw.count = got;
    if (about->first != d->entries[block].first || about->items != items_of(d, block) ||
        jblock_check(out, about->items) != ST_OK)
        return corrupt(d, offset, "a block does not hold what the index says", f);
    return ST_OK;
}

static enum status read_block(struct feed *d, struct feed_reader *r, uint32_t block,
                              struct jblock *out, struct fault *f)
{
    uint64_t offset = d->entries[block].offset;
    uint64_t end = block + 1 < d->tail.blocks ? d->entries[block + 1].offset : d->blocks_end;
    size_t bytes = (size_t)(end - offset);
    struct feedpart_block about;
    struct bytes stored;
    buf_reset(&r->stored);
    uint8_t *room = buf_reserve(&r->stored, bytes);
    enum status st = room != NULL ? d->disk->read(d->disk->context, d->file, offset, room, bytes, f)
                                  : fault_set(f, ST_NO_MEMORY, "%s: out of memory", d->name);
    if (st == ST_OK && feedpart_block_decode(&d->head_sum, offset, (struct bytes){room, bytes},
                                             &about, &stored) != ST_OK)
        st = corrupt(d, offset, "a block is not sound", f);
    if (st == ST_OK)
        st = inflate(d, r, block, &about, stored, out, f);
    if (st != ST_OK)
        jblock_start(out, d->entries[block].first);
    return st;
}

enum status feed_block(struct feed *d, struct feed_reader *r, uint64_t ordinal, struct jblock *out,
                       struct fault *f)
{
    CHECK(ordinal >= d->head.first && ordinal - d->head.first < d->tail.items);
    uint32_t low = 0;
    uint32_t high = d->tail.blocks; /* the block wanted is in low .. high - 1 */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (d->entries[middle].first <= ordinal)
            low = middle;
        else
            high = middle;
    }
    return read_block(d, r, low, out, f);
}

enum status feed_check(struct feed *d, struct feed_reader *r,
                       void (*each)(void *user, const char *text), void *user, struct fault *f)
{
    struct jblock block = {0};
    enum status result = ST_OK;
    uint64_t raw_bytes = 0;
    for (uint32_t i = 0; i < d->tail.blocks; i++) {
        struct fault found = {0};
        enum status st = read_block(d, r, i, &block, &found);
        raw_bytes += block.raw.count;
        if (st != ST_OK && f != NULL)
            *f = found;
        if (st == ST_CORRUPT) {
            each(user, found.text);
            result = st;
        } else if (st != ST_OK) {
            result = st;
            break;
        }
    }
    if (result == ST_OK && raw_bytes != d->tail.raw_bytes) {
        struct fault found = {0};
        result =
            corrupt(d, d->bytes - FEEDPART_TAIL_BYTES, "its blocks have another length", &found);
        each(user, found.text);
        if (f != NULL)
            *f = found;
    }
    jblock_release(&block);
    return result;
}

enum status feed_remove(struct disk *disk, uint32_t generation, struct fault *f)
{
    char name[DISK_NAME_BYTES];
    name_of(name, generation, "");
    enum status st = disk->remove(disk->context, name, f);
    return st == ST_NOT_FOUND ? ST_OK : st;
}
