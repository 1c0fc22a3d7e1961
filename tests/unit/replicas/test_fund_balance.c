#include "tests/unit/replicas/fund_kit.h"

static void balances_by_office_line_and_currency(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    office_run(i, ST_OK, "fund", "balance", "--office=santiago", NULL);
    assert_int_equal(office_rows(i), 2);
    assert_string_equal(office_text(i, 0, "currency"), "CLP");
    assert_int_equal(office_number(i, 1, "credited"), 200000);
    assert_int_equal(office_number(i, 1, "debited"), 199950);
    assert_int_equal(office_number(i, 1, "balance"), 50);
    office_run(i, ST_OK, "fund", "balance", "--line=enterprises", NULL);
    assert_int_equal(office_rows(i), 1);
    office_run(i, ST_OK, "fund", "balance", "--currency=EUR", NULL);
    assert_int_equal(office_rows(i), 0);
    office_run(i, ST_NOT_FOUND, "fund", "balance", "--office=iquiqe", NULL);
    fund_kit_says(i, "no member is called 'iquiqe'", "did you mean 'iquique'?");
    office_run(i, ST_NOT_FOUND, "fund", "balance", "--line=workshop", NULL);
    fund_kit_says(i, "there is no budget line 'workshop'", "did you mean 'workshops'?");
    office_run(i, ST_BAD_VALUE, "fund", "balance", "--currency=CPL", NULL);
    fund_kit_says(i, "\"CPL\" is no ISO 4217 currency", "did you mean 'CLP'?");
    office_run(i, ST_USAGE, "fund", "balance", "iquique", NULL);
    office_run(i, ST_USAGE, "fund", "balance", "--date=2026-05-01", NULL);
    fund_kit_says(i, "fund balance takes no 'date'", "minga fund balance [--office L]");
    fund_kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balances_by_office_line_and_currency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
