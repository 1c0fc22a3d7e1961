#include "replicas/quota.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/engine.h"

enum { LIFTS_MAX = 64 }; /* keys that somebody vouched for; of more the oldest is forgotten */

struct drop {
    struct oid id;
    struct key key;
};

struct lift {
    struct key key;
    uint32_t commits; /* as many may be there */
    uint64_t bytes;
    bool branches; /* and of any shape */
};

struct quota {
    struct drop drops[DROPPED_MAX];
    uint32_t drop_count, drop_next;
    struct lift lifts[LIFTS_MAX];
    uint32_t lift_count, lift_next;
};

void quota_free(struct quota *q)
{
    mem_free(q);
}

static const struct drop *find_drop(const struct replica *r, const struct oid *id)
{
    for (uint32_t i = 0; r->quota != NULL && i < r->quota->drop_count; i++)
        if (oid_equal(&r->quota->drops[i].id, id))
            return &r->quota->drops[i];
    return NULL;
}

bool quota_dropped(const struct replica *r, const struct oid *id)
{
    return find_drop(r, id) != NULL;
}

static struct lift *find_lift(struct replica *r, const struct key *key)
{
    for (uint32_t i = 0; r->quota != NULL && i < r->quota->lift_count; i++)
        if (memcmp(r->quota->lifts[i].key.id, key->id, KEY_BYTES) == 0)
            return &r->quota->lifts[i];
    return NULL;
}

static bool counts(const struct replica *r, const struct key *key)
{
    return charter_by_key(charter_newest(&r->chain), key) != NULL && !graph_frozen(r->graph, key);
}

static bool is_kept(const struct charter_retired *retired, const struct oid *id)
{
    for (uint32_t i = 0; retired != NULL && i < retired->kept_count; i++)
        if (oid_equal(&retired->kept[i], id))
            return true;
    return false;
}

/* How much of a key may wait here. */
static struct lift allowance(struct replica *r, const struct key *key)
{
    struct lift out = {.commits = QUARANTINE_COMMITS_MAX, .bytes = QUARANTINE_BYTES_MAX};
    const struct charter_retired *retired = charter_retired_key(charter_newest(&r->chain), key);
    const struct lift *lift = find_lift(r, key);
    bool whole = true;
    for (uint32_t i = 0; retired != NULL && i < retired->kept_count; i++)
        whole = whole && graph_find(r->graph, &retired->kept[i]) != GRAPH_NONE;
    if (lift != NULL)
        out = *lift;
    if (!whole) {
        out.commits *= QUARANTINE_LENIENCE;
        out.bytes *= QUARANTINE_LENIENCE;
        out.branches = true;
    }
    return out;
}

/* Whether the key has as many branches as are told to peers, and this begins one more. */
static bool is_branch(struct replica *r, uint32_t key, const struct item *item)
{
    uint32_t count;
    const uint32_t *own = graph_own_heads(r->graph, key, &count);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t p = 0; p < item->parent_count; p++)
            if (oid_equal(&graph_node(r->graph, own[i])->id, &item->parents[p]))
                return false;
    return count >= GRAPH_OWN_MAX;
}

static bool is_full(struct replica *r, const struct key *key, const struct item *item, size_t more)
{
    uint32_t index = graph_key_find(r->graph, key), commits;
    uint64_t bytes;
    if (index == GRAPH_NONE || counts(r, key))
        return false;
    struct lift most = allowance(r, key);
    graph_waiting(r->graph, index, &commits, &bytes);
    return commits >= most.commits || bytes + more > most.bytes ||
           (item != NULL && !most.branches && is_branch(r, index, item));
}

bool quota_full(struct replica *r, const struct key *key)
{
    return is_full(r, key, NULL, ITEM_BYTES_MAX);
}

enum status quota_check(struct replica *r, const struct item *item, const struct key *key,
                        const struct oid *id, size_t bytes, struct fault *f)
{
    if (r->rebuild || !is_full(r, key, item, bytes) ||
        is_kept(charter_retired_key(charter_newest(&r->chain), key), id))
        return ST_OK;
    for (uint32_t i = 0; i < item->parent_count; i++)
        if (graph_find(r->graph, &item->parents[i]) == GRAPH_NONE &&
            !quota_dropped(r, &item->parents[i]))
            return ST_OK; /* it waits for that one */
    SOMETIMES("a commit over its key's quota is dropped");
    if (r->quota == NULL)
        r->quota = mem_alloc(sizeof *r->quota);
    if (r->quota == NULL)
        return ST_NO_MEMORY;
    struct quota *q = r->quota;
    if (!quota_dropped(r, id)) {
        q->drops[q->drop_next] = (struct drop){*id, *key};
        q->drop_next = (q->drop_next + 1) % DROPPED_MAX;
        q->drop_count += q->drop_count < DROPPED_MAX;
    }
    return fault_set(f, ST_OVER_QUOTA, "%s has more commits that do not count than are kept",
                     graph_key(r->graph, graph_key_find(r->graph, key))->label);
}

static void lift(struct replica *r, const struct key *key)
{
    struct quota *q = r->quota;
    struct lift *l = find_lift(r, key);
    uint32_t commits;
    uint64_t bytes;
    SOMETIMES("a quota is lifted, since an honest office builds on what it dropped");
    if (l == NULL) {
        l = &q->lifts[q->lift_next];
        q->lift_next = (q->lift_next + 1) % LIFTS_MAX;
        q->lift_count += q->lift_count < LIFTS_MAX;
        l->key = *key;
    }
    graph_waiting(r->graph, graph_key_find(r->graph, key), &commits, &bytes);
    l->commits = commits + QUARANTINE_COMMITS_MAX;
    l->bytes = bytes + QUARANTINE_BYTES_MAX;
    l->branches = true;
}

void quota_vouch(struct replica *r, const struct key *key, const struct oid *missing,
                 uint32_t count)
{
    if (!counts(r, key))
        return;
    for (uint32_t i = 0; i < count; i++) {
        const struct drop *dropped = find_drop(r, &missing[i]);
        if (dropped != NULL)
            lift(r, &dropped->key);
    }
}
