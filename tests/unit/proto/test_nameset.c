#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "proto/nameset.h"

enum { NAMES = 500 };

/* Many share a home, so that runs of slots form, also around the end of the table. */
static struct digest name_of(uint32_t n)
{
    struct digest name = {{0}};
    name.id[0] = (uint8_t)(n % 7 + 60);
    name.id[30] = (uint8_t)(n >> 8);
    name.id[31] = (uint8_t)n;
    name.id[29] = 1;
    return name;
}

static void what_is_added_is_there_until_it_is_removed(void **state)
{
    (void)state;
    struct nameset s = {0};
    struct digest name;
    bool in[NAMES] = {false};
    uint32_t count = 0, draw = 1;
    for (int turn = 0; turn < 20000; turn++) {
        draw = draw * 1664525 + 1013904223;
        uint32_t n = (draw >> 8) % NAMES;
        name = name_of(n);
        assert_int_equal(nameset_has(&s, &name), in[n]);
        if ((draw >> 30) < 2) {
            assert_int_equal(nameset_add(&s, &name), ST_OK);
            count += !in[n];
            in[n] = true;
        } else {
            assert_int_equal(nameset_remove(&s, &name), in[n]);
            count -= in[n];
            in[n] = false;
        }
        assert_int_equal(s.count, count);
    }
    for (uint32_t n = 0; n < NAMES; n++) {
        name = name_of(n);
        assert_int_equal(nameset_has(&s, &name), in[n]);
    }
    nameset_release(&s);
}

static void a_zero_name_is_in_no_set(void **state)
{
    (void)state;
    struct nameset s = {0};
    struct digest zero = {{0}};
    assert_false(nameset_has(&s, &zero));
    assert_false(nameset_remove(&s, &zero));
    assert_int_equal(nameset_add(&s, &zero), ST_OK);
    assert_int_equal(s.count, 0);
    nameset_release(&s);
}

static void without_memory_it_stays_as_it_was(void **state)
{
    (void)state;
    struct nameset s = {0};
    for (uint32_t n = 0; n < 200; n++) {
        struct digest name = name_of(n);
        mem_fail_at(1);
        enum status status = nameset_add(&s, &name);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(nameset_has(&s, &name), !failed);
        assert_int_equal(nameset_add(&s, &name), ST_OK);
    }
    assert_int_equal(s.count, 200);
    nameset_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_there_until_it_is_removed),
        cmocka_unit_test(a_zero_name_is_in_no_set),
        cmocka_unit_test(without_memory_it_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
