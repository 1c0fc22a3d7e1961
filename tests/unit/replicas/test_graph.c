/*
 * A random history against a table that says, for every pair of commits, who is in whose past.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/graph.h"

enum { KEYS = 4, NODES = 160 };

/* The judge: what was added, and its past by plain repetition. */
struct history {
    struct graph *graph;
    uint32_t count;
    bool past[NODES][NODES]; /* past[a][b]: b is a, or in a's past */
    uint32_t key[NODES];
    uint64_t seq[NODES], height[NODES];
};

static struct history history;
static struct charter_member members[KEYS];
static struct charter charter = {.version = 1, .members = members, .member_count = KEYS};
static uint64_t state;

static uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % below;
}

static struct oid id_of(uint32_t index)
{
    struct oid id = {{(uint8_t)(index * 37), (uint8_t)index, 1}};
    return id;
}

static int set_up(void **unused)
{
    static const char *const labels[KEYS] = {"alto-hospicio", "iquique", "santiago", "valparaiso"};
    (void)unused;
    state = 88172645463325252ull;
    memset(&history, 0, sizeof history);
    charter = (struct charter){.version = 1, .members = members, .member_count = KEYS};
    for (uint32_t k = 0; k < KEYS; k++) {
        members[k] = (struct charter_member){.key = {{(uint8_t)(k + 1)}}};
        memcpy(members[k].label, labels[k], strlen(labels[k]));
    }
    return graph_create(&history.graph) == ST_OK ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    graph_free(history.graph);
    return 0;
}

/* A commit of 'key' on these parents; seq 0: the one that is due. */
static uint32_t add(uint32_t key, const uint32_t *parents, uint32_t count, uint64_t seq)
{
    struct history *h = &history;
    struct graph *g = h->graph;
    uint32_t index = 0;
    uint64_t due = 1, height = 1;
    for (uint32_t i = 0; i < count; i++) {
        height = h->height[parents[i]] >= height ? h->height[parents[i]] + 1 : height;
        for (uint32_t n = 0; n < h->count; n++)
            if (h->past[parents[i]][n]) {
                h->past[h->count][n] = true;
                due = h->key[n] == key && h->seq[n] >= due ? h->seq[n] + 1 : due;
            }
    }
    assert_int_equal(graph_next_seq(g, &members[key].key, parents, count), due);
    assert_int_equal(graph_next_height(g, parents, count), height);
    assert_true(h->count < NODES);
    struct graph_new fresh = {.id = id_of(h->count),
                              .digest = {{(uint8_t)h->count, 7}},
                              .seq = seq != 0 ? seq : due,
                              .height = height,
                              .key = members[key].key,
                              .label = members[key].label,
                              .charter_version = 1,
                              .parents = parents,
                              .parent_count = count};
    assert_int_equal(graph_add(g, &fresh, &index), ST_OK);
    assert_int_equal(index, h->count);
    h->past[index][index] = true;
    h->key[index] = key;
    h->seq[index] = fresh.seq;
    h->height[index] = height;
    h->count++;
    return index;
}

static bool is_antichain(const uint32_t *nodes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < count; k++)
            if (i != k && history.past[nodes[i]][nodes[k]])
                return false;
    return true;
}

static void grow_at_random(uint32_t count)
{
    while (history.count < count) {
        uint32_t parents[3], found = 0, wanted = history.count == 0 ? 0 : 1 + next(3);
        for (uint32_t i = 0; i < wanted; i++) {
            uint32_t back = next(history.count < 8 ? history.count : 8);
            parents[found++] = history.count - 1 - back;
            if (!is_antichain(parents, found))
                found--;
        }
        add(next(KEYS), parents, found, 0);
    }
}

static void ancestry_is_that_of_the_table(void **unused)
{
    struct graph *g = history.graph;
    (void)unused;
    grow_at_random(NODES);
    assert_int_equal(graph_count(g), NODES);
    for (uint32_t a = 0; a < NODES; a++) {
        struct oid id = id_of(a), nobody = {{9, 9, 9}};
        assert_int_equal(graph_find(g, &id), a);
        assert_int_equal(graph_find(g, &nobody), GRAPH_NONE);
        for (uint32_t b = 0; b < NODES; b++)
            assert_int_equal(graph_reaches(g, a, b), history.past[a][b]);
    }
    for (int round = 0; round < 1000; round++) {
        uint32_t nodes[3] = {next(NODES), next(NODES), next(NODES)};
        assert_int_equal(graph_is_antichain(g, nodes, 3),
                         is_antichain(nodes, 3) && nodes[0] != nodes[1] && nodes[1] != nodes[2] &&
                             nodes[0] != nodes[2]);
    }
}

