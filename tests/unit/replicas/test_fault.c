#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "replicas/fault.h"

static void text_gains_context_on_its_way_up(void **unused)
{
    (void)unused;
    struct fault f = {.code = ST_OK};
    assert_int_equal(fault_set(&f, ST_CORRUPT, "frame %d is short", 7), ST_CORRUPT);
    assert_int_equal(fault_context(&f, ST_CORRUPT, "journal %s", "00000001"), ST_CORRUPT);
    assert_string_equal(f.text, "journal 00000001: frame 7 is short");
    assert_int_equal(f.code, ST_CORRUPT);
}

static void a_code_without_text_gets_its_own(void **unused)
{
    (void)unused;
    struct fault f = {.code = ST_OK};
    (void)fault_set(&f, ST_IO, "of something else");
    assert_int_equal(fault_context(&f, ST_NO_MEMORY, "a charter"), ST_NO_MEMORY);
    assert_int_equal(f.code, ST_NO_MEMORY);
    assert_string_equal(f.text, "a charter: out of memory");
}

static void a_new_fault_forgets_the_old_advice(void **unused)
{
    (void)unused;
    struct fault f = {.code = ST_OK};
    (void)fault_set(&f, ST_LOCKED, "in use by process %d", 12);
    fault_fix(&f, "stop process %d", 12);
    assert_string_equal(f.fix, "stop process 12");
    (void)fault_set(&f, ST_IO, "another");
    assert_string_equal(f.fix, "");
}

static void a_full_disk_is_told_from_a_broken_one(void **unused)
{
    (void)unused;
    struct fault f = {.code = ST_OK};
    assert_int_equal(fault_errno(&f, ENOSPC, "cannot write %s", "a"), ST_DISK_FULL);
    assert_memory_equal(f.text, "cannot write a: ", 16);
    assert_true(strlen(f.text) > 16);
    assert_true(strlen(f.fix) > 0);
    assert_int_equal(fault_errno(&f, EDQUOT, "x"), ST_DISK_FULL);
    assert_int_equal(fault_errno(&f, EIO, "x"), ST_IO);
    assert_string_equal(f.fix, "");
}

static void overlong_texts_are_cut(void **unused)
{
    (void)unused;
    struct fault f = {.code = ST_OK};
    char text[2 * FAULT_TEXT_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    (void)fault_set(&f, ST_IO, "%s", text);
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    (void)fault_context(&f, ST_IO, "%s", text);
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    (void)fault_context(&f, ST_IO, "short");
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    assert_memory_equal(f.text, "short: x", 8);
    (void)fault_errno(&f, EIO, "%s", text);
    assert_int_equal(strlen(f.text), FAULT_TEXT_BYTES - 1);
    fault_fix(&f, "%s", text);
    assert_int_equal(strlen(f.fix), FAULT_FIX_BYTES - 1);
}

static void nobody_has_to_listen(void **unused)
{
    (void)unused;
    assert_int_equal(fault_set(NULL, ST_EXISTS, "x"), ST_EXISTS);
    assert_int_equal(fault_context(NULL, ST_EXISTS, "x"), ST_EXISTS);
    assert_int_equal(fault_errno(NULL, ENOSPC, "x"), ST_DISK_FULL);
    fault_fix(NULL, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_gains_context_on_its_way_up),
        cmocka_unit_test(a_code_without_text_gets_its_own),
        cmocka_unit_test(a_new_fault_forgets_the_old_advice),
        cmocka_unit_test(a_full_disk_is_told_from_a_broken_one),
        cmocka_unit_test(overlong_texts_are_cut),
        cmocka_unit_test(nobody_has_to_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
