#include "tests/sim/replayed.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/member.h"

enum { PATIENCE = 64 }; /* draws for a commit that is ready, before the first that is */

struct replaying {
    struct world *w;
    struct replica *from, *to;
    struct simdisk *disk;
    struct disk table;
    struct simrepo *repo;
    bool *done; /* by node of 'from' */
};

static void begin(struct replaying *r)
{
    struct fault f = {0};
    const struct member *m = &r->w->members[0];
    const struct charter_chain *chain = replica_charters(r->from);
    r->disk = simdisk_new();
    r->repo = simrepo_new(r->disk);
    r->done = mem_array(graph_count(replica_graph(r->from)), sizeof *r->done);
    CHECK(r->disk != NULL && r->repo != NULL && r->done != NULL);
    r->table = simdisk_table(r->disk);
    struct backing backing = simrepo_backing(r->repo);
    const struct replica_options options = {.disk = &r->table,
                                            .backing = &backing,
                                            .identity = &m->identity,
                                            .label = m->label,
                                            .network = &r->w->network};
    world_must(r->w, r->table.make_folder(r->disk, "charters", &f), "make a folder", &f);
    world_must(
        r->w,
        disk_put(&r->table, "charters", "0001.json", buf_bytes(&chain->versions[0]->file), &f),
        "put", &f);
    world_must(r->w, replica_open(&options, &r->to, &f), "open a fresh replica", &f);
}

static bool is_ready(const struct replaying *r, uint32_t node)
{
    struct graph *g = replica_graph(r->from);
    const struct graph_node *n = graph_node(g, node);
    for (uint32_t i = 0; i < n->parent_count; i++)
        if (!r->done[graph_parent(g, n, i)])
            return false;
    return true;
}

/* Offer it; what has to come of it is known. */
static void offer(struct replaying *r, uint32_t node)
{
    struct buf frame = {0};
    struct item item;
    struct replica_verdict v;
    struct fault f = {0};
    bool ready = is_ready(r, node);
    world_must(r->w, replica_item(r->from, node, &frame, &item, &f), "read an item", &f);
    enum status st = replica_accept(
        r->to, (struct bytes){frame.data + OID_BYTES, frame.count - OID_BYTES}, &v, &f);
    enum status due = r->done[node] ? ST_EXISTS : ready ? ST_OK : ST_WAITING;
    if (st != due)
        world_fail(r->w, "replayed in another order, a commit: %s; it should be: %s; %s",
                   status_text(st), status_text(due), f.text);
    for (uint32_t i = 0; i < v.missing_count; i++)
        if (graph_find(replica_graph(r->to), &v.missing[i]) != GRAPH_NONE)
            world_fail(r->w, "a commit waits for what is there");
    r->done[node] = r->done[node] || st == ST_OK;
    buf_release(&frame);
}

static uint32_t choose(struct replaying *r, uint32_t count)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        uint32_t node = world_draw(r->w, count);
        if (!r->done[node] && is_ready(r, node))
            return node;
    }
    for (uint32_t node = 0;; node++)
        if (!r->done[node])
            return node; /* the first in a causal order is ready */
}

/* The last of them no commit may name yet. */
static void offer_charters(struct replaying *r)
{
    const struct charter_chain *chain = replica_charters(r->from);
    struct fault f = {0};
    bool grown;
    for (uint32_t i = 0; i < chain->count; i++) {
        struct bytes file = buf_bytes(&chain->versions[i]->file);
        world_must(r->w, replica_offer_charters(r->to, &file, 1, &grown, &f), "offer", &f);
    }
}

void replayed_judge(struct world *w, struct replica *from)
{
    struct replaying r = {.w = w, .from = from};
    uint32_t count = graph_count(replica_graph(from)), heads, others;
    struct fault f = {0};
    begin(&r);
    while (graph_count(replica_graph(r.to)) < count)
        offer(&r, world_chance(w, 1, 8) ? world_draw(w, count) /* too early, or again */
                                        : choose(&r, count));
    offer_charters(&r);
    world_must(w, replica_sync(r.to, &f), "sync", &f);
    const uint32_t *a = graph_heads(replica_graph(from), &heads);
    const uint32_t *b = graph_heads(replica_graph(r.to), &others);
    bool same = heads == others && oid_equal(replica_state(from), replica_state(r.to));
    for (uint32_t i = 0; same && i < heads; i++)
        same = oid_equal(&graph_node(replica_graph(from), a[i])->id,
                         &graph_node(replica_graph(r.to), b[i])->id);
    if (!same)
        world_fail(w, "a replay in another order ends in another state");
    replica_drop(r.to);
    simrepo_free(r.repo);
    simdisk_free(r.disk);
    mem_free(r.done);
}
