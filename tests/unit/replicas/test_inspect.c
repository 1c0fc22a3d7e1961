#include "tests/unit/replicas/inspect_kit.h"

static void test_clean(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    kit_expect_none(k);
    kit_free(k);
}

static void test_nothing_at_all(void **state)
{
    (void)state;
    struct book empty = {.entry_count = 0};
    struct inspect_settings settings = {.closed = true, .sessions_group = 4};
    struct findings found = {0};
    assert_int_equal(inspect_book(&empty, &settings, &found), ST_OK);
    assert_int_equal(found.count, 0);
    finding_release(&found);
}

/* Whichever allocation fails: said, and nothing is lost of memory. */
static void test_without_memory(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_RENT].receipt = k->entries[KIT_DRILL].receipt;
    k->entries[KIT_FLOUR].receipt = 0;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct findings found = {0};
        mem_fail_at(n);
        enum status st = inspect_book(&k->b, &k->settings, &found);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        finding_release(&found);
    }
    kit_inspect(k);
    assert_int_equal(k->found.count, 2);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_nothing_at_all),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
