#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/pack.h"
#include "replicas/pack_index.h"
#include "tests/unit/replicas/pack_fixture.h"

static struct pack_fixture x;
static char path[JUDGE_PATH_MAX + 256];

static int set_up(void **unused)
{
    (void)unused;
    struct fault f;
    if (pack_fixture_open(&x) != 0)
        return -1;
    pack_fixture_add_blobs(&x, 300, 1);
    if (pack_write(x.folder, x.objects, x.count, &f) != ST_OK)
        return -1;
    if (judge_run(&x.judge, "ls objects/pack/*.idx") != 0)
        return -1;
    snprintf(path, sizeof path, "%s/%.200s", x.judge.folder, x.judge.output);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pack_fixture_close(&x);
    return 0;
}

/* Compare with `git show-index`: "<offset> <id> (<crc>)" a line, by id. */
static void reads_what_git_reads(void **unused)
{
    (void)unused;
    struct pack_index index;
    struct fault f;
    struct buf lines = {0};
    assert_int_equal(pack_index_open(path, &index, &f), ST_OK);
    assert_int_equal(index.count, x.count);
    for (uint32_t i = 0; i < index.count; i++) {
        struct oid id;
        char hex[OID_TEXT + 1];
        pack_index_id(&index, i, &id);
        hex_encode(id.id, OID_BYTES, hex);
        buf_add_format(&lines, "%u %s (%08x)\n", pack_index_offset(&index, i), hex,
                       pack_index_crc(&index, i));
    }
    assert_int_equal(judge_write(&x.judge, "ours", lines.data, lines.count), 0);
    assert_int_equal(judge_run(&x.judge, "cat objects/pack/*.idx | git show-index | cmp - ours"),
                     0);
    buf_release(&lines);
    pack_index_release(&index);
}

static void finds_what_is_there_and_nothing_else(void **unused)
{
    (void)unused;
    struct pack_index index;
    struct fault f;
    uint32_t at;
    assert_int_equal(pack_index_open(path, &index, &f), ST_OK);
    for (size_t i = 0; i < x.count; i++) {
        struct oid id = x.objects[i].id, found;
        assert_true(pack_index_find(&index, &id, &at));
        pack_index_id(&index, at, &found);
        assert_true(oid_equal(&id, &found));
        id.id[OID_BYTES - 1] ^= 1;
        assert_false(pack_index_find(&index, &id, &at));
    }
    struct oid ends[2];
    memset(&ends[0], 0, OID_BYTES);
    memset(&ends[1], 0xff, OID_BYTES);
    assert_false(pack_index_find(&index, &ends[0], &at));
    assert_false(pack_index_find(&index, &ends[1], &at));
    pack_index_release(&index);
}

static void stock_indexes_open_too(void **unused)
{
    (void)unused;
    struct pack_index index;
    struct fault f;
    assert_int_equal(judge_run(&x.judge, "rm objects/pack/*.idx && "
                                         "git index-pack objects/pack/*.pack"),
                     0);
    assert_int_equal(pack_index_open(path, &index, &f), ST_OK);
    assert_int_equal(index.count, x.count);
    pack_index_release(&index);
}

static void every_prefix_and_every_flipped_byte_is_refused(void **unused)
{
    (void)unused;
    struct pack_index index, other = {.count = 0};
    struct fault f;
    assert_int_equal(pack_index_open(path, &index, &f), ST_OK);
    size_t count = index.data.count;
    uint8_t *copy = mem_copy(index.data.data, count);
    for (size_t cut = 0; cut < count; cut += cut < 1100 ? 1 : 101) {
        uint8_t *prefix = mem_copy(copy, cut);
        assert_int_equal(pack_index_parse((struct bytes){prefix, cut}, &other), ST_MALFORMED);
        mem_free(prefix);
    }
    for (size_t i = 0; i < count; i += 3) {
        copy[i] ^= 0x81;
        /* The form may stand; then the sums tell. */
        enum status st = pack_index_parse((struct bytes){copy, count}, &other);
        assert_true(st == ST_OK || st == ST_MALFORMED);
        if (i < 8)
            assert_int_equal(st, ST_MALFORMED);
        copy[i] ^= 0x81;
    }
    pack_index_release(&index);
    mem_free(copy);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct pack_index index;
        struct fault f;
        mem_fail_at(n);
        enum status st = pack_index_open(path, &index, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        pack_index_release(&index);
    }
}

int main(void)
{
#define WITH_PACK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_PACK(reads_what_git_reads),
        WITH_PACK(finds_what_is_there_and_nothing_else),
        WITH_PACK(stock_indexes_open_too),
        WITH_PACK(every_prefix_and_every_flipped_byte_is_refused),
        WITH_PACK(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
