#include "tests/unit/replicas/programme.h"

static const char expense[] =
    "{\"amount\":350000,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
    "\"date\":\"2009-09-22\",\"office\":\"iquique\",\"ref\":\"X1\"}";

static void members_of_an_entry(void **state)
{
    (void)state;
    struct buf text = {0};
    int64_t n = 0;
    assert_true(schema_entry_text(BYTES(expense), "office", &text));
    assert_string_equal(buf_text(&text), "iquique");
    assert_false(schema_entry_text(BYTES(expense), "amount", &text));
    assert_false(schema_entry_text(BYTES(expense), "receipt", &text));
    assert_true(schema_entry_integer(BYTES(expense), "amount", &n));
    assert_int_equal(n, 350000);
    assert_false(schema_entry_integer(BYTES(expense), "ref", &n));
    assert_false(schema_entry_integer(BYTES(expense), "x", &n));
    assert_int_equal(n, 350000);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_an_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
