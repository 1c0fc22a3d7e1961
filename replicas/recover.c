#include "replicas/engine.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/council.h"
#include "replicas/custody.h"

/* Charter files are taken in the order of their names, which is that of their versions. */
struct charters {
    struct replica *replica;
    struct fault *fault;
};

static enum status load_charter(void *user, const char *name)
{
    struct charters *c = user;
    struct buf file = {0};
    char path[64];
    if (strlen(name) != strlen("0001.json"))
        return ST_OK; /* a temporary name left by a crash */
    int bytes = snprintf(path, sizeof path, "charters/%s", name);
    CHECK(bytes > 0 && (size_t)bytes < sizeof path);
    enum status st = disk_get(c->replica->disk, path, CHARTER_BYTES_MAX, &file, c->fault);
    if (st == ST_OK)
        st =
            charter_chain_add(&c->replica->chain, buf_bytes(&file), &c->replica->network, c->fault);
    if (st != ST_OK)
        fault_context(c->fault, st, "the charter file %s", path);
    buf_release(&file);
    /* It was verified before it was kept: what is wrong with it now, the disk did. */
    if (st == ST_OK || st == ST_WRONG_NETWORK || status_class(st) == STATUS_LOCAL)
        return st;
    SOMETIMES("a charter file is damaged");
    if (c->fault != NULL)
        c->fault->code = ST_CORRUPT;
    fault_fix(c->fault, "copy that file from the home of another office, where it is the same");
    return ST_CORRUPT;
}

enum status recover_charters(struct replica *r, struct fault *f)
{
    struct charters c = {r, f};
    enum status st = r->disk->list(r->disk->context, "charters", load_charter, &c, f);
    if (st == ST_OK && r->chain.count == 0)
        st = fault_set(f, ST_CORRUPT, "the home has no charter");
    return st;
}

struct frames {
    struct replica *replica;
    uint64_t open_first; /* frames from here on may have no objects in a pack yet */
    struct fault *fault;
};

enum status recover_node(struct replica *r, struct bytes payload, struct fault *f)
{
    struct item item;
    struct graph_new node = {0};
    uint32_t parents[PARENTS_MAX], index;
    struct bytes body = {payload.data + OID_BYTES, payload.count - OID_BYTES};
    enum status st = item_decode(body, &item);
    if (st != ST_OK)
        return fault_set(f, ST_CORRUPT, "a journal frame holds no item");
    const struct charter *charter = branch_charter(r, item.charter_version, &item.charter_hash);
    const struct charter_member *member =
        charter != NULL ? charter_by_label(charter, item.label) : NULL;
    if (member == NULL)
        return fault_set(f, ST_CORRUPT, "a journal frame names an unknown writer");
    memcpy(node.id.id, payload.data, OID_BYTES);
    for (uint32_t i = 0; i < item.parent_count; i++) {
        parents[i] = graph_find(r->graph, &item.parents[i]);
        if (parents[i] == GRAPH_NONE)
            return fault_set(f, ST_CORRUPT, "a journal frame names an unknown parent");
    }
    if (item.seq != graph_next_seq(r->graph, &member->key, parents, item.parent_count))
        return fault_set(f, ST_CORRUPT, "a journal frame is out of its writer's order");
    node.tree = item.tree;
    node.digest = item.digest;
    node.seq = item.seq;
    node.height = item.height;
    node.time = item.commit_time;
    node.key = member->key;
    node.label = member->label;
    node.charter_version = item.charter_version;
    node.empty = op_list_is_empty(item.operations);
    node.bytes = (uint32_t)body.count;
    node.parents = parents;
    node.parent_count = item.parent_count;
    st = graph_add(r->graph, &node, &index);
    if (st == ST_OK && charter != charter_at(&r->chain, item.charter_version))
        graph_leave(r->graph, index);
    return st;
}

/* A frame that a crash may have cut off from its objects: judged again from the start. */
static enum status replay_frame(struct frames *l, struct bytes payload)
{
    struct judged j;
    uint32_t node;
    struct bytes body = {payload.data + OID_BYTES, payload.count - OID_BYTES};
    enum status st = judge_item(l->replica, body, true, &j, l->fault);
    if (st == ST_OK && memcmp(j.node.id.id, payload.data, OID_BYTES) != 0)
        st = fault_set(l->fault, ST_CORRUPT, "a journal frame holds another commit than it says");
    if (st == ST_OK)
        st = advance_commit(l->replica, &j, &node, l->fault);
    if (st == ST_OK)
        st = custody_note(l->replica, &j.ops, l->fault);
    judged_release(&j);
    store_tidy(l->replica->store);
    return st;
}

static enum status load_frame(void *user, uint64_t ordinal, struct bytes payload)
{
    struct frames *l = user;
    if (payload.count <= OID_BYTES)
        return fault_set(l->fault, ST_CORRUPT, "a journal frame is too short");
    enum status st = ST_OK;
    if (ordinal == l->open_first) { /* the state as the last checkpoint left it */
        SOMETIMES("frames behind the last checkpoint are judged again");
        st = advance_recount(l->replica, l->fault);
    }
    if (st == ST_OK)
        st = ordinal < l->open_first ? recover_node(l->replica, payload, l->fault)
                                     : replay_frame(l, payload);
    return st == ST_OK
               ? st
               : fault_context(l->fault, st, "journal frame %llu", (unsigned long long)ordinal);
}

/* A ref that leads to a commit which the journal does not know. */
struct lost {
    struct replica *replica;
    struct store_ref ref;
    bool found;
};

static void see_ref(void *user, const struct store_ref *ref)
{
    struct lost *l = user;
    struct bytes commit;
    if (l->found || graph_find(l->replica->graph, &ref->target) != GRAPH_NONE ||
        store_read(l->replica->store, &ref->target, STORE_COMMIT, &commit, NULL) != ST_OK)
        return; /* a damaged ref names nothing: a checkpoint sets it anew */
    l->ref = *ref;
    l->found = true;
}

/* A checkpoint syncs the journal before it sets refs. A journal that is behind them was lost, cut
 * or put back from a backup: to go on would write our commits again from the first, and take the
 * refs off those that are there. */
static enum status check_whole(struct replica *r, struct fault *f)
{
    struct lost l = {.replica = r};
    enum status st = store_refs(r->store, see_ref, &l, f);
    if (st == ST_CORRUPT) { /* refs can be made anew */
        if (f != NULL)
            *f = (struct fault){0};
        st = ST_OK;
    }
    if (st != ST_OK || !l.found)
        return st;
    SOMETIMES("the journal is behind the repository");
    st = fault_set(f, ST_CORRUPT, "the journal lacks commits that the repository has: %s names one",
                   l.ref.name);
    fault_fix(f, "put the journal back, or run minga repair journal");
    return st;
}

enum status recover_open(struct replica *r, struct fault *f)
{
    struct journal_stats stats;
    enum status st = recover_charters(r, f);
    if (st == ST_OK)
        st = council_open(r, f);
    if (st == ST_OK)
        st = journal_open(r->disk, &r->network, !r->readonly, &r->journal, f);
    if (st != ST_OK)
        return st;
    journal_stats(r->journal, &stats);
    struct frames l = {r, stats.open_first, f};
    st = journal_each(r->journal, 0, load_frame, &l, f);
    if (st == ST_OK && stats.open_first >= stats.items)
        st = advance_recount(r, f);
    if (st == ST_OK && !r->readonly && !r->rebuild)
        st = check_whole(r, f);
    r->changed = stats.items > stats.open_first;
    return st;
}
