#include "daemon/jobs_news.h"

#include <stdlib.h>

#include "proto/mem.h"

static int by_label(const void *a, const void *b)
{
    const struct job_heads *x = a, *y = b;
    return strcmp(x->label, y->label);
}

/* At most HEADS_MAX tips, those that count first: no flood of forks hides an honest head. */
static uint32_t choose_tips(struct graph *g, uint32_t out[static HEADS_MAX])
{
    uint32_t tip_count, head_count, chosen = 0;
    const uint32_t *tips = graph_tips(g, &tip_count), *heads = graph_heads(g, &head_count);
    bool left = false; /* what names a charter that was left is nobody's business any more */
    for (uint32_t i = 0; i < tip_count; i++)
        left = left || graph_node(g, tips[i])->left;
    for (uint32_t i = 0; left && i < head_count && chosen < HEADS_MAX; i++)
        out[chosen++] = heads[i]; /* those below such a tip, too */
    for (int counted = left ? 0 : 1; counted >= 0; counted--)
        for (uint32_t i = 0; i < tip_count && chosen < HEADS_MAX; i++)
            if (graph_node(g, tips[i])->counted == (counted == 1) && !graph_node(g, tips[i])->left)
                out[chosen++] = tips[i];
    return chosen;
}

enum status jobs_news_heads(struct replica *r, struct job *j)
{
    struct graph *g = replica_graph(r);
    uint32_t tips[HEADS_MAX];
    uint32_t tip_count = choose_tips(g, tips);
    j->heads = mem_array(tip_count, sizeof *j->heads);
    j->ids = mem_array(tip_count, sizeof *j->ids);
    if (j->heads == NULL || j->ids == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < tip_count; i++) {
        const char *label = graph_key(g, graph_node(g, tips[i])->key)->label;
        uint32_t k = 0;
        while (k < j->head_count && strcmp(j->heads[k].label, label) != 0)
            k++;
        if (k == j->head_count)
            memcpy(j->heads[j->head_count++].label, label, strlen(label) + 1);
    }
    qsort(j->heads, j->head_count, sizeof *j->heads, by_label);
    for (uint32_t k = 0; k < j->head_count; k++) {
        j->heads[k].first = j->id_count;
        for (uint32_t i = 0; i < tip_count; i++) {
            const struct graph_node *n = graph_node(g, tips[i]);
            if (strcmp(graph_key(g, n->key)->label, j->heads[k].label) != 0)
                continue;
            uint32_t at = j->id_count++; /* ascending within the label */
            for (; at > j->heads[k].first && oid_compare(&j->ids[at - 1], &n->id) > 0; at--)
                j->ids[at] = j->ids[at - 1];
            j->ids[at] = n->id;
        }
        j->heads[k].count = j->id_count - j->heads[k].first;
    }
    return ST_OK;
}
