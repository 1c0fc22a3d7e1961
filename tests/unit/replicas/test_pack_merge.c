#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "replicas/pack.h"
#include "replicas/pack_merge.h"
#include "tests/unit/replicas/pack_fixture.h"

static struct pack_fixture x;
static struct fault f;
static struct pack_merge_list list;
static atomic_bool cancel;

static int set_up(void **unused)
{
    (void)unused;
    atomic_store(&cancel, false);
    return pack_fixture_open(&x);
}

static int tear_down(void **unused)
{
    (void)unused;
    pack_fixture_close(&x);
    return 0;
}

static void write_from(size_t first)
{
    assert_int_equal(pack_write(x.folder, x.objects + first, x.count - first, &f), ST_OK);
}

/* Versions of one text, each a delta of the one before; and some of every other pack. */
static void write_chain(int seed, int versions)
{
    struct buf text = {0};
    struct oid near = {{0}};
    size_t first = x.count;
    for (int i = 0; i < versions; i++) {
        buf_reset(&text);
        for (int k = 0; k < 100; k++)
            buf_add_format(&text, "chain %d line %d: %d\n", seed, k, k == i ? i : 0);
        near = pack_fixture_add(&x, STORE_BLOB, buf_bytes(&text), i > 0 ? &near : NULL);
    }
    buf_release(&text);
    pack_fixture_add(&x, STORE_BLOB, BYTES("in every pack"), NULL);
    if (first > 0)
        pack_fixture_add(&x, STORE_BLOB, x.objects[first - 2].data, &near);
    write_from(first);
}

static size_t count_packs(void)
{
    assert_int_equal(pack_merge_list(x.folder, &list, &f), ST_OK);
    return list.count;
}

static void merge_all(void)
{
    char name[OID_TEXT + 1];
    assert_int_equal(pack_merge_list(x.folder, &list, &f), ST_OK);
    enum status st = pack_merge_run(x.folder, &list, &cancel, name, &f);
    if (st != ST_OK)
        print_message("%s\n", f.text);
    assert_int_equal(st, ST_OK);
    assert_int_equal(pack_fixture_judge(&x), 0); /* old and new stand together */
    assert_int_equal(pack_merge_drop(x.folder, &list, name, &f), ST_OK);
    assert_int_equal(count_packs(), 1);
    assert_string_equal(list.names[0] + 5, name);
    assert_int_equal(pack_fixture_judge(&x), 0);
}

static void packs_with_deltas_and_doubles_merge_into_one(void **unused)
{
    (void)unused;
    for (int i = 0; i < 6; i++)
        write_chain(i / 2, 10 + 5 * i);
    assert_int_equal(count_packs(), 6);
    merge_all();
    merge_all(); /* of one: the same */
}

static void packs_of_stock_git_merge_too(void **unused)
{
    (void)unused;
    write_chain(1, 30);
    write_chain(2, 30);
    /* Deltas by id, chains of its own, an index of its own. */
    assert_int_equal(
        judge_run(&x.judge, "git cat-file --batch-all-objects --batch-check='%%(objectname)' | "
                            "git pack-objects -q --no-reuse-delta --depth=50 --window=50 new && "
                            "rm -f objects/pack/* && mv new-* objects/pack && cd objects/pack && "
                            "for f in new-*; do mv $f pack-${f#new-}; done"),
        0);
    write_chain(3, 10);
    merge_all();
}

static void big_and_odd_entries_survive(void **unused)
{
    (void)unused;
    uint8_t *data = mem_alloc(3000000);
    for (size_t i = 0; i < 3000000; i++)
        data[i] = (uint8_t)(i * i >> 7);
    pack_fixture_add(&x, STORE_BLOB, (struct bytes){data, 3000000}, NULL);
    pack_fixture_add(&x, STORE_BLOB, BYTES(""), NULL);
    write_from(0);
    data[1500000] ^= 1;
    size_t first = x.count;
    struct oid near = pack_fixture_add(&x, STORE_BLOB, (struct bytes){data, 3000000}, NULL);
    data[1500000] ^= 3;
    pack_fixture_add(&x, STORE_BLOB, (struct bytes){data, 3000000}, &near);
    mem_free(data);
    write_from(first);
    merge_all();
}

