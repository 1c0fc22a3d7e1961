/*
 * Acknowledgements: one empty commit over what others wrote, in its time, and never over
 * acknowledgements alone.
 */
#include "tests/unit/replicas/members.h"

#include "replicas/acknowledge.h"

enum { WAIT_MS = 600 * 1000 };

static uint64_t drawn; /* what the next draw gives */

static void draw(void *context, void *out, size_t count)
{
    (void)context;
    assert_int_equal(count, sizeof drawn);
    memcpy(out, &drawn, count);
}

static struct tend tend_of(uint64_t acknowledge_ms)
{
    struct tend t;
    tend_init(&t, &(struct tend_options){.acknowledge_ms = acknowledge_ms, .entropy = draw});
    return t;
}

static bool run(struct members *m, struct tend *t, struct one *o, uint64_t now_ms)
{
    uint64_t next_ms;
    bool wrote;
    if (tend_run(t, o->replica, now_ms, &next_ms, &wrote, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(t->trouble.code, ST_OK);
    return wrote;
}

static uint32_t waiting(struct one *o)
{
    uint32_t count;
    assert_int_equal(acknowledge_waiting(o->replica, &count), ST_OK);
    return count;
}

static const struct graph_node *last(struct one *o)
{
    struct graph *g = replica_graph(o->replica);
    return graph_node(g, graph_count(g) - 1);
}

static void one_commit_over_all(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct tend t = tend_of(WAIT_MS);
    drawn = 7;
    members_set(m, b, 1, "a", "\"x\"");
    members_set(m, b, 2, "a", "\"y\"");
    members_carry(m, b, a);
    assert_int_equal(waiting(a), 2);
    assert_false(run(m, &t, a, 1000));
    members_set(m, b, 3, "a", "\"z\"");
    members_carry(m, b, a);
    assert_false(run(m, &t, a, 1000 + WAIT_MS + 6)); /* the random part counts */
    assert_true(run(m, &t, a, 1000 + WAIT_MS + 7));
    assert_true(last(a)->empty);
    assert_int_equal(last(a)->parent_count, 1);
    assert_int_equal(waiting(a), 0);
    assert_false(run(m, &t, a, 1000 + 9 * WAIT_MS));
}

static void never_over_acknowledgements_alone(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct tend ta = tend_of(WAIT_MS), tb = tend_of(WAIT_MS);
    drawn = 0;
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    run(m, &ta, a, 1);
    assert_true(run(m, &ta, a, 1 + WAIT_MS));
    /* It carries no charter: the commit below it did. Nothing of it wants an answer. */
    members_carry(m, a, b);
    assert_false(run(m, &tb, b, 1));
    assert_false(run(m, &tb, b, 1 + 2 * WAIT_MS));
    assert_int_equal(waiting(b), 0);
    members_carry(m, b, a);
    assert_int_equal(graph_count(replica_graph(a->replica)), 2);
}

/* A write of our own is an acknowledgement of everything below it. */
static void our_own_write_serves(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct tend t = tend_of(WAIT_MS);
    drawn = 0;
    members_set(m, b, 1, "a", "\"x\"");
    members_carry(m, b, a);
    run(m, &t, a, 1);
    members_set(m, a, 2, "a", "\"y\"");
    assert_false(run(m, &t, a, 1 + WAIT_MS));
    members_set(m, b, 3, "a", "\"z\"");
    members_carry(m, b, a);
    assert_false(run(m, &t, a, 2 + WAIT_MS)); /* its time begins anew */
    assert_false(run(m, &t, a, 1 + 2 * WAIT_MS));
    assert_true(run(m, &t, a, 2 + 2 * WAIT_MS));
    assert_int_equal(last(a)->parent_count, 2 - 1 + 1);
}

static void only_offices_and_only_where_wanted(void **state)
{
    struct members *m = *state;
    struct tend never = tend_of(0), of_auditor = tend_of(WAIT_MS), of_partner = tend_of(WAIT_MS);
    drawn = 0;
    members_set(m, &m->of[IQUIQUE], 1, "a", "\"x\"");
    for (int i = SANTIAGO; i < MEMBERS_COUNT; i++)
        if (i != IQUIQUE)
            members_carry(m, &m->of[IQUIQUE], &m->of[i]);
    for (uint64_t now = 1; now < 4 * WAIT_MS; now += WAIT_MS) {
        assert_false(run(m, &never, &m->of[SANTIAGO], now));
        assert_false(run(m, &of_auditor, &m->of[AUDITOR], now));
        assert_false(run(m, &of_partner, &m->of[FOSIS], now));
    }
}

/* After a start, what waited before it still waits. */
static void a_restart_forgets_nothing(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    drawn = 0;
    members_set(m, &m->of[IQUIQUE], 1, "a", "\"x\"");
    members_carry(m, &m->of[IQUIQUE], a);
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    replica_drop(a->replica);
    members_open(m, a); /* from packed frames, whose operations are only read */
    struct tend t = tend_of(WAIT_MS);
    assert_false(run(m, &t, a, 1));
    assert_true(run(m, &t, a, 1 + WAIT_MS));
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    replica_drop(a->replica);
    members_open(m, a);
    t = tend_of(WAIT_MS);
    assert_false(run(m, &t, a, 1));
    assert_false(run(m, &t, a, 1 + 2 * WAIT_MS));
    assert_true(last(a)->empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_commit_over_all),       TEST(never_over_acknowledgements_alone),
        TEST(our_own_write_serves),      TEST(only_offices_and_only_where_wanted),
        TEST(a_restart_forgets_nothing),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
