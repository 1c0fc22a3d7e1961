/*
 * heads: whatever came in whatever order, the heads are the commits that no other has in its past,
 * and the graph knows what lies between. Every order of arrival of every history is walked.
 */
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/graph.h"
#include "tests/scope/network.h"
#include "tests/scope/scope.h"

static const char letters[] = "x";

struct heads {
    const struct history *h;
    const struct network *network;
    struct scope_counts *counts;
    struct graph *graph;
    uint32_t nodes[HISTORY_COMMITS_MAX]; /* of the graph, by commit */
};

static void must(const struct heads *s, bool holds, const char *what)
{
    if (!holds)
        scope_fail(s->h, letters, what);
}

static uint32_t commits_of(const struct heads *s, const uint32_t *nodes, uint32_t count)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < s->h->count; k++)
            set |= s->nodes[k] == nodes[i] ? UINT32_C(1) << k : 0;
    return set;
}

static void arrive(struct heads *s, uint32_t i)
{
    const struct history_commit *c = &s->h->commits[i];
    uint32_t heads = history_heads(s->h, c->past), parents[HISTORY_COMMITS_MAX], count = 0;
    const uint32_t *fresh;
    for (uint32_t k = 0; k < i; k++)
        if ((heads >> k & 1) != 0)
            parents[count++] = s->nodes[k];
    struct graph_new n = {.key = s->network->identities[c->member].key,
                          .label = network_labels[c->member],
                          .charter_version = NETWORK_MEMBERS,
                          .parents = parents,
                          .parent_count = count};
    must(s, graph_is_antichain(s->graph, parents, count), "the heads are no antichain");
    n.id.id[0] = n.digest.id[0] = (uint8_t)(i + 1);
    n.seq = graph_next_seq(s->graph, &n.key, parents, count);
    n.height = graph_next_height(s->graph, parents, count);
    must(s, graph_add(s->graph, &n, &s->nodes[i]) == ST_OK, "a commit is not added");
    must(s,
         graph_count_new(s->graph, charter_newest(&s->network->chain), s->nodes[i], &fresh,
                         &count) == ST_OK &&
             count == 1 && fresh[0] == s->nodes[i],
         "a commit does not count");
}

static void judge(struct heads *s, uint32_t set)
{
    uint32_t due = history_heads(s->h, set), count;
    const uint32_t *list = graph_heads(s->graph, &count);
    must(s, commits_of(s, list, count) == due, "the heads are not the greatest commits");
    list = graph_tips(s->graph, &count);
    must(s, commits_of(s, list, count) == due, "the tips are not the greatest commits");
    for (uint32_t i = 0; i < s->h->count; i++)
        for (uint32_t k = 0; k < s->h->count && (set >> i & 1) != 0; k++)
            if ((set >> k & 1) != 0)
                must(s,
                     graph_reaches(s->graph, s->nodes[i], s->nodes[k]) ==
                         (i == k || (s->h->commits[i].past >> k & 1) != 0),
                     "a commit reaches what is not in its past, or not what is");
    for (uint32_t i = 0; i < HISTORY_MEMBERS; i++) {
        uint32_t key = graph_key_find(s->graph, &s->network->identities[i].key);
        must(s, key == GRAPH_NONE || !graph_forked(s->graph, key), "an honest member has forked");
    }
}

/* One order: 'order' has the commits as they come. */
static void walk_order(struct heads *s, const uint32_t *order)
{
    uint32_t set = 0;
    CHECK(graph_create(&s->graph) == ST_OK);
    memset(s->nodes, 0xff, sizeof s->nodes);
    for (uint32_t i = 0; i < s->h->count; i++) {
        arrive(s, order[i]);
        set |= UINT32_C(1) << order[i];
        s->counts->deliveries++;
        judge(s, set);
    }
    graph_free(s->graph);
}

static bool is_causal(const struct history *h, const uint32_t *order)
{
    uint32_t set = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t past = h->commits[order[i]].past;
        if ((set & past) != past)
            return false;
        set |= UINT32_C(1) << order[i];
    }
    return true;
}

void heads_walk(const struct scope_options *o, struct scope_counts *counts)
{
    struct network network;
    struct history_walk walk;
    struct heads s = {.h = &walk.h, .network = &network, .counts = counts};
    uint64_t pairs = 0;
    bool extend = true;
    network_found(&network);
    history_begin(&walk, o->commits, 1, false);
    while (history_next(&walk, extend)) {
        uint32_t order[HISTORY_COMMITS_MAX];
        extend = scope_mine(o, &pairs, &walk.h);
        if (!extend)
            continue;
        for (uint32_t i = 0; i < walk.h.count; i++)
            order[i] = i;
        do {
            if (is_causal(&walk.h, order))
                walk_order(&s, order);
        } while (scope_next_order(order, walk.h.count));
        counts->histories++;
        counts->systems += history_systems(&walk.h);
    }
    network_release(&network);
}
