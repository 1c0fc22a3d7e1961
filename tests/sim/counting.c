#include "tests/sim/counting.h"

#include "proto/check.h"
#include "proto/mem.h"

static bool is_end(const struct graph *g, const struct charter *newest, const struct graph_node *n)
{
    const struct graph_key *key = graph_key(g, n->key);
    const struct charter_retired *retired = charter_retired_key(newest, &key->key);
    bool end = charter_by_key(newest, &key->key) != NULL && !key->frozen;
    for (uint32_t k = 0; retired != NULL && k < retired->kept_count; k++)
        end = end || oid_equal(&retired->kept[k], &n->id);
    return end;
}

uint32_t counting_wrong(const struct graph *g, const struct charter *newest, uint32_t *waiting_out)
{
    uint32_t count = graph_count(g), wrong = GRAPH_NONE;
    bool *reached = mem_array(count, sizeof *reached);
    CHECK(reached != NULL);
    *waiting_out = 0;
    for (uint32_t i = count; wrong == GRAPH_NONE && i-- > 0;) {
        const struct graph_node *n = graph_node(g, i);
        reached[i] = reached[i] || is_end(g, newest, n);
        if (reached[i] != n->counted)
            wrong = i;
        *waiting_out += !n->counted;
        for (uint32_t k = 0; reached[i] && k < n->parent_count; k++)
            reached[graph_parent(g, n, k)] = true;
    }
    mem_free(reached);
    return wrong;
}
