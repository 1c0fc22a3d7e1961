#include "replicas/flow_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/tally.h"

enum { GROWTH = 64 };

/* Columns: who gave it, grants, pool, offices, lines, uses, receipts, what became of it. */
static const uint32_t COLUMN_OF[FLOW_ROLES] = {
    [FLOW_FUNDER] = 0,          [FLOW_EARLIER] = 0,     [FLOW_GRANT] = 1,
    [FLOW_OVERDRAWN] = 1,       [FLOW_POOL] = 2,        [FLOW_OFFICE] = 3,
    [FLOW_UNALLOTTED] = 3,      [FLOW_EXCHANGED] = 3,   [FLOW_LINE] = 4,
    [FLOW_DISBURSED] = 5,       [FLOW_EXPENSES] = 5,    [FLOW_LEFT] = 5,
    [FLOW_BOUGHT_RECEIPT] = 6,  [FLOW_BOUGHT_BARE] = 6, [FLOW_UNBOUGHT] = 6,
    [FLOW_SPENT_RECEIPT] = 6,   [FLOW_SPENT_BARE] = 6,  [FLOW_HANDED_OVER] = 7,
    [FLOW_NOT_HANDED_OVER] = 7,
};

/* ---- nodes and links ---- */

bool flow_graph_grow(struct flow *f, void **list, uint32_t count, uint32_t *capacity, size_t each)
{
    if (count < *capacity)
        return true;
    void *grown = f->failed ? NULL : mem_resize(*list, (*capacity + (size_t)GROWTH) * each);
    if (grown == NULL) {
        f->failed = true;
        return false;
    }
    *list = grown;
    *capacity += GROWTH;
    return true;
}

uint32_t flow_graph_node(struct flow *f, enum flow_role role, uint32_t column, const char *name,
                         const char *currency)
{
    for (uint32_t i = 0; i < f->node_count; i++) {
        const struct flow_node *n = &f->nodes[i];
        if (n->role == role && n->column == column && strcmp(n->name, name) == 0 &&
            strcmp(n->currency, currency) == 0)
            return i;
    }
    void *nodes = f->nodes;
    bool room = flow_graph_grow(f, &nodes, f->node_count, &f->node_capacity, sizeof *f->nodes);
    f->nodes = nodes;
    if (!room)
        return 0;
    f->nodes[f->node_count] = (struct flow_node){.role = role, .column = column, .name = name};
    snprintf(f->nodes[f->node_count].currency, sizeof f->nodes->currency, "%.3s", currency);
    return f->node_count++;
}

uint32_t flow_graph_role(struct flow *f, enum flow_role role, const char *name,
                         const char *currency)
{
    return flow_graph_node(f, role, COLUMN_OF[role], name, currency);
}

void flow_graph_link(struct flow *f, uint32_t from, uint32_t to, enum flow_proof proof,
                     int64_t amount)
{
    if (amount <= 0 || f->failed)
        return;
    uint32_t at = 0;
    while (at < f->link_count &&
           (f->links[at].from != from || f->links[at].to != to || f->links[at].proof != proof))
        at++;
    void *links = f->links;
    if (at == f->link_count &&
        !flow_graph_grow(f, &links, f->link_count, &f->link_capacity, sizeof *f->links))
        return;
    if (at == f->link_count) {
        f->links = links;
        f->links[f->link_count++] = (struct flow_link){from, to, proof, 0};
    }
    tally_add(&f->links[at].amount, amount);
    tally_add(&f->nodes[from].out, amount);
    tally_add(&f->nodes[to].in, amount);
}

/* ---- names: the largest ones, the others as one ---- */

void flow_graph_weigh(struct flow_graph_names *n, const char *name, int64_t amount)
{
    uint32_t at = 0;
    while (at < n->count && strcmp(n->name[at], name) != 0)
        at++;
    if (at == FLOW_GRAPH_NAMES_MAX)
        return;
    if (at == n->count) {
        n->name[n->count] = name;
        n->amount[n->count++] = 0;
    }
    tally_add(&n->amount[at], amount);
}

const char *flow_graph_drawn(const struct flow_graph_names *n, const char *name)
{
    uint32_t at = 0, larger = 0;
    while (at < n->count && strcmp(n->name[at], name) != 0)
        at++;
    for (uint32_t i = 0; at < n->count && i < n->count; i++)
        larger += n->amount[i] > n->amount[at] || (n->amount[i] == n->amount[at] && i < at);
    bool all = n->count <= FLOW_NAMES_MAX;
    return at < n->count && (all || larger < FLOW_NAMES_MAX - 1) ? name : INDICATOR_OTHERS;
}

/* ---- order ---- */

static int by_place(const void *one, const void *other)
{
    const struct flow_node *a = one, *b = other;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    if (a->role != b->role)
        return a->role < b->role ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int64_t x = a->in > a->out ? a->in : a->out, y = b->in > b->out ? b->in : b->out;
    bool last_a = strcmp(a->name, INDICATOR_OTHERS) == 0;
    if (last_a != (strcmp(b->name, INDICATOR_OTHERS) == 0))
        return last_a ? 1 : -1;
    if (x != y)
        return x > y ? -1 : 1;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->currency, b->currency);
}

static int by_ends(const void *one, const void *other)
{
    const struct flow_link *a = one, *b = other;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return (a->proof > b->proof) - (a->proof < b->proof);
}

static void rank_lines(struct flow *f)
{
    for (uint32_t n = 0; n < f->node_count; n++) {
        int64_t most = 0;
        for (uint32_t l = 0; f->nodes[n].role == FLOW_LINE && l < f->link_count; l++)
            if (f->links[l].from == n && f->links[l].amount > most) {
                most = f->links[l].amount;
                f->nodes[n].rank = (uint32_t)f->nodes[f->links[l].to].role;
            }
    }
}

enum status flow_graph_order(struct flow *f)
{
    rank_lines(f);
    struct flow_node *before = mem_copy(f->nodes, f->node_count * sizeof *before);
    if (before == NULL)
        return ST_NO_MEMORY;
    uint32_t kept = 0, count = f->node_count;
    for (uint32_t i = 0; i < count; i++)
        if (f->nodes[i].in > 0 || f->nodes[i].out > 0)
            f->nodes[kept++] = f->nodes[i];
    f->node_count = kept;
    if (kept > 0)
        qsort(f->nodes, kept, sizeof *f->nodes, by_place);
    for (uint32_t l = 0; l < f->link_count; l++) {
        uint32_t *ends[] = {&f->links[l].from, &f->links[l].to};
        for (int e = 0; e < 2; e++) {
            uint32_t at = 0;
            while (by_place(&f->nodes[at], &before[*ends[e]]) != 0)
                at++;
            CHECK(at < kept);
            *ends[e] = at;
        }
    }
    if (f->link_count > 0)
        qsort(f->links, f->link_count, sizeof *f->links, by_ends);
    mem_free(before);
    return ST_OK;
}
