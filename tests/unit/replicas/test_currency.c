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

static void what_was_meant(void **state)
{
    (void)state;
    assert_string_equal(currency_nearest(BYTES("clp")), "CLP");
    assert_string_equal(currency_nearest(BYTES("CPL")), "CLP");
    assert_string_equal(currency_nearest(BYTES("CLPP")), "CLP");
    assert_string_equal(currency_nearest(BYTES("US")), "USD");
    assert_null(currency_nearest(BYTES("")));
    assert_null(currency_nearest(BYTES("QQQ")));
    assert_null(currency_nearest(BYTES("pesos")));
}

static void written(int64_t amount, const char *code, const char *wanted)
{
    struct buf out = {0};
    currency_amount(amount, code, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_release(&out);
}

static void amounts_as_people_write_them(void **state)
{
    (void)state;
    written(400000, "CLP", "400000");
    written(0, "USD", "0.00");
    written(1250, "USD", "12.50");
    written(-5, "USD", "-0.05");
    written(1234567, "KWD", "1234.567");
    written(INT64_MIN, "CLP", "-9223372036854775808");
    written(INT64_MAX, "USD", "92233720368547758.07");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minor_digits_are_those_of_iso_4217),
        cmocka_unit_test(what_is_no_currency),
        cmocka_unit_test(what_was_meant),
        cmocka_unit_test(amounts_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
