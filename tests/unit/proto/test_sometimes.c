/*
 * Marks count themselves, and tell who was reached.
 */
#include "proto/sometimes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pass(int times)
{
    for (int i = 0; i < times; i++)
        SOMETIMES("passed");
}

static void never(int times)
{
    if (times > 0)
        SOMETIMES("not passed");
}

static void reached(void **state)
{
    (void)state;
    assert_null(sometimes_first());
    never(0);
    pass(3);
    assert_string_equal(sometimes_first()->name, "passed");
    assert_int_equal(sometimes_first()->count, 3);
    assert_null(sometimes_first()->next);
    never(1);
    assert_string_equal(sometimes_first()->name, "not passed");
    assert_string_equal(sometimes_first()->next->name, "passed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reached)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
