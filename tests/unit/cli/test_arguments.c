#include "tests/unit/proto/codec.h"

#include <stdarg.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/verbs.h"

enum { WORDS_MAX = 16 };

static struct call call;
static struct fault fault;
static const char *home;

static enum status parse(const char *first, ...)
{
    static char copies[WORDS_MAX][128];
    char *argv[WORDS_MAX];
    int argc = 0;
    va_list words;
    va_start(words, first);
    for (const char *word = first; word != NULL; word = va_arg(words, const char *)) {
        assert_true(argc < WORDS_MAX);
        snprintf(copies[argc], sizeof copies[argc], "%s", word);
        argv[argc] = copies[argc];
        argc++;
    }
    va_end(words);
    fault = (struct fault){0};
    return arguments_parse(argc, argv, &call, &home, &fault);
}

static void takes_words_and_options_in_any_order(void **state)
{
    (void)state;
    assert_int_equal(parse("--json", "list", "enterprise", "--sort=-date", "stage=workshop",
                           "--limit", "10", "-q", "--home", "/h", NULL),
                     ST_OK);
    assert_string_equal(call.verb->name, "list");
    assert_int_equal(call.word_count, 2);
    assert_string_equal(call.words[0], "enterprise");
    assert_string_equal(call.words[1], "stage=workshop");
    assert_string_equal(call_option(&call, "sort"), "-date");
    assert_string_equal(call_option(&call, "limit"), "10");
    assert_null(call_option(&call, "count"));
    assert_string_equal(home, "/h");
    assert_true(call.json && call.quiet && !call.verbose);
}

static void an_option_needs_a_command_that_has_it(void **state)
{
    (void)state;
    assert_int_equal(parse("--bogus", NULL), ST_USAGE);
    assert_non_null(strstr(fault.text, "--bogus"));
    assert_int_equal(parse("--json", "-x", NULL), ST_USAGE);
    assert_int_equal(parse("--json", NULL), ST_OK);
    assert_null(call.verb);
}

static void takes_changes_of_sets_and_dashes(void **state)
{
    (void)state;
    assert_int_equal(parse("set", "3fa9", "needs-=housing", "needs+=health", "note=-", NULL),
                     ST_OK);
    assert_int_equal(call.word_count, 4);
    assert_string_equal(call.words[1], "needs-=housing");
    assert_int_equal(parse("find", "--", "--json", NULL), ST_OK);
    assert_false(call.json);
    assert_string_equal(call.words[0], "--json");
    assert_int_equal(parse("import", "visit", "-", NULL), ST_OK);
    assert_string_equal(call.words[1], "-");
}

static void says_the_nearest_command_and_never_runs_it(void **state)
{
    (void)state;
    assert_int_equal(parse("statsu", NULL), ST_USAGE);
    assert_string_equal(fault.text, "there is no command \"statsu\"");
    assert_string_equal(fault.fix, "did you mean: minga status");
    assert_null(call.verb);
    assert_int_equal(parse("xyzzyxyzzy", NULL), ST_USAGE);
    assert_string_equal(fault.fix, "minga help lists the commands");
}

static void says_the_nearest_option(void **state)
{
    (void)state;
    assert_int_equal(parse("list", "enterprise", "--srot", "x", NULL), ST_USAGE);
    assert_string_equal(fault.text, "list has no option --srot");
    assert_string_equal(fault.fix, "did you mean --sort?");
    assert_int_equal(parse("list", "enterprise", "--jsno", NULL), ST_USAGE);
    assert_string_equal(fault.fix, "did you mean --json?");
    assert_int_equal(parse("status", "--dry-run", NULL), ST_USAGE);
    assert_string_equal(fault.text, "status has no option --dry-run");
    assert_int_equal(parse("list", "enterprise", "-x", NULL), ST_USAGE);
}

static void refuses_wrong_use(void **state)
{
    (void)state;
    assert_int_equal(parse("set", "3fa9", NULL), ST_USAGE);
    assert_string_equal(fault.text, "something is missing behind minga set");
    assert_non_null(strstr(fault.fix, "use: minga set ID FIELD=VALUE"));
    assert_int_equal(parse("show", "a", "b", NULL), ST_USAGE);
    assert_string_equal(fault.text, "too many words behind minga show");
    assert_int_equal(parse("list", "visit", "--limit", NULL), ST_USAGE);
    assert_string_equal(fault.text, "--limit wants a value behind it");
    assert_int_equal(parse("list", "visit", "--count=3", NULL), ST_USAGE);
    assert_string_equal(fault.text, "--count takes no value");
    assert_int_equal(parse("list", "visit", "--limit", "1", "--limit", "2", NULL), ST_USAGE);
    assert_string_equal(fault.text, "--limit is given twice");
    assert_int_equal(parse("status", "--home", NULL), ST_USAGE);
    assert_int_equal(parse("status", "--home=", NULL), ST_USAGE);
    assert_int_equal(parse("status", "--json=yes", NULL), ST_USAGE);
    assert_string_equal(fault.text, "--json takes no value");
}

static void helps_anywhere(void **state)
{
    (void)state;
    assert_int_equal(parse("add", "-h", NULL), ST_OK);
    assert_true(call.help);
    assert_string_equal(call.verb->name, "add");
    assert_int_equal(parse("-h", "list", "--nonsense", NULL), ST_OK);
    assert_true(call.help);
    assert_int_equal(parse(NULL), ST_OK);
    assert_null(call.verb);
    assert_int_equal(parse("--version", NULL), ST_OK);
    assert_true(call.version);
    assert_int_equal(parse("-h", "statsu", NULL), ST_USAGE);
}

static void says_errors_as_json_where_that_was_asked(void **state)
{
    (void)state;
    assert_int_equal(parse("statsu", "--json", NULL), ST_USAGE);
    assert_true(call.json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_words_and_options_in_any_order),
        cmocka_unit_test(an_option_needs_a_command_that_has_it),
        cmocka_unit_test(takes_changes_of_sets_and_dashes),
        cmocka_unit_test(says_the_nearest_command_and_never_runs_it),
        cmocka_unit_test(says_the_nearest_option),
        cmocka_unit_test(refuses_wrong_use),
        cmocka_unit_test(helps_anywhere),
        cmocka_unit_test(says_errors_as_json_where_that_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
