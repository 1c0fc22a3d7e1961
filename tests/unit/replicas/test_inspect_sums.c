#include "tests/unit/replicas/inspect_kit.h"

static void expect_of_enterprise(struct kit *k, enum finding_rule rule, const char *sentence)
{
    kit_expect(k, rule, k->enterprises[0].id, sizeof k->enterprises[0].id, sentence);
}

static void test_disbursement_above_award(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_AWARD].money.amount = 149999;
    expect_of_enterprise(
        k, FINDING_DISBURSEMENT_ABOVE_AWARD,
        "enterprise E01 of santiago was paid CLP 150000, above the CLP 149999 that "
        "it was awarded");
    assert_int_equal(k->found.list[0].record_count, 3); /* with the award and the disbursement */
    assert_int_equal(k->found.list[0].since, kit_day("2009-09-14"));
    assert_true(oid_equal(&k->found.list[0].commit, &k->entries[KIT_PAYMENT].commit));
    k->entries[KIT_AWARD].money.amount = 150000;
    kit_expect_none(k);
    kit_free(k);
}

static void test_disbursement_above_line(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    kit_reverse(k, KIT_AWARD);
    kit_expect_none(k); /* exactly the line's contribution */
    k->programmes[0].line_idea = 149999;
    expect_of_enterprise(k, FINDING_DISBURSEMENT_ABOVE_AWARD,
                         "enterprise E01 of santiago was paid CLP 150000, above the CLP 149999 of "
                         "its line (idea)");
    k->programmes[0].line_idea = BOOK_UNKNOWN; /* nothing says what it may have */
    kit_expect_none(k);
    k->programmes[0].line_idea = 149999;
    memcpy(k->programmes[0].lines_currency, "USD", 4); /* of another currency */
    kit_expect_none(k);
    kit_free(k);
}

static void test_award_in_another_currency(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    memcpy(k->entries[KIT_AWARD].money.currency, "USD", 4);
    expect_of_enterprise(k, FINDING_DISBURSEMENT_ABOVE_AWARD,
                         "enterprise E01 of santiago was paid CLP 150000, above the CLP 0 that it "
                         "was awarded");
    kit_free(k);
}

static void test_award_above_line(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_AWARD].money.amount = 150001;
    expect_of_enterprise(k, FINDING_AWARD_ABOVE_LINE,
                         "enterprise E01 of santiago was awarded CLP 150001, above the CLP 150000 "
                         "of its line (idea)");
    k->entries[KIT_AWARD].money.amount = 150000;
    kit_entry(k, BOOK_AWARD, "W2", "2009-08-02", 1, 0); /* two awards add up */
    expect_of_enterprise(k, FINDING_AWARD_ABOVE_LINE,
                         "enterprise E01 of santiago was awarded CLP 150001, above the CLP 150000 "
                         "of its line (idea)");
    kit_reverse(k, k->b.entry_count - 1);
    kit_expect_none(k);
    kit_free(k);
}

static void test_purchase_above_disbursement(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_DRILL].money.amount = 50001;
    expect_of_enterprise(k, FINDING_PURCHASE_ABOVE_DISBURSEMENT,
                         "for enterprise E01 of santiago goods of CLP 150001 were bought, above "
                         "the CLP 150000 paid for it");
    assert_int_equal(k->found.list[0].level, FINDING_ERROR);
    kit_free(k);
}

static void test_purchase_below_disbursement(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    kit_reverse(k, KIT_DRILL);
    expect_of_enterprise(k, FINDING_PURCHASE_BELOW_DISBURSEMENT,
                         "for enterprise E01 of santiago goods of CLP 100000 were bought, of the "
                         "CLP 150000 paid for it");
    k->settings.closed = false; /* only then it is due */
    kit_expect_none(k);
    kit_free(k);
}

static void test_sums_do_not_overflow(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_PAYMENT].money.amount = INT64_MAX;
    kit_entry(k, BOOK_DISBURSEMENT, "D02", "2009-09-15", INT64_MAX, 0);
    kit_inspect(k);
    assert_int_equal(k->found.count, 2);
    assert_int_equal(k->found.list[0].rule, FINDING_DISBURSEMENT_ABOVE_AWARD);
    assert_int_equal(k->found.list[1].rule, FINDING_PURCHASE_BELOW_DISBURSEMENT);
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disbursement_above_award),
        cmocka_unit_test(test_disbursement_above_line),
        cmocka_unit_test(test_award_in_another_currency),
        cmocka_unit_test(test_award_above_line),
        cmocka_unit_test(test_purchase_above_disbursement),
        cmocka_unit_test(test_purchase_below_disbursement),
        cmocka_unit_test(test_sums_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
