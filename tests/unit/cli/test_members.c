#include "tests/unit/cli/shell.h"

static struct shell shell;

static void lists_members(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"label\":\"santiago\",\"role\":\"office\",\"rights\":[\"admin\",\"treasurer\"],"
                 "\"fingerprint\":\"SHA256:x\",\"key\":\"k\",\"address\":\"h:1\",\"seq\":5}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "member", NULL);
    assert_string_equal(shell.out, "label     role    rights            seq  address  fingerprint\n"
                                   "santiago  office  admin, treasurer  5    h:1      SHA256:x\n");
    fake_stop(&d);
}

static void shows_one(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"label\":\"fosis\",\"role\":\"partner\",\"rights\":[]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "member", "show", "fosis", NULL);
    assert_string_equal(shell.out, "  label        fosis\n  role         partner\n"
                                   "  rights       \n");
    fake_stop(&d);
}

static void shows_what_waits_and_adopts_it(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"label\":\"calama\",\"state\":\"retired\",\"quarantine\":{\"commits\":3,"
                 "\"since\":\"2026-05-01T09:00:00Z\",\"until\":\"2026-05-02T09:00:00Z\","
                 "\"newest\":[{\"commit\":\"beef0000beef\",\"time\":\"2026-05-02T09:00:00Z\","
                 "\"author\":\"luz <l@x>\",\"subject\":\"visit: 1 written\"}]}}");
    fake_end(&d, "ok", "", "", 0);
    fake_row(&d, "{\"label\":\"calama\",\"adopted\":3,\"commit\":\"c0ffee0000ff\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "member", "show", "calama", NULL);
    assert_string_equal(
        shell.out, "  label        calama\n  state        retired\n"
                   "3 commits of this key wait and do not count, the first of 2026-05-01 09:00:\n"
                   "  2026-05-02 09:00 luz <l@x>: visit: 1 written (beef0000)\n"
                   "  and 2 older ones\n"
                   "to make them count: minga member adopt calama\n");
    shell_run(&shell, d.home, NULL, "member", "adopt", "calama", NULL);
    assert_string_equal(shell.out,
                        "3 commits of calama count from now on, by our commit c0ffee00\n");
    fake_stop(&d);
}

static void lists_peers(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"label\":\"iquique\",\"address\":\"h:1\",\"state\":\"waiting\",\"behind\":2,"
                 "\"bytes_in\":10,\"bytes_out\":20,\"last_contact\":null,"
                 "\"last_error\":\"the peer cannot be reached\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "peer", NULL);
    shell_has(shell.out, "iquique  waiting  h:1      2       10        20         -             "
                         "the peer cannot be reached\n");
    fake_stop(&d);
}

static void refuses_other_words(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    shell_run(&shell, d.home, NULL, "member", "rename", "fosis", NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "minga member has no \"rename\"");
    shell_run(&shell, d.home, NULL, "peer", "drop", NULL);
    assert_int_equal(shell.exit, 2);
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_members),
        cmocka_unit_test(shows_one),
        cmocka_unit_test(shows_what_waits_and_adopts_it),
        cmocka_unit_test(lists_peers),
        cmocka_unit_test(refuses_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
