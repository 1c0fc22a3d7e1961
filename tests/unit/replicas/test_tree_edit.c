#include "tests/unit/replicas/tree_fixture.h"

static void edits_lead_where_a_new_tree_leads(void **unused)
{
    (void)unused;
    struct picture p = random_picture(50);
    struct oid root = tree_of(&p);
    for (int round = 0; round < 300; round++) {
        struct tree_change changes[PATHS];
        size_t count = 0;
        uint32_t percent = round % 10 == 0 ? 100 : next(10);
        for (size_t i = 0; i < PATHS; i++) {
            if (next(100) >= percent)
                continue;
            p.blob[i] = next(2) == 0 ? 0 : 1 + next(1000);
            changes[count++] = (struct tree_change){paths[i], blob_of(p.blob[i])};
        }
        root = edit(&root, changes, count);
        struct oid fresh = tree_of(&p);
        assert_same(&root, &fresh);
    }
}

static void removing_everything_gives_the_empty_tree(void **unused)
{
    (void)unused;
    struct picture p = random_picture(50), nothing = {{0}};
    struct tree_change changes[PATHS];
    for (size_t i = 0; i < PATHS; i++)
        changes[i] = (struct tree_change){.path = paths[i]};
    struct oid root = tree_of(&p), empty;
    tree_empty(&empty);
    root = edit(&root, changes, PATHS);
    assert_same(&root, &empty);
    assert_true(store_has(store, &empty));
    root = edit(&root, changes, PATHS);
    assert_same(&root, &empty);
    root = tree_of(&nothing);
    assert_same(&root, &empty);
}

static void bad_paths_are_refused(void **unused)
{
    (void)unused;
    static const char *const bad[] = {"a//b", "/a",     "a/", "../a", "a/.",   ".git/x",
                                      "a b",  "a\tb/c", "x~", "",     "a/b\\c"};
    struct oid none = {{0}}, out;
    struct fault f;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tree_change change = {bad[i], blob_of(1)};
        assert_int_equal(tree_edit(store, &none, &change, 1, &out, &f), ST_MALFORMED);
    }
    struct tree_change deep = {"1/2/3/4/5/6/7/8/9", blob_of(1)};
    assert_int_equal(tree_edit(store, &none, &deep, 1, &out, &f), ST_TOO_LARGE);
    char long_path[TREE_PATH_MAX + 2];
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    struct tree_change lengthy = {long_path, blob_of(1)};
    assert_int_equal(tree_edit(store, &none, &lengthy, 1, &out, &f), ST_TOO_LARGE);
}

static void rewritten_trees_name_what_they_replaced(void **unused)
{
    (void)unused;
    struct picture p = random_picture(90);
    struct oid root = tree_of(&p), visits, out;
    struct fault f;
    assert_int_equal(tree_find_tree(store, &root, "records/visit", &visits, &f), ST_OK);
    size_t mark = store_mark(store);
    struct tree_change change = {paths[PATHS - 1], blob_of(123456)};
    out = edit(&root, &change, 1);
    assert_int_equal(store_mark(store), mark + 6); /* root, records, visit and three digits */
    out = edit(&root, &change, 1);
    assert_int_equal(store_mark(store), mark + 6);
    assert_false(oid_equal(&root, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_lead_where_a_new_tree_leads),
        cmocka_unit_test(removing_everything_gives_the_empty_tree),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(rewritten_trees_name_what_they_replaced),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
