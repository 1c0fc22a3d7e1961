/*
 * What libgit2 says, as a status and a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <git2.h>
#include <string.h>

#include "replicas/git.h"

static enum status of(int code, int klass, int os_error)
{
    struct fault f = {0};
    git_error_set_str(klass, "the library's own words");
    errno = os_error;
    enum status st = git_fault(&f, code, "reading %s", "x");
    assert_int_equal(f.code, st);
    assert_string_equal(f.text, "reading x: the library's own words");
    assert_int_equal(f.fix[0] != '\0', st == ST_CORRUPT);
    return st;
}

static void each_class(void **state)
{
    (void)state;
    assert_int_equal(of(GIT_ENOTFOUND, GIT_ERROR_ODB, 0), ST_NOT_FOUND);
    assert_int_equal(of(GIT_EMISMATCH, GIT_ERROR_ODB, 0), ST_CORRUPT);
    assert_int_equal(of(GIT_ELOCKED, GIT_ERROR_OS, 0), ST_LOCKED);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_NOMEMORY, 0), ST_NO_MEMORY);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_OS, ENOSPC), ST_DISK_FULL);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_FILESYSTEM, EDQUOT), ST_DISK_FULL);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_OS, EIO), ST_IO);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_ZLIB, 0), ST_CORRUPT);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_REFERENCE, 0), ST_CORRUPT);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_INDEXER, 0), ST_CORRUPT);
    assert_int_equal(of(GIT_ERROR, GIT_ERROR_CONFIG, 0), ST_IO);
}

static void nobody_to_tell(void **state)
{
    (void)state;
    assert_int_equal(git_fault(NULL, GIT_ENOTFOUND, "x"), ST_NOT_FOUND);
}

static void a_library_without_words(void **state)
{
    struct fault f = {0};
    (void)state;
    git_error_clear();
    assert_int_equal(git_fault(&f, GIT_ENOTFOUND, "reading"), ST_NOT_FOUND);
    assert_memory_equal(f.text, "reading: ", 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class),
        cmocka_unit_test(nobody_to_tell),
        cmocka_unit_test(a_library_without_words),
    };
    if (git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
