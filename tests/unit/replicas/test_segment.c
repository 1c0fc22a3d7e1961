#include "journal_kit.h"

#include "replicas/jscan.h"

#define LOG "journal/00000001.log"

static struct segment *reopen(struct kit *k)
{
    struct segment *s = NULL;
    struct jframe_log log;
    assert_int_equal(segment_open(&k->disk, 1, &kit_network, &s, &log, &k->f), ST_OK);
    assert_int_equal(log.generation, 1);
    return s;
}

static void assert_items(struct kit *k, struct segment *s, uint64_t count)
{
    struct jblock block = {0};
    assert_int_equal(segment_view(s).next, count);
    for (uint64_t i = 0; i < count; i++) {
        if (!jblock_holds(&block, i))
            assert_int_equal(segment_block(s, i, &block, &k->f), ST_OK);
        kit_assert_item(k, i, jblock_item(&block, i));
    }
    jblock_release(&block);
}

/* Items are readable before they are written, after, and when the segment is opened again. */
static void reads_what_was_appended(void **unused)
{
    (void)unused;
    struct kit k;
    kit_start(&k);
    struct segment *s = kit_segment(&k, 700); /* some index entries */
    assert_items(&k, s, 700);
    for (uint64_t i = 700; i < 1500; i++)
        assert_int_equal(segment_append(s, kit_item(&k, i), &k.f), ST_OK);
    assert_items(&k, s, 1500);
    assert_int_equal(segment_sync(s, &k.f), ST_OK);
    assert_items(&k, s, 1500);
    uint64_t bytes = segment_view(s).bytes;
    segment_free(s);
    s = reopen(&k);
    assert_items(&k, s, 1500);
    assert_int_equal(segment_view(s).bytes, bytes);
    segment_free(s);
    kit_stop(&k);
}

/* A sync is one write and one sync; an append is neither, as long as it fits what is gathered. */
static void a_sync_is_one_write(void **unused)
{
    (void)unused;
    struct kit k;
    kit_start(&k);
    struct segment *s = kit_segment(&k, 1);
    struct simdisk_counts before = *simdisk_counts(k.sim);
    for (uint64_t i = 1; i < 100; i++)
        assert_int_equal(segment_append(s, kit_item(&k, i), &k.f), ST_OK);
    assert_int_equal(simdisk_counts(k.sim)->writes, before.writes);
    assert_int_equal(segment_sync(s, &k.f), ST_OK);
    assert_int_equal(segment_sync(s, &k.f), ST_OK);
    assert_int_equal(simdisk_counts(k.sim)->writes, before.writes + 1);
    assert_int_equal(simdisk_counts(k.sim)->syncs, before.syncs + 1);
    segment_free(s);
    kit_stop(&k);
}

static void idle_marks_once(void **unused)
{
    (void)unused;
    struct kit k;
    kit_start(&k);
    struct segment *s = kit_segment(&k, 0);
    uint64_t bytes = segment_view(s).bytes;
    assert_int_equal(segment_idle(s, &k.f), ST_OK);
    assert_int_equal(segment_view(s).bytes, bytes);
    assert_int_equal(segment_append(s, kit_item(&k, 0), &k.f), ST_OK);
    bytes = segment_view(s).bytes;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(segment_idle(s, &k.f), ST_OK);
        assert_int_equal(segment_view(s).bytes, bytes + JFRAME_BYTES);
    }
    segment_free(s);
    s = reopen(&k);
    assert_int_equal(segment_idle(s, &k.f), ST_OK);
    assert_int_equal(segment_view(s).bytes, bytes + JFRAME_BYTES);
    assert_int_equal(segment_append(s, kit_item(&k, 1), &k.f), ST_OK);
    assert_items(&k, s, 2);
    segment_free(s);
    kit_stop(&k);
}

