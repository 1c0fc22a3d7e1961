#include "replicas/tree_pair.h"
#include "tests/unit/replicas/tree_fixture.h"

static void two_folders_are_walked_name_by_name(void **unused)
{
    (void)unused;
    struct oid none = {{0}};
    struct tree_change left[] = {{"a", blob_of(1)}, {"b", blob_of(2)}, {"d/x", blob_of(3)}};
    struct tree_change right[] = {{"b", blob_of(4)}, {"c", blob_of(5)}, {"d/x", blob_of(3)}};
    static const struct {
        const char *path;
        bool folder;
        uint32_t a, b; /* 0: not there */
    } expected[] = {{"a", false, 1, 0}, {"b", false, 2, 4}, {"c", false, 0, 5}};
    struct oid root_a = edit(&none, left, 3), root_b = edit(&none, right, 3), a, b;
    struct fault f;
    struct tree_pair p = {.s = store, .f = &f};
    struct tree_entry entry;
    assert_int_equal(tree_pair_enter(&p, &root_a, &root_b), ST_OK);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct oid blob_a = blob_of(expected[i].a), blob_b = blob_of(expected[i].b);
        assert_int_equal(tree_pair_next(&p, &p.levels[0], &entry, &a, &b), ST_OK);
        assert_string_equal(p.path.text, expected[i].path);
        assert_int_equal(entry.folder, expected[i].folder);
        assert_same(&a, &blob_a);
        assert_same(&b, &blob_b);
        assert_false(tree_pair_level_ends(&p.levels[0]));
    }
    assert_int_equal(tree_pair_next(&p, &p.levels[0], &entry, &a, &b), ST_OK);
    assert_true(entry.folder && oid_equal(&a, &b));
    assert_true(tree_pair_level_ends(&p.levels[0]));
    assert_int_equal(tree_pair_enter_below(&p, &a, &b), ST_OK);
    assert_int_equal(p.depth, 1);
    assert_int_equal(tree_pair_next(&p, &p.levels[1], &entry, &a, &b), ST_OK);
    assert_string_equal(p.path.text, "d/x");
    assert_true(tree_pair_level_ends(&p.levels[1]));
    tree_pair_release(&p);
}

static void nothing_and_something_walk_as_something(void **unused)
{
    (void)unused;
    struct picture picture = random_picture(50);
    struct oid root = tree_of(&picture), none = {{0}}, a, b;
    struct fault f;
    struct tree_pair p = {.s = store, .f = &f};
    struct tree_entry entry;
    assert_int_equal(tree_pair_enter(&p, &none, &none), ST_OK);
    assert_true(tree_pair_level_ends(&p.levels[0]));
    assert_int_equal(tree_pair_enter(&p, &none, &root), ST_OK);
    size_t names = 0;
    while (!tree_pair_level_ends(&p.levels[0])) {
        assert_int_equal(tree_pair_next(&p, &p.levels[0], &entry, &a, &b), ST_OK);
        assert_true(oid_is_zero(&a) && !oid_is_zero(&b));
        names++;
    }
    assert_true(names > 0);
    tree_pair_release(&p);
}

static void what_is_not_ours_is_named_as_damaged(void **unused)
{
    (void)unused;
    struct oid nowhere = {{7}}, none = {{0}};
    struct fault f;
    struct tree_pair p = {.s = store, .f = &f};
    assert_int_equal(tree_pair_enter(&p, &nowhere, &none), ST_CORRUPT);
    assert_non_null(strstr(f.text, "0700000000"));
    p.depth = TREE_DEPTH_MAX - 1;
    assert_int_equal(tree_pair_enter_below(&p, &nowhere, &none), ST_CORRUPT);
    assert_int_equal(p.depth, TREE_DEPTH_MAX - 1);
    tree_pair_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_folders_are_walked_name_by_name),
        cmocka_unit_test(nothing_and_something_walk_as_something),
        cmocka_unit_test(what_is_not_ours_is_named_as_damaged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
