#include "journal_kit.h"

static void put_replaces_the_whole(void **unused)
{
    (void)unused;
    struct kit k;
    struct buf out = {0};
    kit_start(&k);
    assert_int_equal(disk_put(&k.disk, "journal", "a", BYTES("a long first content"), &k.f), ST_OK);
    assert_int_equal(disk_put(&k.disk, "journal", "a", BYTES("short"), &k.f), ST_OK);
    assert_int_equal(disk_put(&k.disk, "", "top", BYTES(""), &k.f), ST_OK);
    assert_int_equal(simdisk_crash(k.sim, SIMDISK_KEEP_NOTHING, 0), ST_OK);
    buf_add_text(&out, "before ");
    assert_int_equal(disk_get(&k.disk, "journal/a", 5, &out, &k.f), ST_OK);
    assert_true(bytes_equal_text(buf_bytes(&out), "before short"));
    assert_int_equal(disk_get(&k.disk, "top", 0, &out, &k.f), ST_OK);
    assert_true(bytes_equal_text(buf_bytes(&out), "before short"));
    buf_release(&out);
    kit_stop(&k);
}

static void get_says_why_not(void **unused)
{
    (void)unused;
    struct kit k;
    struct buf out = {0};
    kit_start(&k);
    assert_int_equal(disk_put(&k.disk, "", "a", BYTES("123456"), &k.f), ST_OK);
    assert_int_equal(disk_get(&k.disk, "a", 5, &out, &k.f), ST_TOO_LARGE);
    assert_non_null(strstr(k.f.text, "6 bytes"));
    assert_int_equal(disk_get(&k.disk, "b", 5, &out, &k.f), ST_NOT_FOUND);
    simdisk_arm(k.sim, SIMDISK_FAIL_READ, 1);
    assert_int_equal(disk_get(&k.disk, "a", 6, &out, &k.f), ST_IO);
    assert_int_equal(out.count, 0);
    buf_release(&out);
    kit_stop(&k);
}

/* At every failing operation, with a power cut after it: the old content or the new, never a mix.
 */
static void put_is_atomic(void **unused)
{
    (void)unused;
    static const enum simdisk_fault faults[] = {SIMDISK_FAIL_WRITE, SIMDISK_FAIL_SYNC,
                                                SIMDISK_FAIL_NAME, SIMDISK_FULL};
    unsigned failures = 0;
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
        bool struck = true;
        for (uint64_t n = 1; struck; n++) {
            struct kit k;
            struct buf out = {0};
            kit_start(&k);
            assert_int_equal(disk_put(&k.disk, "journal", "a", BYTES("old"), &k.f), ST_OK);
            simdisk_arm(k.sim, faults[i], n);
            enum status st = disk_put(&k.disk, "journal", "a", BYTES("newer"), &k.f);
            struck = simdisk_counts(k.sim)->faults[faults[i]] > 0;
            assert_int_equal(st, !struck                     ? ST_OK
                                 : faults[i] == SIMDISK_FULL ? ST_DISK_FULL
                                                             : ST_IO);
            assert_int_equal(simdisk_crash(k.sim, SIMDISK_TEAR, n), ST_OK);
            assert_int_equal(disk_get(&k.disk, "journal/a", 9, &out, &k.f), ST_OK);
            bool is_new = bytes_equal_text(buf_bytes(&out), "newer");
            assert_true(is_new || (st != ST_OK && bytes_equal_text(buf_bytes(&out), "old")));
            failures += struck;
            buf_release(&out);
            kit_stop(&k);
        }
    }
    assert_true(failures >= 7);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct kit k;
        struct buf out = {0};
        kit_start(&k);
        mem_fail_at(n);
        enum status st = disk_put(&k.disk, "", "a", BYTES("text"), &k.f);
        if (st == ST_OK)
            st = disk_get(&k.disk, "a", 9, &out, &k.f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
        kit_stop(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_replaces_the_whole),
        cmocka_unit_test(get_says_why_not),
        cmocka_unit_test(put_is_atomic),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
