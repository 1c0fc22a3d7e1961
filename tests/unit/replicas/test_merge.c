#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/merge.h"
#include "replicas/record.h"

#define RECORD "records/visit/3/f/a/3fa9c04be1d27788a0c4f19e.json"
#define HEAD "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"visit\",\n"
#define ONE "00000000000000000000000000000001"
#define TWO "00000000000000000000000000000002"

static const char left_text[] = HEAD "\"seen\":{\"" ONE "\":\"1 iquique\"},\n"
                                     "\"fields\":{\n\"a\":{\"" ONE "\":\"left\"}\n}}\n";
static const char right_text[] = HEAD "\"seen\":{\"" TWO "\":\"1 santiago\"},\n"
                                      "\"fields\":{\n\"a\":{\"" TWO "\":\"right\"}\n}}\n";
static const char both_text[] =
    HEAD "\"seen\":{\"" ONE "\":\"1 iquique\",\"" TWO "\":\"1 santiago\"},\n"
         "\"fields\":{\n\"a\":{\"" ONE "\":\"left\",\"" TWO "\":\"right\"}\n}}\n";

static struct backing memory;
static struct store *store;

static int set_up(void **unused)
{
    (void)unused;
    return backing_memory_open(&memory) == ST_OK && store_open(&memory, 1 << 20, &store) == ST_OK
               ? 0
               : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    store_close(store);
    return 0;
}

static struct oid blob(const char *text)
{
    struct oid id;
    assert_int_equal(store_write(store, STORE_BLOB, bytes_of_text(text), NULL, &id), ST_OK);
    return id;
}

static struct oid tree(const char *path, const char *text)
{
    struct oid none = {{0}}, out;
    struct tree_change change = {path, blob(text)};
    struct fault f;
    assert_int_equal(tree_edit(store, &none, &change, 1, &out, &f), ST_OK);
    return out;
}

static void assert_file(const struct oid *root, const char *path, const char *expected)
{
    struct oid id;
    struct bytes data;
    struct fault f;
    assert_int_equal(tree_find(store, root, path, &id, &f), ST_OK);
    assert_int_equal(store_read(store, &id, STORE_BLOB, &data, &f), ST_OK);
    assert_true(bytes_equal_text(data, expected));
}

static void records_join_as_records(void **unused)
{
    struct oid a = tree(RECORD, left_text), b = tree(RECORD, right_text), ab, ba, again;
    struct fault f;
    (void)unused;
    assert_int_equal(merge_trees(store, &a, &b, &ab, &f), ST_OK);
    assert_file(&ab, RECORD, both_text);
    assert_int_equal(merge_trees(store, &b, &a, &ba, &f), ST_OK);
    assert_true(oid_equal(&ab, &ba));
    assert_int_equal(merge_trees(store, &ab, &a, &again, &f), ST_OK);
    assert_true(oid_equal(&ab, &again));
}

static void everything_else_joins_as_files(void **unused)
{
    struct oid a = tree("charter/0001.json", "b"), b = tree("charter/0001.json", "a");
    struct oid c = tree("accounts/iquique/pool.CLP/0/0/0/x", "7\n"), out;
    struct fault f;
    (void)unused;
    assert_int_equal(merge_trees(store, &a, &b, &out, &f), ST_OK);
    assert_file(&out, "charter/0001.json", "a"); /* the smaller bytes stand */
    assert_int_equal(merge_trees(store, &b, &a, &out, &f), ST_OK);
    assert_file(&out, "charter/0001.json", "a");
    assert_int_equal(merge_trees(store, &out, &c, &out, &f), ST_OK);
    assert_file(&out, "charter/0001.json", "a");
    assert_file(&out, "accounts/iquique/pool.CLP/0/0/0/x", "7\n");
}

static void nothing_joined_with_something_is_that(void **unused)
{
    struct oid a = tree(RECORD, left_text), none = {{0}}, out;
    struct fault f;
    (void)unused;
    assert_int_equal(merge_trees(store, &a, &none, &out, &f), ST_OK);
    assert_true(oid_equal(&out, &a));
    assert_int_equal(merge_trees(store, &none, &a, &out, &f), ST_OK);
    assert_true(oid_equal(&out, &a));
    assert_int_equal(merge_trees(store, &a, &a, &out, &f), ST_OK);
    assert_true(oid_equal(&out, &a));
}

static void what_is_no_record_is_named(void **unused)
{
    struct oid a = tree(RECORD, left_text), b = tree(RECORD, "{}"), out;
    struct fault f = {.code = ST_OK};
    (void)unused;
    assert_int_equal(merge_trees(store, &a, &b, &out, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, RECORD));
    assert_int_equal(merge_trees(store, &b, &a, &out, &f), ST_CORRUPT);
}

static void every_allocation_may_fail(void **unused)
{
    struct oid a = tree(RECORD, left_text), b = tree(RECORD, right_text), expected, out;
    struct fault f;
    bool failed = true;
    (void)unused;
    assert_int_equal(merge_trees(store, &a, &b, &expected, &f), ST_OK);
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status st = merge_trees(store, &a, &b, &out, NULL);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_true(n < 1000);
    }
    assert_true(oid_equal(&out, &expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_join_as_records),
        cmocka_unit_test(everything_else_joins_as_files),
        cmocka_unit_test(nothing_joined_with_something_is_that),
        cmocka_unit_test(what_is_no_record_is_named),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
