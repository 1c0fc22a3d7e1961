/*
 * Power cuts in five transactions of the journal, at every boundary that its disk sees: after each,
 * every acknowledged item is there, in order, byte for byte, and nothing that was not appended.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "replicas/journal.h"
#include "tests/sim/simdisk.h"

enum {
    SEEDS_DEFAULT = 4, /* images of each random kind at each boundary */
    ITEMS_MAX = 128,
    AFTER_COUNT = 3, /* items appended after a recovery */
    LONG_ITEM = 300 * KIB,
};

static const struct digest network = {{7, 7, 7}};

/* What a program knows that wrote 'appended' items and was told that 'acked' are durable. */
struct story {
    struct simdisk *disk;
    struct buf items[ITEMS_MAX];
    uint64_t appended, acked;
    bool created; /* the journal was there once */
    unsigned seeds;
    uint64_t boundary;
};

static struct {
    uint64_t boundaries, images[SIMDISK_LOSS_COUNT], in_recovery, cut, kept, refused, faults;
    uint64_t caught, kills, went_on;
} counts;

#define REQUIRE(x, ...)                                                                            \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("crash_journal: %s failed: ", #x);                                              \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* An item's bytes say its place, so that no two are alike; 'life' tells one past from another. */
static void make_item(struct buf *out, uint64_t ordinal, unsigned life)
{
    size_t bytes = ordinal == 9 ? LONG_ITEM : 20 + (size_t)(ordinal * 977 % 1900);
    uint64_t state = ordinal * 31 + life;
    buf_reset(out);
    buf_add_u64be(out, ordinal);
    buf_add_u32be(out, life);
    while (out->count < bytes) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        buf_add_byte(out, (uint8_t)(state >> 40));
    }
    REQUIRE(!out->failed, "memory");
}

struct reading {
    const struct story *story;
    uint64_t next;
};

static enum status compare_item(void *user, uint64_t ordinal, struct bytes payload)
{
    struct reading *r = user;
    REQUIRE(ordinal == r->next, "ordinal %" PRIu64 " after %" PRIu64, ordinal, r->next);
    REQUIRE(ordinal < r->story->appended, "item %" PRIu64 " was never appended", ordinal);
    REQUIRE(bytes_equal(payload, buf_bytes(&r->story->items[ordinal])),
            "boundary %" PRIu64 ", item %" PRIu64, r->story->boundary, ordinal);
    r->next++;
    return ST_OK;
}

static void no_text(void *user, const char *text)
{
    (void)user;
    printf("%s\n", text);
}

/* Everything that the journal has, compared; how many items. */
static uint64_t compare_all(struct journal *j, const struct story *s)
{
    struct fault f = {0};
    struct reading r = {s, 0};
    enum status st = journal_each(j, 0, compare_item, &r, &f);
    REQUIRE(st == ST_OK, "boundary %" PRIu64 ": %s", s->boundary, f.text);
    struct journal_stats stats;
    journal_stats(j, &stats);
    REQUIRE(stats.items == r.next, "%" PRIu64 " of %" PRIu64, r.next, stats.items);
    return r.next;
}

/* Append to a recovered journal, in another life, and see it through one more power cut. */
static void go_on(struct simdisk *image, struct journal *j, uint64_t items)
{
    struct fault f = {0};
    struct disk table = simdisk_table(image);
    struct buf item = {0};
    struct buf back = {0};
    uint64_t ordinal = 0;
    for (uint64_t i = 0; i < AFTER_COUNT; i++) {
        make_item(&item, items + i, 2);
        REQUIRE(journal_append(j, buf_bytes(&item), &ordinal, &f) == ST_OK, "%s", f.text);
        REQUIRE(ordinal == items + i, "ordinal %" PRIu64, ordinal);
    }
    REQUIRE(journal_sync(j, &f) == ST_OK, "%s", f.text);
    journal_close(j);
    REQUIRE(simdisk_crash(image, SIMDISK_KEEP_NOTHING, 0) == ST_OK, "memory");
    REQUIRE(journal_open(&table, &network, false, &j, &f) == ST_OK, "%s", f.text);
    for (uint64_t i = 0; i < AFTER_COUNT; i++) {
        make_item(&item, items + i, 2);
        buf_reset(&back);
        REQUIRE(journal_read(j, items + i, &back, &f) == ST_OK, "%s", f.text);
        REQUIRE(bytes_equal(buf_bytes(&item), buf_bytes(&back)), "item %" PRIu64, items + i);
    }
    REQUIRE(journal_damage(&table, &network, no_text, NULL, &f) == ST_OK, "%s", f.text);
    journal_close(j);
    buf_release(&item);
    buf_release(&back);
}

