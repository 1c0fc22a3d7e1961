#include "tests/unit/cli/shell.h"

static struct shell shell;

static void prints_the_new_id(void **state)
{
    (void)state;
    struct fake d;
    struct control_request asked;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"commit\":\"ab\",\"change\":\"x\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "add", "enterprise", "stage=workshop", "--author", "ana", NULL);
    assert_int_equal(shell.exit, 0);
    assert_string_equal(shell.out, "3fa9c04be1d27788a0c4f19e\n");
    assert_string_equal(shell.err, "");
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_int_equal(asked.word_count, 2);
    assert_true(bytes_equal_text(asked.words[1], "stage=workshop"));
    assert_true(bytes_equal_text(control_option(&asked, "author"), "ana"));
    fake_stop(&d);
}

static void prints_rows_as_json_with_the_schema(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"a1\",\"type\":\"visit\",\"fields\":{},\"conflicts\":{}}");
    fake_row(&d, "{\"id\":\"b2\",\"type\":\"visit\",\"fields\":{},\"conflicts\":{}}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "list", "visit", "--json", NULL);
    assert_string_equal(shell.out, "{\"schema\":\"minga.list/1\",\"id\":\"a1\",\"type\":\"visit\","
                                   "\"fields\":{},\"conflicts\":{}}\n"
                                   "{\"schema\":\"minga.list/1\",\"id\":\"b2\",\"type\":\"visit\","
                                   "\"fields\":{},\"conflicts\":{}}\n");
    assert_int_equal(shell.exit, 0);
    fake_stop(&d);
}

static void lists_as_a_table(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"aaaaaaaaaaaa\",\"type\":\"visit\",\"fields\":{\"score\":7},"
                 "\"conflicts\":{}}");
    fake_row(&d, "{\"id\":\"bbbbbbbbbbbb\",\"type\":\"visit\",\"fields\":{\"note\":\"\\u001b[2J\","
                 "\"score\":12},\"conflicts\":{\"score\":[{\"value\":12}]}}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "list", "visit", NULL);
    assert_string_equal(shell.out, "id        score  note\n"
                                   "aaaaaaaa  7\n"
                                   "bbbbbbbb  12!    \\x1b[2J\n");
    shell_has(shell.err, "minga conflicts");
    fake_stop(&d);
}

static void shows_a_record_with_its_conflict(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\"fields\":{"
                 "\"line\":\"idea\",\"needs\":[\"health\",\"housing\"],\"stage\":\"purchase\"},"
                 "\"conflicts\":{\"stage\":[{\"value\":\"workshop\",\"office\":\"iquique\","
                 "\"author\":\"luz <luz@x>\",\"time\":\"2026-05-01T10:02:33Z\",\"commit\":\"c1\"},"
                 "{\"value\":\"purchase\",\"office\":\"santiago\",\"author\":\"ana <ana@x>\","
                 "\"time\":\"2026-05-01T10:03:00Z\",\"commit\":\"c2\"}]}}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "show", "3fa9", NULL);
    assert_string_equal(shell.out, "enterprise 3fa9c04be1d27788a0c4f19e\n"
                                   "  line   idea\n"
                                   "  needs  health, housing\n"
                                   "  stage  purchase   (in conflict)\n"
                                   "           - workshop  (iquique, luz, 2026-05-01 10:02)\n"
                                   "           - purchase  (santiago, ana, 2026-05-01 10:03)\n");
    shell_has(shell.err, "minga explain 3fa9c04b");
    fake_stop(&d);
}

static void says_that_nothing_changed(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"commit\":null,\"unchanged\":true,"
                 "\"conflicts\":2}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "set", "3fa9", "stage=workshop", NULL);
    assert_string_equal(shell.out, "");
    shell_has(shell.err, "Nothing to change");
    shell_has(shell.err, "2 of its fields are still in conflict");
    fake_stop(&d);
}

static void reads_values_from_standard_input(void **state)
{
    (void)state;
    struct fake d;
    struct control_request asked;
    fake_home(&d);
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, "two\nlines\n", "set", "3fa9", "note=-", "mail=@@home", NULL);
    assert_int_equal(shell.exit, 0);
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_true(bytes_equal_text(asked.words[1], "note=two\nlines"));
    assert_true(bytes_equal_text(asked.words[2], "mail=@home"));
    fake_stop(&d);
}

static void refuses_values_it_cannot_read(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    shell_run(&shell, d.home, NULL, "set", "3fa9", "note=@/no/such/file", NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "there is no file /no/such/file");
    shell_run(&shell, d.home, "x", "set", "3fa9", "a=-", "b=-", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, d.home, "ok\n\xe9\n", "set", "3fa9", "a=-", NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "line 2 of - is not UTF-8");
    fake_stop(&d);
}

static void hands_on_the_exit_code_and_the_error(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_end(&d, "not-schema", "enterprise has no field 'stgae'", "did you mean 'stage'?", 2);
    fake_end(&d, "not-schema", "enterprise has no field 'stgae'", "did you mean 'stage'?", 2);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "set", "3fa9", "stgae=x", NULL);
    assert_int_equal(shell.exit, 2);
    assert_string_equal(shell.out, "");
    assert_string_equal(shell.err, "minga: enterprise has no field 'stgae'\n"
                                   "       did you mean 'stage'?\n");
    shell_run(&shell, d.home, NULL, "set", "3fa9", "stgae=x", "--json", NULL);
    assert_int_equal(shell.exit, 2);
    assert_string_equal(shell.err, "{\"schema\":\"minga.error/1\",\"error\":\"not-schema\","
                                   "\"text\":\"enterprise has no field 'stgae'\","
                                   "\"fix\":\"did you mean 'stage'?\",\"exit\":2}\n");
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_new_id),
        cmocka_unit_test(prints_rows_as_json_with_the_schema),
        cmocka_unit_test(lists_as_a_table),
        cmocka_unit_test(shows_a_record_with_its_conflict),
        cmocka_unit_test(says_that_nothing_changed),
        cmocka_unit_test(reads_values_from_standard_input),
        cmocka_unit_test(refuses_values_it_cannot_read),
        cmocka_unit_test(hands_on_the_exit_code_and_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
