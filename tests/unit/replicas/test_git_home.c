#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/git_home.h"
#include "tests/unit/replicas/pack_fixture.h"

static struct judge judge;
static git_repository *git;
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    char path[JUDGE_PATH_MAX + 8];
    if (git_libgit2_init() <= 0 || judge_open(&judge) != 0 ||
        judge_run(&judge, "git init -q --bare repo") != 0)
        return -1;
    snprintf(path, sizeof path, "%s/repo", judge.folder);
    return git_repository_open_bare(&git, path);
}

static int tear_down(void **unused)
{
    (void)unused;
    git_repository_free(git);
    git = NULL;
    judge_close(&judge);
    return git_libgit2_shutdown() >= 0 ? 0 : -1;
}

static void assert_path(const char *path, const char *tail)
{
    char expected[PACK_PATH_MAX];
    snprintf(expected, sizeof expected, "%s/%s", judge.folder, tail);
    assert_string_equal(path, expected);
}

static void folders_are_its_own_first(void **unused)
{
    (void)unused;
    struct git_home home;
    assert_int_equal(git_home_folders(git, &home, &f), ST_OK);
    assert_int_equal(home.count, 1);
    assert_path(home.folders[0], "repo/objects");
    assert_path(home.packs, "repo/objects/pack");
}

/* One that names another, which names a third; comments, blank lines and relative paths. */
static void alternates_are_followed(void **unused)
{
    (void)unused;
    struct git_home home;
    assert_int_equal(judge_run(&judge, "mkdir -p a/objects/info b/objects/info && "
                                       "printf '# shared\\n\\n%%s/a/objects\\n' $PWD > "
                                       "repo/objects/info/alternates && "
                                       "printf '../../b/objects' > a/objects/info/alternates"),
                     0);
    assert_int_equal(git_home_folders(git, &home, &f), ST_OK);
    assert_int_equal(home.count, 3);
    assert_path(home.folders[1], "a/objects");
    assert_path(home.folders[2], "a/objects/../../b/objects");
}

static void circles_and_crowds_of_alternates_end(void **unused)
{
    (void)unused;
    struct git_home home;
    assert_int_equal(judge_run(&judge, "echo $PWD/repo/objects > repo/objects/info/alternates"), 0);
    assert_int_equal(git_home_folders(git, &home, &f), ST_OK);
    assert_int_equal(home.count, GIT_HOME_FOLDERS_MAX);
    assert_int_equal(judge_run(&judge, "for i in $(seq 50); do echo /nowhere/$i; done > "
                                       "repo/objects/info/alternates"),
                     0);
    assert_int_equal(git_home_folders(git, &home, &f), ST_OK);
    assert_int_equal(home.count, GIT_HOME_FOLDERS_MAX);
    assert_string_equal(home.folders[1], "/nowhere/1");
    /* Longer than any path may be: not taken, and no reason to stop. */
    assert_int_equal(judge_run(&judge, "head -c 9000 /dev/zero | tr '\\0' a > "
                                       "repo/objects/info/alternates"),
                     0);
    assert_int_equal(git_home_folders(git, &home, &f), ST_OK);
    for (size_t i = 0; i < home.count; i++)
        assert_true(strlen(home.folders[i]) < PACK_PATH_MAX);
}

static enum status check_packs(void)
{
    char path[JUDGE_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/repo/objects/pack", judge.folder);
    f.text[0] = '\0';
    return git_home_check_packs(path, &f);
}

static void packs_are_checked_by_name(void **unused)
{
    (void)unused;
    assert_int_equal(check_packs(), ST_OK);
    assert_int_equal(judge_run(&judge, "cd repo && for i in 1 2 3; do echo $i | "
                                       "git hash-object -w --stdin | "
                                       "git pack-objects -q objects/pack/pack; done"),
                     0);
    assert_int_equal(check_packs(), ST_OK);
    assert_int_equal(judge_run(&judge, "cd repo/objects/pack && touch note.idx pack-.keep && "
                                       "ls *.pack | head -1 && chmod u+w *"),
                     0);
    assert_int_equal(check_packs(), ST_OK); /* whatever is no pack's */
    char name[64];
    snprintf(name, sizeof name, "%.45s", judge.output); /* pack-<40> */
    assert_int_equal(judge_run(&judge, "cd repo/objects/pack && printf x >> %s.pack", name), 0);
    assert_int_equal(check_packs(), ST_CORRUPT);
    assert_non_null(strstr(f.text, name));
    assert_int_equal(judge_run(&judge, "cd repo/objects/pack && rm %s.pack", name), 0);
    assert_int_equal(check_packs(), ST_CORRUPT);
    assert_non_null(strstr(f.text, name));
    assert_int_equal(judge_run(&judge, "cd repo/objects/pack && rm %s.idx", name), 0);
    assert_int_equal(check_packs(), ST_OK);
    assert_int_equal(git_home_check_packs("/nonexistent", &f), ST_OK);
    assert_int_equal(git_home_check_packs("/dev/null", &f), ST_IO);
    assert_non_null(strstr(f.text, "/dev/null"));
}

static void without_memory_packs_are_not_called_damaged(void **unused)
{
    (void)unused;
    assert_int_equal(judge_run(&judge, "cd repo && echo x | git hash-object -w --stdin | "
                                       "git pack-objects -q objects/pack/pack"),
                     0);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status st = check_packs();
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_true(n < 20);
    }
}

