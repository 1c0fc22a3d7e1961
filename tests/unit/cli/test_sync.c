#include "tests/unit/cli/shell.h"

static struct shell shell;

static void says_health_first_then_office_by_office(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d,
             "{\"network\":\"vicaria\",\"office\":\"santiago\",\"role\":\"office\","
             "\"state\":\"ab12\",\"height\":9,\"charter\":3,\"frontier\":{\"santiago\":5},"
             "\"records\":150,\"conflicts\":1,\"waiting_sealed\":0,"
             "\"listen\":\"127.0.0.1:7717\",\"members\":["
             "{\"label\":\"iquique\",\"role\":\"office\",\"seq\":7,\"behind\":0,"
             "\"up_to_date\":true,\"last_contact\":\"2026-05-01T10:02:33Z\",\"link\":\"active\"},"
             "{\"label\":\"fosis\",\"role\":\"partner\",\"seq\":0,\"behind\":2,"
             "\"up_to_date\":false,\"last_contact\":null,\"link\":\"none\"},"
             "{\"label\":\"santiago\",\"role\":\"office\",\"seq\":5,\"behind\":0,"
             "\"up_to_date\":true,\"last_contact\":\"2026-05-01T10:02:33Z\",\"link\":\"self\"}],"
             "\"health\":[{\"level\":\"warning\",\"text\":\"1 records hold an open conflict\","
             "\"fix\":\"minga conflicts\"}]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "status", NULL);
    assert_string_equal(shell.out,
                        "warning: 1 records hold an open conflict\n"
                        "  minga conflicts\n"
                        "\n"
                        "network vicaria, office santiago (office)\n"
                        "records: 150, in conflict: 1; height 9, charter 3\n"
                        "state ab12\n"
                        "listening at 127.0.0.1:7717\n"
                        "\n"
                        "office    role     link    state            last contact      commits\n"
                        "iquique   office   active  up to date       2026-05-01 10:02  7\n"
                        "fosis     partner  none    has news for us  never             0\n"
                        "santiago  office   -       this office      -                 5\n");
    fake_stop(&d);
}

static void waits_by_options_and_times_out(void **state)
{
    (void)state;
    struct fake d;
    struct control_request asked;
    fake_home(&d);
    fake_end(&d, "timeout", "not every connected office holds everything yet", "", 14);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "status", "--wait", "--timeout", "5", NULL);
    assert_int_equal(shell.exit, 14);
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_true(control_has(&asked, "wait"));
    assert_true(bytes_equal_text(control_option(&asked, "timeout"), "5"));
    fake_stop(&d);
}

static void says_who_was_reached(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"synced\":[\"iquique\"],\"failed\":[{\"label\":\"fosis\","
                 "\"error\":\"not connected\"}]}");
    fake_end(&d, "unreachable", "not every office was reached", "it goes on", 14);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "sync", NULL);
    assert_int_equal(shell.exit, 14);
    assert_string_equal(shell.out, "iquique: up to date\nfosis: not connected\n");
    assert_string_equal(shell.err, "minga: not every office was reached\n       it goes on\n");
    fake_stop(&d);
}

static void watches_events(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"event\":\"watching\"}");
    fake_row(&d, "{\"event\":\"commit\",\"office\":\"iquique\",\"commit\":\"ab\"}");
    fake_row(&d, "{\"event\":\"link\",\"text\":\"up \\u001b[31m\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "watch", NULL);
    shell_has(shell.out, " commit office=iquique commit=ab\n");
    shell_has(shell.out, " link up \\x1b[31m\n");
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_health_first_then_office_by_office),
        cmocka_unit_test(waits_by_options_and_times_out),
        cmocka_unit_test(says_who_was_reached),
        cmocka_unit_test(watches_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
