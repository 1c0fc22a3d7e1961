#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/pack.h"
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
static long deltas(void)
{
    assert_int_equal(judge_run(&x.judge, "git verify-pack -v objects/pack/*.idx | "
                                         "grep -c ' [0-9]* [0-9a-f]\\{40\\}$' || true"),
                     0);
    return judge_number(&x.judge);
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
    assert_int_equal(judge_run(&x.judge,
                               "git verify-pack -v objects/pack/*.idx | "
                               "grep '^chain length' | tail -1 | tr -d : | cut -d' ' -f4"),
                     0);
    assert_in_range(judge_number(&x.judge), 1, PACK_DEPTH_MAX);
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
        WITH_REPOSITORY(every_allocation_may_fail),
        WITH_REPOSITORY(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