static void what_is_lacking_comes_parents_first(void **unused)
{
    struct graph *g = history.graph;
    (void)unused;
    grow_at_random(NODES);
    for (int round = 0; round < 300; round++) {
        uint32_t known[3], count = next(4), found = 0, *list = NULL, expected = 0;
        for (uint32_t i = 0; i < count; i++)
            known[i] = next(NODES);
        assert_int_equal(graph_lacking(g, known, count, &list, &found), ST_OK);
        for (uint32_t n = 0; n < NODES; n++) {
            bool reached = false;
            for (uint32_t i = 0; i < count; i++)
                reached = reached || history.past[known[i]][n];
            if (!reached) {
                assert_true(expected < found);
                assert_int_equal(list[expected++], n);
            }
        }
        assert_int_equal(found, expected);
        mem_free(list);
    }
}

/* What counts is by a key in force, or below such a commit; heads have no counted child. */
static void assert_counted(const bool in_force[static KEYS])
{
    struct graph *g = history.graph;
    uint32_t head_count, found = 0, heads[NODES];
    bool counted[NODES] = {false};
    for (uint32_t a = 0; a < history.count; a++)
        for (uint32_t b = 0; in_force[history.key[a]] && b < history.count; b++)
            counted[b] = counted[b] || history.past[a][b];
    for (uint32_t b = 0; b < history.count; b++) {
        bool covered = false;
        assert_int_equal(graph_node(g, b)->counted, counted[b]);
        for (uint32_t a = 0; a < history.count; a++)
            covered = covered || (a != b && counted[a] && history.past[a][b]);
        if (counted[b] && !covered)
            heads[found++] = b;
    }
    const uint32_t *list = graph_heads(g, &head_count);
    assert_int_equal(head_count, found);
    for (uint32_t i = 0; i < head_count; i++) {
        bool there = false;
        for (uint32_t k = 0; k < found; k++)
            there = there || heads[k] == list[i];
        assert_true(there);
        assert_true(i == 0 || history.height[list[i - 1]] <= history.height[list[i]]);
    }
}

static void counting_one_by_one_is_counting_anew(void **unused)
{
    static const bool all[KEYS] = {true, true, true, true};
    struct graph *g = history.graph;
    (void)unused;
    while (history.count < NODES) {
        const uint32_t *list;
        uint32_t count;
        bool lost;
        grow_at_random(history.count + 1);
        assert_int_equal(graph_count_new(g, &charter, history.count - 1, &list, &count), ST_OK);
        assert_int_equal(count, 1);
        assert_int_equal(list[0], history.count - 1);
        if (history.count % 16 == 0) {
            assert_counted(all);
            assert_int_equal(graph_recount(g, &charter, &lost), ST_OK);
            assert_false(lost);
            assert_counted(all);
        }
    }
}

static void a_retired_key_counts_through_others_and_its_kept_heads(void **unused)
{
    static const bool without_first[KEYS] = {false, true, true, true};
    struct graph *g = history.graph;
    bool lost;
    (void)unused;
    grow_at_random(NODES - 2);
    uint32_t base = history.count - 1;
    uint32_t kept = add(0, &base, 1, 0), late = add(0, &kept, 1, 0);
    struct oid kept_id = id_of(kept);
    struct charter_retired retired = {.key = members[0].key, .kept_count = 0};
    assert_int_equal(graph_recount(g, &charter, &lost), ST_OK);
    assert_false(lost);
    struct charter newer = charter;
    newer.version = 2;
    newer.members = members + 1;
    newer.member_count = KEYS - 1;
    newer.retired = &retired;
    newer.retired_count = 1;
    assert_int_equal(graph_recount(g, &newer, &lost), ST_OK);
    assert_true(lost);
    assert_counted(without_first);
    assert_false(graph_node(g, kept)->counted);
    retired.kept = &kept_id;
    retired.kept_count = 1;
    assert_int_equal(graph_recount(g, &newer, &lost), ST_OK);
    assert_false(lost);
    assert_true(graph_node(g, kept)->counted);
    assert_false(graph_node(g, late)->counted);
}