/* A power cut in the middle of a recovery, and then a recovery that is let through. */
struct nested {
    const struct story *story;
    struct simdisk *image;
    uint64_t seed;
};

static void check_image(const struct story *s, struct simdisk *image);

static void cut_recovery(void *user)
{
    struct nested *n = user;
    struct simdisk *image = simdisk_clone(n->image);
    REQUIRE(image != NULL, "memory");
    static const enum simdisk_loss losses[] = {SIMDISK_KEEP_NOTHING, SIMDISK_KEEP_SOME,
                                               SIMDISK_TEAR};
    enum simdisk_loss loss = losses[n->seed % 3];
    REQUIRE(simdisk_crash(image, loss, n->seed++) == ST_OK, "memory");
    counts.in_recovery++;
    check_image(n->story, image);
    simdisk_free(image);
}

static void check_image(const struct story *s, struct simdisk *image)
{
    struct fault f = {0};
    struct journal *j = NULL;
    struct disk table = simdisk_table(image);
    enum status st = journal_open(&table, &network, !s->created, &j, &f);
    REQUIRE(st == ST_OK, "boundary %" PRIu64 ": %s", s->boundary, f.text);
    uint64_t items = compare_all(j, s);
    REQUIRE(items >= s->acked, "boundary %" PRIu64 ": %" PRIu64 " items of %" PRIu64, s->boundary,
            items, s->acked);
    counts.cut += items < s->appended;
    counts.kept += items > s->acked;
    go_on(image, j, items);
}

/*
 * The process dies, the machine does not: the next process sees what was not synced, and may tell a
 * peer of it. From then on a power cut must not take it away.
 */
static void kill_process(const struct story *s, uint64_t seed)
{
    struct fault f = {0};
    struct journal *j = NULL;
    struct simdisk *image = simdisk_clone(s->disk);
    REQUIRE(image != NULL, "memory");
    struct disk table = simdisk_table(image);
    struct nested nested = {s, image, seed};
    simdisk_watch(image, cut_recovery, &nested);
    REQUIRE(journal_open(&table, &network, !s->created, &j, &f) == ST_OK, "%s", f.text);
    simdisk_watch(image, NULL, NULL);
    uint64_t seen = compare_all(j, s);
    journal_close(j);
    REQUIRE(simdisk_crash(image, SIMDISK_KEEP_NOTHING, 0) == ST_OK, "memory");
    j = NULL;
    REQUIRE(journal_open(&table, &network, false, &j, &f) == ST_OK, "%s", f.text);
    uint64_t items = compare_all(j, s);
    REQUIRE(items == seen, "boundary %" PRIu64 ": %" PRIu64 " items of %" PRIu64 " shown",
            s->boundary, items, seen);
    counts.kills++;
    journal_close(j);
    simdisk_free(image);
}

static void cut_power(void *user)
{
    struct story *s = user;
    s->boundary++;
    counts.boundaries++;
    for (unsigned i = 0; i < s->seeds; i++)
        kill_process(s, s->boundary * 1000 + i);
    for (enum simdisk_loss loss = 0; loss < SIMDISK_LOSS_COUNT; loss++) {
        bool chance = loss == SIMDISK_KEEP_SOME || loss == SIMDISK_TEAR;
        for (unsigned i = 0; i < (chance ? s->seeds : 1); i++) {
            struct simdisk *image = simdisk_clone(s->disk);
            REQUIRE(image != NULL, "memory");
            REQUIRE(simdisk_crash(image, loss, s->boundary * 1000 + i) == ST_OK, "memory");
            counts.images[loss]++;
            if (i == 0) {
                struct simdisk *copy = simdisk_clone(image);
                REQUIRE(copy != NULL, "memory");
                struct nested nested = {s, copy, s->boundary};
                simdisk_watch(copy, cut_recovery, &nested);
                struct fault f = {0};
                struct journal *j = NULL;
                struct disk table = simdisk_table(copy);
                REQUIRE(journal_open(&table, &network, !s->created, &j, &f) == ST_OK, "%s", f.text);
                journal_close(j);
                simdisk_free(copy);
            }
            check_image(s, image);
            simdisk_free(image);
        }
    }
}

