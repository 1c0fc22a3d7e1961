#include "replicas/engine.h"

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/commit.h"
#include "replicas/merge.h"
#include "replicas/quota.h"
#include "replicas/rules.h"

void judged_release(struct judged *j)
{
    if (j == NULL)
        return;
    op_list_release(&j->ops);
    replay_release(&j->replay);
    buf_release(&j->frame);
    *j = (struct judged){0};
}

/* Whether these are the counted heads, whose join is the state. */
static bool are_heads(struct replica *r, const uint32_t *parents, uint32_t count)
{
    uint32_t head_count;
    const uint32_t *heads = graph_heads(r->graph, &head_count);
    bool all = count == head_count;
    for (uint32_t i = 0; all && i < count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < count; k++)
            found = found || heads[k] == parents[i];
        all = found;
    }
    return all;
}

enum status judge_base(struct replica *r, const uint32_t *parents, uint32_t count, struct oid *out,
                       struct fault *f)
{
    if (count == 0)
        tree_empty(out);
    else if (count == 1)
        *out = graph_node(r->graph, parents[0])->tree;
    if (count < 2)
        return ST_OK;
    const struct oid *kept = bases_find(&r->bases, parents, count);
    if (kept != NULL && store_has(r->store, kept)) { /* what was discarded is joined again */
        SOMETIMES("a join is taken from those of before");
        *out = *kept;
        return ST_OK;
    }
    bool heads = are_heads(r, parents, count);
    *out = heads ? r->state : (struct oid){0};
    for (uint32_t i = 0; i < count && !heads; i++) {
        SOMETIMES("a commit on parents that are not the heads is replayed");
        enum status st =
            merge_trees(r->store, out, &graph_node(r->graph, parents[i])->tree, out, f);
        if (st != ST_OK)
            return st;
    }
    bases_keep(&r->bases, parents, count, out);
    return ST_OK;
}

/* Step 4, first half: the charter named is one we know; versions that the commit itself carries are
 * proof enough to be taken. */
static enum status find_charter(struct replica *r, const struct item *item,
                                const struct op_list *ops, const struct charter **out,
                                struct fault *f)
{
    for (uint32_t i = 0; i < ops->count && ops->ops[i].verb == OP_CHARTER; i++) {
        enum status st = engine_keep_charter(r, ops->ops[i].value, f);
        if (st != ST_OK && st != ST_EXISTS)
            return st;
        if (f != NULL)
            *f = (struct fault){0};
    }
    const struct charter *charter = charter_at(&r->chain, item->charter_version);
    if (charter == NULL)
        return fault_set(f, ST_WAITING, "charter version %u is not known here",
                         item->charter_version);
    if (memcmp(charter->hash.id, item->charter_hash.id, DIGEST_BYTES) != 0)
        return fault_set(f, ST_WRONG_CHARTER, "charter version %u has another hash here",
                         item->charter_version);
    *out = charter;
    return ST_OK;
}

/* Steps 2 and 3: parents accepted and an antichain, seq and height exact. */
static enum status check_place(struct replica *r, const struct item *item, const struct key *key,
                               struct judged *j, struct fault *f)
{
    for (uint32_t i = 0; i < item->parent_count; i++) {
        j->parents[i] = graph_find(r->graph, &item->parents[i]);
        if (j->parents[i] == GRAPH_NONE)
            j->missing[j->missing_count++] = item->parents[i];
    }
    if (j->missing_count > 0)
        return fault_set(f, ST_WAITING, "%u of its parents are not known here", j->missing_count);
    if (!graph_is_antichain(r->graph, j->parents, item->parent_count))
        return fault_set(f, ST_WRONG_PARENTS, "one of its parents is in another's past");
    uint64_t seq = graph_next_seq(r->graph, key, j->parents, item->parent_count);
    if (item->seq != seq)
        return fault_set(f, ST_WRONG_SEQ, "it says seq %llu where %llu is due",
                         (unsigned long long)item->seq, (unsigned long long)seq);
    uint64_t height = graph_next_height(r->graph, j->parents, item->parent_count);
    if (item->height != height)
        return fault_set(f, ST_WRONG_HEIGHT, "it says height %llu where %llu is due",
                         (unsigned long long)item->height, (unsigned long long)height);
    if (item->charter_version < graph_charter_floor(r->graph, j->parents, item->parent_count))
        return fault_set(f, ST_WRONG_CHARTER, "it names charter %u, older than a parent's",
                         item->charter_version);
    return ST_OK;
}

static enum status check_digest(struct replica *r, const struct item *item, const struct key *key,
                                const uint32_t *parents, struct fault *f)
{
    struct digest digests[PARENTS_MAX], digest;
    for (uint32_t i = 0; i < item->parent_count; i++)
        digests[i] = graph_node(r->graph, parents[i])->digest;
    commit_digest(&r->network, key, item, digests, &digest);
    if (memcmp(digest.id, item->digest.id, DIGEST_BYTES) != 0)
        return fault_set(f, ST_WRONG_DIGEST, "its digest does not match its content");
    return ST_OK;
}

