#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <git2.h>

#include "replicas/git.h"

static void codes_of_libgit2_become_ours(void **unused)
{
    (void)unused;
    static const struct {
        int code, klass, os_error;
        enum status expected;
    } cases[] = {
        {GIT_ENOTFOUND, GIT_ERROR_ODB, 0, ST_NOT_FOUND},
        {GIT_EMISMATCH, GIT_ERROR_ODB, 0, ST_CORRUPT},
        {GIT_ELOCKED, GIT_ERROR_OS, 0, ST_LOCKED},
        {GIT_ERROR, GIT_ERROR_OS, ENOSPC, ST_DISK_FULL},
        {GIT_ERROR, GIT_ERROR_FILESYSTEM, EDQUOT, ST_DISK_FULL},
        {GIT_ERROR, GIT_ERROR_OS, EIO, ST_IO},
        {GIT_ERROR, GIT_ERROR_ZLIB, 0, ST_CORRUPT},
        {GIT_ERROR, GIT_ERROR_ODB, 0, ST_CORRUPT},
        {GIT_ERROR, GIT_ERROR_SHA, 0, ST_CORRUPT},
        {GIT_ERROR, GIT_ERROR_CONFIG, 0, ST_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = {.code = ST_OK};
        git_error_set_str(cases[i].klass, "something broke");
        errno = cases[i].os_error;
        assert_int_equal(git_fault(&f, cases[i].code, "reading %s", "a"), cases[i].expected);
        assert_int_equal(f.code, cases[i].expected);
        assert_string_equal(f.text, "reading a: something broke");
        assert_int_equal(f.fix[0] != '\0', cases[i].expected == ST_CORRUPT);
        errno = cases[i].os_error;
        assert_int_equal(git_fault(NULL, cases[i].code, "x"), cases[i].expected);
    }
}

static void a_real_failure_is_told_in_words(void **unused)
{
    (void)unused;
    git_repository *repository = NULL;
    struct fault f = {.code = ST_OK};
    int code = git_repository_open_bare(&repository, "/nonexistent/repo.git");
    assert_true(code < 0);
    assert_int_equal(git_fault(&f, code, "opening /nonexistent/repo.git"), ST_NOT_FOUND);
    assert_memory_equal(f.text, "opening /nonexistent/repo.git: ", 31);
    assert_true(strlen(f.text) > 31);
}

static void without_libgit2s_word_the_status_says_it(void **unused)
{
    (void)unused;
    struct fault f = {.code = ST_OK};
    git_error_clear();
    assert_int_equal(git_fault(&f, GIT_ENOTFOUND, "reading a"), ST_NOT_FOUND);
    assert_memory_equal(f.text, "reading a: ", 11);
}

static int start(void **unused)
{
    (void)unused;
    return git_libgit2_init() > 0 ? 0 : -1;
}

static int stop(void **unused)
{
    (void)unused;
    git_libgit2_shutdown();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_of_libgit2_become_ours),
        cmocka_unit_test(a_real_failure_is_told_in_words),
        cmocka_unit_test(without_libgit2s_word_the_status_says_it),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
