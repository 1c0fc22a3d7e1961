/*
 * Lines for journald: level in front, one line whatever the text holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/logger.h"

static char said[8192];

/* What logger_say() puts on standard error while 'talk' runs. */
static void listen_to(void (*talk)(void))
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_non_null(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    talk();
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
}

static void talk_plainly(void)
{
    logger_say(LOGGER_NOTICE, "event=%s number=%d", "x", 7);
}

static void talk_of_all_levels(void)
{
    for (int level = LOGGER_ERROR; level <= LOGGER_DEBUG; level++)
        logger_say(level, "l%d", level);
}

static void talk_roughly(void)
{
    logger_say(LOGGER_ERROR, "a\nb\r\x1b[31mc\x7f");
}

static void talk_for_long(void)
{
    char word[4096];
    memset(word, 'x', sizeof word);
    word[sizeof word - 1] = '\0';
    logger_say(LOGGER_ERROR, "%s", word);
}

static void a_line(void **state)
{
    (void)state;
    listen_to(talk_plainly);
    assert_string_equal(said, "<5>event=x number=7\n");
}

static void levels(void **state)
{
    (void)state;
    listen_to(talk_of_all_levels);
    assert_string_equal(said, "<3>l3\n<4>l4\n<5>l5\n<6>l6\n");
    logger_set_level(LOGGER_WARNING);
    listen_to(talk_of_all_levels);
    assert_string_equal(said, "<3>l3\n<4>l4\n");
    logger_set_level(LOGGER_DEBUG);
    listen_to(talk_of_all_levels);
    assert_string_equal(said, "<3>l3\n<4>l4\n<5>l5\n<6>l6\n<7>l7\n");
    logger_set_level(LOGGER_INFO);
}

/* Nobody writes a second line, or to the terminal, by what he is called. */
static void control_characters(void **state)
{
    (void)state;
    listen_to(talk_roughly);
    assert_string_equal(said, "<3>a?b??[31mc?\n");
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    listen_to(talk_for_long);
    assert_true(strlen(said) <= 1024 + 4);
    assert_string_equal(said + strlen(said) - 2, "x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line),
        cmocka_unit_test(levels),
        cmocka_unit_test(control_characters),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
