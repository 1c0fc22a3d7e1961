/*
 * The quota of keys that do not count: a flood stays flat, nobody is blamed, and what somebody
 * vouches for comes in all the same.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/quota.h"

/* iquique's first commit, then so many branches of its second that the key freezes. The root. */
static uint32_t freeze_iquique(struct members *m, struct one *a)
{
    struct one *b = &m->of[IQUIQUE];
    struct buf item = {0};
    struct replica_verdict v;
    members_set(m, b, 1, "a", "\"x\"");
    for (int i = 0; i < MEMBERS_COUNT; i++)
        if (i != IQUIQUE)
            members_carry(m, b, &m->of[i]);
    for (uint8_t i = 0; i <= GRAPH_FORKS_MAX; i++) {
        buf_reset(&item);
        uint32_t root = 0;
        crowd_forge(a, &b->identity, "iquique", (uint8_t)(2 + i), "\"z\"", &root, 1, &item);
        assert_int_equal(crowd_give(m, a, &item, &v), ST_OK);
    }
    buf_release(&item);
    assert_true(graph_frozen(replica_graph(a->replica), &b->identity.key));
    return 0;
}

static void branch_number(struct members *m, struct one *in, uint32_t number, uint32_t on,
                          struct buf *out)
{
    char value[24];
    snprintf(value, sizeof value, "\"%u\"", number);
    buf_reset(out);
    crowd_forge(in, &m->of[IQUIQUE].identity, "iquique", 77, value, &on, 1, out);
}

/* Offer 'more' forged commits, each on 'on' or, in a chain, on the last; how many are accepted. */
static uint32_t flood(struct members *m, struct one *a, uint32_t on, bool chain,
                      uint32_t dropped_max)
{
    static uint32_t number;
    struct buf item = {0};
    struct replica_verdict v;
    struct members_state full = {0};
    uint32_t accepted = 0, dropped = 0;
    while (dropped < dropped_max) {
        branch_number(m, a, number++, on, &item);
        enum status st = replica_accept(a->replica, buf_bytes(&item), &v, &m->f);
        assert_true(st == ST_OVER_QUOTA || (st == ST_OK && dropped == 0));
        if (st == ST_OVER_QUOTA && dropped++ == 0) {
            assert_int_equal(replica_sync(a->replica, &m->f), ST_OK);
            full = members_state(a);
        }
        accepted += st == ST_OK;
        on = chain && st == ST_OK ? v.node : on;
        assert_true(quota_dropped(a->replica, &v.id) == (st == ST_OVER_QUOTA));
    }
    members_assert_state(a, &full); /* memory and journal as before the first that was dropped */
    buf_release(&item);
    return accepted;
}

static void a_flood_stays_flat(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    uint32_t root = freeze_iquique(m, a), refusals, commits;
    uint64_t bytes;
    struct oid before = *replica_state(a->replica);
    uint32_t key = graph_node(replica_graph(a->replica), root)->key;
    assert_int_equal(flood(m, a, root, false, 300) + GRAPH_FORKS_MAX + 1, GRAPH_OWN_MAX);
    assert_false(quota_full(a->replica, &m->of[IQUIQUE].identity.key));
    uint32_t tip = graph_count(replica_graph(a->replica)) - 1;
    flood(m, a, tip, true, 3); /* one of the branches grows and grows */
    graph_waiting(replica_graph(a->replica), key, &commits, &bytes);
    assert_int_equal(commits, QUARANTINE_COMMITS_MAX);
    assert_true(bytes > 0 && bytes <= QUARANTINE_BYTES_MAX);
    assert_true(quota_full(a->replica, &m->of[IQUIQUE].identity.key));
    assert_memory_equal(before.id, replica_state(a->replica)->id, OID_BYTES);
    replica_refusals(a->replica, &refusals);
    assert_int_equal(refusals, 0); /* nobody is to blame */
    members_set(m, a, 9, "a", "\"goes on\"");
}

