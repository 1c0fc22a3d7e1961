#include "replicas/bracket.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

struct brackets {
    struct graph *graph;
    uint32_t *nodes;  /* of key k by seq, from 1: at first[k] + seq - 1 */
    uint32_t *first;  /* one more than there are keys */
    bool *is_witness; /* by key: an office's that never forked */
    uint32_t key_count;
};

void bracket_end(struct brackets *b)
{
    if (b == NULL)
        return;
    mem_free(b->nodes);
    mem_free(b->first);
    mem_free(b->is_witness);
    mem_free(b);
}

/* By the charter that the key's first commit names: its role then is the one it wrote with. */
static bool wrote_as_office(struct replica *r, const struct graph_node *n)
{
    const struct charter *c = charter_at(replica_charters(r), n->charter_version);
    const struct charter_member *m =
        c != NULL ? charter_by_key(c, &graph_key(replica_graph(r), n->key)->key) : NULL;
    return m != NULL && m->role == CHARTER_OFFICE;
}

static void gather(struct brackets *b, struct replica *r)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < graph_count(b->graph); i++) {
        const struct graph_node *n = graph_node(b->graph, i);
        if (n->seq > b->first[n->key])
            b->first[n->key] = (uint32_t)n->seq; /* the greatest, for now */
        if (n->seq == 1)
            b->is_witness[n->key] = wrote_as_office(r, n) && !graph_forked(b->graph, n->key);
    }
    for (uint32_t k = 0; k <= b->key_count; k++) {
        uint32_t seqs = k < b->key_count ? b->first[k] : 0;
        b->first[k] = total;
        total += seqs;
    }
    for (uint32_t i = graph_count(b->graph); i-- > 0;) {
        const struct graph_node *n = graph_node(b->graph, i);
        b->nodes[b->first[n->key] + n->seq - 1] = i;
    }
}

enum status bracket_begin(struct replica *r, struct brackets **out)
{
    struct brackets *b = mem_alloc(sizeof *b);
    if (b == NULL)
        return ST_NO_MEMORY;
    b->graph = replica_graph(r);
    b->key_count = graph_key_count(b->graph);
    b->nodes = mem_array(graph_count(b->graph), sizeof *b->nodes);
    b->first = mem_array((size_t)b->key_count + 1, sizeof *b->first);
    b->is_witness = mem_array(b->key_count, sizeof *b->is_witness);
    if (b->nodes == NULL || b->first == NULL || b->is_witness == NULL) {
        bracket_end(b);
        return ST_NO_MEMORY;
    }
    gather(b, r);
    *out = b;
    return ST_OK;
}

/* The newest commit of a witness in the node's past; GRAPH_NONE: none. */
static uint32_t last_below(struct brackets *b, uint32_t node, uint32_t key)
{
    uint64_t seq = graph_seq(b->graph, node, key);
    return seq > 0 ? b->nodes[b->first[key] + seq - 1] : GRAPH_NONE;
}

/* The first commit of a witness that reaches the node; GRAPH_NONE: none. */
static uint32_t first_above(struct brackets *b, uint32_t node, uint32_t key)
{
    uint32_t low = b->first[key], end = b->first[key + 1], high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (graph_reaches(b->graph, b->nodes[middle], node))
            high = middle;
        else
            low = middle + 1;
    }
    return low < end ? b->nodes[low] : GRAPH_NONE;
}

/* What one label's keys say; the outermost two labels are kept. */
struct witness {
    const char *label;
    int64_t time;
};

/* Keep 'w' among the best two, one a label; sign 1: greater is better. */
static void offer(struct witness best[static 2], struct witness w, int sign)
{
    for (int i = 0; i < 2; i++) {
        if (best[i].label == NULL) {
            best[i] = w;
            return;
        }
        bool same = strcmp(best[i].label, w.label) == 0;
        bool better = sign > 0 ? w.time > best[i].time : w.time < best[i].time;
        if (!better && same)
            return;
        if (better) {
            struct witness old = best[i];
            best[i] = w;
            if (same)
                return;
            w = old;
        }
    }
}

void bracket_of(struct brackets *b, uint32_t node, struct bracket *out)
{
    const struct graph_node *n = graph_node(b->graph, node);
    const char *label = graph_key(b->graph, n->key)->label;
    struct witness below[2] = {{0}}, above[2] = {{0}};
    for (uint32_t k = 0; k < b->key_count; k++) {
        const char *other = graph_key(b->graph, k)->label;
        if (!b->is_witness[k] || strcmp(other, label) == 0)
            continue;
        uint32_t last = last_below(b, node, k), first = first_above(b, node, k);
        if (last != GRAPH_NONE)
            offer(below, (struct witness){other, graph_node(b->graph, last)->time}, 1);
        if (first != GRAPH_NONE)
            offer(above, (struct witness){other, graph_node(b->graph, first)->time}, -1);
    }
    *out = (struct bracket){.has_before = below[1].label != NULL,
                            .has_after = above[1].label != NULL,
                            .not_before = below[1].time,
                            .not_after = above[1].time};
    out->back_dated = (out->has_before && n->time < out->not_before - BRACKET_SLACK_S) ||
                      (out->has_after && n->time > out->not_after + BRACKET_SLACK_S);
}
