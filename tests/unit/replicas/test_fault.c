/*
 * What went wrong, in words: set, given context on its way up, cut where it is too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "replicas/fault.h"

static void set_replaces(void **state)
{
    struct fault f = {0};
    (void)state;
    assert_int_equal(fault_set(&f, ST_IO, "first %d", 1), ST_IO);
    fault_fix(&f, "do %s", "this");
    assert_string_equal(f.text, "first 1");
    assert_string_equal(f.fix, "do this");
    assert_int_equal(fault_set(&f, ST_CORRUPT, "second"), ST_CORRUPT);
    assert_int_equal(f.code, ST_CORRUPT);
    assert_string_equal(f.text, "second");
    assert_string_equal(f.fix, ""); /* of another fault */
}

static void nobody_to_tell(void **state)
{
    (void)state;
    assert_int_equal(fault_set(NULL, ST_IO, "x"), ST_IO);
    assert_int_equal(fault_context(NULL, ST_LOCKED, "x"), ST_LOCKED);
    assert_int_equal(fault_errno(NULL, ENOSPC, "x"), ST_DISK_FULL);
    fault_fix(NULL, "x");
}

static void context_goes_before(void **state)
{
    struct fault f = {0};
    (void)state;
    assert_int_equal(fault_set(&f, ST_CORRUPT, "bad byte"), ST_CORRUPT);
    fault_fix(&f, "repair");
    assert_int_equal(fault_context(&f, ST_CORRUPT, "frame %d", 7), ST_CORRUPT);
    assert_int_equal(fault_context(&f, ST_CORRUPT, "journal"), ST_CORRUPT);
    assert_string_equal(f.text, "journal: frame 7: bad byte");
    assert_string_equal(f.fix, "repair");
}

/* A text that belongs to another code, or none, says nothing about this one. */
static void context_of_what_was_not_told(void **state)
{
    struct fault f = {0};
    (void)state;
    assert_int_equal(fault_context(&f, ST_NO_MEMORY, "reading"), ST_NO_MEMORY);
    assert_int_equal(f.code, ST_NO_MEMORY);
    assert_string_equal(f.text, "reading: out of memory");
    assert_int_equal(fault_context(&f, ST_IO, "writing"), ST_IO);
    assert_string_equal(f.text, "writing: reading or writing failed");
}

static void an_errno(void **state)
{
    struct fault f = {0};
    (void)state;
    assert_int_equal(fault_errno(&f, ENOENT, "cannot open %s", "x"), ST_IO);
    assert_string_equal(f.text, "cannot open x: No such file or directory");
    assert_string_equal(f.fix, "");
    assert_int_equal(fault_errno(&f, EDQUOT, "cannot write"), ST_DISK_FULL);
    assert_non_null(strstr(f.fix, "free some space"));
    assert_int_equal(fault_errno(&f, ENOSPC, "cannot write"), ST_DISK_FULL);
}

static void an_overlong_text_is_cut(void **state)
{
    char word[2 * FAULT_TEXT_BYTES];
    struct fault f = {0};
    (void)state;
    memset(word, 'x', sizeof word);
    word[sizeof word - 1] = '\0';
    assert_int_equal(fault_set(&f, ST_IO, "%s", word), ST_IO);
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    assert_int_equal(fault_context(&f, ST_IO, "context"), ST_IO);
    assert_memory_equal(f.text, "context: xxx", 12);
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    assert_int_equal(fault_context(&f, ST_IO, "%s", word), ST_IO);
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    assert_int_equal(fault_errno(&f, EIO, "%s", word), ST_IO);
    fault_fix(&f, "%s", word);
    assert_int_equal(strlen(f.fix), FAULT_FIX_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_replaces),
        cmocka_unit_test(nobody_to_tell),
        cmocka_unit_test(context_goes_before),
        cmocka_unit_test(context_of_what_was_not_told),
        cmocka_unit_test(an_errno),
        cmocka_unit_test(an_overlong_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
