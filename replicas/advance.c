#include "replicas/engine.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/merge.h"
#include "replicas/wrote.h"

/* Join what one commit wrote into the state, path by path: work as large as the change. */
static enum status join_changes(struct replica *r, const struct replay_output *replay,
                                struct fault *f)
{
    struct tree_change *edits = mem_array(replay->count, sizeof *edits);
    if (edits == NULL)
        return ST_NO_MEMORY;
    enum status st = ST_OK;
    size_t count = 0;
    for (uint32_t i = 0; st == ST_OK && i < replay->count; i++) {
        const struct replay_change *c = &replay->changes[i];
        struct oid held, joined = c->blob;
        st = tree_find(r->store, &r->state, c->path, &held, f);
        if (st == ST_OK)
            st = oid_equal(&held, &c->blob)
                     ? ST_EXISTS
                     : merge_blobs(r->store, c->path, &held, &c->blob, &joined, f);
        else if (st == ST_NOT_FOUND)
            st = ST_OK;
        if (st == ST_OK)
            edits[count++] = (struct tree_change){c->path, joined};
        else if (st == ST_EXISTS)
            st = ST_OK;
    }
    if (st == ST_OK && count > 0)
        st = tree_edit(r->store, &r->state, edits, count, &r->state, f);
    mem_free(edits);
    return st;
}

static enum status join_heads(struct replica *r, struct fault *f)
{
    uint32_t count;
    const uint32_t *heads = graph_heads(r->graph, &count);
    struct oid state = {0};
    for (uint32_t i = 0; i < count; i++) {
        enum status st =
            merge_trees(r->store, &state, &graph_node(r->graph, heads[i])->tree, &state, f);
        if (st != ST_OK)
            return st;
    }
    if (count == 0)
        tree_empty(&state);
    r->state = state;
    return ST_OK;
}

enum status advance_recount(struct replica *r, struct fault *f)
{
    bool lost;
    enum status st = graph_recount(r->graph, charter_newest(&r->chain), &lost);
    return st == ST_OK ? join_heads(r, f) : st;
}

enum status advance_commit(struct replica *r, const struct judged *j, uint32_t *node_out,
                           struct fault *f)
{
    struct graph_new node = j->node;
    const uint32_t *fresh;
    uint32_t fresh_count, head_count;
    node.parents = j->parents;
    node.label = j->label;
    bool was_frozen = graph_frozen(r->graph, &node.key);
    enum status st = graph_add(r->graph, &node, node_out);
    if (st == ST_OK && r->wrote != NULL)
        st = wrote_note(r->wrote, *node_out, &j->ops);
    if (st != ST_OK)
        return st;
    const struct graph_node *added = graph_node(r->graph, *node_out);
    if (!was_frozen && graph_frozen(r->graph, &node.key))
        return advance_recount(r, f); /* once: what it writes now counts only through others */
    st = graph_count_new(r->graph, charter_newest(&r->chain), *node_out, &fresh, &fresh_count);
    if (st != ST_OK || fresh_count == 0)
        return st;
    const uint32_t *heads = graph_heads(r->graph, &head_count);
    if (head_count == 1 && heads[0] == *node_out) {
        r->state = added->tree; /* it holds everything that counts */
        return ST_OK;
    }
    if (fresh_count == 1)
        return join_changes(r, &j->replay, f);
    return merge_trees(r->store, &r->state, &added->tree, &r->state, f);
}
