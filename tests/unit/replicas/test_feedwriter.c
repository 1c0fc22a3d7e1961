#include "journal_kit.h"

#include "replicas/feed.h"

static const struct feedpart_head head_one = {
    .generation_first = 1, .generation = 1, .first = 0, .network = {{4, 2}}};
static const struct jframe_sum last_sum = {{9}};

/* The longest item has a block of its own, and small ones share. */
static void long_items_stand_alone(void **unused)
{
    (void)unused;
    struct kit k;
    struct feedwriter *w = NULL;
    struct feed *d = NULL;
    struct feed_reader *r = NULL;
    struct jblock block = {0};
    static uint8_t payload[JFRAME_PAYLOAD_MAX];
    kit_start(&k);
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 2654435761u >> 13);
    assert_int_equal(feedwriter_new(&k.disk, &head_one, &w, &k.f), ST_OK);
    for (uint64_t i = 0; i < 5; i++) {
        struct bytes item = i == 2 ? (struct bytes){payload, sizeof payload} : kit_item(&k, i);
        assert_int_equal(feedwriter_add(w, item, &k.f), ST_OK);
    }
    assert_int_equal(feedwriter_finish(w, &last_sum, &k.f), ST_OK);
    feedwriter_free(w);
    assert_int_equal(feed_reader_new(&r), ST_OK);
    assert_int_equal(feed_open(&k.disk, 1, false, &kit_network, &d, &k.f), ST_OK);
    assert_int_equal(feed_tail(d)->blocks, 3);
    assert_int_equal(feed_block(d, r, 2, &block, &k.f), ST_OK);
    assert_int_equal(block.count, 1);
    assert_int_equal(jblock_item(&block, 2).count, sizeof payload);
    assert_memory_equal(jblock_item(&block, 2).data, payload, sizeof payload);
    assert_int_equal(feed_block(d, r, 4, &block, &k.f), ST_OK);
    kit_assert_item(&k, 3, jblock_item(&block, 3));
    jblock_release(&block);
    feed_free(d);
    feed_reader_free(r);
    kit_stop(&k);
}

static enum status write_one(struct kit *k)
{
    struct feedwriter *w = NULL;
    enum status st = feedwriter_new(&k->disk, &head_one, &w, &k->f);
    for (uint64_t i = 0; i < 9000 && st == ST_OK; i++)
        st = feedwriter_add(w, kit_item(k, i), &k->f);
    if (st == ST_OK)
        st = feedwriter_finish(w, &last_sum, &k->f);
    feedwriter_free(w);
    return st;
}

static void errors_are_told(void **unused)
{
    (void)unused;
    static const enum simdisk_fault faults[] = {SIMDISK_FAIL_WRITE, SIMDISK_FAIL_SYNC,
                                                SIMDISK_FAIL_NAME, SIMDISK_FULL};
    for (unsigned i = 0; i < 4; i++) {
        bool struck = true;
        for (uint64_t n = 1; struck; n++) {
            struct kit k;
            kit_start(&k);
            simdisk_arm(k.sim, faults[i], n);
            enum status st = write_one(&k);
            struck = simdisk_counts(k.sim)->faults[faults[i]] > 0;
            assert_int_equal(st, !struck                     ? ST_OK
                                 : faults[i] == SIMDISK_FULL ? ST_DISK_FULL
                                                             : ST_IO);
            simdisk_arm(k.sim, faults[i], 0);
            /* What a failed attempt left does not harm the next. */
            assert_int_equal(write_one(&k), ST_OK);
            struct feed *d = NULL;
            assert_int_equal(feed_open(&k.disk, 1, false, &kit_network, &d, &k.f), ST_OK);
            feed_free(d);
            kit_stop(&k);
        }
    }
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct kit k;
        kit_start(&k);
        mem_fail_at(n);
        enum status st = write_one(&k);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        kit_stop(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_items_stand_alone),
        cmocka_unit_test(errors_are_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
