#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "replicas/nearest.h"

static unsigned distance(const char *a, const char *b)
{
    return nearest_distance(bytes_of_text(a), bytes_of_text(b));
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(distance("", ""), 0);
    assert_int_equal(distance("stage", "stage"), 0);
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("sitting", "kitten"), 3);
    assert_int_equal(distance("stage", "stgae"), 1);
    assert_int_equal(distance("lsit", "list"), 1);
    assert_int_equal(distance("lsit", "init"), 2);
    char longer[NEAREST_BYTES_MAX + 2];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(distance(longer, "a"), NEAREST_BYTES_MAX + 1);
    longer[NEAREST_BYTES_MAX] = '\0';
    assert_int_equal(distance(longer, "a"), NEAREST_BYTES_MAX - 1);
}

static void the_nearest_is_offered_or_none(void **state)
{
    (void)state;
    struct nearest n = {.wanted = BYTES("ofice")};
    nearest_offer(&n, "household");
    assert_null(n.best);
    nearest_offer(&n, "ofis");
    nearest_offer(&n, "office");
    nearest_offer(&n, "offices");
    assert_string_equal(n.best, "office");
    assert_int_equal(n.distance, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(the_nearest_is_offered_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
