/*
 * Who is asked for the passphrase when the daemon starts: the file first, then systemd, then a
 * person; and nobody where there is none.
 */
#include "tests/unit/replicas/homes.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "daemon/unlock.h"

static const struct passphrase_cost cheap = {.passes = 1, .memory_kib = PASSPHRASE_KIB_MIN};
static struct home home;
static char right[96], wrong[96];
static struct fault f;

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
    home_folder(&home);
    snprintf(right, sizeof right, "%s/minga-passphrase", home.folder);
    snprintf(wrong, sizeof wrong, "%s/wrong", home.folder);
    put(right, "correct horse\n");
    put(wrong, "correct hors\n");
    unsetenv("CREDENTIALS_DIRECTORY");
    f = (struct fault){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    homes_remove(home.folder);
    return 0;
}

static void a_key_without_one(void **state)
{
    struct home_identity made, read;
    (void)state;
    assert_false(unlock_needed(home.home)); /* there is no home */
    assert_int_equal(unlock_home(home.home, NULL, &read, &f), ST_NO_REPLICA);
    assert_int_equal(home_make(home.home, &made, &f), ST_OK);
    assert_false(unlock_needed(home.home));
    assert_int_equal(unlock_home(home.home, "/none", &read, &f), ST_OK);
    assert_memory_equal(&made.key, &read.key, sizeof made.key);
}

static void a_key_under_one(void **state)
{
    struct home_identity made, read;
    (void)state;
    assert_int_equal(home_make_wrapped(home.home, BYTES("correct horse"), cheap, &made, &f), ST_OK);
    assert_true(unlock_needed(home.home));
    assert_int_equal(unlock_home(home.home, right, &read, &f), ST_OK);
    assert_memory_equal(&made, &read, sizeof made);
    assert_int_equal(unlock_home(home.home, wrong, &read, &f), ST_WRONG_KEY);
    assert_int_equal(unlock_home(home.home, "/none", &read, &f), ST_USAGE);
    assert_int_equal(unlock_home(home.home, NULL, &read, &f), ST_USAGE);
    assert_non_null(strstr(f.fix, "--passphrase-file"));
    assert_non_null(strstr(f.fix, "LoadCredential"));
    setenv("CREDENTIALS_DIRECTORY", home.folder, 1);
    assert_int_equal(unlock_home(home.home, NULL, &read, &f), ST_OK);
    assert_int_equal(unlock_home(home.home, wrong, &read, &f), ST_WRONG_KEY); /* the file counts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_without_one, begin, end),
        cmocka_unit_test_setup_teardown(a_key_under_one, begin, end),
    };
    if (sodium_init() < 0)
        return 1;
    int null = open("/dev/null", O_RDONLY); /* whoever runs this may sit at a terminal */
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        return 1;
    close(null);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
