#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/jblock.h"
#include "replicas/jframe.h"

static void fill(struct jblock *b, uint64_t first, unsigned count)
{
    jblock_start(b, first);
    for (unsigned i = 0; i < count; i++) {
        uint8_t payload[3] = {(uint8_t)i, 1, 2};
        assert_int_equal(jblock_add(b, (struct bytes){payload, 1 + i % 3}), ST_OK);
    }
}

static void finds_items_in_any_order(void **unused)
{
    (void)unused;
    struct jblock b = {0};
    static const uint64_t order[] = {100, 103, 101, 104, 104, 100, 102};
    fill(&b, 100, 5);
    assert_false(jblock_holds(&b, 99));
    assert_false(jblock_holds(&b, 105));
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
        assert_true(jblock_holds(&b, order[i]));
        struct bytes item = jblock_item(&b, order[i]);
        assert_int_equal(item.count, 1 + (order[i] - 100) % 3);
        assert_int_equal(item.data[0], order[i] - 100);
    }
    jblock_start(&b, 7);
    assert_false(jblock_holds(&b, 7));
    jblock_release(&b);
}

static void check_takes_exactly_its_items(void **unused)
{
    (void)unused;
    struct jblock b = {0};
    fill(&b, 0, 5);
    size_t whole = b.raw.count;
    assert_int_equal(jblock_check(&b, 4), ST_MALFORMED);
    assert_int_equal(b.count, 0);
    assert_int_equal(jblock_check(&b, 6), ST_MALFORMED);
    for (size_t i = 0; i < whole; i++) {
        b.raw.count = i;
        assert_int_equal(jblock_check(&b, 5), ST_MALFORMED);
    }
    b.raw.count = whole;
    assert_int_equal(jblock_check(&b, 5), ST_OK);
    assert_int_equal(jblock_item(&b, 4).data[0], 4);
    /* A length of nothing, and one beyond the limit. */
    b.raw.data[3] = 0;
    assert_int_equal(jblock_check(&b, 5), ST_MALFORMED);
    b.raw.data[0] = 0xff;
    assert_int_equal(jblock_check(&b, 5), ST_MALFORMED);
    jblock_release(&b);
}

static void failed_add_changes_nothing(void **unused)
{
    (void)unused;
    struct jblock b = {0};
    static uint8_t payload[JFRAME_PAYLOAD_MAX];
    fill(&b, 0, 2);
    mem_fail_at(1);
    assert_int_equal(jblock_add(&b, (struct bytes){payload, sizeof payload}), ST_NO_MEMORY);
    assert_int_equal(b.count, 2);
    assert_int_equal(jblock_add(&b, (struct bytes){payload, sizeof payload}), ST_OK);
    assert_int_equal(jblock_item(&b, 2).count, sizeof payload);
    jblock_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_items_in_any_order),
        cmocka_unit_test(check_takes_exactly_its_items),
        cmocka_unit_test(failed_add_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
