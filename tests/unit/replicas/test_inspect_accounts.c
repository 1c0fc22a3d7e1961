#include "tests/unit/replicas/inspect_kit.h"

static void test_conflict_on_money(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->conflicts[0] = (struct book_conflict){.type = "enterprise", .field = "line", .money = true};
    k->conflicts[0].id[0] = 0x3f;
    k->b.conflict_count = 1;
    kit_expect(k, FINDING_CONFLICT_ON_MONEY, k->conflicts[0].id, sizeof k->conflicts[0].id,
               "enterprise 3f000000 has several values of line, and nobody has chosen");
    k->conflicts[0].money = false;
    kit_expect_none(k);
    kit_free(k);
}

static void test_statement_of_a_line(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_STATEMENT].money.amount = 420001;
    kit_expect_entry(k, FINDING_STATEMENT_DIFFERS, KIT_STATEMENT,
                     "the statement S1 of santiago says CLP 420001 on enterprises on 2009-09-30; "
                     "the entries up to that day give CLP 420000");
    k->entries[KIT_STATEMENT].day = kit_day("2009-09-29"); /* before the rent was paid */
    k->entries[KIT_STATEMENT].money.amount = 450000;
    kit_expect_none(k);
    kit_reverse(k, KIT_STATEMENT);
    k->entries[KIT_STATEMENT].money.amount = 1;
    kit_expect_none(k);
    kit_free(k);
}

static void test_statement_of_an_office(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_STATEMENT].line = 0; /* enterprises and pool together */
    kit_expect_entry(k, FINDING_STATEMENT_DIFFERS, KIT_STATEMENT,
                     "the statement S1 of santiago says CLP 420000 on 2009-09-30; the entries up "
                     "to that day give CLP 820000");
    k->entries[KIT_STATEMENT].money.amount = 820000;
    kit_expect_none(k);
    kit_free(k);
}

static void test_statement_counts_undated_entries(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    k->entries[KIT_ALLOTMENT].day = BOOK_NO_DAY;
    kit_expect_none(k);
    kit_free(k);
}

static void test_overdrawn(void **state)
{
    (void)state;
    struct kit *k = kit_new();
    kit_entry(k, BOOK_EXPENSE, "X002", "2009-12-01", 420001, BOOK_NONE)->receipt =
        kit_text(k, "factura 1");
    kit_post(k, 0, k->b.entry_count - 1, -420000);
    kit_expect_none(k); /* to the last peso */
    kit_post(k, 0, k->b.entry_count - 1, -1);
    kit_expect_entry(k, FINDING_OVERDRAWN, k->b.entry_count - 1,
                     "the account santiago/enterprises stands at CLP -1: two branches of one key "
                     "spent the same money");
    kit_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conflict_on_money),
        cmocka_unit_test(test_statement_of_a_line),
        cmocka_unit_test(test_statement_of_an_office),
        cmocka_unit_test(test_statement_counts_undated_entries),
        cmocka_unit_test(test_overdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
