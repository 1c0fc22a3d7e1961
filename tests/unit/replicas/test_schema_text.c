#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "replicas/schema_text.h"

static struct schema_field field_of(enum schema_kind kind)
{
    struct schema_field field = {.name = "f", .kind = kind};
    return field;
}

static void dates(void **state)
{
    (void)state;
    struct schema_field d = field_of(SCHEMA_DATE);
    static const char *const good[] = {"2009-07-31", "2000-02-29", "2012-02-29", "0001-01-01",
                                       "9999-12-31"};
    static const char *const bad[] = {"2009-02-29", "1900-02-29",  "2009-04-31", "2009-13-01",
                                      "2009-00-01", "2009-01-00",  "0000-01-01", "2009-7-31",
                                      "31/07/2009", "2009-07-31T", "2009-07-3x", "2009/07/31"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(schema_text_check(&d, bytes_of_text(good[i]), NULL), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(schema_text_check(&d, bytes_of_text(bad[i]), NULL), ST_BAD_VALUE);
}

static void a_value_that_is_not_open_is_never_repeated(void **state)
{
    (void)state;
    static const enum schema_kind kinds[] = {SCHEMA_DATE, SCHEMA_LABEL, SCHEMA_CURRENCY,
                                             SCHEMA_REFERENCE, SCHEMA_CHOICE};
    char choices[1][65] = {"planted choice"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct schema_field field = field_of(kinds[i]);
        struct fault f = {0};
        field.choices = choices;
        field.choice_count = 1;
        assert_int_equal(schema_text_check(&field, BYTES("Planted x"), &f), ST_BAD_VALUE);
        assert_non_null(strstr(f.text, "Planted x"));
        field.class = i % 2 == 0 ? SCHEMA_PERSONAL : SCHEMA_INTERNAL;
        assert_int_equal(schema_text_check(&field, BYTES("Planted x"), &f), ST_BAD_VALUE);
        assert_null(strstr(f.text, "Planted"));
        assert_null(strstr(f.fix, "Planted"));
    }
}

static void a_long_value_is_cut_between_characters(void **state)
{
    (void)state;
    struct schema_field field = field_of(SCHEMA_DATE);
    struct buf text = {0};
    struct fault f = {0};
    buf_add_text(&text, "x");
    for (int i = 0; i < 100; i++)
        buf_add_text(&text, "ñ");
    assert_int_equal(schema_text_check(&field, buf_bytes(&text), &f), ST_BAD_VALUE);
    assert_true(bytes_are_utf8(bytes_of_text(f.text)));
    assert_true(strlen(f.text) < 160);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(a_value_that_is_not_open_is_never_repeated),
        cmocka_unit_test(a_long_value_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
