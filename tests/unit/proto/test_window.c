#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/window.h"

static struct window w;

static struct oid numbered(uint32_t n)
{
    struct oid id = {{0}};
    memcpy(id.id, &n, sizeof(n));
    return id;
}

static int fresh(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    return 0;
}

static void flights_land_in_order_round_and_round(void **state)
{
    (void)state;
    uint32_t next = 0, landed = 0;
    struct oid id;
    for (uint32_t round = 0; round < 10; round++) {
        while (window_fits(&w, 100)) {
            id = numbered(next++);
            window_depart(&w, &id, 100);
        }
        assert_int_equal(w.flight_count, WINDOW_ITEMS);
        id = numbered(next - 1);
        assert_true(window_in_flight(&w, &id));
        static struct oid all[WINDOW_ITEMS];
        window_flights(&w, all);
        struct oid first = numbered(landed), last = numbered(next - 1);
        assert_memory_equal(&all[0], &first, sizeof(first));
        assert_memory_equal(&all[WINDOW_ITEMS - 1], &last, sizeof(last));
        while (landed < next - 700 && window_land(&w, next - 700, &id)) {
            struct oid expected = numbered(landed++);
            assert_memory_equal(&id, &expected, sizeof(id));
            assert_false(window_in_flight(&w, &id));
        }
        assert_int_equal(w.flight_count, 700);
    }
    assert_false(window_may_land(&w, w.acked - 1));
    assert_false(window_may_land(&w, w.sent + 1));
    assert_true(window_may_land(&w, w.sent));
}

static void bytes_fill_it_too(void **state)
{
    (void)state;
    struct oid id = numbered(1);
    assert_true(window_has_room(&w));
    while (window_fits(&w, ITEM_BYTES_MAX))
        window_depart(&w, &id, ITEM_BYTES_MAX);
    assert_int_equal(w.flight_count, WINDOW_BYTES / ITEM_BYTES_MAX);
    assert_true(window_fits(&w, WINDOW_BYTES % ITEM_BYTES_MAX));
    while (w.flight_count > 0)
        assert_true(window_land(&w, w.sent, &id));
    assert_int_equal(w.flight_bytes, 0);
}

static void stores_count_in_the_order_they_came(void **state)
{
    (void)state;
    assert_int_equal(window_take(&w, 11, 3, 30), ST_OK);
    assert_int_equal(window_take(&w, 12, 2, 20), ST_OK);
    assert_int_equal(window_take(&w, 13, 1, 10), ST_OK);
    window_judge(&w, 12);
    assert_false(window_stores(&w, 12)); /* answered once */
    assert_int_equal(w.judged, 0);
    window_judge(&w, 11);
    assert_int_equal(w.judged, 5);
    assert_true(window_stores(&w, 13));
    window_judge(&w, 13);
    assert_int_equal(w.judged, 6);
    assert_int_equal(w.store_items + w.store_bytes, 0);
}

static void stores_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(window_take(&w, 1, WINDOW_ITEMS - 1, 10), ST_OK);
    assert_int_equal(window_take(&w, 2, 2, 10), ST_TOO_LARGE);
    assert_int_equal(window_take(&w, 3, 1, 10), ST_OK);
    window_judge(&w, 1);
    assert_int_equal(window_take(&w, 4, 1, WINDOW_BYTES), ST_TOO_LARGE);
    assert_int_equal(window_take(&w, 5, 1, WINDOW_BYTES - 10), ST_OK);
    assert_false(window_stores(&w, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(flights_land_in_order_round_and_round, fresh),
        cmocka_unit_test_setup(bytes_fill_it_too, fresh),
        cmocka_unit_test_setup(stores_count_in_the_order_they_came, fresh),
        cmocka_unit_test_setup(stores_are_bounded, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
