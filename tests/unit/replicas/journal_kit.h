/*
 * journal_kit: what the tests of the journal and its parts share: a simulated disk with its table,
 * items whose bytes say their ordinal, and a log or feed made of them.
 */
#ifndef TESTS_JOURNAL_KIT_H
#define TESTS_JOURNAL_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/feedwriter.h"
#include "replicas/journal.h"
#include "replicas/segment.h"
#include "tests/sim/simdisk.h"

enum { KIT_ITEM_BYTES = 24 };

static const struct digest kit_network = {{4, 2}};
static const struct digest kit_other_network = {{4, 3}};

struct kit {
    struct simdisk *sim;
    struct disk disk;
    struct fault f;
    uint8_t item[KIT_ITEM_BYTES];
};

static inline void kit_start(struct kit *k)
{
    *k = (struct kit){.sim = simdisk_new()};
    assert_non_null(k->sim);
    k->disk = simdisk_table(k->sim);
    assert_int_equal(k->disk.make_folder(k->disk.context, "journal", &k->f), ST_OK);
    assert_int_equal(k->disk.sync_folder(k->disk.context, "", &k->f), ST_OK);
}

static inline void kit_stop(struct kit *k)
{
    disk_release(&k->disk);
    simdisk_free(k->sim);
}

/* The item with that ordinal: its length differs with it, its first bytes say it. */
static inline struct bytes kit_item(struct kit *k, uint64_t ordinal)
{
    memset(k->item, (int)(ordinal % 251), sizeof k->item);
    int used = snprintf((char *)k->item, sizeof k->item, "item %llu", (unsigned long long)ordinal);
    assert_true(used > 0);
    return (struct bytes){k->item, (size_t)used + ordinal % 7};
}

static inline void kit_assert_item(struct kit *k, uint64_t ordinal, struct bytes payload)
{
    struct bytes wanted = kit_item(k, ordinal);
    assert_int_equal(payload.count, wanted.count);
    assert_memory_equal(payload.data, wanted.data, wanted.count);
}

/* journal/00000001.log, open, with 'count' items that are synced. */
static inline struct segment *kit_segment(struct kit *k, uint64_t count)
{
    struct segment *s = NULL;
    struct jframe_log log = {.generation = 1, .network = kit_network};
    assert_int_equal(segment_create(&k->disk, &log, &s, &k->f), ST_OK);
    assert_int_equal(segment_publish(s, &k->f), ST_OK);
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(segment_append(s, kit_item(k, i), &k->f), ST_OK);
    assert_int_equal(segment_sync(s, &k->f), ST_OK);
    return s;
}

/* journal/<generation>.feed.tmp with the items first .. first + count - 1, its bytes durable. */
static inline void kit_feed(struct kit *k, const struct feedpart_head *head, uint64_t count,
                            const struct jframe_sum *last)
{
    struct feedwriter *w = NULL;
    assert_int_equal(feedwriter_new(&k->disk, head, &w, &k->f), ST_OK);
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(feedwriter_add(w, kit_item(k, head->first + i), &k->f), ST_OK);
    assert_int_equal(feedwriter_finish(w, last, &k->f), ST_OK);
    feedwriter_free(w);
}

static inline void kit_append(struct kit *k, struct journal *j, uint64_t count)
{
    struct journal_stats stats;
    journal_stats(j, &stats);
    for (uint64_t i = stats.items; i < stats.items + count; i++) {
        uint64_t ordinal = 0;
        assert_int_equal(journal_append(j, kit_item(k, i), &ordinal, &k->f), ST_OK);
        assert_int_equal(ordinal, i);
    }
    assert_int_equal(journal_sync(j, &k->f), ST_OK);
}

struct kit_reading {
    struct kit *kit;
    uint64_t next;
};

static inline enum status kit_read_one(void *user, uint64_t ordinal, struct bytes payload)
{
    struct kit_reading *r = user;
    assert_int_equal(ordinal, r->next);
    kit_assert_item(r->kit, ordinal, payload);
    r->next++;
    return ST_OK;
}

/* Every item of the journal, compared; returns how many. */
static inline uint64_t kit_read_all(struct kit *k, struct journal *j)
{
    struct kit_reading r = {k, 0};
    assert_int_equal(journal_each(j, 0, kit_read_one, &r, &k->f), ST_OK);
    return r.next;
}

#endif
