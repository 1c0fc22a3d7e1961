#include "tests/unit/cli/shell.h"

#include <ftw.h>
#include <jansson.h>
#include <time.h>

#include "replicas/invitation.h"

static struct shell shell;
static char home[64];

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *at)
{
    (void)found;
    (void)kind;
    (void)at;
    return remove(path);
}

static int fresh_home(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "/tmp/minga-cli-XXXXXX");
    return mkdtemp(home) != NULL ? 0 : -1;
}

static int drop_home(void **state)
{
    (void)state;
    return nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void founds_a_network(void **state)
{
    (void)state;
    char path[128];
    struct stat found;
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--listen", "127.0.0.1:0",
              "--no-passphrase", "--json", NULL);
    assert_int_equal(shell.exit, 0);
    json_t *row = json_loads(shell.out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(row, "schema")), "minga.init/1");
    assert_string_equal(json_string_value(json_object_get(row, "network")), "vicaria");
    assert_string_equal(json_string_value(json_object_get(row, "office")), "santiago");
    const char *fingerprint = json_string_value(json_object_get(row, "fingerprint"));
    assert_int_equal(strncmp(fingerprint, "SHA256:", 7), 0);
    assert_int_equal(strlen(fingerprint), 7 + 43); /* SHA-256 in base64 without padding */
    assert_int_equal(json_string_length(json_object_get(row, "network_id")), 64);
    json_decref(row);
    snprintf(path, sizeof path, "%s/identity", home);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    shell_run(&shell, home, NULL, "config", NULL);
    shell_has(shell.out, "office.listen = 127.0.0.1:0\n");
    shell_run(&shell, home, NULL, "init", "other", "--as", "iquique", NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "holds a replica already");
}

static void says_how_to_start_the_daemon(void **state)
{
    (void)state;
    shell_run(&shell, home, NULL, "status", NULL);
    assert_int_equal(shell.exit, 10);
    shell_has(shell.err, "minga init");
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--no-passphrase", NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.err, "mingad --home ");
    shell_run(&shell, home, NULL, "status", NULL);
    assert_int_equal(shell.exit, 13);
    shell_has(shell.err, "start it: mingad --home ");
    shell_run(&shell, home, NULL, "status", "--json", NULL);
    assert_int_equal(shell.exit, 13);
    shell_has(shell.err, "\"error\":\"no-daemon\"");
}

static void refuses_wrong_words_of_init(void **state)
{
    (void)state;
    shell_run(&shell, home, NULL, "init", "vicaria", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "Santiago!", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--listen", "7717", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--schema", "/none", NULL);
    assert_int_equal(shell.exit, 1);
    shell_run(&shell, home, NULL, "status", NULL);
    assert_int_equal(shell.exit, 10); /* nothing was begun */
}

static void put(const char *name, const char *text, char path[static 128])
{
    snprintf(path, 128, "%s/%s", home, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void asks_for_a_passphrase(void **state)
{
    (void)state;
    char secret[128], empty[128], path[128], text[600];
    put("secret", "correct horse battery\n", secret);
    put("empty", "\n", empty);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", NULL);
    assert_int_equal(shell.exit, 2); /* nobody to ask */
    shell_has(shell.err, "--passphrase-file FILE, or --no-passphrase");
    shell_run(&shell, home, "a long passphrase\na long passphrase\n", "init", "vicaria", "--as",
              "santiago", NULL);
    assert_int_equal(shell.exit, 2); /* a pipe is no terminal: it is not taken for an answer */
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--passphrase-file", empty,
              NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "empty");
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--passphrase-file",
              secret, "--no-passphrase", NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "exclude");
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--passphrase-file",
              "/none", NULL);
    assert_int_equal(shell.exit, 2);
    snprintf(path, sizeof path, "%s/identity", home);
    assert_int_equal(access(path, F_OK), -1); /* until here nothing was made */
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--passphrase-file",
              secret, NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.err, "nobody can find a lost one");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_int_equal(strncmp(text, "minga-identity 1 argon2id ", 26), 0);
    shell_run(&shell, home, NULL, "verify", NULL); /* needs no secret, and asks for none */
    assert_int_equal(shell.exit, 0);
}