static void a_fork_is_seen_and_a_flood_freezes_the_key(void **unused)
{
    struct graph *g = history.graph;
    const uint32_t *list;
    uint32_t first = add(0, NULL, 0, 0), second = add(1, &first, 1, 0), count, fork = 0;
    bool lost;
    (void)unused;
    assert_false(graph_forked(g, 0));
    for (int i = 0; i < GRAPH_FORKS_MAX; i++) {
        fork = add(0, &first, 1, 2);
        assert_int_equal(graph_count_new(g, &charter, fork, &list, &count), ST_OK);
        assert_true(graph_node(g, fork)->counted);
    }
    assert_true(graph_forked(g, 0));
    assert_false(graph_key(g, 0)->frozen);
    fork = add(0, &first, 1, 2);
    assert_true(graph_key(g, 0)->frozen);
    assert_int_equal(graph_recount(g, &charter, &lost), ST_OK);
    assert_true(lost);
    assert_false(graph_node(g, fork)->counted);
    assert_true(graph_node(g, first)->counted); /* below another office's commit */
    assert_true(graph_node(g, second)->counted);
    uint32_t parents[2] = {second, fork}, merge = add(1, parents, 2, 0);
    assert_int_equal(graph_count_new(g, &charter, merge, &list, &count), ST_OK);
    assert_true(graph_node(g, fork)->counted);
}

static void a_summary_doubles_its_steps(void **unused)
{
    static const uint32_t back[] = {0, 1, 3, 7, 15, 31};
    struct graph *g = history.graph;
    struct oid ids[16];
    uint32_t count, at = 0;
    bool lost;
    (void)unused;
    at = add(0, NULL, 0, 0);
    for (int i = 1; i < 40; i++)
        at = add(0, &at, 1, 0);
    assert_int_equal(graph_recount(g, &charter, &lost), ST_OK);
    assert_int_equal(graph_summary(g, ids, 16, &count), ST_OK);
    assert_int_equal(count, sizeof back / sizeof *back);
    for (uint32_t i = 0; i < count; i++) {
        struct oid expected = id_of(39 - back[i]);
        assert_true(oid_equal(&ids[i], &expected));
    }
    assert_int_equal(graph_summary(g, ids, 2, &count), ST_OK);
    assert_int_equal(count, 2);
}

static void tips_are_what_nothing_builds_on(void **unused)
{
    struct graph *g = history.graph;
    uint32_t count;
    (void)unused;
    grow_at_random(NODES);
    const uint32_t *tips = graph_tips(g, &count);
    uint32_t at = 0;
    for (uint32_t b = 0; b < NODES; b++) {
        bool covered = false;
        for (uint32_t a = 0; a < NODES; a++)
            covered = covered || (a != b && history.past[a][b]);
        if (!covered) {
            assert_true(at < count);
            assert_int_equal(tips[at++], b);
        }
    }
    assert_int_equal(at, count);
}

static void a_failed_allocation_leaves_the_graph_as_it_was(void **unused)
{
    struct graph *g = history.graph;
    (void)unused;
    for (uint32_t i = 0; i < 80; i++) {
        struct graph_new fresh = {.id = id_of(i),
                                  .digest = {{(uint8_t)i, 8}},
                                  .seq = 1,
                                  .height = 1,
                                  .key = members[i % KEYS].key,
                                  .label = members[i % KEYS].label,
                                  .charter_version = 1};
        uint32_t index = 0;
        bool failed = true;
        for (uint64_t n = 1; failed; n++) {
            mem_fail_at(n);
            enum status st = graph_add(g, &fresh, &index);
            failed = mem_failed();
            mem_fail_at(0);
            assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
            assert_int_equal(graph_count(g), failed ? i : i + 1);
            if (failed)
                assert_int_equal(graph_find(g, &fresh.id), GRAPH_NONE);
        }
        assert_int_equal(graph_find(g, &fresh.id), i);
    }
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(ancestry_is_that_of_the_table),
        FRESH(what_is_lacking_comes_parents_first),
        FRESH(counting_one_by_one_is_counting_anew),
        FRESH(a_retired_key_counts_through_others_and_its_kept_heads),
        FRESH(a_fork_is_seen_and_a_flood_freezes_the_key),
        FRESH(a_summary_doubles_its_steps),
        FRESH(tips_are_what_nothing_builds_on),
        FRESH(a_failed_allocation_leaves_the_graph_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