static void refs_are_whole_or_named(void **unused)
{
    (void)unused;
    static const struct {
        const char *text; /* of the file, for printf */
        enum status expected;
    } cases[] = {
        {"0123456789abcdef0123456789abcdef01234567\\n", ST_OK},
        {"0123456789abcdef0123456789abcdef01234567\\nmore", ST_OK},
        {"ref: refs/heads/other\\n", ST_OK},
        {"", ST_CORRUPT},
        {"0123456789abcdef0123456789abcdef01234567", ST_CORRUPT},
        {"0123456789abcdef0123456789abcdef0123456\\n", ST_CORRUPT},
        {"0123456789abcdef0123456789abcdef0123456g\\n", ST_CORRUPT},
        {"ref:", ST_CORRUPT},
        {"\\000\\000\\000\\000", ST_CORRUPT},
    };
    assert_int_equal(git_home_check_refs(git, &f), ST_OK);
    assert_int_equal(judge_run(&judge, "mkdir -p repo/refs/minga/office && "
                                       ": > repo/refs/heads/main.lock"),
                     0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f = (struct fault){.text = ""};
        assert_int_equal(judge_run(&judge, "printf '%s' > repo/refs/minga/office/7", cases[i].text),
                         0);
        assert_int_equal(git_home_check_refs(git, &f), cases[i].expected);
        if (cases[i].expected == ST_OK)
            continue;
        assert_non_null(strstr(f.text, "refs/minga/office/7"));
        assert_int_not_equal(f.fix[0], '\0');
    }
    assert_true(git_home_remove_ref(git, "refs/minga/office/7")); /* damaged as it is */
    assert_false(git_home_remove_ref(git, "refs/minga/office/7"));
    assert_int_equal(git_home_check_refs(git, &f), ST_OK);
}

static void sweeping_takes_only_what_a_crash_of_ours_leaves(void **unused)
{
    (void)unused;
    assert_int_equal(judge_run(&judge,
                               "cd repo && mkdir -p refs/minga/a && "
                               "touch HEAD.lock config.lock packed-refs.lock shallow.lock "
                               "refs/heads/main.lock refs/minga/a/1.lock "
                               "objects/pack/tmp_pack_minga_1_1 objects/pack/tmp_idx_minga_22_3 && "
                               "touch index.lock refs/heads/locked refs/minga/a/lock "
                               "objects/pack/tmp_pack_abc objects/pack/pack-1.pack "
                               "objects/pack/x.lock config HEAD"),
                     0);
    git_home_sweep(git);
    assert_int_equal(judge_run(&judge, "cd repo && ls -d *.lock refs/heads/* refs/minga/a/* "
                                       "objects/pack/* config HEAD"),
                     0);
    assert_string_equal(judge.output, "HEAD\n"
                                      "config\n"
                                      "index.lock\n"
                                      "objects/pack/pack-1.pack\n"
                                      "objects/pack/tmp_pack_abc\n"
                                      "objects/pack/x.lock\n"
                                      "refs/heads/locked\n"
                                      "refs/minga/a/lock");
    assert_int_equal(judge_run(&judge, "rm -r repo/objects/pack"), 0);
    git_home_sweep(git); /* with nothing there */
}

static void settings_of_the_user_stay(void **unused)
{
    (void)unused;
    assert_int_equal(judge_run(&judge, "git -C repo config gc.auto 500"), 0);
    assert_int_equal(git_home_configure(git, &f), ST_OK);
    assert_int_equal(judge_run(&judge, "cd repo && git config gc.auto && "
                                       "git config gc.pruneExpire && "
                                       "git config maintenance.auto && "
                                       "git config receive.denyDeletes && "
                                       "git config receive.denyNonFastForwards && "
                                       "git config transfer.fsckObjects"),
                     0);
    assert_string_equal(judge.output, "500\nnever\nfalse\ntrue\ntrue\ntrue");
    assert_int_equal(judge_run(&judge, "cp repo/config before"), 0);
    assert_int_equal(git_home_configure(git, &f), ST_OK);
    assert_int_equal(judge_run(&judge, "cmp before repo/config"), 0); /* a second time: nothing */
    assert_int_equal(judge_run(&judge, "echo '[broken' > repo/config"), 0);
    assert_int_not_equal(git_home_configure(git, &f), ST_OK);
    assert_non_null(strstr(f.text, "cannot be configured"));
}

int main(void)
{
#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_REPOSITORY(folders_are_its_own_first),
        WITH_REPOSITORY(alternates_are_followed),
        WITH_REPOSITORY(circles_and_crowds_of_alternates_end),
        WITH_REPOSITORY(packs_are_checked_by_name),
        WITH_REPOSITORY(without_memory_packs_are_not_called_damaged),
        WITH_REPOSITORY(refs_are_whole_or_named),
        WITH_REPOSITORY(sweeping_takes_only_what_a_crash_of_ours_leaves),
        WITH_REPOSITORY(settings_of_the_user_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