static bool adopts(const struct op_list *ops, const struct oid *commit)
{
    for (uint32_t i = 0; i < ops->count && ops->ops[i].verb <= OP_ADOPT; i++)
        if (ops->ops[i].verb == OP_ADOPT && oid_equal(&ops->ops[i].commit, commit))
            return true;
    return false;
}

/* Step 5, last clause: a parent whose key is retired is a kept head or adopted by this commit; and
 * adopt operations name such parents only. */
static enum status check_adoptions(struct replica *r, const struct charter *charter,
                                   const struct judged *j, struct fault *f)
{
    uint32_t adopted = 0, named = 0;
    for (uint32_t i = 0; i < j->node.parent_count; i++) {
        const struct graph_node *p = graph_node(r->graph, j->parents[i]);
        const struct charter_retired *retired =
            charter_retired_key(charter, &graph_key(r->graph, p->key)->key);
        bool kept = false, taken = adopts(&j->ops, &p->id);
        for (uint32_t k = 0; retired != NULL && k < retired->kept_count; k++)
            kept = kept || oid_equal(&retired->kept[k], &p->id);
        if (retired != NULL && !kept && !taken)
            return fault_set(f, ST_WRONG_PARENTS,
                             "it merges a retired key's commit without adopting it");
        adopted += taken && retired != NULL && !kept;
    }
    for (uint32_t i = 0; i < j->ops.count && j->ops.ops[i].verb <= OP_ADOPT; i++)
        named += j->ops.ops[i].verb == OP_ADOPT;
    if (named != adopted)
        return fault_set(f, ST_WRONG_OPERATION, "it adopts a commit that needs no adoption");
    return ST_OK;
}

/* Its charter operations are exactly the versions between its parents' and the one it names. */
static enum status check_charters(struct replica *r, const struct item *item,
                                  const struct judged *j, struct fault *f)
{
    uint32_t next = graph_charter_floor(r->graph, j->parents, j->node.parent_count) + 1;
    for (uint32_t i = 0; i < j->ops.count && j->ops.ops[i].verb == OP_CHARTER; i++, next++)
        if (j->ops.ops[i].version != next)
            return fault_set(f, ST_WRONG_OPERATION, "it carries charter %u where %u is due",
                             j->ops.ops[i].version, next);
    if (next != item->charter_version + 1)
        return fault_set(f, ST_WRONG_OPERATION, "it names charter %u without carrying it",
                         item->charter_version);
    return ST_OK;
}

enum status judge_replay(struct replica *r, const struct charter *charter, const struct item *item,
                         struct judged *j, struct fault *f)
{
    struct replay_input in = {.store = r->store,
                              .memo = r->memo,
                              .charter = charter,
                              .ops = &j->ops,
                              .by = {change_of_digest(&item->digest), item->height, item->label}};
    enum status st = judge_base(r, j->parents, item->parent_count, &in.base, f);
    return st == ST_OK ? replay_run(&in, &j->replay, f) : st;
}

/* Steps 6 and 7: replay on the base; the signed tree must come out. */
static enum status replay(struct replica *r, const struct charter *charter, const struct item *item,
                          struct judged *j, struct fault *f)
{
    enum status st = judge_replay(r, charter, item, j, f);
    if (st == ST_OK && !oid_equal(&j->replay.tree, &item->tree)) {
        char signed_hex[OID_TEXT + 1], replayed_hex[OID_TEXT + 1];
        hex_encode(item->tree.id, OID_BYTES, signed_hex);
        hex_encode(j->replay.tree.id, OID_BYTES, replayed_hex);
        st = fault_set(f, ST_WRONG_ROOT, "it signs tree %s, replay reaches %s", signed_hex,
                       replayed_hex);
    }
    return st;
}

static void fill_node(const struct item *item, const struct key *key, const struct oid *id,
                      struct judged *j)
{
    memcpy(j->label, item->label.data, item->label.count);
    j->node = (struct graph_new){.id = *id,
                                 .tree = item->tree,
                                 .digest = item->digest,
                                 .seq = item->seq,
                                 .height = item->height,
                                 .time = item->commit_time,
                                 .key = *key,
                                 .charter_version = item->charter_version,
                                 .empty = op_list_is_empty(item->operations),
                                 .parent_count = item->parent_count};
}