static void merging_is_geometric(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t bytes[10];
        size_t count, chosen;
    } cases[] = {
        {{0}, 0, 0},
        {{5}, 1, 0},
        {{5, 5}, 2, 2},
        {{1, 1, 1, 1, 1, 1, 1, 1}, 8, 8},
        {{1, 1, 1, 1, 1, 1, 1, 100}, 8, 7},
        {{1, 1, 1, 1, 1, 1, 11, 100}, 8, 7},
        {{1, 1, 1, 1, 10, 30, 100, 300}, 8, 4},
        {{1, 1, 100, 100, 100, 100, 100, 100}, 8, 8},
        {{1, 1, UINT64_C(3000000000)}, 3, 2},
        {{1, UINT64_C(3000000000)}, 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        list.count = cases[i].count;
        memcpy(list.bytes, cases[i].bytes, sizeof cases[i].bytes);
        pack_merge_choose(&list);
        assert_int_equal(list.count, cases[i].chosen);
    }
}

static void kept_and_foreign_files_are_left_alone(void **unused)
{
    (void)unused;
    write_chain(1, 3);
    assert_int_equal(judge_run(&x.judge, "p=$(ls objects/pack/*.pack); touch ${p%%.pack}.keep "
                                         "objects/pack/pack-x.idx objects/pack/other.idx"),
                     0);
    assert_int_equal(count_packs(), 0);
}

static void a_cancelled_merge_leaves_nothing(void **unused)
{
    (void)unused;
    char name[OID_TEXT + 1];
    write_chain(1, 3);
    write_chain(2, 3);
    assert_int_equal(count_packs(), 2);
    atomic_store(&cancel, true);
    assert_int_equal(pack_merge_run(x.folder, &list, &cancel, name, &f), ST_CLOSED);
    assert_int_equal(count_packs(), 2);
    assert_int_equal(pack_fixture_judge(&x), 0);
}

/* Every byte of a pack's entries flipped: told by name, never copied. */
static void damage_is_never_copied(void **unused)
{
    (void)unused;
    static uint8_t whole[8192];
    char name[OID_TEXT + 1], path[JUDGE_PATH_MAX + 256];
    write_chain(1, 3);
    assert_int_equal(count_packs(), 1);
    snprintf(path, sizeof path, "%s/%.60s.pack", x.folder, list.names[0]);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(whole, 1, sizeof whole, file);
    fclose(file);
    assert_true(count > 100 && count < sizeof whole);
    assert_int_equal(chmod(path, 0600), 0);
    for (size_t at = 0; at < count; at++) {
        whole[at] ^= 0x20;
        file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(whole, 1, count, file), count);
        assert_int_equal(fclose(file), 0);
        whole[at] ^= 0x20;
        assert_int_equal(pack_merge_run(x.folder, &list, &cancel, name, &f), ST_CORRUPT);
        assert_non_null(strstr(f.text, list.names[0]));
    }
    assert_int_equal(count_packs(), 1);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    char name[OID_TEXT + 1];
    write_chain(1, 3);
    write_chain(2, 3);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        assert_int_equal(count_packs(), 2);
        mem_fail_at(n);
        enum status st = pack_merge_run(x.folder, &list, &cancel, name, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_true(n < 200);
    }
    assert_int_equal(pack_fixture_judge(&x), 0);
}

int main(void)
{
#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_REPOSITORY(packs_with_deltas_and_doubles_merge_into_one),
        WITH_REPOSITORY(packs_of_stock_git_merge_too),
        WITH_REPOSITORY(big_and_odd_entries_survive),
        cmocka_unit_test(merging_is_geometric),
        WITH_REPOSITORY(kept_and_foreign_files_are_left_alone),
        WITH_REPOSITORY(a_cancelled_merge_leaves_nothing),
        WITH_REPOSITORY(damage_is_never_copied),
        WITH_REPOSITORY(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
