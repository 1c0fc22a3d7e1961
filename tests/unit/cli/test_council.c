#include "tests/unit/cli/shell.h"

static struct shell shell;

static void shows_what_is_open(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"label\":\"arica\",\"role\":\"office\",\"rights\":[\"admin\"],\"seq\":1,"
                 "\"address\":\"\",\"fingerprint\":\"f\"}");
    fake_row(&d, "{\"motion\":1,\"version\":4,\"hash\":\"00112233445566778899\",\"by\":\"arica\","
                 "\"changes\":[{\"change\":\"remove\",\"label\":\"talca\",\"kept\":1},"
                 "{\"change\":\"add\",\"label\":\"lima\",\"role\":\"auditor\",\"rights\":[]},"
                 "{\"change\":\"rights\",\"label\":\"iquique\",\"rights\":[\"admin\"]},"
                 "{\"change\":\"key\",\"label\":\"arica\",\"kept\":1},"
                 "{\"change\":\"role\",\"label\":\"fosis\",\"role\":\"office\"},"
                 "{\"change\":\"address\",\"label\":\"fosis\",\"address\":\"h:1\"},"
                 "{\"change\":\"schema\",\"types\":[\"visit\"]},"
                 "{\"change\":\"audit\",\"sessions\":{\"group\":3,\"individual\":2},"
                 "\"small_cell\":6},{\"change\":\"x\"}],"
                 "\"signed\":[\"arica\"],\"needed\":1,\"waits_for\":[\"iquique\",\"temuco\"],"
                 "\"approved\":false,\"wanted\":true}");
    fake_end(&d, "needs-person", "it waits for this office", "minga member approve 1", 4);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "member", NULL);
    assert_int_equal(shell.exit, 4);
    shell_has(shell.out, "motion 1, by arica, for charter 4 (0011223344556677):\n");
    shell_has(shell.out, "  talca leaves: its key is retired; what it wrote until then stays\n");
    shell_has(shell.out, "  lima joins, as auditor\n");
    shell_has(shell.out, "  iquique has these rights: admin\n");
    shell_has(shell.out, "  arica gets a new key; the old one is retired\n");
    shell_has(shell.out, "  fosis becomes office\n");
    shell_has(shell.out, "  fosis is at h:1\n");
    shell_has(shell.out, "  the schema grows: visit\n");
    shell_has(shell.out, "  an audit expects 3 group and 2 individual sessions, and hides groups "
                         "below 6\n");
    shell_has(shell.out, "  something of a kind that this version does not know\n");
    shell_has(shell.out, "  signed by: arica; waits for 1 of: iquique, temuco\n");
    shell_has(shell.err, "minga member approve 1");
    fake_stop(&d);
}

static void tells_how_far_it_got(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"version\":5,\"in_force\":true,\"needed\":0,\"waits_for\":[],\"changes\":["
                 "{\"change\":\"remove\",\"label\":\"talca\",\"kept\":1}],"
                 "\"invite\":\"minga invite talca --role office\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "member", "change", "talca", "--rights", "none", NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "charter 5 is in force:\n");
    shell_has(shell.out, "  minga invite talca --role office\n");
    fake_stop(&d);
}

static void the_schema_is_a_file(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    shell_run(&shell, d.home, NULL, "member", "schema", "/nowhere/schema.json", NULL);
    assert_int_not_equal(shell.exit, 0);
    shell_has(shell.err, "/nowhere/schema.json");
    shell_run(&shell, d.home, NULL, "member", "schema", NULL);
    assert_int_equal(shell.exit, 2);
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_is_open),
        cmocka_unit_test(tells_how_far_it_got),
        cmocka_unit_test(the_schema_is_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
