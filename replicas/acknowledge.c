#include "replicas/acknowledge.h"

#include <string.h>

#include "proto/mem.h"

static bool is_ours(struct replica *r, const struct graph_node *n)
{
    return memcmp(graph_key(replica_graph(r), n->key)->key.id, replica_identity(r)->key.id,
                  KEY_BYTES) == 0;
}

/* The newest commit of ours; what it was written on is in its past, all that counted. */
static uint32_t our_last(struct replica *r)
{
    struct graph *g = replica_graph(r);
    for (uint32_t i = graph_count(g); i-- > 0;)
        if (is_ours(r, graph_node(g, i)))
            return i;
    return GRAPH_NONE;
}

enum status acknowledge_waiting(struct replica *r, uint32_t *count_out)
{
    struct graph *g = replica_graph(r);
    uint32_t last = our_last(r), *lacking = NULL, count = 0;
    *count_out = 0;
    enum status st = graph_lacking(g, &last, last != GRAPH_NONE, &lacking, &count);
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        const struct graph_node *n = graph_node(g, lacking[i]);
        *count_out += n->counted && !n->empty && !is_ours(r, n);
    }
    mem_free(lacking);
    return st;
}

/* Whether anything that came since the last look may have to be acknowledged. */
static bool look(struct replica *r, struct tend *t)
{
    struct graph *g = replica_graph(r);
    bool waits = t->acknowledge.due_ms != UINT64_MAX;
    for (; t->acknowledge.looked < graph_count(g); t->acknowledge.looked++) {
        const struct graph_node *n = graph_node(g, t->acknowledge.looked);
        waits = (waits || !n->empty) && !is_ours(r, n); /* ours covers whatever was there */
    }
    return waits;
}

/* By its key and its role of today, may we sign at all? */
static bool is_office(struct replica *r)
{
    const struct charter_member *self =
        charter_by_key(charter_newest(replica_charters(r)), &replica_identity(r)->key);
    return self != NULL && self->role == CHARTER_OFFICE &&
           strcmp(self->label, replica_label(r)) == 0;
}

enum status acknowledge_step(struct tending *now, struct fault *f)
{
    struct tend *t = now->tend;
    struct replica_commit commit;
    struct op_list none = {0};
    uint64_t wait_ms = t->options.acknowledge_ms;
    uint32_t waiting;
    if (!look(now->replica, t) || wait_ms == 0 || !is_office(now->replica)) {
        t->acknowledge.due_ms = UINT64_MAX;
        return ST_OK;
    }
    if (t->acknowledge.due_ms == UINT64_MAX)
        t->acknowledge.due_ms = now->now_ms + wait_ms + tend_draw(t, wait_ms / 2 + 1);
    if (now->now_ms < t->acknowledge.due_ms) {
        tend_again(now, t->acknowledge.due_ms);
        return ST_OK;
    }
    enum status st = acknowledge_waiting(now->replica, &waiting);
    if (st == ST_OK && waiting > 0)
        st = replica_write(now->replica, &none, now->author, &commit, f);
    now->wrote = now->wrote || (st == ST_OK && waiting > 0);
    t->acknowledge.due_ms = st == ST_OK ? UINT64_MAX : now->now_ms + wait_ms;
    tend_again(now, t->acknowledge.due_ms);
    return st;
}
