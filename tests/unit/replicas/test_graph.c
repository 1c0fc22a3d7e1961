/*
 * The accepted commits: past, places, heads, forks; random graphs against the plain definitions.
 */
#include "tests/unit/replicas/members.h"

enum { NODES = 120, ROUNDS = 40 };

static struct charter *newest(struct members *m)
{
    return m->chain.versions[m->chain.count - 1];
}

/* A commit by member 'who' on these parents, right in its place. */
static uint32_t add_number(struct members *m, struct graph *g, int who, uint32_t number,
                           const uint32_t *parents, uint32_t count)
{
    uint32_t index;
    struct graph_new n = {.key = m->of[who].identity.key,
                          .label = m->of[who].member.label,
                          .charter_version = 1,
                          .parents = parents,
                          .parent_count = count};
    memcpy(n.id.id, &number, sizeof number);
    memcpy(n.digest.id, &number, sizeof number);
    n.id.id[7] = n.digest.id[7] = 1;
    n.seq = graph_next_seq(g, &n.key, parents, count);
    n.height = graph_next_height(g, parents, count);
    assert_int_equal(graph_add(g, &n, &index), ST_OK);
    return index;
}

static uint32_t add(struct members *m, struct graph *g, int who, const uint32_t *parents,
                    uint32_t count)
{
    return add_number(m, g, who, graph_count(g) + 1, parents, count);
}

static void count_it(struct members *m, struct graph *g, uint32_t index, uint32_t expected)
{
    const uint32_t *list;
    uint32_t count;
    assert_int_equal(graph_count_new(g, newest(m), index, &list, &count), ST_OK);
    assert_int_equal(count, expected);
}

static void places_and_names(void **state)
{
    struct members *m = *state;
    struct graph *g;
    struct oid unknown = {{9}};
    assert_int_equal(graph_create(&g), ST_OK);
    uint32_t a = add(m, g, SANTIAGO, NULL, 0), b = add(m, g, IQUIQUE, &a, 1);
    uint32_t c = add(m, g, SANTIAGO, &a, 1), both[] = {b, c};
    uint32_t d = add(m, g, AUDITOR, both, 2);
    assert_int_equal(graph_node(g, a)->seq, 1);
    assert_int_equal(graph_node(g, c)->seq, 2);
    assert_int_equal(graph_node(g, b)->seq, 1);
    assert_int_equal(graph_node(g, d)->height, 3);
    assert_int_equal(graph_find(g, &graph_node(g, c)->id), c);
    assert_int_equal(graph_find(g, &unknown), GRAPH_NONE);
    struct change change = change_of_digest(&graph_node(g, b)->digest);
    assert_int_equal(graph_find_change(g, &change), b);
    assert_int_equal(graph_seq(g, d, graph_node(g, a)->key), 2);
    assert_int_equal(graph_seq(g, b, graph_node(g, a)->key), 1);
    assert_int_equal(graph_seq(g, a, graph_node(g, d)->key), 0);
    assert_int_equal(graph_next_seq(g, &m->stranger.key, &d, 1), 1);
    assert_string_equal(graph_key(g, graph_node(g, d)->key)->label, "auditor");
    assert_int_equal(graph_key_count(g), 3);
    assert_true(graph_is_antichain(g, both, 2));
    uint32_t chain[] = {a, d}, twice[] = {a, a};
    assert_false(graph_is_antichain(g, chain, 2));
    assert_false(graph_is_antichain(g, twice, 2));
    graph_free(g);
    graph_free(NULL);
}

static void heads_and_tips(void **state)
{
    struct members *m = *state;
    struct graph *g;
    uint32_t count;
    assert_int_equal(graph_create(&g), ST_OK);
    uint32_t a = add(m, g, SANTIAGO, NULL, 0);
    count_it(m, g, a, 1);
    uint32_t b = add(m, g, IQUIQUE, &a, 1), c = add(m, g, SANTIAGO, &a, 1);
    count_it(m, g, c, 1);
    assert_int_equal(graph_heads(g, &count)[0], c);
    assert_int_equal(count, 1);
    assert_int_equal(graph_tips(g, &count)[0], b);
    assert_int_equal(count, 2);
    count_it(m, g, b, 1);
    assert_int_equal(graph_heads(g, &count)[0], b); /* one height: by id */
    assert_int_equal(count, 2);
    count_it(m, g, b, 0); /* already */
    uint32_t both[] = {b, c}, d = add(m, g, AUDITOR, both, 2);
    count_it(m, g, d, 1);
    graph_heads(g, &count);
    assert_int_equal(count, 1);
    graph_tips(g, &count);
    assert_int_equal(count, 1);
    graph_free(g);
}

