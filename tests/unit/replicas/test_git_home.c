/*
 * The folder of a repository: refs that are none, locks of the dead, alternates, settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "replicas/git_home.h"
#include "tests/unit/replicas/judge.h"

struct bench {
    struct judge judge;
    char path[96];
    git_repository *git;
    struct fault f;
};

static int begin(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_int_equal(judge_open(&b->judge), 0);
    snprintf(b->path, sizeof b->path, "%s/repo.git", b->judge.folder);
    assert_int_equal(git_repository_init(&b->git, b->path, 1), 0);
    *state = b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;
    git_repository_free(b->git);
    judge_close(&b->judge);
    free(b);
    return 0;
}

static void put(struct bench *b, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "repo.git/%s", name);
    assert_int_equal(judge_write(&b->judge, path, text, strlen(text)), 0);
}

static bool there(struct bench *b, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", b->path, name);
    return access(path, F_OK) == 0;
}

#define HEX "0123456789012345678901234567890123456789"

static void refs(void **state)
{
    struct bench *b = *state;
    static const char *const sound[] = {HEX "\n", "ref: refs/heads/x\n"};
    static const char *const damaged[] = {
        "", "\n", HEX, HEX "x", "0123\n", "ref:\n", "012345678901234567890123456789012345678g\n"};
    assert_int_equal(git_home_check_refs(b->git, &b->f), ST_OK);
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) {
        put(b, "refs/heads/a", sound[i]);
        assert_int_equal(git_home_check_refs(b->git, &b->f), ST_OK);
    }
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        put(b, "refs/heads/a", damaged[i]);
        assert_int_equal(git_home_check_refs(b->git, &b->f), ST_CORRUPT);
        assert_non_null(strstr(b->f.text, "refs/heads/a"));
    }
    put(b, "refs/heads/b.lock", "half");
    assert_true(git_home_remove_ref(b->git, "refs/heads/a"));
    assert_false(git_home_remove_ref(b->git, "refs/heads/a"));
    assert_int_equal(git_home_check_refs(b->git, &b->f), ST_OK); /* a lock is no ref */
}

static void what_a_crash_left(void **state)
{
    struct bench *b = *state;
    put(b, "HEAD.lock", "");
    put(b, "config.lock", "");
    put(b, "packed-refs.lock", "");
    put(b, "refs/heads/a.lock", "");
    put(b, "refs/heads/a", HEX "\n");
    put(b, "objects/pack/tmp_pack_minga_1", "half");
    put(b, "objects/pack/tmp_idx_minga_1", "half");
    put(b, "objects/pack/kept.txt", "of somebody else");
    git_home_sweep(b->git);
    assert_false(there(b, "HEAD.lock"));
    assert_false(there(b, "config.lock"));
    assert_false(there(b, "packed-refs.lock"));
    assert_false(there(b, "refs/heads/a.lock"));
    assert_false(there(b, "objects/pack/tmp_pack_minga_1"));
    assert_false(there(b, "objects/pack/tmp_idx_minga_1"));
    assert_true(there(b, "refs/heads/a"));
    assert_true(there(b, "objects/pack/kept.txt"));
    assert_true(there(b, "HEAD"));
}

static void folders_and_alternates(void **state)
{
    struct bench *b = *state;
    struct git_home home;
    char absolute[128], text[1024];
    assert_int_equal(git_home_folders(b->git, &home, &b->f), ST_OK);
    assert_int_equal(home.count, 1);
    assert_non_null(strstr(home.folders[0], "repo.git/objects"));
    assert_non_null(strstr(home.packs, "repo.git/objects/pack"));
    snprintf(absolute, sizeof absolute, "%s/other", b->judge.folder);
    snprintf(text, sizeof text, "# a comment\n%s\n\n../relative\n", absolute);
    put(b, "objects/info/alternates", text);
    assert_int_equal(git_home_folders(b->git, &home, &b->f), ST_OK);
    assert_int_equal(home.count, 3);
    assert_string_equal(home.folders[1], absolute);
    assert_non_null(strstr(home.folders[2], "repo.git/objects/../relative"));
    /* One that leads back to itself ends at the limit. */
    snprintf(text, sizeof text, "%s/objects\n", b->path);
    put(b, "objects/info/alternates", text);
    assert_int_equal(git_home_folders(b->git, &home, &b->f), ST_OK);
    assert_int_equal(home.count, GIT_HOME_FOLDERS_MAX);
}

static void a_damaged_index_of_a_pack(void **state)
{
    struct bench *b = *state;
    char folder[128];
    snprintf(folder, sizeof folder, "%s/objects/pack", b->path);
    assert_int_equal(git_home_check_packs(folder, &b->f), ST_OK);
    assert_int_equal(git_home_check_packs("/nonexistent", &b->f), ST_OK); /* none is no fault */
    put(b, "objects/pack/notes.idx", "not a pack's");
    assert_int_equal(git_home_check_packs(folder, &b->f), ST_OK);
    put(b, "objects/pack/pack-1234.idx", "garbage");
    assert_int_equal(git_home_check_packs(folder, &b->f), ST_CORRUPT);
    assert_non_null(strstr(b->f.text, "pack-1234"));
}

static void the_users_choice_stays(void **state)
{
    struct bench *b = *state;
    assert_int_equal(judge_run(&b->judge, "git -C repo.git config gc.auto 7"), 0);
    assert_int_equal(git_home_configure(b->git, &b->f), ST_OK);
    assert_int_equal(git_home_configure(b->git, &b->f), ST_OK);
    assert_int_equal(judge_run(&b->judge, "git -C repo.git config --get-all gc.auto"), 0);
    assert_string_equal(b->judge.output, "7");
    assert_int_equal(judge_run(&b->judge, "git -C repo.git config --get-all gc.pruneExpire"), 0);
    assert_string_equal(b->judge.output, "never");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refs),
        TEST(what_a_crash_left),
        TEST(folders_and_alternates),
        TEST(a_damaged_index_of_a_pack),
        TEST(the_users_choice_stays),
    };
    if (git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