/* Once the closing mark stands, no changed bit before it goes unseen; behind it nothing is lost. */
static void every_changed_byte_is_found(void **unused)
{
    (void)unused;
    struct kit k;
    unsigned found = 0;
    unsigned harmless = 0;
    kit_start(&k);
    struct segment *s = kit_segment(&k, 12);
    uint64_t items_end = segment_view(s).bytes;
    assert_int_equal(segment_idle(s, &k.f), ST_OK);
    uint64_t end = segment_view(s).bytes;
    segment_free(s);
    for (uint64_t at = 0; at < end + 300; at++) {
        struct jframe_log log;
        struct simdisk *clean = NULL;
        if (at >= items_end) {
            clean = simdisk_clone(k.sim);
            assert_non_null(clean);
        }
        uint8_t bits = (uint8_t)(1u << at % 8);
        assert_true(simdisk_flip(k.sim, LOG, at, bits));
        s = NULL;
        enum status st = segment_open(&k.disk, 1, &kit_network, &s, &log, &k.f);
        if (at < items_end) {
            assert_int_equal(st, ST_CORRUPT);
            assert_non_null(strstr(k.f.text, LOG));
            assert_non_null(strstr(k.f.text, "offset"));
            assert_string_not_equal(k.f.fix, "");
            assert_true(simdisk_flip(k.sim, LOG, at, bits)); /* nothing was changed, so back */
            found++;
        } else {
            assert_int_equal(st, ST_OK);
            assert_items(&k, s, 12);
            harmless++;
        }
        segment_free(s);
        if (clean != NULL)
            assert_int_equal(simdisk_restore(k.sim, clean), ST_OK);
        simdisk_free(clean);
    }
    assert_int_equal(found, items_end);
    assert_int_equal(harmless, end + 300 - items_end);
    kit_stop(&k);
}

/* A file that ends early: the items before its end stay, and appending goes on. */
static void every_cut_is_judged(void **unused)
{
    (void)unused;
    struct kit k;
    kit_start(&k);
    struct segment *s = kit_segment(&k, 5);
    uint64_t named = segment_view(s).bytes;
    uint64_t ends[3];
    for (uint64_t i = 5; i < 8; i++) { /* in one sync: they name the first five durable */
        assert_int_equal(segment_append(s, kit_item(&k, i), &k.f), ST_OK);
        ends[i - 5] = segment_view(s).bytes;
    }
    assert_int_equal(segment_sync(s, &k.f), ST_OK);
    segment_free(s);
    for (uint64_t at = 0; at <= ends[2]; at++) {
        struct simdisk *clean = simdisk_clone(k.sim);
        struct disk_file *file = NULL;
        struct jframe_log log;
        assert_non_null(clean);
        assert_int_equal(k.disk.open(k.disk.context, LOG, false, &file, &k.f), ST_OK);
        assert_int_equal(k.disk.truncate(k.disk.context, file, at, &k.f), ST_OK);
        k.disk.close(k.disk.context, file);
        s = NULL;
        enum status st = segment_open(&k.disk, 1, &kit_network, &s, &log, &k.f);
        if (at < JFRAME_LOG_BYTES) {
            assert_int_equal(st, ST_CORRUPT);
        } else {
            assert_int_equal(st, ST_OK);
            uint64_t items = segment_view(s).next;
            assert_true(at < named ||
                        items == 5u + (at >= ends[0]) + (at >= ends[1]) + (at >= ends[2]));
            assert_items(&k, s, items);
            assert_int_equal(segment_append(s, kit_item(&k, items), &k.f), ST_OK);
            assert_int_equal(segment_sync(s, &k.f), ST_OK);
            assert_items(&k, s, items + 1);
        }
        segment_free(s);
        assert_int_equal(simdisk_restore(k.sim, clean), ST_OK);
        simdisk_free(clean);
    }
    kit_stop(&k);
}

