#include "tests/unit/proto/codec.h"

#include "cli/amount.h"
#include "cli/language.h"

static void expect(enum language language, int64_t amount, const char *currency, const char *wanted)
{
    struct buf out = {0};
    language_set(language);
    amount_money(amount, currency, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_release(&out);
    language_set(LANGUAGE_ENGLISH);
}

static void as_people_write_it(void **state)
{
    (void)state;
    expect(LANGUAGE_ENGLISH, 0, "CLP", "CLP 0");
    expect(LANGUAGE_ENGLISH, 5, "CLP", "CLP 5");
    expect(LANGUAGE_ENGLISH, 999, "CLP", "CLP 999");
    expect(LANGUAGE_ENGLISH, 1000, "CLP", "CLP 1,000");
    expect(LANGUAGE_ENGLISH, 12750002, "CLP", "CLP 12,750,002");
    expect(LANGUAGE_SPANISH, 12750002, "CLP", "CLP 12.750.002");
    expect(LANGUAGE_ENGLISH, 0, "USD", "USD 0.00");
    expect(LANGUAGE_ENGLISH, 5, "USD", "USD 0.05");
    expect(LANGUAGE_ENGLISH, -5, "USD", "USD -0.05");
    expect(LANGUAGE_ENGLISH, 20000000, "USD", "USD 200,000.00");
    expect(LANGUAGE_SPANISH, 20000000, "USD", "USD 200.000,00");
    expect(LANGUAGE_ENGLISH, 99999, "USD", "USD 999.99");
    expect(LANGUAGE_ENGLISH, 1234567, "KWD", "KWD 1,234.567");
    expect(LANGUAGE_SPANISH, -1234567, "KWD", "KWD -1.234,567");
    expect(LANGUAGE_ENGLISH, 1234567, "CLF", "CLF 123.4567");
    expect(LANGUAGE_ENGLISH, 1500, "???", "??? 1,500");
}

static void whatever_the_size(void **state)
{
    (void)state;
    expect(LANGUAGE_ENGLISH, INT64_MAX, "CLP", "CLP 9,223,372,036,854,775,807");
    expect(LANGUAGE_ENGLISH, INT64_MIN, "CLP", "CLP -9,223,372,036,854,775,808");
    expect(LANGUAGE_ENGLISH, INT64_MIN, "USD", "USD -92,233,720,368,547,758.08");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_people_write_it),
        cmocka_unit_test(whatever_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
