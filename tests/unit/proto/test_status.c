#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"

static void test_every_code_has_text_and_word(void **state)
{
    (void)state;
    for (int code = 0; code < STATUS_COUNT; code++) {
        const char *text = status_text((enum status)code);
        const char *word = status_word((enum status)code);
        assert_in_range(strlen(text), 2, 80);
        assert_int_not_equal(text[strlen(text) - 1], '.');
        assert_in_range(strlen(word), 2, 22); /* 23 would be one cut short */
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
    }
}

static void test_words_and_texts_are_all_different(void **state)
{
    (void)state;
    for (int a = 0; a < STATUS_COUNT; a++) {
        char word[32] = {0};
        const char *borrowed = status_word((enum status)a);
        memcpy(word, borrowed, strlen(borrowed)); /* the next call uses its place again */
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(word, status_word((enum status)b));
            assert_string_not_equal(status_text((enum status)a), status_text((enum status)b));
        }
    }
}

static void test_words_are_those_of_the_codes(void **state)
{
    (void)state;
    const char *kept = status_word(ST_EXPIRED);
    assert_string_equal(status_word(ST_OK), "ok");
    assert_string_equal(kept, "expired"); /* another call leaves it */
    assert_string_equal(status_word(ST_NOT_FOUND), "not-found");
    assert_string_equal(status_word(ST_BAD_MAC), "bad-mac");
    assert_string_equal(status_word(ST_NO_DAEMON), "no-daemon");
}

static void test_classes(void **state)
{
    (void)state;
    assert_int_equal(status_class(ST_OK), STATUS_OUTCOME);
    assert_int_equal(status_class(ST_AGAIN), STATUS_OUTCOME);
    assert_int_equal(status_class(ST_MALFORMED), STATUS_PEER);
    assert_int_equal(status_class(ST_WRONG_ROOT), STATUS_PEER);
    assert_int_equal(status_class(ST_NO_MEMORY), STATUS_LOCAL);
    assert_int_equal(status_class(ST_UNREACHABLE), STATUS_LOCAL);
    assert_string_equal(status_text(ST_OK), "done");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_has_text_and_word),
        cmocka_unit_test(test_words_and_texts_are_all_different),
        cmocka_unit_test(test_words_are_those_of_the_codes),
        cmocka_unit_test(test_classes),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