/* A key that no charter names counts through others only. */
static void who_does_not_count(void **state)
{
    struct members *m = *state;
    struct one *fosis = &m->of[FOSIS];
    struct graph *g;
    uint32_t count;
    bool lost;
    assert_int_equal(graph_create(&g), ST_OK);
    fosis->identity = m->stranger;
    uint32_t a = add(m, g, SANTIAGO, NULL, 0), b = add(m, g, FOSIS, &a, 1);
    count_it(m, g, a, 1);
    count_it(m, g, b, 0);
    assert_int_equal(graph_heads(g, &count)[0], a);
    uint32_t c = add(m, g, SANTIAGO, &b, 1);
    count_it(m, g, c, 2);
    assert_true(graph_node(g, b)->counted);
    assert_int_equal(graph_recount(g, newest(m), &lost), ST_OK);
    assert_false(lost);
    assert_int_equal(graph_heads(g, &count)[0], c);
    assert_int_equal(count, 1);
    graph_free(g);
}

/* Two of one seq are a fork, told; more than GRAPH_FORKS_MAX freeze the key. */
static void forks_freeze_a_key(void **state)
{
    struct members *m = *state;
    struct graph *g;
    bool lost;
    uint32_t heads;
    assert_int_equal(graph_create(&g), ST_OK);
    uint32_t a = add(m, g, SANTIAGO, NULL, 0);
    count_it(m, g, a, 1);
    for (uint32_t i = 0; i <= GRAPH_FORKS_MAX; i++) {
        uint32_t n = add(m, g, IQUIQUE, &a, 1);
        const struct graph_node *node = graph_node(g, n);
        assert_int_equal(graph_forked(g, node->key), i > 0);
        assert_int_equal(graph_key(g, node->key)->frozen, i == GRAPH_FORKS_MAX);
        assert_int_equal(graph_frozen(g, &graph_key(g, node->key)->key), i == GRAPH_FORKS_MAX);
        count_it(m, g, n, i < GRAPH_FORKS_MAX);
    }
    graph_heads(g, &heads);
    assert_int_equal(heads, GRAPH_FORKS_MAX);
    assert_int_equal(graph_recount(g, newest(m), &lost), ST_OK);
    assert_true(lost);
    assert_int_equal(graph_heads(g, &heads)[0], a);
    assert_int_equal(heads, 1);
    graph_free(g);
}

/* ---- random graphs, against what the words mean ---- */

static bool reach[NODES][NODES];

static void grow_at_random(struct members *m, struct graph *g, uint64_t *seed, bool forks)
{
    memset(reach, 0, sizeof reach);
    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t parents[4], count = 0;
        int who = (int)(*seed >> 20 & 3);
        for (uint32_t t = 0; i > 0 && t < 6 && count < 4; t++) {
            *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            uint32_t p = (uint32_t)((*seed >> 33) % i);
            bool antichain = true;
            for (uint32_t k = 0; k < count; k++)
                antichain = antichain && !reach[parents[k]][p] && !reach[p][parents[k]];
            if (antichain && i - p < 25)
                parents[count++] = p;
        }
        /* An honest writer's commits form a chain: its last one is in the past of its next. */
        for (uint32_t p = i; !forks && p-- > 0;)
            if (memcmp(graph_key(g, graph_node(g, p)->key)->key.id, m->of[who].identity.key.id,
                       KEY_BYTES) == 0) {
                bool below = false;
                for (uint32_t k = 0; k < count; k++)
                    below = below || reach[parents[k]][p];
                if (!below) {
                    parents[0] = p;
                    count = 1;
                }
                break;
            }
        uint32_t n = add(m, g, who, parents, count);
        reach[n][n] = true;
        for (uint32_t k = 0; k < count; k++)
            for (uint32_t x = 0; x < NODES; x++)
                reach[n][x] = reach[n][x] || reach[parents[k]][x];
    }
}

