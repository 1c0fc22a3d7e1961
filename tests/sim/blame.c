#include "tests/sim/blame.h"

#include "tests/sim/oracle.h"

#include <string.h>

static const struct member *owner(const struct world *w, const struct key *key)
{
    for (uint32_t i = 0; i < w->member_count; i++)
        if (memcmp(w->members[i].identity.key.id, key->id, KEY_BYTES) == 0)
            return &w->members[i];
    return NULL;
}

/* Whether two commits of the key have one seq: its seqs leave no gaps, so more commits than the
 * greatest seq are two of one. */
static bool has_forked(const struct graph *g, uint32_t key)
{
    uint64_t commits = 0, greatest = 0;
    for (uint32_t i = 0; i < graph_count(g); i++) {
        const struct graph_node *n = graph_node(g, i);
        if (n->key != key)
            continue;
        commits++;
        greatest = n->seq > greatest ? n->seq : greatest;
    }
    return commits > greatest;
}

static void judge_member(const struct world *w, const struct member *m)
{
    const struct graph *g = replica_graph(m->replica);
    for (uint32_t k = 0; k < graph_key_count(g); k++) {
        const struct graph_key *key = graph_key(g, k);
        const struct member *of = owner(w, &key->key);
        bool forked = has_forked(g, k);
        if (forked && !graph_forked(g, k))
            world_fail(w, "%s does not know that %s forked", m->label, key->label);
        if (!forked && graph_forked(g, k))
            world_fail(w, "%s accuses %s of a fork", m->label, key->label);
        if (forked && (of == NULL || (of->restored_ms == 0 && !of->liar)))
            world_fail(w, "%s forked, and neither lied nor went back", key->label);
        if (key->frozen && !forked)
            world_fail(w, "%s froze %s, which never forked", m->label, key->label);
    }
}

void blame_judge(struct world *w)
{
    const struct graph *first = replica_graph(oracle_first(w)->replica);
    for (uint32_t k = 0; k < graph_key_count(first); k++)
        w->counts[COUNT_FORK] += graph_forked(first, k);
    for (uint32_t k = 0; k < graph_key_count(first); k++)
        w->counts[COUNT_FROZEN] += graph_key(first, k)->frozen;
    for (uint32_t i = 0; i < w->member_count; i++)
        if (w->members[i].up)
            judge_member(w, &w->members[i]);
}
