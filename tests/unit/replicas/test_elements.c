#include "tests/unit/replicas/programme.h"

#include "proto/mem.h"
#include "replicas/elements.h"

static void ascending_and_each_once(void **state)
{
    (void)state;
    struct elements e = {0};
    struct buf out = {0};
    elements_write(&e, &out);
    assert_string_equal(buf_text(&out), "[]");
    assert_int_equal(elements_add(&e, BYTES("\"housing\"")), ST_OK);
    assert_int_equal(elements_add(&e, BYTES("\"health\"")), ST_OK);
    assert_int_equal(elements_add(&e, BYTES("\"housing\"")), ST_OK);
    assert_int_equal(elements_add(&e, BYTES("\"a\"")), ST_OK);
    buf_reset(&out);
    elements_write(&e, &out);
    assert_string_equal(buf_text(&out), "[\"a\",\"health\",\"housing\"]");
    elements_reset(&e);
    for (int i = 0; i < ELEMENTS_MAX; i++) {
        char text[16];
        snprintf(text, sizeof text, "\"%d\"", i);
        assert_int_equal(elements_add(&e, bytes_of_text(text)), ST_OK);
    }
    assert_int_equal(elements_add(&e, BYTES("\"7\"")), ST_OK);
    assert_int_equal(elements_add(&e, BYTES("\"x\"")), ST_TOO_LARGE);
    assert_int_equal(e.count, ELEMENTS_MAX);
    elements_release(&e);
    buf_release(&out);
}

static void no_memory(void **state)
{
    (void)state;
    struct elements e = {0};
    mem_fail_at(1);
    assert_int_equal(elements_add(&e, BYTES("\"a\"")), ST_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(e.count, 0);
    elements_release(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascending_and_each_once),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
