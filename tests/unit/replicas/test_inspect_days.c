#include "tests/unit/replicas/inspect_kit.h"

static void test_disbursement_before_award(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_AWARD].day = kit_day("2009-09-15");
    kit_expect_entry(k, FINDING_OUTLAY_BEFORE_ACT, KIT_PAYMENT,
                     "disbursement D01 of santiago for enterprise E01 is dated 2009-09-14, before "
                     "its award (2009-09-15)");
    k->entries[KIT_AWARD].day = kit_day("2009-09-14"); /* the same day will do */
    kit_expect_none(k);
    k->entries[KIT_AWARD].day = BOOK_NO_DAY; /* nobody can tell */
    kit_expect_none(k);
    kit_free(k);
}

static void test_disbursement_before_visit(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->visits[0].day = kit_day("2009-09-15");
    kit_expect_none(k); /* the award stands for itself */
    kit_reverse(k, KIT_AWARD);
    kit_expect_entry(k, FINDING_OUTLAY_BEFORE_ACT, KIT_PAYMENT,
                     "disbursement D01 of santiago for enterprise E01 is dated 2009-09-14, before "
                     "the visit that selected its household (2009-09-15)");
    k->visits[0].day = kit_day("2009-09-14");
    kit_expect_none(k);
    kit_free(k);
}

static void test_disbursement_on_nothing(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    kit_reverse(k, KIT_AWARD);
    k->visits[0].decision = kit_text(k, "not selected");
    kit_expect_entry(k, FINDING_OUTLAY_BEFORE_ACT, KIT_PAYMENT,
                     "disbursement D01 of santiago (2009-09-14) for enterprise E01 stands on no "
                     "award, and on no visit that selected its household");
    kit_free(k);
}

static void test_disbursement_to_nobody_known(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    struct book_entry *e = kit_entry(k, BOOK_DISBURSEMENT, "D02", "2009-09-14", 10, BOOK_NONE);
    e->named[0] = 0xab;
    kit_expect_entry(k, FINDING_OUTLAY_BEFORE_ACT, k->b.entry_count - 1,
                     "disbursement D02 of santiago (2009-09-14) for enterprise ab000000 stands on "
                     "no award, and on no visit that selected its household");
    kit_free(k);
}

static void test_purchase_before_disbursement(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_DRILL].day = kit_day("2009-09-13");
    kit_expect_entry(k, FINDING_OUTLAY_BEFORE_ACT, KIT_DRILL,
                     "purchase P001 of santiago for enterprise E01 is dated 2009-09-13, before the "
                     "first disbursement for it (2009-09-14)");
    k->entries[KIT_DRILL].day = kit_day("2009-09-14");
    kit_expect_none(k);
    kit_free(k);
}

static void test_outside_period(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_RENT].day = kit_day("2010-02-01");
    k->entries[KIT_STATEMENT].money.amount += 30000;
    kit_expect_entry(k, FINDING_OUTSIDE_PERIOD, KIT_RENT,
                     "expense X001 of santiago (CLP 30000) is dated 2010-02-01, outside the "
                     "programme's period (2009-07-01 to 2010-01-31)");
    k->entries[KIT_RENT].day = kit_day("2010-01-31"); /* the last day is within */
    kit_expect_none(k);
    k->entries[KIT_GRANT].day = kit_day("2009-06-30");
    kit_expect_entry(k, FINDING_OUTSIDE_PERIOD, KIT_GRANT,
                     "grant G1 of santiago (CLP 1000000) is dated 2009-06-30, outside the "
                     "programme's period (2009-07-01 to 2010-01-31)");
    k->programmes[1] = k->programmes[0]; /* within the period of any */
    k->programmes[1].start = BOOK_NO_DAY;
    k->b.programme_count = 2;
    kit_expect_none(k);
    k->b.programme_count = 0;
    kit_expect_none(k); /* no period, nothing outside of it */
    kit_free(k);
}

static void test_statement_and_transfer_may_be_later(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_STATEMENT].day = kit_day("2010-03-01");
    kit_entry(k, BOOK_TRANSFER, "T1", "2010-03-01", 0, BOOK_NONE)->about = KIT_DRILL;
    kit_expect_none(k);
    kit_free(k);
}

static void test_individual_sessions(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->sessions[1].enterprise = BOOK_NONE;
    kit_expect(k, FINDING_SESSIONS_MISSING, k->enterprises[0].id, sizeof k->enterprises[0].id,
               "enterprise E01 of santiago had 1 of 2 individual sessions");
    assert_int_equal(k->found.list[0].since, k->programmes[0].end);
    k->settings.closed = false;
    kit_expect_none(k);
    k->settings = (struct inspect_settings){.closed = true, .sessions_individual = 1};
    kit_expect_none(k);
    kit_free(k);
}

static void test_group_sessions(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->sessions[0].office = kit_text(k, "iquique");
    kit_expect(k, FINDING_SESSIONS_MISSING, k->programmes[0].id, sizeof k->programmes[0].id,
               "santiago held 1 of 2 group sessions");
    kit_session(k, "group", BOOK_NONE);
    kit_expect_none(k); /* iquique has no enterprise: nothing is due there */
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disbursement_before_award),
        cmocka_unit_test(test_disbursement_before_visit),
        cmocka_unit_test(test_disbursement_on_nothing),
        cmocka_unit_test(test_disbursement_to_nobody_known),
        cmocka_unit_test(test_purchase_before_disbursement),
        cmocka_unit_test(test_outside_period),
        cmocka_unit_test(test_statement_and_transfer_may_be_later),
        cmocka_unit_test(test_individual_sessions),
        cmocka_unit_test(test_group_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
