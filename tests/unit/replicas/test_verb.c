#include "tests/unit/replicas/offices.h"

static void verbs_are_known(void **state)
{
    (void)state;
    static const char *const reading[] = {"conflicts", "explain", "find", "invite", "list",
                                          "log",       "member",  "show", "whoami"};
    static const char *const writing[] = {"add", "import", "resolve", "set"};
    for (size_t i = 0; i < sizeof reading / sizeof reading[0]; i++)
        assert_true(verb_known(bytes_of_text(reading[i])) &&
                    !verb_writes(bytes_of_text(reading[i])));
    for (size_t i = 0; i < sizeof writing / sizeof writing[0]; i++)
        assert_true(verb_known(bytes_of_text(writing[i])) &&
                    verb_writes(bytes_of_text(writing[i])));
    assert_false(verb_known(BYTES("status")));
    assert_false(verb_writes(BYTES("status")));
    assert_false(verb_known(BYTES("")));
}

static void every_status_has_an_exit_code(void **state)
{
    (void)state;
    assert_int_equal(verb_exit(ST_OK), 0);
    assert_int_equal(verb_exit(ST_NOT_FOUND), 1);
    assert_int_equal(verb_exit(ST_USAGE), 2);
    assert_int_equal(verb_exit(ST_NOT_SCHEMA), 2);
    assert_int_equal(verb_exit(ST_BAD_VALUE), 2);
    assert_int_equal(verb_exit(ST_PARTLY), 3);
    assert_int_equal(verb_exit(ST_NEEDS_PERSON), 4);
    assert_int_equal(verb_exit(ST_WRONG_ROOT), 5);
    assert_int_equal(verb_exit(ST_NO_REPLICA), 10);
    assert_int_equal(verb_exit(ST_LOCKED), 11);
    assert_int_equal(verb_exit(ST_NO_DAEMON), 13);
    assert_int_equal(verb_exit(ST_UNREACHABLE), 14);
    assert_int_equal(verb_exit(ST_TIMEOUT), 14);
    for (unsigned code = ST_OK + 1; code < STATUS_COUNT; code++)
        assert_in_range(verb_exit((enum status)code), 1, 14);
}

static void authors_are_idents(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "contact", "contact=C1", "--author=luz", NULL);
    office_run(&o, ST_OK, "log", "--limit=1", NULL);
    assert_string_equal(office_text(&o, 0, "author"), "luz <santiago@minga>");
    office_run(&o, ST_USAGE, "add", "contact", "contact=C1", "--author=a<b", NULL);
    office_run(&o, ST_USAGE, "add", "contact", "contact=C1", "--author=", NULL);
    office_run(&o, ST_USAGE, "nonsense", NULL);
    office_close(&o);
}

/* A sentence has to be text whatever was typed: the control socket carries nothing else. */
static void faults_are_text(void **state)
{
    (void)state;
    struct office o;
    char word[600];
    office_found(&o, "santiago");
    for (size_t n = 0; n < 4; n++) {
        memset(word, 'x', n);
        for (size_t i = n; i + 2 < sizeof word; i += 2)
            memcpy(word + i, "\xc3\xb1", 3);
        office_run(&o, ST_NOT_SCHEMA, "list", word, NULL);
        assert_true(bytes_are_utf8(bytes_of_text(o.fault.text)));
        office_run(&o, ST_USAGE, "show", word, NULL);
        assert_true(bytes_are_utf8(bytes_of_text(o.fault.text)));
        office_run(&o, ST_USAGE, "add", "contact", word, NULL);
        assert_true(bytes_are_utf8(bytes_of_text(o.fault.text)));
    }
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_are_known),
        cmocka_unit_test(every_status_has_an_exit_code),
        cmocka_unit_test(authors_are_idents),
        cmocka_unit_test(faults_are_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
