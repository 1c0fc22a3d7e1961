#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/pack_delta.h"

static uint64_t state = 88172645463325252ull;

static uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % below;
}

static size_t take_size(const struct buf *delta, size_t *at)
{
    size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = delta->data[(*at)++];
        size |= (size_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return size;
    }
}

/* Applies a delta as git's format has it; written here on its own, as the judge. */
static void apply(struct bytes base, const struct buf *delta, struct buf *out)
{
    size_t at = 0;
    assert_int_equal(take_size(delta, &at), base.count);
    size_t expected = take_size(delta, &at);
    while (at < delta->count) {
        uint8_t op = delta->data[at++];
        if ((op & 0x80) == 0) {
            assert_true(op > 0 && at + op <= delta->count);
            buf_add(out, delta->data + at, op);
            at += op;
            continue;
        }
        size_t offset = 0, count = 0;
        for (unsigned i = 0; i < 4; i++)
            if ((op & 1 << i) != 0)
                offset |= (size_t)delta->data[at++] << 8 * i;
        for (unsigned i = 0; i < 3; i++)
            if ((op & 0x10 << i) != 0)
                count |= (size_t)delta->data[at++] << 8 * i;
        count = count == 0 ? 0x10000 : count;
        assert_true(offset + count <= base.count);
        buf_add(out, base.data + offset, count);
    }
    assert_int_equal(at, delta->count);
    assert_int_equal(out->count, expected);
}

static void assert_leads_there(struct bytes base, struct bytes target)
{
    struct buf delta = {0}, back = {0};
    assert_true(pack_delta_make(base, target, &delta));
    assert_true(2 * delta.count <= target.count);
    apply(base, &delta, &back);
    assert_true(bytes_equal(buf_bytes(&back), target));
    buf_release(&delta);
    buf_release(&back);
}

static void a_change_in_one_place_leads_there(void **unused)
{
    (void)unused;
    for (int round = 0; round < 200; round++) {
        size_t count = 100 + next(200000);
        uint8_t *base = mem_alloc(count), *target = mem_alloc(count + 40);
        for (size_t i = 0; i < count; i++)
            base[i] = (uint8_t)next(256);
        size_t place = next((uint32_t)count), grow = next(40);
        memcpy(target, base, place);
        for (size_t i = 0; i < grow; i++)
            target[place + i] = (uint8_t)next(256);
        memcpy(target + place + grow, base + place, count - place);
        assert_leads_there((struct bytes){base, count}, (struct bytes){target, count + grow});
        assert_leads_there((struct bytes){target, count + grow}, (struct bytes){base, count});
        mem_free(base);
        mem_free(target);
    }
}

/* Around the greatest copy, the greatest insert, and where bytes of an offset are zero. */
static void every_boundary_leads_there(void **unused)
{
    (void)unused;
    enum { BASE_BYTES = 200000, PUT_MAX = 500 };
    static uint8_t base[BASE_BYTES], target[BASE_BYTES + PUT_MAX];
    static const size_t cases[][4] = {
        /* of the base, cut at, cut, put in */
        {200000, 100000, 0, 1},  {200000, 0, 5, 0},     {200000, 199990, 10, 0},
        {200000, 70000, 1, 300}, {300, 100, 20, 20},    {65535, 65535, 0, 1},
        {65536, 0, 0, 1},        {131070, 65535, 1, 1}, {1000, 0, 0, 400},
        {1000, 500, 0, 126},     {1000, 500, 0, 127},   {1000, 500, 0, 128},
        {256, 128, 0, 0},        {65536, 256, 1, 1},    {200000, 65536, 0, 254},
    };
    for (size_t i = 0; i < BASE_BYTES; i++)
        base[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = cases[i][0], at = cases[i][1], cut = cases[i][2], put = cases[i][3];
        memcpy(target, base, at);
        memset(target + at, 0xee, put);
        memcpy(target + at + put, base + at + cut, count - at - cut);
        assert_leads_there((struct bytes){base, count}, (struct bytes){target, count - cut + put});
    }
}

/* What both begin with and what both end with may overlap in the shorter one. */
static void runs_of_one_byte_are_not_counted_twice(void **unused)
{
    (void)unused;
    static uint8_t run[600];
    memset(run, 'x', sizeof run);
    for (size_t from = 500; from <= sizeof run; from += 20)
        for (size_t to = 500; to <= sizeof run; to += 20)
            assert_leads_there((struct bytes){run, from}, (struct bytes){run, to});
}

static void what_has_little_in_common_stays_whole(void **unused)
{
    (void)unused;
    struct buf delta = {0};
    buf_add_text(&delta, "old");
    assert_false(pack_delta_make(BYTES("abcdefgh"), BYTES("ABCDEFGH"), &delta));
    assert_int_equal(delta.count, 0);
    assert_false(pack_delta_make(BYTES(""), BYTES("abc"), &delta));
    assert_false(pack_delta_make(BYTES("abc"), BYTES(""), &delta));
    assert_false(pack_delta_make(BYTES("ab"), BYTES("ab"), &delta)); /* longer than what it tells */
    buf_release(&delta);
}

static void without_memory_it_stays_whole(void **unused)
{
    (void)unused;
    static const uint8_t alike[400];
    struct buf delta = {0};
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        bool made = pack_delta_make((struct bytes){alike, 400}, (struct bytes){alike, 390}, &delta);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(made, !failed);
        if (failed)
            assert_int_equal(delta.count, 0);
        buf_release(&delta);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_in_one_place_leads_there),
        cmocka_unit_test(every_boundary_leads_there),
        cmocka_unit_test(runs_of_one_byte_are_not_counted_twice),
        cmocka_unit_test(what_has_little_in_common_stays_whole),
        cmocka_unit_test(without_memory_it_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
