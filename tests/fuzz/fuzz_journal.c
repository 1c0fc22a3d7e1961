/*
 * Recovery of an open segment: of arbitrary bytes, and of a sound segment with arbitrary changes.
 *
 * The first byte chooses. Even: the rest is the file. Odd: the rest is changes of four bytes each
 * (an offset, bits to invert) in a segment of known items, which then opens with a run of them from
 * the first on, or says that it is damaged.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "replicas/journal.h"
#include "replicas/segment.h"
#include "tests/fuzz/mutate.h"
#include "tests/sim/simdisk.h"

enum { ITEMS = 24, SYNCED = 8, CHANGE_BYTES_EACH = 4, FILE_BYTES_MAX = 256 * KIB };

static const struct digest network = {{1}};

static void require(bool good)
{
    if (!good)
        abort();
}

static struct bytes item_of(uint64_t ordinal, uint8_t out[static 64])
{
    memset(out, (int)ordinal + 1, 64);
    return (struct bytes){out, (size_t)(ordinal * 13 % 63) + 1};
}

static enum status compare(void *user, uint64_t ordinal, struct bytes payload)
{
    uint8_t room[64];
    uint64_t *next = user;
    require(ordinal == (*next)++);
    require(bytes_equal(payload, item_of(ordinal, room)));
    return ST_OK;
}

static enum status pass_over(void *user, uint64_t ordinal, struct bytes payload)
{
    (void)user;
    (void)ordinal;
    (void)payload;
    return ST_OK;
}

static void hear(void *user, const char *text)
{
    (void)user;
    require(text[0] != '\0');
}

/* Whatever opens can be read in full, appended to, and opened again. */
static void open_and_use(struct simdisk *sim, bool known)
{
    struct disk disk = simdisk_table(sim);
    struct fault f = {0};
    struct journal *j = NULL;
    struct journal_stats stats;
    uint8_t room[64];
    uint64_t next = 0;
    enum status damaged = journal_damage(&disk, &network, hear, NULL, &f);
    enum status st = journal_open(&disk, &network, false, &j, &f);
    require((st == ST_OK) == (damaged == ST_OK));
    if (st != ST_OK)
        return;
    require(journal_each(j, 0, known ? compare : pass_over, &next, &f) == ST_OK);
    journal_stats(j, &stats);
    uint64_t ordinal = stats.items;
    if (known)
        require(next == stats.items && next <= ITEMS);
    require(journal_append(j, item_of(ordinal, room), &ordinal, &f) == ST_OK);
    require(journal_sync(j, &f) == ST_OK);
    journal_close(j);
    require(journal_open(&disk, &network, false, &j, &f) == ST_OK);
    journal_stats(j, &stats);
    require(stats.items == ordinal + 1);
    journal_close(j);
}

/* Made once: its salt differs from run to run, which changes no outcome. */
static struct simdisk *sound_disk(void)
{
    static struct simdisk *made;
    struct journal *j = NULL;
    struct fault f = {0};
    uint8_t room[64];
    uint64_t ordinal = 0;
    if (made != NULL)
        return made;
    made = simdisk_new();
    struct disk disk = simdisk_table(made);
    require(journal_open(&disk, &network, true, &j, &f) == ST_OK);
    for (uint64_t i = 0; i < ITEMS; i++) {
        require(journal_append(j, item_of(i, room), &ordinal, &f) == ST_OK);
        if (i % SYNCED == SYNCED - 1)
            require(journal_sync(j, &f) == ST_OK);
    }
    journal_close(j);
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool known = data[0] % 2 == 1;
    struct simdisk *sim = known ? simdisk_clone(sound_disk()) : simdisk_new();
    struct disk disk = simdisk_table(sim);
    struct fault f = {0};
    if (known) {
        for (size_t at = 1; size - at >= CHANGE_BYTES_EACH; at += CHANGE_BYTES_EACH) {
            uint64_t offset = (uint64_t)data[at] << 16 | (uint64_t)data[at + 1] << 8 | data[at + 2];
            (void)simdisk_flip(sim, "journal/00000001.log", offset % FILE_BYTES_MAX, data[at + 3]);
        }
    } else {
        require(disk.make_folder(disk.context, "journal", &f) == ST_OK);
        struct bytes file = {data + 1, size - 1};
        require(disk_put(&disk, "journal", "00000001.log", file, &f) == ST_OK);
    }
    open_and_use(sim, known);
    simdisk_free(sim);
    return 0;
}

/* A segment of frames with right sums, one of them changed, out of order, a mark, or a lie about
 * what was durable. 'in' is the file. */
static bool mutate_segment(struct bytes in, struct chance *c, struct buf *out)
{
    struct jframe_log log = {.generation = 1, .network = network};
    struct jframe frame;
    struct jframe_sum previous;
    struct buf made = {0};
    uint64_t offset = JFRAME_LOG_BYTES;
    uint32_t frames = 0, chosen = chance_below(c, 12), way = chance_below(c, 6);
    if (jframe_log_decode(in, &log) != ST_OK)
        return false;
    if (chosen == 0)
        log.first = chance_number(c);
    previous = log.previous;
    jframe_log_encode(&log, &made);
    while (in.count > offset &&
           jframe_decode(&log, offset, (struct bytes){in.data + offset, in.count - offset},
                         &frame) == ST_OK &&
           frame.payload_bytes <= in.count - offset - JFRAME_BYTES) {
        struct bytes payload = {in.data + offset + JFRAME_BYTES, frame.payload_bytes};
        struct buf changed = {0};
        offset += JFRAME_BYTES + payload.count;
        if (++frames == chosen) {
            frame.ordinal = way == 0 ? chance_number(c) : frame.ordinal;
            frame.durable = way == 1 ? chance_number(c) % made.count : frame.durable;
            payload.count = way == 2 ? 0 : payload.count;
            if (way == 3 && mutate_plain(payload, c, &changed))
                payload = buf_bytes(&changed);
        }
        if (frame.durable > made.count) /* frames before are gone */
            frame.durable = made.count;
        if (frames != chosen || way != 4)
            jframe_encode(&log, made.count, &frame, &previous, payload, &made);
        if (frames != chosen || way < 4)
            previous = frame.sum;
        buf_release(&changed);
    }
    buf_add_bytes(out, buf_bytes(&made));
    if (in.count > offset && chance_below(c, 4) > 0)
        buf_add(out, in.data + offset, in.count - offset);
    buf_release(&made);
    return true;
}

static bool mutate_frames(struct bytes in, struct chance *c, struct buf *out)
{
    return in.data[0] % 2 == 0 && mutate_behind(in, 1, mutate_segment, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_frames, data, size, room, seed);
}
