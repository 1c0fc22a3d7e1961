#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "replicas/words.h"

static void assignments_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *word, *name, *value;
        enum words_sign sign;
    } cases[] = {
        {"stage=purchase", "stage", "purchase", WORDS_SET},
        {"stage=", "stage", "", WORDS_SET},
        {"needs+=health", "needs", "health", WORDS_ADD},
        {"needs-=health", "needs", "health", WORDS_DROP},
        {"note=a=b", "note", "a=b", WORDS_SET},
        {"a_1=+=", "a_1", "+=", WORDS_SET},
    };
    struct words_assignment a;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(words_assignment(bytes_of_text(cases[i].word), &a, NULL), ST_OK);
        assert_true(bytes_equal_text(a.name, cases[i].name));
        assert_true(bytes_equal_text(a.value, cases[i].value));
        assert_int_equal(a.sign, cases[i].sign);
    }
    static const char *const wrong[] = {"", "stage", "=x", "+=x", "Stage=x", "a b=c", "1a=b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fault f = {0};
        assert_int_equal(words_assignment(bytes_of_text(wrong[i]), &a, &f), ST_USAGE);
        assert_string_not_equal(f.fix, "");
    }
}

static void counts_are_plain_numbers(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_int_equal(words_count(BYTES("0"), "limit", &n, NULL), ST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(words_count(BYTES("999999999999999"), "limit", &n, NULL), ST_OK);
    assert_int_equal(n, 999999999999999);
    static const char *const wrong[] = {"", "-1", "1 ", "x", "1000000000000000", "0x10"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(words_count(bytes_of_text(wrong[i]), "limit", &n, NULL), ST_USAGE);
    assert_int_equal(n, 999999999999999);
}

static void moments_are_read_as_utc(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
        bool whole_day;
    } cases[] = {
        {"1970-01-01", 0, true},
        {"2026-05-01", 1777593600, true},
        {"2026-05-01 10:02", 1777629720, false},
        {"2026-05-01T10:02:33Z", 1777629753, false},
        {"2024-02-29", 1709164800, true},
        {"2000-03-01", 951868800, true},
        {"9999-12-31T23:59:59", 253402300799, false},
    };
    int64_t seconds;
    bool whole_day;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(words_moment(bytes_of_text(cases[i].text), &seconds, &whole_day, NULL),
                         ST_OK);
        assert_int_equal(seconds, cases[i].seconds);
        assert_int_equal(whole_day, cases[i].whole_day);
    }
    static const char *const wrong[] = {
        "",           "2026",       "2026-5-1",    "2026-13-01",       "2026-02-29",
        "2026-04-31", "1969-12-31", "2026-05-01x", "2026-05-01T24:00", "2026-05-01T10",
        "2026-00-10"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(words_moment(bytes_of_text(wrong[i]), &seconds, NULL, NULL), ST_USAGE);
}

static void times_come_back_as_they_were(void **state)
{
    (void)state;
    char text[WORDS_TIME_BYTES];
    int64_t back;
    for (int64_t n = 0; n < 3000; n++) { /* every day of eight years, and far beyond */
        int64_t seconds = n * 86400 * (n > 2900 ? 900 : 1) + n;
        words_time(seconds, text);
        assert_int_equal(words_moment(bytes_of_text(text), &back, NULL, NULL), ST_OK);
        assert_int_equal(back, seconds);
    }
    words_time(-5, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    words_time(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void spans_have_units(void **state)
{
    (void)state;
    int64_t seconds = 0;
    assert_int_equal(words_span(BYTES("7d"), &seconds, NULL), ST_OK);
    assert_int_equal(seconds, 604800);
    assert_int_equal(words_span(BYTES("12h"), &seconds, NULL), ST_OK);
    assert_int_equal(seconds, 43200);
    assert_int_equal(words_span(BYTES("30m"), &seconds, NULL), ST_OK);
    assert_int_equal(seconds, 1800);
    assert_int_equal(words_span(BYTES("1s"), &seconds, NULL), ST_OK);
    assert_int_equal(seconds, 1);
    static const char *const wrong[] = {"", "7", "d", "0d", "7w", "3654d", "7 d", "-1d", "7dd"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(words_span(bytes_of_text(wrong[i]), &seconds, NULL), ST_USAGE);
    assert_int_equal(words_span(BYTES("3653d"), &seconds, NULL), ST_OK);
}

static void sentences_show_no_half_character(void **state)
{
    (void)state;
    char text[200];
    for (size_t n = 70; n < 90; n++) {
        memset(text, 'a', n);
        memcpy(text + n, "\xc3\xb1\xc3\xb1\xc3\xb1", 7);
        struct bytes whole = bytes_of_text(text);
        struct bytes shown = {whole.data, (size_t)words_shown(whole)};
        assert_true(bytes_are_utf8(shown) && shown.count <= 80);
        assert_true(shown.count == whole.count || shown.count >= 79);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignments_are_split),
        cmocka_unit_test(counts_are_plain_numbers),
        cmocka_unit_test(moments_are_read_as_utc),
        cmocka_unit_test(times_come_back_as_they_were),
        cmocka_unit_test(spans_have_units),
        cmocka_unit_test(sentences_show_no_half_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