static void make_link(int64_t expires, struct buf *out)
{
    struct invitation i = {.label = "iquique", .role = CHARTER_OFFICE, .expires = expires};
    snprintf(i.address, sizeof i.address, "127.0.0.1:1");
    invitation_encode(&i, out);
    assert_int_equal(buf_status(out), ST_OK);
}

static void refuses_links_before_calling_anyone(void **state)
{
    (void)state;
    struct buf link = {0};
    make_link((int64_t)time(NULL) - 10, &link);
    shell_run(&shell, home, NULL, "join", buf_text(&link), NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "the invitation has expired");
    shell_has(shell.err, "minga invite iquique");
    buf_reset(&link);
    make_link((int64_t)time(NULL) + 1000, &link);
    link.count -= 5;
    shell_run(&shell, home, NULL, "join", buf_text(&link), NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "no whole invitation link");
    shell_run(&shell, home, NULL, "join", "https://example.org", NULL);
    assert_int_equal(shell.exit, 2);
    buf_release(&link);
}

static void joins_into_an_empty_home_only(void **state)
{
    (void)state;
    struct buf link = {0};
    make_link((int64_t)time(NULL) + 1000, &link);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--no-passphrase", NULL);
    assert_int_equal(shell.exit, 0);
    shell_run(&shell, home, NULL, "join", buf_text(&link), NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "holds a replica already");
    buf_release(&link);
}

static void shows_the_link(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d,
             "{\"link\":\"minga:AAAA\",\"expires\":\"2026-05-08T10:00:00Z\",\"role\":\"partner\","
             "\"label\":\"fosis\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "invite", "fosis", "--role", "partner", NULL);
    assert_string_equal(shell.out, "minga:AAAA\n"); /* alone, so that a script can take it */
    shell_has(shell.err, "For fosis, as partner, until 2026-05-08T10:00:00Z.");
    fake_stop(&d);
}

static void checks_the_configuration(void **state)
{
    (void)state;
    char path[128];
    shell_run(&shell, home, NULL, "config", "check", NULL);
    assert_int_equal(shell.exit, 0);
    snprintf(path, sizeof path, "%s/config", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("[office]\n    lisen = 127.0.0.1:7717\n", file);
    fclose(file);
    shell_run(&shell, home, NULL, "config", "check", NULL);
    assert_int_not_equal(shell.exit, 0);
    shell_has(shell.err, path);
    shell_has(shell.err, "2");
    shell_has(shell.err, "office.listen");
    shell_run(&shell, home, NULL, "config", "edit", NULL);
    assert_int_equal(shell.exit, 2);
}

static void verifies_without_a_daemon(void **state)
{
    (void)state;
    shell_run(&shell, home, NULL, "verify", NULL);
    assert_int_equal(shell.exit, 10);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--no-passphrase", NULL);
    shell_run(&shell, home, NULL, "verify", "--json", NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "\"ok\":true");
    shell_has(shell.out, "\"refused\":[]");
    shell_run(&shell, home, NULL, "verify", "--network", "abc", "--repo", "/x", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, home, NULL, "repair", "everything", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, home, NULL, "export", "xml", "/tmp/x", NULL);
    assert_int_equal(shell.exit, 2);
}

static void says_what_is_not_well(void **state)
{
    (void)state;
    char path[128];
    shell_run(&shell, home, NULL, "doctor", NULL);
    assert_int_equal(shell.exit, 10);
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--no-passphrase", NULL);
    shell_run(&shell, home, NULL, "doctor", NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "warning: the daemon is not running");
    snprintf(path, sizeof path, "%s/identity", home);
    assert_int_equal(chmod(path, 0644), 0);
    shell_run(&shell, home, NULL, "doctor", "--json", NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.out, "\"ok\":false");
    shell_has(shell.out, "others on this machine can open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(founds_a_network, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(says_how_to_start_the_daemon, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(asks_for_a_passphrase, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(refuses_wrong_words_of_init, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(refuses_links_before_calling_anyone, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(joins_into_an_empty_home_only, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(checks_the_configuration, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(verifies_without_a_daemon, fresh_home, drop_home),
        cmocka_unit_test_setup_teardown(says_what_is_not_well, fresh_home, drop_home),
        cmocka_unit_test(shows_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
