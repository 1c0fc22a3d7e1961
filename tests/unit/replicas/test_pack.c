#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/pack.h"
#include "replicas/pack_delta.h"
#include "tests/unit/replicas/pack_fixture.h"

static struct pack_fixture x;

static int set_up(void **unused)
{
    (void)unused;
    return pack_fixture_open(&x);
}

static int tear_down(void **unused)
{
    (void)unused;
    pack_fixture_close(&x);
    return 0;
}

static void write_all(void)
{
    struct fault f = {.text = ""};
    enum status st = pack_write(x.folder, x.objects, x.count, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
}

/* How many objects of all packs git counts as deltas. */
static int deltas(void)
{
    assert_int_equal(judge_run(&x.judge, "git verify-pack -v objects/pack/*.idx | "
                                         "grep -c ' [0-9]* [0-9a-f]\\{40\\}$' || true"),
                     0);
    return atoi(x.judge.output);
}

static void one_object_makes_a_pack(void **unused)
{
    (void)unused;
    pack_fixture_add(&x, STORE_BLOB, BYTES("hello\n"), NULL);
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
    assert_int_equal(judge_run(&x.judge, "git cat-file blob ce01362"), 0);
    assert_string_equal(x.judge.output, "hello");
}

static void sizes_around_every_boundary(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {0,    1,     15,    16,     17,     2047,
                                   2048, 65535, 65536, 262143, 262145, 5000000};
    uint8_t *data = mem_alloc(5000000);
    uint32_t state = 1;
    for (size_t i = 0; i < 5000000; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (uint8_t)(state >> (i % 3 == 0 ? 24 : 30));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        pack_fixture_add(&x, STORE_BLOB, (struct bytes){data, sizes[i]}, NULL);
    mem_free(data);
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
}

static void many_objects_on_several_threads(void **unused)
{
    (void)unused;
    pack_fixture_add_blobs(&x, 4000, 1);
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
}

static void doubles_are_written_once(void **unused)
{
    (void)unused;
    pack_fixture_add(&x, STORE_BLOB, BYTES("a"), NULL);
    pack_fixture_add(&x, STORE_BLOB, BYTES("b"), NULL);
    pack_fixture_add(&x, STORE_BLOB, BYTES("a"), NULL);
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
}

static void near_versions_become_deltas_of_bounded_depth(void **unused)
{
    (void)unused;
    struct buf text = {0};
    struct oid near = {{0}};
    for (int i = 0; i < 100; i++) {
        buf_reset(&text);
        for (int k = 0; k < 200; k++)
            buf_add_format(&text, "field %d: %d\n", k, k == i ? 1000 : k);
        near = pack_fixture_add(&x, STORE_BLOB, buf_bytes(&text), i > 0 ? &near : NULL);
    }
    buf_release(&text);
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
    assert_in_range(deltas(), 90, 99);
    assert_int_equal(judge_run(&x.judge, "git verify-pack -v objects/pack/*.idx | "
                                         "grep '^chain length' | tail -1 | cut -d' ' -f4"),
                     0);
    assert_in_range(atoi(x.judge.output), 1, PACK_DEPTH_MAX);
}

static void a_base_in_no_or_another_pack_is_not_used(void **unused)
{
    (void)unused;
    char text[1000];
    memset(text, 'x', sizeof text);
    struct bytes data = {(uint8_t *)text, sizeof text};
    struct oid first = pack_fixture_add(&x, STORE_BLOB, data, NULL);
    write_all();
    pack_fixture_forget(&x);
    text[500] = 'y';
    struct oid later = first;
    later.id[0] ^= 1;
    pack_fixture_add(&x, STORE_BLOB, data, &first);
    text[501] = 'y';
    pack_fixture_add(&x, STORE_BLOB, data, &later);
    /* Not a blob's: of the same pack, but of another kind. */
    struct oid tree = pack_fixture_add(&x, STORE_TREE, BYTES(""), NULL);
    pack_fixture_add(&x, STORE_BLOB, BYTES("z"), &tree);
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
    assert_int_equal(deltas(), 0);
}

/* git's own reading of a delta, spelt out. */
static bool apply(struct bytes base, struct bytes delta, struct buf *out)
{
    size_t at = 0, sizes[2] = {0};
    for (int i = 0; i < 2; i++)
        for (unsigned shift = 0;; shift += 7) {
            uint8_t c = delta.data[at++];
            sizes[i] |= (size_t)(c & 0x7f) << shift;
            if ((c & 0x80) == 0)
                break;
        }
    while (at < delta.count) {
        uint8_t op = delta.data[at++];
        if ((op & 0x80) == 0) {
            buf_add(out, delta.data + at, op);
            at += op;
            continue;
        }
        size_t offset = 0, count = 0;
        for (unsigned i = 0; i < 4; i++)
            if ((op >> i & 1) != 0)
                offset |= (size_t)delta.data[at++] << 8 * i;
        for (unsigned i = 0; i < 3; i++)
            if ((op >> (4 + i) & 1) != 0)
                count |= (size_t)delta.data[at++] << 8 * i;
        if (offset + count > base.count || count == 0)
            return false;
        buf_add(out, base.data + offset, count);
    }
    return sizes[0] == base.count && sizes[1] == out->count && at == delta.count;
}

static void deltas_lead_to_their_target(void **unused)
{
    (void)unused;
    static uint8_t base[200000], target[200500];
    static const size_t cases[][4] = {
        /* base, cut at, cut, put in */
        {200000, 100000, 0, 1},  {200000, 0, 5, 0},     {200000, 199990, 10, 0},
        {200000, 70000, 1, 300}, {300, 100, 20, 20},    {65535, 65535, 0, 1},
        {65536, 0, 0, 1},        {131070, 65535, 1, 1}, {1000, 0, 0, 400},
    };
    struct buf delta = {0}, out = {0};
    for (size_t i = 0; i < sizeof base; i++)
        base[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = cases[i][0], at = cases[i][1], cut = cases[i][2], put = cases[i][3];
        memcpy(target, base, at);
        memset(target + at, 0xee, put);
        memcpy(target + at + put, base + at + cut, count - at - cut);
        size_t target_count = count - cut + put;
        struct bytes from = {base, count}, to = {target, target_count};
        assert_true(pack_delta_make(from, to, &delta));
        buf_reset(&out);
        assert_true(apply(from, buf_bytes(&delta), &out));
        assert_true(bytes_equal(buf_bytes(&out), to));
    }
    assert_false(pack_delta_make(BYTES("abcdef"), BYTES("uvwxyz"), &delta));
    assert_false(pack_delta_make(BYTES(""), BYTES("uvwxyz"), &delta));
    assert_false(pack_delta_make(BYTES("abc"), BYTES(""), &delta));
    assert_int_equal(delta.count, 0);
    buf_release(&delta);
    buf_release(&out);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    struct oid near = pack_fixture_add(&x, STORE_BLOB, BYTES("0123456789 0123456789 x"), NULL);
    pack_fixture_add(&x, STORE_BLOB, BYTES("0123456789 0123456789 y"), &near);
    pack_fixture_add_blobs(&x, 20, 3);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct fault f;
        mem_fail_at(n);
        enum status st = pack_write(x.folder, x.objects, x.count, &f);
        failed = mem_failed();
        mem_fail_at(0);
        /* Without memory for a delta, the whole is written. */
        assert_true(st == ST_OK || (failed && st == ST_NO_MEMORY));
        if (st != ST_OK)
            assert_int_equal(judge_run(&x.judge, "test -z \"$(ls objects/pack)\""), 0);
        else
            assert_int_equal(judge_run(&x.judge, "rm -f objects/pack/*"), 0);
        assert_true(n < 200);
    }
    write_all();
    assert_int_equal(pack_fixture_judge(&x), 0);
}

static void a_folder_that_is_not_there_is_an_error(void **unused)
{
    (void)unused;
    struct fault f;
    pack_fixture_add(&x, STORE_BLOB, BYTES("a"), NULL);
    assert_int_equal(pack_write("/nonexistent/objects/pack", x.objects, 1, &f), ST_IO);
    assert_non_null(strstr(f.text, "/nonexistent/objects/pack"));
}

int main(void)
{
#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_REPOSITORY(one_object_makes_a_pack),
        WITH_REPOSITORY(sizes_around_every_boundary),
        WITH_REPOSITORY(many_objects_on_several_threads),
        WITH_REPOSITORY(doubles_are_written_once),
        WITH_REPOSITORY(near_versions_become_deltas_of_bounded_depth),
        WITH_REPOSITORY(a_base_in_no_or_another_pack_is_not_used),
        cmocka_unit_test(deltas_lead_to_their_target),
        WITH_REPOSITORY(every_allocation_may_fail),
        WITH_REPOSITORY(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