/* A peer that keeps others of the flood is not asked for them for ever. */
static void a_dropped_head_is_not_unknown(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct buf item = {0};
    struct replica_verdict v;
    bool more, unknown;
    uint32_t root = freeze_iquique(m, a);
    do {
        static uint32_t number;
        branch_number(m, a, number++, root, &item);
    } while (replica_accept(a->replica, buf_bytes(&item), &v, &m->f) == ST_OK);
    struct members_taking taking = {m, &m->of[ARICA]};
    struct oid stranger = {{7}};
    assert_int_equal(
        replica_lacking(a->replica, &v.id, 1, 1, members_take, &taking, &more, &unknown, &m->f),
        ST_OK);
    assert_false(unknown);
    assert_int_equal(
        replica_lacking(a->replica, &stranger, 1, 1, members_take, &taking, &more, &unknown, &m->f),
        ST_OK);
    assert_true(unknown);
    buf_release(&item);
}

/* Two were dropped, one on the other; then a member that counts turns out to stand on them. */
static void what_is_vouched_for_comes_in(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *c = &m->of[ARICA];
    struct buf item = {0}, one = {0}, two = {0}, over = {0};
    struct replica_verdict v;
    uint32_t root = freeze_iquique(m, a), number = 0;
    do
        branch_number(m, a, number++, root, &item);
    while (replica_accept(a->replica, buf_bytes(&item), &v, &m->f) == ST_OK);
    assert_int_equal(replica_sync(a->replica, &m->f), ST_OK);
    branch_number(m, c, 100000, root, &one); /* elsewhere they are the first of their kind */
    assert_int_equal(crowd_give(m, c, &one, &v), ST_OK);
    branch_number(m, c, 100001, v.node, &two);
    assert_int_equal(crowd_give(m, c, &two, &v), ST_OK);
    crowd_forge(c, &c->identity, "arica", 5, "\"on them\"", &v.node, 1, &over);
    assert_int_equal(crowd_give(m, a, &two, &v), ST_WAITING); /* not before what it stands on */
    assert_int_equal(crowd_give(m, a, &one, &v), ST_OVER_QUOTA);
    assert_int_equal(crowd_give(m, a, &two, &v), ST_OVER_QUOTA);
    assert_int_equal(crowd_give(m, a, &over, &v), ST_WAITING);
    assert_int_equal(v.missing_count, 1);
    assert_int_equal(crowd_give(m, a, &one, &v), ST_OK);
    assert_int_equal(crowd_give(m, a, &two, &v), ST_OK);
    assert_int_equal(crowd_give(m, a, &over, &v), ST_OK);
    struct graph *g = replica_graph(a->replica);
    for (uint32_t i = graph_count(g) - 3; i < graph_count(g); i++)
        assert_true(graph_node(g, i)->counted);
    buf_release(&item);
    buf_release(&one);
    buf_release(&two);
    buf_release(&over);
}

/* The past of a retired key comes whole to who is new, before the heads that are kept of it. */
static void what_is_kept_is_never_dropped(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA];
    struct oid last = {{0}};
    enum { MANY = QUARANTINE_COMMITS_MAX + 40 };
    for (uint32_t i = 0; i < MANY; i++) {
        char value[24];
        snprintf(value, sizeof value, "\"%u\"", i);
        last = members_set(m, d, (uint8_t)(i % 200), "a", value).id;
    }
    crowd_retire(m, "calama", &last, 1, NULL);
    crowd_tell(m, a);
    members_carry(m, d, a); /* fails the test on any verdict but accepted */
    assert_int_equal(graph_count(replica_graph(a->replica)), MANY);
    assert_true(graph_node(replica_graph(a->replica), 0)->counted);
    assert_false(quota_full(a->replica, &d->identity.key));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_flood_stays_flat),
        TEST(a_dropped_head_is_not_unknown),
        TEST(what_is_vouched_for_comes_in),
        TEST(what_is_kept_is_never_dropped),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
