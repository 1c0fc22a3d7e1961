#include "tests/unit/proto/codec.h"

#include <ctype.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/verbs.h"

enum { WORDS_MAX = 16, LINE_MAX_BYTES = 256 };

static void finds_each_by_its_name(void **state)
{
    (void)state;
    const struct verbs_entry *v;
    uint32_t i = 0;
    for (; (v = verbs_at(i)) != NULL; i++) {
        assert_ptr_equal(verbs_find(v->name), v);
        assert_int_equal(strncmp(v->usage, v->name, strlen(v->name)), 0);
        assert_true(v->words_min <= v->words_max && v->run != NULL && v->summary[0] != '\0');
    }
    assert_true(i > 20);
    assert_null(verbs_find("undo"));
}

static void every_option_of_a_command_is_found(void **state)
{
    (void)state;
    const struct verbs_entry *v;
    char names[VERBS_OPTIONS_MAX][VERBS_OPTION_BYTES];
    for (uint32_t i = 0; (v = verbs_at(i)) != NULL; i++) {
        uint32_t count = verbs_options(v, names);
        for (uint32_t o = 0; o < count; o++) {
            bool wants_value = false;
            const char *found = verbs_option(v, names[o], strlen(names[o]), &wants_value);
            assert_non_null(found);
            assert_string_equal(found, names[o] + 2);
        }
    }
}

static void every_option_in_a_usage_is_one(void **state)
{
    (void)state;
    const struct verbs_entry *v;
    for (uint32_t i = 0; (v = verbs_at(i)) != NULL; i++)
        for (const char *at = strstr(v->usage, "--"); at != NULL; at = strstr(at + 2, "--")) {
            bool wants_value = false;
            size_t bytes = strcspn(at, " ]=|");
            if (verbs_option(v, at, bytes, &wants_value) == NULL)
                fail_msg("minga %s: %.*s is in the usage only", v->name, (int)bytes, at);
            assert_int_equal(wants_value,
                             at[bytes] == ' ' && isalnum((unsigned char)at[bytes + 1]) != 0);
        }
}

/* What help shows as an example is a command line that is accepted. */
static void every_example_parses(void **state)
{
    (void)state;
    const struct verbs_entry *v;
    static struct call call;
    for (uint32_t i = 0; (v = verbs_at(i)) != NULL; i++) {
        assert_non_null(v->examples[0]);
        for (int e = 0; e < VERBS_EXAMPLES_MAX && v->examples[e] != NULL; e++) {
            char line[LINE_MAX_BYTES], *argv[WORDS_MAX];
            int argc = 0;
            struct fault f = {0};
            const char *home;
            snprintf(line, sizeof line, "%s", v->examples[e]);
            for (char *at = line; at != NULL; argc++) {
                assert_true(argc < WORDS_MAX);
                argv[argc] = at;
                at = strchr(at, ' ');
                if (at != NULL)
                    *at++ = '\0';
            }
            assert_int_equal(arguments_parse(argc, argv, &call, &home, &f), ST_OK);
            assert_ptr_equal(call.verb, v);
        }
    }
}

static void suggests_what_is_near(void **state)
{
    (void)state;
    assert_string_equal(verbs_nearest("improt"), "import");
    assert_string_equal(verbs_nearest("conflict"), "conflicts");
    assert_null(verbs_nearest("helicopter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_each_by_its_name),
        cmocka_unit_test(every_option_of_a_command_is_found),
        cmocka_unit_test(every_option_in_a_usage_is_one),
        cmocka_unit_test(every_example_parses),
        cmocka_unit_test(suggests_what_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
