#include "tests/unit/replicas/homes.h"

#include "replicas/council.h"
#include "replicas/rotate.h"

/* The new key takes over once a charter names it; what the old one wrote still counts. */
static void a_new_key(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key next, again;
    struct key old = replica_identity(p->a.replica)->key;
    home_set(&p->a, 1, "a", "\"x\"");
    assert_int_equal(rotate_prepare(p->a.replica, &next, &f), ST_OK);
    assert_int_equal(rotate_prepare(p->a.replica, &again, &f), ST_OK);
    assert_memory_equal(&next, &again, sizeof next); /* it waits */
    assert_memory_equal(&old, &replica_identity(p->a.replica)->key, sizeof old);
    struct wish w = {.kind = WISH_ROTATE, .member = {.label = "santiago", .key = next}};
    if (council_ask(p->a.replica, &w, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_memory_equal(&next, &replica_identity(p->a.replica)->key, sizeof next);
    home_set(&p->a, 2, "a", "\"y\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->b, 1, "a"), 1);
    replica_drop(p->a.replica);
    home_open(&p->a);
    assert_memory_equal(&next, &replica_identity(p->a.replica)->key, sizeof next);
    home_set(&p->a, 3, "a", "\"z\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

/* A crash between the charter and the switch: the next open does it. */
static void a_crash_between(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct key next;
    char from[160], to[160];
    assert_int_equal(rotate_prepare(p->a.replica, &next, &f), ST_OK);
    snprintf(from, sizeof from, "%s/identity.next", p->a.home);
    snprintf(to, sizeof to, "%s/elsewhere", p->a.home);
    assert_int_equal(rename(from, to), 0);
    struct wish w = {.kind = WISH_ROTATE, .member = {.label = "santiago", .key = next}};
    assert_int_equal(council_ask(p->a.replica, &w, &f), ST_OK);
    replica_drop(p->a.replica);
    assert_int_equal(rename(to, from), 0);
    home_open(&p->a);
    assert_memory_equal(&next, &replica_identity(p->a.replica)->key, sizeof next);
    home_set(&p->a, 1, "a", "\"x\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_key, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_crash_between, homes_setup, homes_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
