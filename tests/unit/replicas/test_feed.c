#include "journal_kit.h"

#include <stdlib.h>

#include "replicas/feed.h"

#define FEED "journal/00000002.feed"

static const struct jframe_sum last_sum = {{9, 9}};

/* journal/00000002.feed with the items 10 .. 10 + count - 1. */
static struct feed *make_feed(struct kit *k, uint64_t count)
{
    struct feed *d = NULL;
    struct feedpart_head head = {
        .generation_first = 1, .generation = 2, .first = 10, .network = kit_network};
    kit_feed(k, &head, count, &last_sum);
    assert_int_equal(feed_open(&k->disk, 2, false, &kit_network, &d, &k->f), ST_OK);
    assert_int_equal(feed_publish(d, &k->f), ST_OK);
    return d;
}

static void holds_its_items(void **unused)
{
    (void)unused;
    struct kit k;
    struct feed_reader *r = NULL;
    struct jblock block = {0};
    unsigned loads = 0;
    enum { COUNT = 20000 };
    kit_start(&k);
    feed_free(make_feed(&k, COUNT));
    assert_int_equal(simdisk_crash(k.sim, SIMDISK_KEEP_NOTHING, 0), ST_OK);
    struct feed *d = NULL;
    assert_int_equal(feed_reader_new(&r), ST_OK);
    assert_int_equal(feed_open(&k.disk, 2, true, &kit_network, &d, &k.f), ST_OK);
    assert_int_equal(feed_head(d)->first, 10);
    assert_int_equal(feed_tail(d)->items, COUNT);
    assert_memory_equal(&feed_tail(d)->last, &last_sum, sizeof last_sum);
    assert_int_equal(feed_bytes(d), simdisk_content(k.sim, FEED).count);
    assert_true(feed_bytes(d) < feed_tail(d)->raw_bytes / 2);
    for (uint64_t i = 10; i < 10 + COUNT; i++) {
        if (!jblock_holds(&block, i)) {
            assert_int_equal(feed_block(d, r, i, &block, &k.f), ST_OK);
            loads++;
        }
        kit_assert_item(&k, i, jblock_item(&block, i));
    }
    /* In order, each block is decompressed once. */
    assert_int_equal(loads,
                     (feed_tail(d)->raw_bytes + FEEDPART_RAW_BYTES - 1) / FEEDPART_RAW_BYTES);
    assert_true(loads > 2);
    jblock_release(&block);
    feed_reader_free(r);
    feed_free(d);
    kit_stop(&k);
}

static void keep_text(void *user, const char *text)
{
    snprintf(user, FAULT_TEXT_BYTES, "%s", text);
}

/* No changed bit goes unseen, and what names it is the file and an offset. */
static void every_changed_byte_is_found(void **unused)
{
    (void)unused;
    struct kit k;
    struct feed_reader *r = NULL;
    kit_start(&k);
    feed_free(make_feed(&k, 40));
    assert_int_equal(feed_reader_new(&r), ST_OK);
    size_t bytes = simdisk_content(k.sim, FEED).count;
    for (size_t at = 0; at < bytes; at++) {
        struct feed *d = NULL;
        char told[FAULT_TEXT_BYTES] = "";
        uint8_t bits = (uint8_t)(1u << at % 8);
        assert_true(simdisk_flip(k.sim, FEED, at, bits));
        enum status st = feed_open(&k.disk, 2, true, &kit_network, &d, &k.f);
        if (st == ST_OK) {
            st = feed_check(d, r, keep_text, told, &k.f);
            assert_string_equal(told, k.f.text);
        }
        assert_int_equal(st, ST_CORRUPT);
        assert_non_null(strstr(k.f.text, FEED " is damaged at offset "));
        assert_string_not_equal(k.f.fix, "");
        feed_free(d);
        assert_true(simdisk_flip(k.sim, FEED, at, bits));
    }
    feed_reader_free(r);
    kit_stop(&k);
}

static void every_cut_is_found(void **unused)
{
    (void)unused;
    struct kit k;
    kit_start(&k);
    feed_free(make_feed(&k, 40));
    struct disk_file *file = NULL;
    assert_int_equal(k.disk.open(k.disk.context, FEED, false, &file, &k.f), ST_OK);
    for (size_t at = simdisk_content(k.sim, FEED).count; at-- > 0;) {
        struct feed *d = NULL;
        assert_int_equal(k.disk.truncate(k.disk.context, file, at, &k.f), ST_OK);
        assert_int_equal(feed_open(&k.disk, 2, true, &kit_network, &d, &k.f), ST_CORRUPT);
        assert_null(d);
    }
    k.disk.close(k.disk.context, file);
    kit_stop(&k);
}

static void is_another_feed(void **unused)
{
    (void)unused;
    struct kit k;
    struct feed *d = NULL;
    kit_start(&k);
    feed_free(make_feed(&k, 3));
    assert_int_equal(feed_open(&k.disk, 2, true, &kit_other_network, &d, &k.f), ST_WRONG_NETWORK);
    assert_int_equal(feed_open(&k.disk, 3, true, &kit_network, &d, &k.f), ST_NOT_FOUND);
    assert_int_equal(k.disk.rename(k.disk.context, FEED, "journal/00000003.feed", &k.f), ST_OK);
    assert_int_equal(feed_open(&k.disk, 3, true, &kit_network, &d, &k.f), ST_CORRUPT);
    assert_null(d);
    assert_int_equal(feed_remove(&k.disk, 3, &k.f), ST_OK);
    assert_int_equal(feed_remove(&k.disk, 3, &k.f), ST_OK);
    kit_stop(&k);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    struct kit k;
    kit_start(&k);
    feed_free(make_feed(&k, 40));
    for (uint64_t n = 1; failed; n++) {
        struct feed_reader *r = NULL;
        struct feed *d = NULL;
        struct jblock block = {0};
        mem_fail_at(n);
        enum status st = feed_reader_new(&r);
        if (st == ST_OK)
            st = feed_open(&k.disk, 2, true, &kit_network, &d, &k.f);
        if (st == ST_OK)
            st = feed_block(d, r, 49, &block, &k.f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_true(st == ST_OK || !jblock_holds(&block, 49));
        jblock_release(&block);
        feed_free(d);
        feed_reader_free(r);
    }
    kit_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_its_items),           cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(every_cut_is_found),        cmocka_unit_test(is_another_feed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
