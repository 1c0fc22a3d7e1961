/*
 * Taking commits in: the state moves with the change, and is the same as a join of all the heads.
 */
#include "tests/unit/replicas/members.h"

#include "replicas/merge.h"
#include "tests/unit/replicas/forge.h"

/* What page 2 calls the state, from nothing. */
static void assert_joined(struct members *m, struct one *o)
{
    uint32_t count;
    struct graph *g = replica_graph(o->replica);
    const uint32_t *heads = graph_heads(g, &count);
    struct oid state = {0};
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(
            merge_trees(o->replica->store, &state, &graph_node(g, heads[i])->tree, &state, &m->f),
            ST_OK);
    assert_memory_equal(state.id, replica_state(o->replica)->id, OID_BYTES);
}

/* Two offices write side by side and exchange now and then: by each of the ways to a new state. */
static void the_state_is_the_join(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[FOSIS];
    static const char *const fields[] = {"a", "b"};
    uint64_t dice = 5;
    members_set(m, a, 0, "a", "\"first\"");
    members_carry(m, a, b);
    for (int i = 0; i < 60; i++) {
        char value[16];
        dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
        snprintf(value, sizeof value, "\"%d\"", i);
        struct one *who = (dice >> 40 & 1) != 0 ? a : b;
        members_set(m, who, (uint8_t)(dice >> 50 & 3), fields[dice >> 60 & 1], value);
        if ((dice >> 33 & 3) == 0)
            members_carry(m, a, b);
        if ((dice >> 35 & 3) == 0)
            members_carry(m, b, a);
        if ((dice >> 37 & 7) == 0)
            members_carry(m, a, c);
        assert_joined(m, a);
        assert_joined(m, b);
    }
    members_carry(m, a, b);
    members_carry(m, b, a);
    members_carry(m, b, c);
    assert_joined(m, c);
    assert_memory_equal(replica_state(a->replica)->id, replica_state(b->replica)->id, OID_BYTES);
    assert_memory_equal(replica_state(a->replica)->id, replica_state(c->replica)->id, OID_BYTES);
}

/* An office that forks itself beyond the limit: its branches go out of the state. */
static void a_frozen_key_leaves_the_state(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    members_set(m, a, 0, "a", "\"first\"");
    members_carry(m, a, b);
    struct oid before = *replica_state(a->replica);
    enum { BRANCHES = GRAPH_FORKS_MAX + 3 }; /* some more once it is frozen */
    for (uint8_t i = 0; i < BRANCHES; i++) {
        struct op_list ops = {0};
        struct buf item = {0};
        struct replica_verdict v;
        forge_set(&ops, "case", (uint8_t)(10 + i), "a", "\"branch\"");
        struct forge f = {
            .replica = b->replica, .identity = &b->identity, .label = "iquique", .ops = &ops};
        forge_item(&f, &item); /* on what b knows: the first commit only */
        if (replica_accept(a->replica, buf_bytes(&item), &v, &m->f) != ST_OK)
            fail_msg("%s", m->f.text);
        assert_joined(m, a);
        op_list_release(&ops);
        buf_release(&item);
        bool same = memcmp(before.id, replica_state(a->replica)->id, OID_BYTES) == 0;
        assert_int_equal(same, i >= GRAPH_FORKS_MAX);
    }
    assert_int_equal(replica_sync(a->replica, &m->f), ST_OK);
    uint32_t tips, heads;
    graph_tips(replica_graph(a->replica), &tips);
    graph_heads(replica_graph(a->replica), &heads);
    assert_int_equal(tips, BRANCHES);
    assert_int_equal(heads, 1);
    replica_drop(a->replica);
    members_open(m, a); /* and the same after a restart */
    assert_memory_equal(before.id, replica_state(a->replica)->id, OID_BYTES);
    members_set(m, a, 1, "a", "\"goes on\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_state_is_the_join),
        TEST(a_frozen_key_leaves_the_state),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
