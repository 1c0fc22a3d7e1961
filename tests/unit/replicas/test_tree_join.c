#include "tests/unit/replicas/tree_fixture.h"

static void join_is_the_union(void **unused)
{
    (void)unused;
    for (int round = 0; round < 100; round++) {
        struct picture a = random_picture(next(101)), b = a, both = a;
        for (uint32_t n = next(40); n > 0; n--)
            b.blob[next(PATHS)] = 1 + next(1000);
        if (round % 10 == 0)
            b = random_picture(next(101));
        size_t clashes = 0, calls = 0;
        for (size_t i = 0; i < PATHS; i++) {
            struct oid x = blob_of(a.blob[i]), y = blob_of(b.blob[i]);
            both.blob[i] = oid_compare(&x, &y) > 0 ? a.blob[i] : b.blob[i];
            clashes += a.blob[i] != 0 && b.blob[i] != 0 && a.blob[i] != b.blob[i];
        }
        struct oid root_a = tree_of(&a), root_b = tree_of(&b), expected = tree_of(&both), out;
        struct fault f;
        assert_int_equal(tree_join(store, &root_a, &root_b, greater, &calls, &out, &f), ST_OK);
        assert_same(&out, &expected);
        assert_int_equal(calls, clashes);
        assert_int_equal(tree_join(store, &root_b, &root_a, greater, &calls, &out, &f), ST_OK);
        assert_same(&out, &expected);
    }
}

static void join_with_nothing_is_the_other(void **unused)
{
    (void)unused;
    struct picture p = random_picture(50);
    struct oid root = tree_of(&p), none = {{0}}, empty, out;
    struct fault f;
    tree_empty(&empty);
    assert_int_equal(tree_join(store, &root, &none, greater, NULL, &out, &f), ST_OK);
    assert_same(&out, &root);
    assert_int_equal(tree_join(store, &empty, &root, greater, NULL, &out, &f), ST_OK);
    assert_same(&out, &root);
    assert_int_equal(tree_join(store, &root, &root, greater, NULL, &out, &f), ST_OK);
    assert_same(&out, &root);
}

static void file_and_folder_of_one_name_are_refused(void **unused)
{
    (void)unused;
    struct oid none = {{0}}, a, b, out;
    struct fault f;
    struct tree_change file[] = {{"x/a", blob_of(1)}, {"x/a-b", blob_of(2)}};
    struct tree_change folder[] = {{"x/a/y", blob_of(3)}};
    a = edit(&none, file, 2);
    b = edit(&none, folder, 1);
    size_t calls = 0;
    assert_int_equal(tree_edit(store, &a, folder, 1, &out, &f), ST_MALFORMED);
    assert_int_equal(tree_edit(store, &b, file, 1, &out, &f), ST_MALFORMED);
    assert_int_equal(tree_join(store, &a, &b, greater, &calls, &out, &f), ST_MALFORMED);
    struct tree_change replace[] = {{"x/a", {{0}}}, {"x/a-b", {{0}}}, {"x/a/y", blob_of(3)}};
    a = edit(&a, replace, 3);
    assert_same(&a, &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_is_the_union),
        cmocka_unit_test(join_with_nothing_is_the_other),
        cmocka_unit_test(file_and_folder_of_one_name_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
