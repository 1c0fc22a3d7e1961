#include "tests/unit/replicas/tree_fixture.h"

static void diff_gives_exactly_what_differs(void **unused)
{
    (void)unused;
    for (int round = 0; round < 100; round++) {
        struct picture a = random_picture(next(101)), b = a;
        for (uint32_t n = next(40); n > 0; n--)
            b.blob[next(PATHS)] = next(3);
        if (round % 10 == 0)
            b = random_picture(next(101));
        struct oid root_a = tree_of(&a), root_b = tree_of(&b);
        struct difference d = {.last = ""};
        struct fault f;
        assert_int_equal(tree_diff(store, &root_a, &root_b, differs, &d, &f), ST_OK);
        for (size_t i = 0; i < PATHS; i++) {
            bool same = a.blob[i] == b.blob[i];
            assert_int_equal(d.a.blob[i], same ? 0 : a.blob[i]);
            assert_int_equal(d.b.blob[i], same ? 0 : b.blob[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_gives_exactly_what_differs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
