#include "replicas/settled.h"

#include <string.h>

#include "proto/check.h"

void settled_begin(struct settled *s, struct replica *r)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    *s = (struct settled){.graph = replica_graph(r)};
    CHECK(newest->member_count <= MEMBERS_MAX);
    for (uint32_t i = 0; i < newest->member_count; i++) {
        if (newest->members[i].role != CHARTER_OFFICE)
            continue;
        uint32_t key = graph_key_find(s->graph, &newest->members[i].key);
        s->offices++;
        if (key != GRAPH_NONE)
            s->keys[s->key_count++] = key;
    }
}

uint32_t settled_by(const struct settled *s, uint32_t node)
{
    uint32_t by = 0;
    for (uint32_t i = 0; i < s->key_count; i++) {
        uint32_t count;
        const uint32_t *heads = graph_own_heads(s->graph, s->keys[i], &count);
        bool below = false;
        for (uint32_t k = 0; k < count && !below; k++)
            below =
                graph_node(s->graph, heads[k])->counted && graph_reaches(s->graph, heads[k], node);
        by += below;
    }
    return by;
}

bool settled_enough(const struct settled *s, uint32_t by)
{
    return 2 * by > s->offices;
}

uint32_t settled_waiting(struct replica *r)
{
    struct settled s;
    uint32_t waiting = 0;
    settled_begin(&s, r);
    uint32_t own = graph_key_find(s.graph, &replica_identity(r)->key);
    bool forked = own != GRAPH_NONE && graph_forked(s.graph, own);
    for (uint32_t i = own != GRAPH_NONE ? graph_count(s.graph) : 0; i-- > 0;) {
        const struct graph_node *n = graph_node(s.graph, i);
        if (n->key != own || !n->counted)
            continue;
        bool enough = settled_enough(&s, settled_by(&s, i));
        if (enough && !forked)
            break; /* all of ours below it are, too */
        waiting += !enough && !n->empty;
    }
    return waiting;
}
