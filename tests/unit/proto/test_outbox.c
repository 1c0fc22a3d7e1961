#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "proto/outbox.h"

static void effects_stay_in_order_until_the_next_step(void **state)
{
    (void)state;
    struct outbox o;
    const struct bytes items[] = {BYTES("one"), {NULL, 0}, BYTES("three")}, *kept;
    assert_int_equal(outbox_init(&o), ST_OK);
    outbox_add(&o, FX_CONNECT, 7)->text = outbox_keep(&o, "place", 6);
    assert_int_equal(outbox_keep_items(&o, items, 3, &kept), ST_OK);
    outbox_log(&o, 6, "event=%s", "test");
    assert_int_equal(o.count, 2);
    assert_int_equal(o.list[0].kind, FX_CONNECT);
    assert_int_equal(o.list[0].link, 7);
    assert_string_equal(o.list[0].text, "place");
    assert_int_equal(o.list[1].level, 6);
    assert_string_equal(o.list[1].text, "event=test");
    for (int i = 0; i < 3; i++)
        assert_true(bytes_equal(kept[i], items[i]));
    outbox_reset(&o);
    assert_int_equal(o.count, 0);
    outbox_release(&o);
    outbox_release(NULL);
}

static void logs_give_way_when_it_is_tight(void **state)
{
    (void)state;
    struct outbox o;
    assert_int_equal(outbox_init(&o), ST_OK);
    for (int i = 0; i < 2 * EFFECTS_MAX; i++)
        outbox_log(&o, 7, "event=flood index=%d", i);
    assert_true(o.count < EFFECTS_MAX);
    assert_true(outbox_is_tight(&o));
    (void)outbox_add(&o, FX_CLOSE, 1); /* an end always has a place */
    outbox_release(&o);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    struct outbox o;
    const struct bytes items[] = {BYTES("one")}, *kept;
    mem_fail_at(1);
    assert_int_equal(outbox_init(&o), ST_NO_MEMORY);
    assert_int_equal(outbox_init(&o), ST_OK);
    mem_fail_at(1);
    assert_null(outbox_keep(&o, "x", 1));
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_at(n);
        assert_int_equal(outbox_keep_items(&o, items, 1, &kept), ST_NO_MEMORY);
    }
    mem_fail_at(1);
    outbox_log(&o, 3, "event=lost");
    mem_fail_at(0);
    assert_int_equal(o.count, 0);
    outbox_release(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_stay_in_order_until_the_next_step),
        cmocka_unit_test(logs_give_way_when_it_is_tight),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
