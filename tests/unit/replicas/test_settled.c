/*
 * How far commits have come: k of n offices, by what they signed over.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/settled.h"

static uint32_t by(struct one *o, uint32_t node)
{
    struct settled s;
    settled_begin(&s, o->replica);
    return settled_by(&s, node);
}

static void sign_over(struct members *m, struct one *o)
{
    struct op_list none = {0};
    struct replica_commit c;
    assert_int_equal(replica_write(o->replica, &none, members_author, &c, &m->f), ST_OK);
    assert_int_equal(replica_sync(o->replica, &m->f), ST_OK);
}

static void one_office_after_the_other(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct settled s;
    members_set(m, a, 1, "a", "\"x\"");
    settled_begin(&s, a->replica);
    assert_int_equal(s.offices, 4);
    assert_int_equal(settled_by(&s, 0), 1);
    assert_false(settled_enough(&s, 2)); /* two of four are no majority */
    assert_true(settled_enough(&s, 3));
    assert_int_equal(settled_waiting(a->replica), 1);
    static const int others[] = {IQUIQUE, ARICA, CALAMA};
    for (uint32_t i = 0; i < 3; i++) {
        members_carry(m, a, &m->of[others[i]]);
        sign_over(m, &m->of[others[i]]);
        members_carry(m, &m->of[others[i]], a);
        assert_int_equal(by(a, 0), 2 + i);
        assert_int_equal(settled_waiting(a->replica), i < 1 ? 1 : 0);
    }
    assert_int_equal(by(a, graph_count(replica_graph(a->replica)) - 1), 1); /* its writer alone */
}

/* Our own acknowledgements want nobody's signature: only what holds operations waits. */
static void what_is_empty_does_not_wait(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    sign_over(m, b);
    assert_int_equal(settled_waiting(b->replica), 0);
    members_set(m, b, 1, "a", "\"y\"");
    members_set(m, b, 1, "a", "\"z\"");
    assert_int_equal(settled_waiting(b->replica), 2);
}

/* An auditor's signature is none of an office; a retired key's neither. */
static void only_offices_in_force(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *c = &m->of[CALAMA];
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, c);
    sign_over(m, c);
    members_carry(m, c, a);
    assert_int_equal(by(a, 0), 2);
    struct oid kept = graph_node(replica_graph(a->replica), 1)->id;
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    struct settled s;
    settled_begin(&s, a->replica);
    assert_int_equal(s.offices, 3);
    assert_int_equal(settled_by(&s, 0), 1);
}

static void an_auditor_does_not_count(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *auditor = &m->of[AUDITOR];
    struct settled s;
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, auditor);
    sign_over(m, auditor);
    members_carry(m, auditor, a);
    settled_begin(&s, a->replica);
    assert_int_equal(s.offices, 2);
    assert_int_equal(settled_by(&s, 0), 1);
}

/* A restored backup: either branch of the office stands for it. */
static void both_branches_of_a_fork(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, a, 1, "a", "\"x\"");
    members_set(m, a, 2, "a", "\"y\"");
    members_carry(m, a, b);
    members_set(m, b, 3, "a", "\"over both\"");
    uint32_t root = 0, over = graph_count(replica_graph(b->replica)) - 1;
    crowd_forge(a, &b->identity, "iquique", 4, "\"branch\"", &root, 1, &item);
    assert_int_equal(crowd_give(m, b, &item, &v), ST_OK);
    assert_true(
        graph_forked(replica_graph(b->replica), graph_node(replica_graph(b->replica), over)->key));
    assert_int_equal(by(b, 1), 2); /* by the branch that was there first */
    assert_int_equal(by(b, over), 1);
    assert_int_equal(by(b, v.node), 1);
    assert_int_equal(settled_waiting(b->replica), 2);
    buf_release(&item);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_office_after_the_other),
        TEST(what_is_empty_does_not_wait),
        TEST(only_offices_in_force),
        cmocka_unit_test_setup_teardown(an_auditor_does_not_count, members_start, members_stop),
        TEST(both_branches_of_a_fork),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
