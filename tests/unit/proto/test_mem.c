#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"

static void test_fresh_memory_is_zero(void **state)
{
    (void)state;
    static const uint8_t zero[512];
    uint8_t *block = mem_alloc(sizeof zero);
    assert_memory_equal(block, zero, sizeof zero);
    mem_free(block);
    block = mem_array(16, 32);
    assert_memory_equal(block, zero, sizeof zero);
    mem_free(block);
    block = mem_alloc(0);
    assert_non_null(block);
    mem_free(block);
    mem_free(NULL);
}

static void test_array_sizes_that_overflow(void **state)
{
    (void)state;
    assert_null(mem_array(SIZE_MAX / 2 + 1, 2));
    assert_null(mem_array(2, SIZE_MAX / 2 + 1));
    void *block = mem_array(0, SIZE_MAX);
    assert_non_null(block);
    mem_free(block);
}

static void test_resize_keeps_what_was_there(void **state)
{
    (void)state;
    char *block = mem_resize(NULL, 6);
    memcpy(block, "minga", 6);
    block = mem_resize(block, 4096);
    assert_string_equal(block, "minga");
    mem_fail_at(1);
    assert_null(mem_resize(block, 1 << 20));
    assert_string_equal(block, "minga"); /* still ours, still whole */
    block = mem_resize(block, 0);
    assert_non_null(block);
    mem_free(block);
}

static void test_copies(void **state)
{
    (void)state;
    char *text = mem_text("offices and more", 7);
    assert_string_equal(text, "offices");
    mem_free(text);
    text = mem_text(NULL, 0);
    assert_string_equal(text, "");
    mem_free(text);
    assert_null(mem_text("x", SIZE_MAX));
    uint8_t *block = mem_copy("a\0b", 3);
    assert_memory_equal(block, "a\0b", 3);
    mem_wipe_free(block, 3);
    block = mem_copy(NULL, 0);
    assert_non_null(block);
    mem_free(block);
    mem_wipe_free(NULL, 100);
}

/* Four calls, one of each kind; how many gave memory. */
static unsigned four_allocations(void)
{
    void *blocks[4] = {mem_alloc(1), mem_array(2, 2), mem_copy("x", 1), mem_text("y", 1)};
    unsigned given = 0;
    for (size_t i = 0; i < 4; i++) {
        given += blocks[i] != NULL;
        mem_free(blocks[i]);
    }
    return given;
}

static void test_the_nth_allocation_fails_once(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 4; n++) {
        mem_fail_at(n);
        assert_false(mem_failed());
        assert_int_equal(four_allocations(), 3);
        assert_true(mem_failed());
        assert_int_equal(four_allocations(), 4);
    }
    mem_fail_at(5);
    assert_int_equal(four_allocations(), 4);
    assert_false(mem_failed());
    mem_fail_at(0);
    assert_int_equal(four_allocations(), 4);
    assert_false(mem_failed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fresh_memory_is_zero),
        cmocka_unit_test(test_array_sizes_that_overflow),
        cmocka_unit_test(test_resize_keeps_what_was_there),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_the_nth_allocation_fails_once),
    };
    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
