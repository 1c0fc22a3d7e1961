#include "replicas/inspection.h"

#include "tests/unit/replicas/inspect_kit.h"

static void begin(struct inspection *in, struct kit *k)
{
    *in = (struct inspection){.book = &k->b, .settings = &k->settings, .out = &k->found};
    assert_int_equal(inspection_begin(in), ST_OK);
}

static void test_sums_by_enterprise_and_currency(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct inspection in;
    memcpy(k->entries[KIT_FLOUR].money.currency, "USD", 4);
    begin(&in, k);
    assert_int_equal(in.sum_count, 2);
    assert_string_equal(in.sums[0].currency, "CLP");
    assert_int_equal(in.sums[0].sums[BOOK_AWARD], 150000);
    assert_int_equal(in.sums[0].sums[BOOK_DISBURSEMENT], 150000);
    assert_int_equal(in.sums[0].sums[BOOK_PURCHASE], 50000);
    assert_int_equal(in.sums[0].count, 3);
    assert_string_equal(in.sums[1].currency, "USD");
    assert_int_equal(in.sums[1].sums[BOOK_PURCHASE], 100000);
    assert_true(in.awarded[0]);
    inspection_end(&in);
    kit_free(k);
}

static void test_acts(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct inspection in;
    begin(&in, k);
    assert_int_equal(in.acts[0].award, kit_day("2009-08-01"));
    assert_int_equal(in.acts[0].payment, kit_day("2009-09-14"));
    assert_int_equal(in.acts[0].selection, kit_day("2009-07-14"));
    inspection_end(&in);
    k->enterprises[0].household = BOOK_NONE;
    kit_reverse(k, KIT_AWARD);
    begin(&in, k);
    assert_false(in.acts[0].awarded);
    assert_false(in.acts[0].selected);
    assert_true(in.acts[0].paid);
    assert_int_equal(in.acts[0].award, BOOK_NO_DAY);
    inspection_end(&in);
    kit_free(k);
}

static void test_stands(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    kit_reverse(k, KIT_RENT);
    assert_true(inspection_stands(&k->entries[KIT_DRILL]));
    assert_false(inspection_stands(&k->entries[KIT_RENT]));
    assert_false(inspection_stands(&k->entries[k->b.entry_count - 1]));
    kit_free(k);
}

static void test_handed(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    bool handed[KIT_ROWS] = {false};
    k->entries[KIT_DRILL].handed_over = BOOK_NO_DAY;
    inspection_handed(&k->b, handed);
    assert_false(handed[KIT_DRILL]);
    assert_true(handed[KIT_FLOUR]);
    assert_false(handed[KIT_RENT]);
    kit_free(k);
}

static void test_add_stays_within(void **state)
{
    (void)state;
    assert_int_equal(inspection_add(1, 2), 3);
    assert_int_equal(inspection_add(INT64_MAX, 0), INT64_MAX);
    assert_int_equal(inspection_add(INT64_MAX - 1, 2), INT64_MAX);
    assert_int_equal(inspection_move(5, -7), -2);
    assert_int_equal(inspection_move(INT64_MAX, 1), INT64_MAX);
    assert_int_equal(inspection_move(INT64_MIN, -1), INT64_MIN);
    assert_int_equal(inspection_move(INT64_MIN, INT64_MAX), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_by_enterprise_and_currency),
        cmocka_unit_test(test_acts),
        cmocka_unit_test(test_stands),
        cmocka_unit_test(test_handed),
        cmocka_unit_test(test_add_stays_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
