/*
 * backup, init --restore and passphrase without a daemon: what they say, and what they leave alone.
 */
#include "tests/unit/cli/shell.h"

#include <ftw.h>
#include <jansson.h>
#include <sys/stat.h>

static struct shell shell;
static char folder[64], home[96], again[96], saved[96], one[96], other[96];

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *at)
{
    (void)found;
    (void)kind;
    (void)at;
    return remove(path);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/minga-cli-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(home, sizeof home, "%s/home", folder);
    snprintf(again, sizeof again, "%s/again", folder);
    snprintf(saved, sizeof saved, "%s/saved", folder);
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    put(one, "correct horse battery\n");
    put(other, "another horse entirely\n");
    shell_run(&shell, home, NULL, "init", "vicaria", "--as", "santiago", "--no-passphrase", NULL);
    assert_int_equal(shell.exit, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void there_and_back(void **state)
{
    (void)state;
    shell_run(&shell, home, NULL, "backup", saved, NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "--passphrase-file FILE");
    shell_run(&shell, home, NULL, "backup", saved, "--passphrase-file", one, "--json", NULL);
    assert_int_equal(shell.exit, 0);
    json_t *row = json_loads(shell.out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(row, "schema")), "minga.backup/1");
    assert_string_equal(json_string_value(json_object_get(row, "office")), "santiago");
    assert_string_equal(json_string_value(json_object_get(row, "file")), saved);
    assert_true(json_integer_value(json_object_get(row, "files")) > 5);
    json_decref(row);
    shell_run(&shell, home, NULL, "backup", saved, "--passphrase-file", one, NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "is there already");

    shell_run(&shell, again, NULL, "init", "--restore", saved, "--passphrase-file", other, NULL);
    assert_int_equal(shell.exit, 12);
    assert_int_equal(access(again, F_OK), -1);
    shell_run(&shell, again, NULL, "init", "vicaria", "--restore", saved, "--passphrase-file", one,
              NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, again, NULL, "init", "--restore", one, "--passphrase-file", one, NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "no backup");
    shell_run(&shell, again, NULL, "init", "--restore", saved, "--passphrase-file", one, NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "network vicaria\noffice santiago\nfingerprint SHA256:");
    shell_has(shell.err, "No other copy of this office may run");
    shell_run(&shell, again, NULL, "verify", NULL);
    assert_int_equal(shell.exit, 0);
    shell_run(&shell, home, NULL, "init", "--restore", saved, "--passphrase-file", one, NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "is not empty");
}

static void another_passphrase(void **state)
{
    (void)state;
    shell_run(&shell, again, NULL, "passphrase", NULL);
    assert_int_equal(shell.exit, 10);
    shell_run(&shell, home, NULL, "passphrase", "forget", NULL);
    assert_int_equal(shell.exit, 2);
    shell_run(&shell, home, NULL, "passphrase", NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "--new-passphrase-file FILE");
    shell_run(&shell, home, NULL, "passphrase", "set", "--new-passphrase-file", one, NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "under the new passphrase");
    shell_run(&shell, home, NULL, "passphrase", "remove", "--passphrase-file", other, NULL);
    assert_int_equal(shell.exit, 12);
    shell_run(&shell, home, NULL, "passphrase", "remove", "--passphrase-file", one, "--json", NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "\"passphrase\":false");
    shell_run(&shell, home, NULL, "verify", NULL);
    assert_int_equal(shell.exit, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_and_back, begin, end),
        cmocka_unit_test_setup_teardown(another_passphrase, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
