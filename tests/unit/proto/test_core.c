/* core: stories of whole members that meet. */
#include "offices.h"

static void two_members_exchange_one_commit(void **state)
{
    (void)state;
    struct world *w = world_new(1, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 2000);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    assert_int_equal(office_peer(w, 1, "alice").state, CORE_LINK_ACTIVE);
    assert_true(office_logged(w, 0, "event=link_up peer=bob"));
    struct oid id = world_write(w, 0, "hello");
    assert_false(office_peer(w, 0, "bob").durable);
    world_run(w, 0);
    assert_true(office_has(&w->offices[1], &id));
    assert_true(office_peer(w, 0, "bob").durable);
    assert_true(office_peer(w, 1, "alice").durable);
    assert_int_equal(w->offices[1].items_in, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_members_exchange_one_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
