#include "tests/unit/replicas/programme.h"

#include "replicas/currency.h"

static int digits(const char *code)
{
    int n = currency_digits(bytes_of_text(code));
    assert_int_equal(n, schema_currency_digits(bytes_of_text(code)));
    return n;
}

static void minor_digits_are_those_of_iso_4217(void **state)
{
    (void)state;
    assert_int_equal(digits("CLP"), 0);
    assert_int_equal(digits("USD"), 2);
    assert_int_equal(digits("KWD"), 3);
    assert_int_equal(digits("CLF"), 4);
    assert_int_equal(digits("AED"), 2);
    assert_int_equal(digits("ZWL"), 2);
    assert_int_equal(digits("JPY"), 0);
}

static void what_is_no_currency(void **state)
{
    (void)state;
    static const char *const none[] = {"", "CL", "CLPP", "clp", "AAA", "ZZZ", "XXX", "XAU", "CL1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(digits(none[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minor_digits_are_those_of_iso_4217),
        cmocka_unit_test(what_is_no_currency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