/* One transaction: items, then a sync. The first failure ends it. */
static enum status transaction(struct story *s, struct journal *j, unsigned count, struct fault *f)
{
    uint64_t ordinal = 0;
    for (unsigned i = 0; i < count; i++) {
        make_item(&s->items[s->appended], s->appended, 1);
        s->appended++; /* a failed append may have reached the disk in part: it may be there */
        enum status st = journal_append(j, buf_bytes(&s->items[s->appended - 1]), &ordinal, f);
        if (st != ST_OK) {
            s->appended--;
            return st;
        }
    }
    enum status st = journal_sync(j, f);
    if (st == ST_OK)
        s->acked = s->appended;
    return st;
}

static enum status tell_story(struct story *s, struct fault *f)
{
    struct disk table = simdisk_table(s->disk);
    struct journal *j = NULL;
    enum status st = journal_open(&table, &network, true, &j, f);
    s->created = st == ST_OK;
    if (st == ST_OK)
        st = transaction(s, j, 3, f);
    if (st == ST_OK)
        st = transaction(s, j, 1, f);
    if (st == ST_OK)
        st = journal_idle(j, f);
    if (st == ST_OK)
        st = journal_roll(j, f);
    if (st == ST_OK)
        st = transaction(s, j, 40, f); /* with one item longer than what is written ahead */
    if (st == ST_OK)
        st = journal_roll(j, f); /* merges the first feed into the second */
    if (st == ST_OK)
        st = transaction(s, j, 5, f);
    if (st == ST_OK)
        st = transaction(s, j, 2, f);
    if (st == ST_OK)
        st = journal_idle(j, f);
    /* After an error the program may try on; what is acknowledged then counts like all else. */
    if (st != ST_OK && j != NULL && transaction(s, j, 2, NULL) == ST_OK)
        counts.went_on++;
    journal_close(j);
    return st;
}

static void story_release(struct story *s)
{
    for (size_t i = 0; i < ITEMS_MAX; i++)
        buf_release(&s->items[i]);
    simdisk_free(s->disk);
}

static void run_power_cuts(unsigned seeds)
{
    struct story s = {.disk = simdisk_new(), .seeds = seeds};
    struct fault f = {0};
    REQUIRE(s.disk != NULL, "memory");
    simdisk_watch(s.disk, cut_power, &s);
    REQUIRE(tell_story(&s, &f) == ST_OK, "%s", f.text);
    const struct simdisk_counts *done = simdisk_counts(s.disk);
    printf("boundaries: %" PRIu64 " (%" PRIu64 " writes, %" PRIu64 " syncs, %" PRIu64
           " names, %" PRIu64 " folder syncs)\n",
           counts.boundaries, done->writes, done->syncs, done->names, done->folder_syncs);
    REQUIRE(done->writes && done->syncs && done->names && done->folder_syncs, "a kind is missing");
    story_release(&s);
}

/* Errors and a full disk at each operation: what was acknowledged survives a power cut after. */
static void run_errors(enum simdisk_fault fault, const char *name)
{
    uint64_t happened = 0;
    for (uint64_t n = 1;; n++) {
        struct story s = {.disk = simdisk_new()};
        struct fault f = {0};
        REQUIRE(s.disk != NULL, "memory");
        simdisk_arm(s.disk, fault, n);
        enum status st = tell_story(&s, &f);
        bool struck = simdisk_counts(s.disk)->faults[fault] > 0;
        REQUIRE(struck || st == ST_OK, "%s", f.text);
        REQUIRE(st == ST_OK || f.text[0] != '\0', "%s %" PRIu64 " has no words", name, n);
        happened += struck;
        counts.refused += st != ST_OK;
        s.boundary = n;
        for (enum simdisk_loss loss = 0; loss < SIMDISK_LOSS_COUNT && struck; loss++) {
            struct simdisk *image = simdisk_clone(s.disk);
            REQUIRE(image != NULL, "memory");
            REQUIRE(simdisk_crash(image, loss, n) == ST_OK, "memory");
            check_image(&s, image);
            simdisk_free(image);
        }
        story_release(&s);
        if (!struck)
            break;
    }
    printf("%s: %" PRIu64 "\n", name, happened);
    REQUIRE(happened > 0, "%s never happened", name);
    counts.faults += happened;
}

