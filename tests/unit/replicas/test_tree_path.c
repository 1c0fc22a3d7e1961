#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/tree_path.h"

static void names_are_joined_by_slashes_and_cut_again(void **unused)
{
    (void)unused;
    struct tree_path p = {.text = ""};
    assert_int_equal(tree_path_push(&p, BYTES("records")), ST_OK);
    assert_string_equal(p.text, "records");
    size_t folder = p.count;
    assert_int_equal(tree_path_push(&p, BYTES("visit")), ST_OK);
    assert_int_equal(tree_path_push(&p, BYTES("a")), ST_OK);
    assert_string_equal(p.text, "records/visit/a");
    assert_int_equal(p.count, strlen(p.text));
    tree_path_cut(&p, folder);
    assert_string_equal(p.text, "records");
    assert_int_equal(tree_path_push(&p, BYTES("b")), ST_OK);
    assert_string_equal(p.text, "records/b");
    tree_path_cut(&p, 0);
    assert_int_equal(tree_path_push(&p, BYTES("c")), ST_OK);
    assert_string_equal(p.text, "c");
}

static void a_path_ends_at_its_limit_and_stays_as_it_was(void **unused)
{
    (void)unused;
    static const uint8_t letters[TREE_PATH_MAX + 1] = {'x'};
    struct tree_path p = {.text = ""};
    assert_int_equal(tree_path_push(&p, (struct bytes){letters, TREE_PATH_MAX + 1}), ST_TOO_LARGE);
    assert_int_equal(p.count, 0);
    assert_int_equal(tree_path_push(&p, (struct bytes){letters, TREE_PATH_MAX}), ST_OK);
    assert_int_equal(p.count, TREE_PATH_MAX);
    assert_int_equal(p.text[TREE_PATH_MAX], '\0');
    assert_int_equal(tree_path_push(&p, BYTES("y")), ST_TOO_LARGE);
    assert_int_equal(p.count, TREE_PATH_MAX);
    tree_path_cut(&p, TREE_PATH_MAX - 2);
    assert_int_equal(tree_path_push(&p, BYTES("yz")), ST_TOO_LARGE); /* the slash takes one */
    assert_int_equal(tree_path_push(&p, BYTES("y")), ST_OK);
    assert_int_equal(p.count, TREE_PATH_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_joined_by_slashes_and_cut_again),
        cmocka_unit_test(a_path_ends_at_its_limit_and_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
