#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "replicas/home.h"

static char top[64], home[128];

static int set_up(void **unused)
{
    (void)unused;
    snprintf(top, sizeof top, "/tmp/minga-home-XXXXXX");
    if (mkdtemp(top) == NULL || sodium_init() < 0)
        return -1;
    snprintf(home, sizeof home, "%s/far/away", top);
    return 0;
}

static int tear_down(void **unused)
{
    static const char *const names[] = {"identity", "identity.pub", "office", "lock"};
    char path[HOME_PATH_MAX];
    (void)unused;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (home_path(home, names[i], path, NULL) == ST_OK)
            unlink(path);
    rmdir(home);
    snprintf(path, sizeof path, "%s/far", top);
    rmdir(path);
    return rmdir(top);
}

static mode_t mode_of(const char *name)
{
    char path[HOME_PATH_MAX];
    struct stat st;
    assert_int_equal(home_path(home, name, path, NULL), ST_OK);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void overwrite(const char *name, const char *text)
{
    char path[HOME_PATH_MAX];
    assert_int_equal(home_path(home, name, path, NULL), ST_OK);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_home_is_made_and_keeps_its_key(void **unused)
{
    (void)unused;
    struct home_identity made, again, read;
    struct fault f;
    assert_int_equal(home_make(home, &made, &f), ST_OK);
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("identity"), 0600);
    assert_memory_equal(made.secret + 32, made.key.id, KEY_BYTES);
    assert_int_equal(home_make(home, &again, &f), ST_OK); /* a join that is tried again */
    assert_memory_equal(&again, &made, sizeof made);
    assert_int_equal(home_identity(home, &read, &f), ST_OK);
    assert_memory_equal(&read, &made, sizeof made);
}

static void a_replica_lives_there_once_it_is_settled(void **unused)
{
    (void)unused;
    struct home_identity identity;
    struct digest network = {{1, 2, 3}}, back;
    char label[LABEL_BYTES_MAX + 1];
    struct fault f = {.code = ST_OK};
    assert_int_equal(home_make(home, &identity, &f), ST_OK);
    assert_int_equal(home_office(home, label, &back, &f), ST_NO_REPLICA);
    assert_non_null(strstr(f.fix, "minga init"));
    assert_int_equal(home_settle(home, "iquique", &network, &f), ST_OK);
    assert_int_equal(home_office(home, label, &back, &f), ST_OK);
    assert_string_equal(label, "iquique");
    assert_memory_equal(&back, &network, sizeof back);
    assert_int_equal(home_make(home, &identity, &f), ST_EXISTS);
    assert_non_null(strstr(f.fix, "--home"));
}

static void damaged_files_are_named(void **unused)
{
    (void)unused;
    static const char *const identities[] = {"", "minga-identity 1 plain 00\n",
                                             "minga-identity 2 plain \n", "\n"};
    static const char *const offices[] = {"", "iquique\n", "iquique 00\n", "Iquique \n", " "};
    struct home_identity identity;
    struct digest network = {{1}};
    char label[LABEL_BYTES_MAX + 1];
    struct fault f = {.code = ST_OK};
    assert_int_equal(home_make(home, &identity, &f), ST_OK);
    assert_int_equal(home_settle(home, "iquique", &network, &f), ST_OK);
    for (size_t i = 0; i < sizeof identities / sizeof *identities; i++) {
        overwrite("identity", identities[i]);
        assert_int_equal(home_identity(home, &identity, &f), ST_CORRUPT);
        assert_non_null(strstr(f.text, "identity"));
    }
    for (size_t i = 0; i < sizeof offices / sizeof *offices; i++) {
        overwrite("office", offices[i]);
        assert_int_equal(home_office(home, label, &network, &f), ST_CORRUPT);
        assert_non_null(strstr(f.text, "office"));
    }
    assert_int_equal(home_identity("/nonexistent", &identity, &f), ST_NO_REPLICA);
}

static void one_process_has_the_lock(void **unused)
{
    (void)unused;
    struct home_identity identity;
    struct fault f = {.code = ST_OK};
    int first = -1, second = -1;
    char pid[32];
    assert_int_equal(home_make(home, &identity, &f), ST_OK);
    assert_int_equal(home_lock(home, &first, &f), ST_OK);
    assert_int_equal(home_lock(home, &second, &f), ST_LOCKED);
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_non_null(strstr(f.text, pid));
    assert_int_equal(close(first), 0);
    assert_int_equal(home_lock(home, &second, &f), ST_OK);
    assert_int_equal(close(second), 0);
}

static void paths_have_an_end(void **unused)
{
    (void)unused;
    char out[HOME_PATH_MAX], longest[HOME_PATH_MAX];
    struct fault f = {.code = ST_OK};
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(home_path(longest, "config", out, &f), ST_TOO_LARGE);
    longest[200] = '\0';
    assert_int_equal(home_path(longest, "config", out, &f), ST_OK);
    assert_int_equal(strlen(out), 207);
    assert_int_equal(home_socket(longest, false, out, &f), ST_TOO_LARGE); /* the system's limit */
    assert_true(strlen(f.fix) > 0);
}

static void the_home_is_chosen_by_the_nearest_word(void **unused)
{
    (void)unused;
    char out[HOME_PATH_MAX];
    bool is_default;
    struct fault f;
    assert_int_equal(setenv("HOME", "/h", 1) | unsetenv("MINGA_HOME") | unsetenv("XDG_DATA_HOME"),
                     0);
    assert_int_equal(home_choose(NULL, out, &is_default, &f), ST_OK);
    assert_string_equal(out, "/h/.local/share/minga");
    assert_true(is_default);
    assert_int_equal(setenv("XDG_DATA_HOME", "/x", 1), 0);
    assert_int_equal(home_choose(NULL, out, &is_default, &f), ST_OK);
    assert_string_equal(out, "/x/minga");
    assert_int_equal(setenv("MINGA_HOME", "/m", 1), 0);
    assert_int_equal(home_choose(NULL, out, &is_default, &f), ST_OK);
    assert_string_equal(out, "/m");
    assert_false(is_default);
    assert_int_equal(home_choose("/n", out, &is_default, &f), ST_OK);
    assert_string_equal(out, "/n");
    assert_int_equal(unsetenv("MINGA_HOME") | unsetenv("XDG_DATA_HOME") | unsetenv("HOME"), 0);
    assert_int_equal(home_choose(NULL, out, &is_default, &f), ST_USAGE);
}

static void the_default_home_has_its_socket_in_the_runtime_folder(void **unused)
{
    (void)unused;
    char out[HOME_PATH_MAX];
    struct fault f;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", "/run/user/7", 1), 0);
    assert_int_equal(home_socket("/h", true, out, &f), ST_OK);
    assert_string_equal(out, "/run/user/7/minga/control.sock");
    assert_int_equal(home_socket("/h", false, out, &f), ST_OK);
    assert_string_equal(out, "/h/control.sock");
    assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
    assert_int_equal(home_socket("/h", true, out, &f), ST_OK);
    assert_string_equal(out, "/h/control.sock");
}

#define IN_A_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_HOME(a_home_is_made_and_keeps_its_key),
        IN_A_HOME(a_replica_lives_there_once_it_is_settled),
        IN_A_HOME(damaged_files_are_named),
        IN_A_HOME(one_process_has_the_lock),
        cmocka_unit_test(paths_have_an_end),
        cmocka_unit_test(the_home_is_chosen_by_the_nearest_word),
        cmocka_unit_test(the_default_home_has_its_socket_in_the_runtime_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
