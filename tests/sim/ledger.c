#include "tests/sim/ledger.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "tests/sim/simstate.h"

enum { LEDGER_COMMITS_MAX = 100000 };

struct ledger {
    struct ledger_commit *commits;
    size_t count, capacity;
    struct oid_map by_id; /* index + 1 as a pointer */
};

struct ledger *ledger_new(void)
{
    return mem_alloc(sizeof(struct ledger));
}

void ledger_free(struct ledger *l)
{
    if (l == NULL)
        return;
    mem_free(l->commits);
    oid_map_release(&l->by_id);
    mem_free(l);
}

static struct ledger_commit *find(const struct ledger *l, const struct oid *id)
{
    uintptr_t at = (uintptr_t)oid_map_find(&l->by_id, id);
    return at > 0 ? &l->commits[at - 1] : NULL;
}

static struct ledger_commit *keep(struct ledger *l, const struct oid *id)
{
    struct ledger_commit *c = find(l, id);
    if (c != NULL)
        return c;
    c = simstate_grow((void **)&l->commits, &l->count, &l->capacity, sizeof *c, LEDGER_COMMITS_MAX);
    CHECK(c != NULL);
    c->id = *id;
    enum status st = oid_map_put(&l->by_id, id, (void *)(uintptr_t)l->count);
    CHECK(st == ST_OK);
    return c;
}

void ledger_write(struct member *m, const struct oid *id, struct bytes ops,
                  const struct ledger_entry *money)
{
    struct ledger_commit *c = keep(m->world->ledger, id);
    c->written = true;
    c->writer = m->index;
    c->money = *money;
    crypto_generichash(c->ops.id, DIGEST_BYTES, ops.data, ops.count, NULL, 0);
}

void ledger_hold(struct member *m, const struct oid *id)
{
    struct ledger_commit *c = keep(m->world->ledger, id);
    c->holders |= UINT32_C(1) << m->index;
    c->acknowledged = true;
}

bool ledger_is_held(const struct world *w, const struct oid *id, uint32_t index)
{
    const struct ledger_commit *c = find(w->ledger, id);
    return c != NULL && (c->holders >> index & 1) != 0;
}

static void hold_graph(struct member *m)
{
    struct graph *g = replica_graph(m->replica);
    for (uint32_t i = 0; i < graph_count(g); i++)
        ledger_hold(m, &graph_node(g, i)->id);
}

void ledger_check_held(struct member *m)
{
    struct ledger *l = m->world->ledger;
    for (size_t i = 0; i < l->count; i++) {
        const struct ledger_commit *c = &l->commits[i];
        if ((c->holders >> m->index & 1) == 0 ||
            graph_find(replica_graph(m->replica), &c->id) != GRAPH_NONE)
            continue;
        char hex[OID_TEXT + 1];
        hex_encode(c->id.id, OID_BYTES, hex);
        world_fail(m->world, "%s lost commit %s, which it had acknowledged", m->label, hex);
    }
    hold_graph(m);
}

void ledger_drop_holder(struct member *m)
{
    struct ledger *l = m->world->ledger;
    for (size_t i = 0; i < l->count; i++)
        l->commits[i].holders &= ~(UINT32_C(1) << m->index);
}

void ledger_went_back(struct member *m)
{
    struct ledger *l = m->world->ledger;
    hold_graph(m);
    for (size_t i = 0; i < l->count; i++) {
        struct ledger_commit *c = &l->commits[i];
        if (c->holders != 0 || !c->acknowledged || c->excused)
            continue;
        c->excused = true;
        m->world->counts[COUNT_EXCUSED]++;
    }
}

uint32_t ledger_count(const struct world *w)
{
    return (uint32_t)w->ledger->count;
}

const struct ledger_commit *ledger_at(const struct world *w, uint32_t index)
{
    CHECK(index < w->ledger->count);
    return &w->ledger->commits[index];
}

const struct ledger_commit *ledger_find(const struct world *w, const struct oid *id)
{
    return find(w->ledger, id);
}