/* The commit's bytes and id; ST_EXISTS where it was accepted before. */
static enum status identify(struct replica *r, const struct item *item, const struct key *key,
                            struct bytes subject, struct bytes item_bytes, bool again,
                            struct buf *commit, struct judged *j)
{
    struct oid id;
    commit_encode(item, key, subject, commit);
    enum status st = buf_status(commit);
    if (st != ST_OK)
        return st;
    store_hash(STORE_COMMIT, buf_bytes(commit), &id);
    fill_node(item, key, &id, j);
    j->node_index = graph_find(r->graph, &id);
    j->node.bytes = (uint32_t)item_bytes.count;
    j->known = j->node_index != GRAPH_NONE;
    if (j->known && !again)
        return ST_EXISTS;
    buf_add(&j->frame, id.id, OID_BYTES);
    buf_add_bytes(&j->frame, item_bytes);
    return buf_status(&j->frame);
}

/* How much is checked, and what a commit that is here already means. */
enum trust { TRUST_NONE, TRUST_OURS, TRUST_AGAIN };

static enum status judge_all(struct replica *r, struct bytes item_bytes, enum trust trust,
                             struct judged *j, struct buf *subject, struct buf *commit,
                             struct fault *f)
{
    struct item item;
    const struct charter *charter = NULL;
    enum status st = item_decode(item_bytes, &item); /* step 1 */
    if (st == ST_OK)
        st = op_list_decode(item.operations, &r->network, &j->ops);
    if (st == ST_OK)
        st = find_charter(r, &item, &j->ops, &charter, f);
    j->mark = store_mark(r->store); /* a charter kept may have made a new state: that stays */
    if (st != ST_OK)
        return st;
    const struct charter_member *member = charter_by_label(charter, item.label);
    if (member == NULL)
        return fault_set(f, ST_WRONG_WRITER, "%.*s is no member by charter %u",
                         (int)item.label.count, (const char *)item.label.data, charter->version);
    op_subject(&j->ops, subject);
    st = buf_status(subject);
    if (st == ST_OK)
        st = identify(r, &item, &member->key, buf_bytes(subject), item_bytes, trust == TRUST_AGAIN,
                      commit, j);
    if (st == ST_OK && trust != TRUST_OURS)
        st = commit_verify(&item, &member->key, buf_bytes(subject));
    if (st == ST_OK && trust == TRUST_NONE)
        st = quota_check(r, &item, &member->key, &j->node.id, item_bytes.count, f);
    if (st == ST_OK)
        st = check_place(r, &item, &member->key, j, f);
    if (st == ST_WAITING && trust == TRUST_NONE)
        quota_vouch(r, &member->key, j->missing, j->missing_count);
    if (st == ST_OK)
        st = check_digest(r, &item, &member->key, j->parents, f);
    if (st == ST_OK)
        st = check_charters(r, &item, j, f);
    if (st == ST_OK)
        st = check_adoptions(r, charter, j, f);
    if (st == ST_OK)
        st = rules_check(charter, member, &j->ops, f);
    if (st == ST_OK)
        st = replay(r, charter, &item, j, f);
    if (st == ST_OK)
        st = store_write(r->store, STORE_COMMIT, buf_bytes(commit), NULL, &j->node.id);
    return st;
}

enum status judge_item(struct replica *r, struct bytes item_bytes, bool trusted, struct judged *out,
                       struct fault *f)
{
    struct buf subject = {0}, commit = {0};
    *out = (struct judged){.mark = store_mark(r->store)};
    if (f != NULL)
        *f = (struct fault){0};
    enum trust trust = trusted ? TRUST_OURS : TRUST_NONE;
    enum status st = judge_all(r, item_bytes, trust, out, &subject, &commit, f);
    if (st != ST_OK) {
        store_discard_since(r->store, out->mark);
        if (f != NULL && f->code != st)
            fault_set(f, st, "%s", status_text(st));
    }
    buf_release(&subject);
    buf_release(&commit);
    return st;
}

enum status judge_again(struct replica *r, uint32_t node, struct fault *f)
{
    struct buf bytes = {0}, subject = {0}, commit = {0};
    struct judged j = {.mark = store_mark(r->store)};
    struct item item;
    enum status st = replica_item(r, node, &bytes, &item, f);
    if (st == ST_OK) /* behind the commit's id that the frame begins with */
        st = judge_all(
            r,
            (struct bytes){bytes.data + ENGINE_FRAME_ID_BYTES, bytes.count - ENGINE_FRAME_ID_BYTES},
            TRUST_AGAIN, &j, &subject, &commit, f);
    if (st == ST_OK && (!j.known || j.node_index != node))
        st = fault_set(f, ST_NOT_CANONICAL, "its bytes are not those that its content stands for");
    if (st != ST_OK && f != NULL && f->code != st)
        fault_set(f, st, "%s", status_text(st));
    store_discard_since(r->store, j.mark);
    judged_release(&j);
    buf_release(&bytes);
    buf_release(&subject);
    buf_release(&commit);
    return st;
}
