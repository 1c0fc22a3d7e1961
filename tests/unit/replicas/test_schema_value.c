#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/limits.h"

static struct schema_field field_of(enum schema_kind kind)
{
    struct schema_field field = {.name = "f", .kind = kind};
    return field;
}

/* The JSON that a typed text makes, "!…" with the fault where it makes none. */
static const char *made(const struct schema_field *field, const char *text, const char *currency)
{
    static char out[1024];
    struct buf json = {0};
    struct fault f = {0};
    enum status status =
        schema_value(field, bytes_of_text(text), bytes_of_text(currency), &json, &f);
    if (status == ST_OK) {
        assert_int_equal(schema_check(field, buf_bytes(&json), &f), ST_OK);
        snprintf(out, sizeof out, "%s", buf_text(&json));
    } else {
        assert_int_equal(status, ST_BAD_VALUE);
        assert_int_equal(json.count, 0);
        snprintf(out, sizeof out, "!%s|%s", f.text, f.fix);
    }
    buf_release(&json);
    return out;
}

static void numbers(void **state)
{
    (void)state;
    struct schema_field n = field_of(SCHEMA_INTEGER);
    assert_string_equal(made(&n, "0", ""), "0");
    assert_string_equal(made(&n, "-0", ""), "0");
    assert_string_equal(made(&n, "-17", ""), "-17");
    assert_string_equal(made(&n, "007", ""), "7");
    assert_string_equal(made(&n, "", ""), "null");
    assert_string_equal(made(&n, "9007199254740991", ""), "9007199254740991");
    assert_string_equal(made(&n, "-9007199254740991", ""), "-9007199254740991");
    assert_non_null(strstr(made(&n, "9007199254740992", ""), "beyond"));
    assert_non_null(strstr(made(&n, "99999999999999999999999999", ""), "beyond"));
    assert_string_equal(made(&n, "1.0", ""), "!f: \"1.0\" is no whole number|");
    assert_int_equal(made(&n, "-", "")[0], '!');
    assert_int_equal(made(&n, " 1", "")[0], '!');
    assert_int_equal(made(&n, "1e3", "")[0], '!');
}

static void amounts_are_typed_in_major_units(void **state)
{
    (void)state;
    struct schema_field n = field_of(SCHEMA_AMOUNT);
    assert_string_equal(made(&n, "400000", "CLP"), "400000");
    assert_string_equal(made(&n, "12.50", "USD"), "1250");
    assert_string_equal(made(&n, "12.5", "USD"), "1250");
    assert_string_equal(made(&n, "12", "USD"), "1200");
    assert_string_equal(made(&n, "0.05", "USD"), "5");
    assert_string_equal(made(&n, "-0.05", "USD"), "-5");
    assert_string_equal(made(&n, "1.234", "KWD"), "1234");
    assert_string_equal(made(&n, "1.2345", "CLF"), "12345");
    assert_non_null(strstr(made(&n, "400.000", "CLP"), "CLP has no minor unit"));
    assert_non_null(strstr(made(&n, "1.000", "USD"), "USD has 2 decimals: write it as 1234.50"));
    assert_non_null(strstr(made(&n, "1,000", "USD"), "2 decimals"));
    assert_non_null(strstr(made(&n, ".5", "USD"), "2 decimals"));
    assert_non_null(strstr(made(&n, "5.", "USD"), "2 decimals"));
    assert_non_null(strstr(made(&n, "5", "XXX"), "currency is not known"));
    assert_non_null(strstr(made(&n, "5", ""), "currency is not known"));
    assert_string_equal(made(&n, "90071992547409.91", "USD"), "9007199254740991");
    assert_non_null(strstr(made(&n, "90071992547409.92", "USD"), "beyond"));
}

static void choices_texts_and_the_rest(void **state)
{
    (void)state;
    char choices[2][65] = {"purchase", "workshop"};
    struct schema_field c = field_of(SCHEMA_CHOICE), s = field_of(SCHEMA_SET);
    c.choices = s.choices = choices;
    c.choice_count = s.choice_count = 2;
    assert_string_equal(made(&c, "workshop", ""), "\"workshop\"");
    assert_string_equal(made(&c, "workshp", ""),
                        "!f: \"workshp\" is none of its choices|did you mean \"workshop\"? It is "
                        "one of: purchase, workshop");
    assert_string_equal(made(&s, "purchase", ""), "\"purchase\"");
    assert_int_equal(made(&s, "", "")[0], '!');
    assert_int_equal(made(&s, "other", "")[0], '!');
    struct schema_field b = field_of(SCHEMA_BOOLEAN), l = field_of(SCHEMA_LABEL);
    assert_string_equal(made(&b, "yes", ""), "true");
    assert_string_equal(made(&b, "sí", ""), "true");
    assert_string_equal(made(&b, "no", ""), "false");
    assert_int_equal(made(&b, "maybe", "")[0], '!');
    assert_string_equal(made(&l, "alto-hospicio", ""), "\"alto-hospicio\"");
    assert_int_equal(made(&l, "main", "")[0], '!');
    assert_int_equal(made(&l, "Santiago", "")[0], '!');
    struct schema_field m = field_of(SCHEMA_CURRENCY), r = field_of(SCHEMA_REFERENCE);
    assert_string_equal(made(&m, "CLP", ""), "\"CLP\"");
    assert_int_equal(made(&m, "clp", "")[0], '!');
    assert_string_equal(made(&r, "0123456789abcdef01234567", ""), "\"0123456789abcdef01234567\"");
    assert_int_equal(made(&r, "0123456789ABCDEF01234567", "")[0], '!');
    assert_int_equal(made(&r, "0123456789abcdef0123456789abcdef01234567", "")[0], '!');
    r.to_entry = true;
    assert_int_equal(made(&r, "0123456789abcdef01234567", "")[0], '!');
    assert_int_equal(made(&r, "0123456789abcdef0123456789abcdef01234567", "")[0], '"');
    struct schema_field t = field_of(SCHEMA_TEXT);
    assert_string_equal(made(&t, "a \"b\"\n\x1b ñ", ""), "\"a \\\"b\\\"\\n\\u001b ñ\"");
    assert_int_equal(made(&t, "\xff", "")[0], '!');
    static char longer[VALUE_BYTES_MAX + 1];
    memset(longer, 'a', VALUE_BYTES_MAX - 2);
    assert_int_equal(made(&t, longer, "")[0], '"');
    longer[VALUE_BYTES_MAX - 2] = 'a';
    assert_non_null(strstr(made(&t, longer, ""), "attach"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(amounts_are_typed_in_major_units),
        cmocka_unit_test(choices_texts_and_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
