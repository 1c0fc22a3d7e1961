/*
 * Two real homes: one founded, one that entered; commits carried by hand between them.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <sodium.h>

static void a_commit_travels(void **state)
{
    struct homes *p = *state;
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->b, 1, "a"), 1);
}

static void concurrent_edits_join(void **state)
{
    struct homes *p = *state;
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    home_set(&p->a, 1, "a", "\"two\"");
    home_set(&p->b, 1, "a", "\"three\"");
    home_set(&p->b, 1, "b", "\"other\"");
    home_carry(&p->a, &p->b);
    home_carry(&p->b, &p->a);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->a, 1, "a"), 2);
    assert_int_equal(home_values(&p->a, 1, "b"), 1);
    home_set(&p->b, 1, "a", "\"settled\"");
    home_carry(&p->b, &p->a);
    homes_assert_same(p);
    assert_int_equal(home_values(&p->a, 1, "a"), 1);
}

static void a_crash_loses_nothing(void **state)
{
    struct homes *p = *state;
    struct oid before;
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    home_set(&p->a, 2, "a", "\"two\"");
    home_set(&p->a, 1, "b", "\"three\"");
    before = *replica_state(p->a.replica);
    replica_drop(p->a.replica);
    home_open(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    home_set(&p->a, 3, "a", "\"four\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

static void a_clean_close_reopens(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    struct oid before = *replica_state(p->a.replica);
    assert_int_equal(replica_close(p->a.replica, &f), ST_OK);
    home_open(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    assert_false(replica_wants_checkpoint(p->a.replica, true));
}

static void a_second_process_is_refused(void **state)
{
    struct homes *p = *state;
    struct replica_options options = {.home = p->a.home};
    struct replica *second = NULL;
    struct fault f = {0};
    assert_int_equal(replica_open(&options, &second, &f), ST_LOCKED);
    assert_non_null(strstr(f.text, "in use by process"));
    assert_null(second);
}

/* Every byte of an item changed: refused, and nothing moves. */
static void a_changed_item_is_refused(void **state)
{
    struct homes *p = *state;
    struct buf frame = {0};
    struct item item;
    struct fault f = {0};
    struct replica_commit c = home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    c = home_set(&p->a, 1, "a", "\"two\"");
    struct oid before = *replica_state(p->b.replica);
    uint32_t count = graph_count(replica_graph(p->b.replica));
    assert_int_equal(replica_item(p->a.replica, c.node, &frame, &item, &f), ST_OK);
    for (size_t i = OID_BYTES; i < frame.count; i++) {
        struct replica_verdict v;
        frame.data[i] ^= 1;
        enum status st = replica_accept(
            p->b.replica, (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES}, &v, &f);
        assert_true(st != ST_OK && st != ST_EXISTS);
        assert_memory_equal(replica_state(p->b.replica)->id, before.id, OID_BYTES);
        assert_int_equal(graph_count(replica_graph(p->b.replica)), count);
        frame.data[i] ^= 1;
    }
    buf_release(&frame);
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

static void personal_data_never_enters(void **state)
{
    struct homes *p = *state;
    struct op_list ops = {0};
    struct op op = {
        .verb = OP_SET, .type = BYTES("case"), .name = BYTES("name"), .value = BYTES("\"x\"")};
    struct replica_commit commit;
    struct fault f = {0};
    struct oid before = *replica_state(p->a.replica);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(replica_write(p->a.replica, &ops, homes_author, &commit, &f), ST_BAD_VALUE);
    assert_non_null(strstr(f.text, "personal"));
    assert_memory_equal(replica_state(p->a.replica)->id, before.id, OID_BYTES);
    op_list_release(&ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_commit_travels, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(concurrent_edits_join, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_crash_loses_nothing, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_clean_close_reopens, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_second_process_is_refused, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(a_changed_item_is_refused, homes_setup, homes_teardown),
        cmocka_unit_test_setup_teardown(personal_data_never_enters, homes_setup, homes_teardown),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
