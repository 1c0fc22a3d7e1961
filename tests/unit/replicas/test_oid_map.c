#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/oid_map.h"

enum { IDS = 3000, ROUNDS = 40000 };

static uint64_t state = 88172645463325252ull;

static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* Many ids share their first bytes, so that probing, wrapping and moving back all happen. */
static struct oid id_of(uint32_t n)
{
    struct oid id = {{0}};
    id.id[0] = (uint8_t)(n % 7 == 0 ? 255 : n);
    id.id[18] = (uint8_t)(n >> 8);
    id.id[19] = (uint8_t)n;
    return id;
}

static void random_puts_and_removes_match_a_plain_array(void **unused)
{
    (void)unused;
    struct oid_map m = {0};
    static int values[IDS];
    bool there[IDS] = {false};
    size_t count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t n = next() % IDS;
        struct oid id = id_of(n);
        if (next() % 2 == 0) {
            assert_int_equal(oid_map_put(&m, &id, &values[n]), ST_OK);
            count += there[n] ? 0 : 1;
            there[n] = true;
        } else {
            oid_map_remove(&m, &id);
            count -= there[n] ? 1 : 0;
            there[n] = false;
        }
        assert_int_equal(m.count, count);
        if (round % 5000 == 0)
            oid_map_shrink(&m);
        uint32_t other = next() % IDS;
        struct oid asked = id_of(other);
        assert_ptr_equal(oid_map_find(&m, &asked), there[other] ? &values[other] : NULL);
    }
    for (uint32_t n = 0; n < IDS; n++) {
        struct oid id = id_of(n);
        assert_ptr_equal(oid_map_find(&m, &id), there[n] ? &values[n] : NULL);
        if (n >= 10)
            oid_map_remove(&m, &id);
    }
    oid_map_shrink(&m);
    assert_in_range(m.capacity, 1, 64);
    for (uint32_t n = 0; n < 10; n++) {
        struct oid id = id_of(n);
        assert_ptr_equal(oid_map_find(&m, &id), there[n] ? &values[n] : NULL);
    }
    oid_map_release(&m);
}

static void empty_map_holds_nothing(void **unused)
{
    (void)unused;
    struct oid_map m = {0};
    struct oid id = id_of(1);
    assert_null(oid_map_find(&m, &id));
    oid_map_remove(&m, &id);
    oid_map_release(&m);
    oid_map_release(NULL);
}

static void failed_growth_leaves_the_map_as_it_was(void **unused)
{
    (void)unused;
    struct oid_map m = {0};
    int value = 0;
    uint32_t n = 0;
    for (;; n++) {
        struct oid id = id_of(n);
        mem_fail_at(n == 0 ? 0 : 1);
        enum status st = oid_map_put(&m, &id, &value);
        mem_fail_at(0);
        if (st != ST_OK)
            break;
    }
    assert_int_equal(m.count, n);
    for (uint32_t i = 0; i <= n; i++) {
        struct oid id = id_of(i);
        assert_ptr_equal(oid_map_find(&m, &id), i < n ? &value : NULL);
    }
    oid_map_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_puts_and_removes_match_a_plain_array),
        cmocka_unit_test(empty_map_holds_nothing),
        cmocka_unit_test(failed_growth_leaves_the_map_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