/*
 * A disk that lies: a write that never arrives, or elsewhere. Nothing can promise that every item
 * is there; but what is read is right, and a hole in what later frames call durable is an error.
 */
static void run_lies(enum simdisk_fault fault, const char *name)
{
    uint64_t happened = 0;
    for (uint64_t n = 1;; n++) {
        struct story s = {.disk = simdisk_new(), .boundary = n};
        struct fault f = {0};
        struct journal *j = NULL;
        REQUIRE(s.disk != NULL, "memory");
        simdisk_arm(s.disk, fault, n);
        REQUIRE(tell_story(&s, &f) == ST_OK, "%s", f.text);
        bool struck = simdisk_counts(s.disk)->faults[fault] > 0;
        REQUIRE(simdisk_crash(s.disk, SIMDISK_KEEP_NOTHING, n) == ST_OK, "memory");
        struct disk table = simdisk_table(s.disk);
        enum status st = journal_open(&table, &network, false, &j, &f);
        struct reading r = {&s, 0};
        if (st == ST_OK)
            st = journal_each(j, 0, compare_item, &r, &f);
        REQUIRE(st == ST_OK || st == ST_CORRUPT, "%s", f.text);
        /* Every item was named durable by the closing mark, so a hole is always found. */
        REQUIRE(st == ST_CORRUPT || r.next == s.acked, "%s %" PRIu64 ": %" PRIu64 " of %" PRIu64,
                name, n, r.next, s.acked);
        counts.caught += st == ST_CORRUPT;
        happened += struck;
        journal_close(j);
        story_release(&s);
        if (!struck)
            break;
    }
    printf("%s: %" PRIu64 "\n", name, happened);
    REQUIRE(happened > 0, "%s never happened", name);
}

int main(int count, char **words)
{
    unsigned long times = count > 1 ? strtoul(words[1], NULL, 10) : 1;
    REQUIRE(times >= 1 && times <= 100000, "usage: crash_journal [times]");
    run_power_cuts((unsigned)times * SEEDS_DEFAULT);
    run_errors(SIMDISK_FAIL_WRITE, "failed writes");
    run_errors(SIMDISK_FAIL_SYNC, "failed syncs");
    run_errors(SIMDISK_FAIL_NAME, "failed changes of names");
    run_errors(SIMDISK_FAIL_READ, "failed reads");
    run_errors(SIMDISK_FULL, "full disk");
    run_lies(SIMDISK_LOSE_WRITE, "lost writes");
    run_lies(SIMDISK_MISDIRECT, "misdirected writes");
    printf("images: %" PRIu64 " nothing, %" PRIu64 " all, %" PRIu64 " some, %" PRIu64
           " torn; %" PRIu64 " in a recovery; %" PRIu64 " kills\n",
           counts.images[0], counts.images[1], counts.images[2], counts.images[3],
           counts.in_recovery, counts.kills);
    printf("unacknowledged items lost %" PRIu64 " times, kept %" PRIu64 " times\n", counts.cut,
           counts.kept);
    printf("errors told %" PRIu64 ", overcome %" PRIu64 "; lies found %" PRIu64 "\n",
           counts.refused, counts.went_on, counts.caught);
    for (enum simdisk_loss loss = 0; loss < SIMDISK_LOSS_COUNT; loss++)
        REQUIRE(counts.images[loss] > 0, "loss %u never happened", (unsigned)loss);
    REQUIRE(counts.in_recovery && counts.cut && counts.kept && counts.refused && counts.caught &&
                counts.went_on && counts.kills,
            "a case never happened");
    return 0;
}
