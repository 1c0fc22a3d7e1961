/*
 * The join of trees: records as they say, everything else as a union of files.
 */
#include "tests/unit/replicas/members.h"

#include "replicas/merge.h"
#include "replicas/tree.h"

struct bench {
    struct backing backing;
    struct store *store;
    struct fault f;
};

static int begin(void **state)
{
    struct bench *b = mem_alloc(sizeof *b);
    assert_int_equal(backing_memory_open(&b->backing), ST_OK);
    assert_int_equal(store_open(&b->backing, 1 << 20, &b->store), ST_OK);
    *state = b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;
    store_close(b->store);
    mem_free(b);
    return 0;
}

static struct oid blob(struct bench *b, const char *text)
{
    struct oid id;
    assert_int_equal(store_write(b->store, STORE_BLOB, bytes_of_text(text), NULL, &id), ST_OK);
    return id;
}

static struct oid with(struct bench *b, const struct oid *tree, const char *path, const char *text)
{
    struct oid empty, out;
    struct tree_change change = {path, blob(b, text)};
    tree_empty(&empty);
    assert_int_equal(tree_edit(b->store, tree != NULL ? tree : &empty, &change, 1, &out, &b->f),
                     ST_OK);
    return out;
}

#define ID "3fa9c04be1d27788a0c4f19e"
#define PATH "records/case/3/f/a/" ID ".json"
#define C1 "10000000000000000000000000000000"
#define C2 "20000000000000000000000000000000"
#define RECORD(seen, fields)                                                                       \
    "{\"id\":\"" ID "\",\"type\":\"case\",\n\"seen\":{" seen "},\n\"fields\":{\n" fields "\n}}\n"

static struct oid join(struct bench *b, const struct oid *x, const struct oid *y)
{
    struct oid one, other;
    enum status st = merge_trees(b->store, x, y, &one, &b->f);
    if (st != ST_OK)
        fail_msg("%s", b->f.text);
    assert_int_equal(merge_trees(b->store, y, x, &other, &b->f), ST_OK);
    assert_memory_equal(one.id, other.id, OID_BYTES); /* whichever comes first */
    struct oid again;
    assert_int_equal(merge_trees(b->store, &one, y, &again, &b->f), ST_OK);
    assert_memory_equal(one.id, again.id, OID_BYTES);
    return one;
}

static void assert_holds(struct bench *b, const struct oid *tree, const char *path,
                         const char *text)
{
    struct oid found, wanted = blob(b, text);
    if (tree_find(b->store, tree, path, &found, &b->f) != ST_OK)
        fail_msg("%s is not there", path);
    assert_memory_equal(found.id, wanted.id, OID_BYTES);
}

static void files_of_either_side(void **state)
{
    struct bench *b = *state;
    struct oid x = with(b, NULL, "charter/0001.json", "one");
    struct oid y = with(b, &x, "accounts/santiago/pool.CLP/a/b/c/abc", "5\n");
    struct oid z = with(b, &x, "adopted/0000000000000000000000000000000000000001", "");
    struct oid all = join(b, &y, &z);
    assert_holds(b, &all, "charter/0001.json", "one");
    assert_holds(b, &all, "accounts/santiago/pool.CLP/a/b/c/abc", "5\n");
    assert_holds(b, &all, "adopted/0000000000000000000000000000000000000001", "");
}

static void one_side_only(void **state)
{
    struct bench *b = *state;
    struct oid none = {0}, x = with(b, NULL, "charter/0001.json", "one"), out;
    assert_int_equal(merge_trees(b->store, &none, &x, &out, &b->f), ST_OK);
    assert_memory_equal(out.id, x.id, OID_BYTES);
    assert_int_equal(merge_trees(b->store, &x, &none, &out, &b->f), ST_OK);
    assert_memory_equal(out.id, x.id, OID_BYTES);
    assert_int_equal(merge_trees(b->store, &x, &x, &out, &b->f), ST_OK);
    assert_memory_equal(out.id, x.id, OID_BYTES);
}

/* Two sets of signatures under one body: the smaller bytes stand, on both sides alike. */
static void one_charter_signed_twice(void **state)
{
    struct bench *b = *state;
    struct oid x = with(b, NULL, "charter/0002.json", "signed by b");
    struct oid y = with(b, NULL, "charter/0002.json", "signed by a");
    struct oid all = join(b, &x, &y);
    assert_holds(b, &all, "charter/0002.json", "signed by a");
}

static void two_values_of_a_field(void **state)
{
    struct bench *b = *state;
    struct oid x =
        with(b, NULL, PATH, RECORD("\"" C1 "\":\"1 santiago\"", "\"a\":{\"" C1 "\":\"left\"}"));
    struct oid y =
        with(b, NULL, PATH, RECORD("\"" C2 "\":\"1 iquique\"", "\"a\":{\"" C2 "\":\"right\"}"));
    struct oid all = join(b, &x, &y);
    assert_holds(b, &all, PATH,
                 RECORD("\"" C1 "\":\"1 santiago\",\"" C2 "\":\"1 iquique\"",
                        "\"a\":{\"" C1 "\":\"left\",\"" C2 "\":\"right\"}"));
    /* What has seen both, and keeps one, wins over either. */
    struct oid settled = with(b, NULL, PATH,
                              RECORD("\"" C1 "\":\"1 santiago\",\"" C2 "\":\"1 iquique\"",
                                     "\"a\":{\"" C2 "\":\"right\"}"));
    struct oid last = join(b, &all, &settled);
    assert_memory_equal(last.id, settled.id, OID_BYTES);
}

static void no_record_at_a_records_place(void **state)
{
    struct bench *b = *state;
    struct oid x = with(b, NULL, PATH, "{}"), out;
    struct oid y =
        with(b, NULL, PATH, RECORD("\"" C2 "\":\"1 iquique\"", "\"a\":{\"" C2 "\":\"right\"}"));
    assert_int_equal(merge_trees(b->store, &x, &y, &out, &b->f), ST_CORRUPT);
    assert_non_null(strstr(b->f.text, PATH));
    assert_int_equal(merge_trees(b->store, &y, &x, &out, &b->f), ST_CORRUPT);
}

static void no_memory(void **state)
{
    struct bench *b = *state;
    struct oid x =
        with(b, NULL, PATH, RECORD("\"" C1 "\":\"1 santiago\"", "\"a\":{\"" C1 "\":\"left\"}"));
    struct oid y =
        with(b, NULL, PATH, RECORD("\"" C2 "\":\"1 iquique\"", "\"a\":{\"" C2 "\":\"right\"}"));
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct oid out;
        size_t mark = store_mark(b->store);
        mem_fail_at(n);
        enum status st = merge_trees(b->store, &x, &y, &out, &b->f);
        done = !mem_failed();
        mem_fail_at(0);
        assert_true(done ? st == ST_OK : st == ST_NO_MEMORY || st == ST_OK);
        store_discard_since(b->store, mark);
        store_tidy(b->store);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_of_either_side),         TEST(one_side_only),
        TEST(one_charter_signed_twice),     TEST(two_values_of_a_field),
        TEST(no_record_at_a_records_place), TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
