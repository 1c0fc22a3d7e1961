#include "replicas/engine.h"

#include <stdlib.h>

#include "proto/check.h"
#include "replicas/commit.h"
#include "replicas/rules.h"

/* The charter versions that the parents' trees do not hold yet travel with this commit. */
static enum status add_charters(struct replica *r, const uint32_t *parents, uint32_t count,
                                struct op_list *ops)
{
    uint32_t next = graph_charter_floor(r->graph, parents, count) + 1;
    enum status st = ST_OK;
    for (; st == ST_OK && next <= r->chain.count; next++) {
        struct op op = {.verb = OP_CHARTER,
                        .version = next,
                        .value = buf_bytes(&charter_at(&r->chain, next)->file)};
        st = op_list_add(ops, &op);
    }
    return st;
}

static int by_id(const void *a, const void *b)
{
    return oid_compare(a, b);
}

static void fill_item(struct replica *r, const struct charter *charter, const uint32_t *parents,
                      uint32_t count, struct bytes author, struct bytes operations,
                      struct item *item)
{
    int64_t now = r->wall_seconds(r->wall_context);
    *item = (struct item){.label = bytes_of_text(r->label),
                          .author = author,
                          .author_time = now,
                          .commit_time = now,
                          .operations = operations,
                          .parent_count = count,
                          .charter_version = charter->version,
                          .charter_hash = charter->hash,
                          .seq = graph_next_seq(r->graph, &r->identity.key, parents, count),
                          .height = graph_next_height(r->graph, parents, count)};
    for (uint32_t i = 0; i < count; i++)
        item->parents[i] = graph_node(r->graph, parents[i])->id;
    qsort(item->parents, count, sizeof item->parents[0], by_id);
}

/* Digest, tree and signature of an item whose place and operations are set. */
static enum status complete(struct replica *r, const struct charter *charter, struct item *item,
                            struct bytes subject, struct judged *j, struct fault *f)
{
    struct digest digests[PARENTS_MAX];
    for (uint32_t i = 0; i < item->parent_count; i++) {
        j->parents[i] = graph_find(r->graph, &item->parents[i]);
        digests[i] = graph_node(r->graph, j->parents[i])->digest;
    }
    commit_digest(&r->network, &r->identity.key, item, digests, &item->digest);
    enum status st = judge_replay(r, charter, item, j, f);
    if (st != ST_OK)
        return st;
    item->tree = j->replay.tree;
    return commit_sign(item, subject, r->identity.secret);
}

/* The signed commit into the store and the journal's frame. */
static enum status frame(struct replica *r, const struct item *item, struct bytes subject,
                         struct judged *j)
{
    struct buf commit = {0};
    commit_encode(item, &r->identity.key, subject, &commit);
    enum status st = buf_status(&commit);
    struct oid id;
    if (st == ST_OK)
        st = store_write(r->store, STORE_COMMIT, buf_bytes(&commit), NULL, &id);
    if (st == ST_OK) {
        buf_add(&j->frame, id.id, OID_BYTES);
        item_encode(item, &j->frame);
        st = buf_status(&j->frame);
    }
    if (st == ST_OK && j->frame.count - OID_BYTES > ITEM_BYTES_MAX)
        st = ST_TOO_LARGE;
    memcpy(j->label, r->label, sizeof j->label);
    j->node = (struct graph_new){.id = id,
                                 .tree = item->tree,
                                 .digest = item->digest,
                                 .seq = item->seq,
                                 .height = item->height,
                                 .time = item->commit_time,
                                 .key = r->identity.key,
                                 .charter_version = item->charter_version,
                                 .empty = op_list_is_empty(item->operations),
                                 .parent_count = item->parent_count,
                                 .bytes = (uint32_t)(j->frame.count - OID_BYTES)};
    buf_release(&commit);
    return st;
}

static enum status write_all(struct replica *r, const uint32_t *parents, uint32_t count,
                             struct bytes author, struct judged *j, struct buf *operations,
                             struct buf *subject, struct fault *f)
{
    const struct charter *charter = charter_newest(&r->chain);
    const struct charter_member *self = charter_by_key(charter, &r->identity.key);
    struct item item;
    if (r->locked) {
        fault_set(f, ST_WRONG_KEY, "the key of %s is under a passphrase", r->label);
        fault_fix(f, "start the daemon, which asks for it, and let it write");
        return ST_WRONG_KEY;
    }
    if (self == NULL || strcmp(self->label, r->label) != 0) {
        fault_set(f, ST_NOT_ALLOWED, "the key of %s is not in force any more", r->label);
        fault_fix(f, "ask an admin: `minga member list` shows who is one");
        return ST_NOT_ALLOWED;
    }
    enum status st = add_charters(r, parents, count, &j->ops);
    if (st != ST_OK)
        return st;
    op_list_resolve(&j->ops, &r->network);
    st = op_list_encode(&j->ops, operations);
    if (st == ST_OK)
        st = rules_check(charter, self, &j->ops, f);
    if (st != ST_OK)
        return st;
    op_subject(&j->ops, subject);
    st = buf_status(subject);
    if (st != ST_OK)
        return st;
    fill_item(r, charter, parents, count, author, buf_bytes(operations), &item);
    st = complete(r, charter, &item, buf_bytes(subject), j, f);
    if (st == ST_OK)
        st = frame(r, &item, buf_bytes(subject), j);
    /* A frozen key stands on nothing of its own: it may sign one and the same commit again. */
    return st == ST_OK && graph_find(r->graph, &j->node.id) != GRAPH_NONE ? ST_EXISTS : st;
}

enum status write_commit(struct replica *r, struct op_list *ops, const uint32_t *parents,
                         uint32_t count, struct bytes author, struct judged *out, struct fault *f)
{
    struct buf operations = {0}, subject = {0};
    size_t mark = store_mark(r->store);
    *out = (struct judged){.ops = *ops};
    *ops = (struct op_list){0};
    CHECK(count <= PARENTS_MAX);
    if (f != NULL)
        *f = (struct fault){0};
    enum status st = write_all(r, parents, count, author, out, &operations, &subject, f);
    if (st != ST_OK) {
        store_discard_since(r->store, mark);
        if (f != NULL && f->code != st)
            fault_set(f, st, "%s", status_text(st));
    }
    buf_release(&operations);
    buf_release(&subject);
    return st;
}