static void check_lacking(struct graph *g, uint64_t seed)
{
    uint32_t known[3], *list, count;
    uint32_t known_count = (uint32_t)(seed % 4);
    for (uint32_t i = 0; i < known_count; i++)
        known[i] = (uint32_t)((seed >> (8 + 8 * i)) % NODES);
    assert_int_equal(graph_lacking(g, known, known_count, &list, &count), ST_OK);
    uint32_t at = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        bool reached = false;
        for (uint32_t k = 0; k < known_count; k++)
            reached = reached || reach[known[k]][i];
        if (!reached) {
            assert_true(at < count);
            assert_int_equal(list[at++], i); /* parents first */
        }
    }
    assert_int_equal(at, count);
    mem_free(list);
}

static void at_random(void **state)
{
    struct members *m = *state;
    uint64_t seed = 11;
    for (int round = 0; round < ROUNDS; round++) {
        struct graph *g;
        assert_int_equal(graph_create(&g), ST_OK);
        grow_at_random(m, g, &seed, round % 2 == 0);
        for (uint32_t a = 0; a < NODES; a++)
            for (uint32_t b = 0; b < NODES; b++)
                if (graph_reaches(g, a, b) != reach[a][b])
                    fail_msg("round %d: %u reaches %u: %d is due", round, a, b, reach[a][b]);
        for (int i = 0; i < 10; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            check_lacking(g, seed >> 16);
        }
        uint32_t tips, alone = 0;
        const uint32_t *tip = graph_tips(g, &tips);
        for (uint32_t i = 0; i < NODES; i++) {
            bool below = false;
            for (uint32_t k = i + 1; k < NODES; k++)
                below = below || reach[k][i];
            if (!below) {
                assert_int_equal(tip[alone], i);
                alone++;
            }
        }
        assert_int_equal(tips, alone);
        graph_free(g);
    }
}

/* Ids 1, 2, 4, 8 … commits back. */
static void a_summary_doubles(void **state)
{
    struct members *m = *state;
    struct graph *g;
    struct oid ids[32];
    uint32_t last = GRAPH_NONE, count;
    assert_int_equal(graph_create(&g), ST_OK);
    for (uint32_t i = 0; i < 100; i++)
        last = add(m, g, SANTIAGO, &last, i > 0);
    count_it(m, g, last, 100);
    assert_int_equal(graph_summary(g, ids, 32, &count), ST_OK);
    assert_int_equal(count, 7);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(graph_find(g, &ids[i]), 100 - (1u << i));
    assert_int_equal(graph_summary(g, ids, 3, &count), ST_OK);
    assert_int_equal(count, 3);
    graph_free(g);
}

static void no_memory(void **state)
{
    struct members *m = *state;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        struct graph *g = NULL;
        uint32_t index, last = 0;
        mem_fail_at(n);
        if (graph_create(&g) != ST_OK) {
            mem_fail_at(0);
            continue;
        }
        for (uint32_t i = 0; i < 200; i++) {
            struct graph_new c = {.key = m->of[i % 4].identity.key,
                                  .label = m->of[i % 4].member.label,
                                  .charter_version = 1,
                                  .parents = &last,
                                  .parent_count = i > 0};
            memcpy(c.id.id, &i, sizeof i);
            memcpy(c.digest.id, &i, sizeof i);
            c.seq = graph_next_seq(g, &c.key, c.parents, c.parent_count);
            c.height = i + 1;
            enum status st = graph_add(g, &c, &index);
            if (st != ST_OK) { /* as before: the same again goes in */
                assert_int_equal(st, ST_NO_MEMORY);
                assert_int_equal(graph_count(g), i);
                assert_int_equal(graph_find(g, &c.id), GRAPH_NONE);
                st = graph_add(g, &c, &index);
            }
            assert_int_equal(st, ST_OK);
            assert_int_equal(index, i);
            last = index;
        }
        done = !mem_failed();
        mem_fail_at(0);
        graph_free(g);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places_and_names),   TEST(heads_and_tips), TEST(who_does_not_count),
        TEST(forks_freeze_a_key), TEST(at_random),      TEST(a_summary_doubles),
        TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
