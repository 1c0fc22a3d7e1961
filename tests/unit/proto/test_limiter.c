#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limiter.h"
#include "proto/mem.h"

/* Entropy that counts: slot 0, 1, 2, … gives way in turn. */
static void counting(void *context, void *out, size_t count)
{
    uint8_t *next = context;
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)out)[i] = (*next)++;
}

static uint8_t counter;

static struct limiter *limiter(void)
{
    struct limiter *l = NULL;
    counter = 0;
    assert_int_equal(limiter_create(counting, &counter, &l), ST_OK);
    return l;
}

static struct limiter_address ipv4(uint32_t n)
{
    struct limiter_address a = {.ip = {[10] = 0xff, [11] = 0xff}};
    for (unsigned i = 0; i < 4; i++)
        a.ip[12 + i] = (uint8_t)(n >> (24 - 8 * i));
    return a;
}

static unsigned admitted(struct limiter *l, struct limiter_address from, uint64_t now_ms)
{
    unsigned count = 0;
    while (count <= LIMITER_TOKENS_MAX && limiter_admit(l, &from, now_ms))
        count++;
    return count;
}

static void test_an_address_has_its_tokens_and_gains_more(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    uint64_t now = 5000;
    assert_int_equal(admitted(l, ipv4(1), now), LIMITER_TOKENS_MAX);
    assert_int_equal(admitted(l, ipv4(1), now + LIMITER_TOKEN_MS - 1), 0);
    assert_int_equal(admitted(l, ipv4(1), now + LIMITER_TOKEN_MS), 1);
    assert_int_equal(admitted(l, ipv4(1), now + 5 * LIMITER_TOKEN_MS), 4);
    assert_int_equal(admitted(l, ipv4(1), now + 1000 * LIMITER_TOKEN_MS), LIMITER_TOKENS_MAX);
    limiter_free(l);
}

static void test_no_part_of_a_step_is_lost(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    struct limiter_address a = ipv4(1);
    unsigned count = 0;
    assert_int_equal(admitted(l, a, 0), LIMITER_TOKENS_MAX);
    for (uint64_t now = 1; now <= 10 * LIMITER_TOKEN_MS; now += 7) /* asks all the time */
        count += limiter_admit(l, &a, now);
    assert_int_equal(count, 9);
    limiter_free(l);
}

static void test_time_that_stands_or_goes_back_adds_nothing(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    assert_int_equal(admitted(l, ipv4(1), 10000), LIMITER_TOKENS_MAX);
    assert_int_equal(admitted(l, ipv4(1), 10000), 0);
    assert_int_equal(admitted(l, ipv4(1), 0), 0);
    assert_int_equal(admitted(l, ipv4(1), 10000 + LIMITER_TOKEN_MS), 1);
    limiter_free(l);
}

static void test_addresses_are_apart_and_networks_together(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    struct limiter_address here = {.ip = {0x20, 1, [7] = 5, [15] = 1}};
    struct limiter_address same_network = {.ip = {0x20, 1, [7] = 5, [8] = 9, [15] = 2}};
    struct limiter_address other_network = {.ip = {0x20, 1, [7] = 6, [15] = 1}};
    assert_int_equal(admitted(l, ipv4(1), 0), LIMITER_TOKENS_MAX);
    assert_int_equal(admitted(l, ipv4(2), 0), LIMITER_TOKENS_MAX);
    assert_int_equal(admitted(l, here, 0), LIMITER_TOKENS_MAX);
    assert_int_equal(admitted(l, same_network, 0), 0);
    assert_int_equal(admitted(l, other_network, 0), LIMITER_TOKENS_MAX);
    limiter_free(l);
}

static void test_many_addresses_do_not_wash_out_a_spent_one(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    assert_int_equal(admitted(l, ipv4(7), 0), LIMITER_TOKENS_MAX);
    for (uint32_t i = 0; i < 3 * LIMITER_ADDRESSES_MAX; i++) {
        struct limiter_address a = ipv4(1000 + i);
        assert_true(limiter_admit(l, &a, 0));
    }
    assert_int_equal(admitted(l, ipv4(7), 0), 0);
    limiter_free(l);
}

static void test_slots_evict_at_random_when_full(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    uint64_t evicted = 0;
    for (uint64_t id = 1; id <= HALF_OPEN_MAX; id++)
        assert_false(limiter_take_slot(l, id, id, &evicted));
    assert_int_equal(limiter_half_open(l), HALF_OPEN_MAX);
    counter = 9; /* the entropy's choice: the tenth */
    assert_true(limiter_take_slot(l, 1000, 100, &evicted));
    assert_int_equal(evicted, 10);
    counter = HALF_OPEN_MAX + 9; /* of the same residue: what was the eleventh */
    assert_true(limiter_take_slot(l, 1001, 100, &evicted));
    assert_int_equal(evicted, 11);
    counter = HALF_OPEN_MAX - 1; /* the last is the one before */
    assert_true(limiter_take_slot(l, 1002, 100, &evicted));
    assert_int_equal(evicted, 1001);
    assert_int_equal(limiter_half_open(l), HALF_OPEN_MAX);
    limiter_free(l);
}

static void test_leaving(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    uint64_t id;
    assert_int_equal(limiter_deadline_ms(l), UINT64_MAX);
    assert_false(limiter_take_slot(l, 1, 100, &id));
    assert_false(limiter_take_slot(l, 2, 200, &id));
    assert_false(limiter_take_slot(l, 3, 300, &id));
    limiter_leave_slot(l, 99);
    assert_int_equal(limiter_half_open(l), 3);
    assert_int_equal(limiter_deadline_ms(l), 100 + HANDSHAKE_MS);
    limiter_leave_slot(l, 1);
    assert_int_equal(limiter_half_open(l), 2);
    assert_int_equal(limiter_deadline_ms(l), 200 + HANDSHAKE_MS);
    limiter_free(l);
}

static void test_overdue_ones_come_out_the_longest_waiting_first(void **state)
{
    (void)state;
    struct limiter *l = limiter();
    uint64_t id = 0;
    assert_false(limiter_overdue(l, UINT64_MAX, &id));
    assert_false(limiter_take_slot(l, 5, 100, &id));
    assert_false(limiter_take_slot(l, 4, 150, &id));
    assert_false(limiter_overdue(l, 100 + HANDSHAKE_MS - 1, &id));
    assert_true(limiter_overdue(l, 100 + HANDSHAKE_MS, &id));
    assert_int_equal(id, 5);
    assert_false(limiter_overdue(l, 100 + HANDSHAKE_MS, &id));
    assert_true(limiter_overdue(l, 1000 + HANDSHAKE_MS, &id));
    assert_int_equal(id, 4);
    assert_int_equal(limiter_half_open(l), 0);
    limiter_free(l);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct limiter *l = NULL;
    mem_fail_at(1);
    assert_int_equal(limiter_create(counting, &counter, &l), ST_NO_MEMORY);
    assert_null(l);
    mem_fail_at(0);
    limiter_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_has_its_tokens_and_gains_more),
        cmocka_unit_test(test_no_part_of_a_step_is_lost),
        cmocka_unit_test(test_time_that_stands_or_goes_back_adds_nothing),
        cmocka_unit_test(test_addresses_are_apart_and_networks_together),
        cmocka_unit_test(test_many_addresses_do_not_wash_out_a_spent_one),
        cmocka_unit_test(test_slots_evict_at_random_when_full),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_overdue_ones_come_out_the_longest_waiting_first),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
}