static void full_disk_refuses_and_goes_on(void **unused)
{
    (void)unused;
    struct kit k;
    static uint8_t payload[JFRAME_PAYLOAD_MAX];
    kit_start(&k);
    struct segment *s = kit_segment(&k, 3);
    struct bytes large = {payload, sizeof payload};
    simdisk_limit(k.sim, SEGMENT_AHEAD_BYTES);
    assert_int_equal(segment_append(s, large, &k.f), ST_DISK_FULL);
    assert_int_equal(segment_view(s).next, 3);
    /* What fits the zeros ahead still goes. */
    assert_int_equal(segment_append(s, kit_item(&k, 3), &k.f), ST_OK);
    assert_int_equal(segment_sync(s, &k.f), ST_OK);
    segment_free(s);
    s = reopen(&k);
    assert_items(&k, s, 4);
    simdisk_limit(k.sim, 0);
    assert_int_equal(segment_append(s, large, &k.f), ST_OK);
    assert_int_equal(segment_sync(s, &k.f), ST_OK);
    segment_free(s);
    kit_stop(&k);
}

static void failed_sync_is_final(void **unused)
{
    (void)unused;
    struct kit k;
    static const enum simdisk_fault faults[] = {SIMDISK_FAIL_SYNC, SIMDISK_FAIL_WRITE};
    for (unsigned i = 0; i < 2; i++) {
        kit_start(&k);
        struct segment *s = kit_segment(&k, 3);
        assert_int_equal(segment_append(s, kit_item(&k, 3), &k.f), ST_OK);
        simdisk_arm(k.sim, faults[i], 1);
        assert_int_equal(segment_sync(s, &k.f), ST_IO);
        assert_int_equal(segment_sync(s, &k.f), ST_IO);
        assert_int_equal(segment_append(s, kit_item(&k, 4), &k.f), ST_IO);
        assert_int_equal(segment_idle(s, &k.f), ST_IO);
        assert_non_null(strstr(k.f.text, LOG));
        segment_free(s);
        kit_stop(&k);
    }
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct kit k;
        struct segment *s = NULL;
        struct jframe_log log;
        uint64_t acked = 3;
        kit_start(&k);
        segment_free(kit_segment(&k, 3));
        mem_fail_at(n);
        enum status st = segment_open(&k.disk, 1, &kit_network, &s, &log, &k.f);
        for (uint64_t i = 3; i < 500 && st == ST_OK; i++)
            st = segment_append(s, kit_item(&k, i), &k.f);
        if (st == ST_OK)
            st = segment_sync(s, &k.f);
        if (st == ST_OK)
            acked = 500;
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        segment_free(s);
        assert_int_equal(simdisk_crash(k.sim, SIMDISK_KEEP_NOTHING, 0), ST_OK);
        s = reopen(&k);
        assert_items(&k, s, acked);
        segment_free(s);
        kit_stop(&k);
    }
}

static void another_network_is_refused(void **unused)
{
    (void)unused;
    struct kit k;
    struct segment *s = NULL;
    struct jframe_log log;
    kit_start(&k);
    segment_free(kit_segment(&k, 1));
    assert_int_equal(segment_open(&k.disk, 1, &kit_other_network, &s, &log, &k.f),
                     ST_WRONG_NETWORK);
    assert_int_equal(segment_open(&k.disk, 2, &kit_network, &s, &log, &k.f), ST_NOT_FOUND);
    assert_int_equal(k.disk.rename(k.disk.context, LOG, "journal/00000002.log", &k.f), ST_OK);
    assert_int_equal(segment_open(&k.disk, 2, &kit_network, &s, &log, &k.f), ST_CORRUPT);
    assert_null(s);
    assert_int_equal(segment_remove(&k.disk, 2, &k.f), ST_OK);
    assert_int_equal(segment_remove(&k.disk, 2, &k.f), ST_OK);
    kit_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_appended),
        cmocka_unit_test(a_sync_is_one_write),
        cmocka_unit_test(idle_marks_once),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(every_cut_is_judged),
        cmocka_unit_test(full_disk_refuses_and_goes_on),
        cmocka_unit_test(failed_sync_is_final),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(another_network_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
