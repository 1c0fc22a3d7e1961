#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/freight.h"
#include "proto/mem.h"

static struct digest name_of(uint8_t n)
{
    return (struct digest){{1, n}};
}

static void a_part_goes_on_by_another_link(void **state)
{
    (void)state;
    struct freight f = {0};
    struct digest name = name_of(1);
    struct partial *p = freight_begin(&f, 7, &name, 10);
    assert_non_null(p);
    freight_add(&f, p, 7, BYTES("abcd"));
    assert_false(p->mixed);
    assert_null(freight_take(&f, 8, &name)); /* held */
    assert_null(freight_begin(&f, 8, &name, 10));
    freight_leave(&f, 7);
    assert_ptr_equal(freight_take(&f, 8, &name), p);
    freight_add(&f, p, 8, BYTES("efghij"));
    assert_true(p->mixed);
    assert_int_equal(p->got, 10);
    assert_memory_equal(p->bytes, "abcdefghij", 10);
    freight_drop(p);
    assert_null(freight_take(&f, 8, &name));
    freight_release(&f);
}

static void who_was_left_longest_gives_way(void **state)
{
    (void)state;
    struct freight f = {0};
    struct digest name;
    for (uint8_t n = 0; n < PARTIALS_MAX; n++) {
        name = name_of(n);
        assert_non_null(freight_begin(&f, n < 2 ? 5 : 6, &name, 1));
    }
    name = name_of(200);
    assert_null(freight_begin(&f, 9, &name, 1)); /* all are held */
    freight_leave(&f, 5);
    struct digest first = name_of(0), second = name_of(1);
    assert_non_null(freight_take(&f, 3, &first)); /* looked at since */
    freight_leave(&f, 3);
    assert_non_null(freight_begin(&f, 9, &name, 1));
    assert_null(freight_take(&f, 9, &second));
    assert_non_null(freight_take(&f, 9, &first));
    freight_release(&f);
}

static void without_memory_nothing_gives_way(void **state)
{
    (void)state;
    struct freight f = {0};
    struct digest one = name_of(1), two = name_of(2);
    assert_non_null(freight_begin(&f, 5, &one, 100));
    freight_leave(&f, 5);
    mem_fail_at(1);
    assert_null(freight_begin(&f, 5, &two, 100));
    mem_fail_at(0);
    assert_non_null(freight_take(&f, 5, &one));
    freight_release(&f);
}

static void what_is_told_is_counted(void **state)
{
    (void)state;
    struct freight f = {0};
    struct core_event e = {.kind = CORE_WANTED, .now_ms = 42};
    e.wanted.waiting[SEALED_FILES] = 3;
    freight_told(&f, &e);
    assert_int_equal(f.waiting[SEALED_VALUES], 0);
    assert_int_equal(f.waiting[SEALED_FILES], 3);
    assert_int_equal(f.wanted[SEALED_FILES], 1);
    assert_int_equal(f.wanted_ms[SEALED_FILES], 42);
    freight_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_goes_on_by_another_link),
        cmocka_unit_test(who_was_left_longest_gives_way),
        cmocka_unit_test(without_memory_nothing_gives_way),
        cmocka_unit_test(what_is_told_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
