/*
 * forge: commits as a dishonest member would make them: everything is consistent (digest, tree and
 * signature are made anew) but the one field that the plan lies about. Works on any open replica,
 * whose store and graph stand for the liar's own; nothing of it is changed.
 */
#ifndef TESTS_FORGE_H
#define TESTS_FORGE_H

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mp.h"
#include "replicas/commit.h"
#include "replicas/engine.h"

#define FORGE static inline __attribute__((unused))

enum forge_lie {
    LIE_NONE,
    LIE_SIGNATURE,     /* one bit of it */
    LIE_SIGNER,        /* another key signs in this label's name */
    LIE_ROOT,          /* a tree that replay does not reach */
    LIE_SEQ,           /* one too many */
    LIE_SEQ_AGAIN,     /* one too few: its predecessor's */
    LIE_HEIGHT,        /* one too many */
    LIE_DIGEST,        /* one bit of it */
    LIE_PARENTS,       /* a parent's parent beside it: no antichain */
    LIE_UNKNOWN,       /* a parent that nobody has */
    LIE_CHARTER_NEWER, /* a version that is not there yet */
    LIE_CHARTER_OLDER, /* older than a parent's */
    LIE_CHARTER_HASH,  /* the version's number, another hash */
    LIE_CHARTER_MUTE,  /* a charter version is due, and left out */
};

struct forge {
    struct replica *replica;
    const struct home_identity *identity; /* who signs */
    const char *label;                    /* in whose name */
    struct op_list *ops;                  /* or NULL: none; charters that are due are added */
    struct bytes raw;                     /* the operations' bytes instead; data NULL: none */
    const uint32_t *parents;              /* or NULL: the heads */
    uint32_t parent_count;
    uint32_t charter_version;          /* or 0: the newest */
    const struct home_identity *other; /* LIE_SIGNER */
    enum forge_lie lie;
};

FORGE int forge_by_id(const void *a, const void *b)
{
    return oid_compare(a, b);
}

FORGE void forge_parents(const struct forge *f, struct item *item, uint32_t *nodes)
{
    uint32_t count = f->parent_count;
    const uint32_t *from = f->parents;
    struct graph *g = f->replica->graph;
    if (from == NULL)
        from = graph_heads(g, &count);
    CHECK(count > 0 && count < PARENTS_MAX);
    for (uint32_t i = 0; i < count; i++)
        item->parents[i] = graph_node(g, from[i])->id;
    const struct graph_node *first = graph_node(g, from[0]);
    if (f->lie == LIE_PARENTS) {
        CHECK(first->parent_count > 0);
        item->parents[count++] = graph_node(g, graph_parent(g, first, 0))->id;
    }
    qsort(item->parents, count, sizeof item->parents[0], forge_by_id);
    item->parent_count = count;
    for (uint32_t i = 0; i < count; i++)
        nodes[i] = graph_find(g, &item->parents[i]);
}

FORGE void forge_charters(const struct forge *f, uint32_t floor, struct op_list *ops)
{
    const struct charter_chain *chain = &f->replica->chain;
    uint32_t last = f->charter_version > 0 ? f->charter_version : chain->count;
    for (uint32_t v = floor + 1; v <= last && f->lie != LIE_CHARTER_MUTE; v++) {
        struct op op = {
            .verb = OP_CHARTER, .version = v, .value = buf_bytes(&charter_at(chain, v)->file)};
        CHECK(op_list_add(ops, &op) == ST_OK);
    }
}

/* The tree that the operations lead to, or the base's where they lead nowhere. */
FORGE void forge_tree(const struct forge *f, const struct op_list *ops, const uint32_t *nodes,
                      struct item *item)
{
    struct replica *r = f->replica;
    struct replay_output out = {0};
    struct replay_input in = {.store = r->store,
                              .memo = r->memo,
                              .charter = charter_newest(&r->chain),
                              .ops = ops,
                              .by = {change_of_digest(&item->digest), item->height, item->label}};
    CHECK(judge_base(r, nodes, item->parent_count, &in.base, NULL) == ST_OK);
    item->tree = in.base;
    for (uint32_t i = 0; i < ops->count; i++) { /* replay takes what the schema has */
        const struct schema_type *type = schema_type(in.charter->schema, ops->ops[i].type);
        if (ops->ops[i].verb == OP_ENTRY && (type == NULL || !type->entry))
            return;
    }
    if (replay_run(&in, &out, NULL) == ST_OK)
        item->tree = out.tree;
    replay_release(&out);
}

FORGE void forge_digest(const struct forge *f, const uint32_t *nodes, struct item *item)
{
    struct digest parents[PARENTS_MAX];
    struct replica *r = f->replica;
    const struct charter_member *self = charter_by_label(charter_newest(&r->chain), item->label);
    for (uint32_t i = 0; i < item->parent_count; i++)
        parents[i] =
            nodes[i] == GRAPH_NONE ? (struct digest){{1}} : graph_node(r->graph, nodes[i])->digest;
    commit_digest(&r->network, self != NULL ? &self->key : &f->identity->key, item, parents,
                  &item->digest);
    item->digest.id[3] ^= f->lie == LIE_DIGEST;
}

/* What is said about the commit's place, with its lies. */
FORGE void forge_place(const struct forge *f, const uint32_t *nodes, struct item *item)
{
    struct replica *r = f->replica;
    const struct charter *c = f->charter_version > 0 ? charter_at(&r->chain, f->charter_version)
                                                     : charter_newest(&r->chain);
    if (f->lie == LIE_CHARTER_OLDER)
        c = charter_at(&r->chain, graph_charter_floor(r->graph, nodes, item->parent_count) - 1);
    CHECK(c != NULL);
    item->charter_version = c->version + (f->lie == LIE_CHARTER_NEWER);
    item->charter_hash = c->hash;
    item->charter_hash.id[0] ^= f->lie == LIE_CHARTER_HASH;
    item->seq = graph_next_seq(r->graph, &f->identity->key, nodes, item->parent_count);
    item->seq += f->lie == LIE_SEQ;
    CHECK(f->lie != LIE_SEQ_AGAIN || item->seq > 1);
    item->seq -= f->lie == LIE_SEQ_AGAIN;
    item->height = graph_next_height(r->graph, nodes, item->parent_count);
    item->height += f->lie == LIE_HEIGHT;
}

/* forge_item(): appended to 'out'. */
FORGE void forge_item(const struct forge *f, struct buf *out)
{
    struct replica *r = f->replica;
    struct item item = {.label = bytes_of_text(f->label),
                        .author = BYTES("eve <eve@minga>"),
                        .author_time = 1777629720,
                        .commit_time = 1777629720};
    uint32_t nodes[PARENTS_MAX];
    struct op_list own = {0}, *ops = f->ops != NULL ? f->ops : &own;
    struct buf operations = {0}, subject = {0};
    size_t mark = store_mark(r->store);
    forge_parents(f, &item, nodes);
    forge_place(f, nodes, &item);
    forge_charters(f, graph_charter_floor(r->graph, nodes, item.parent_count), ops);
    op_list_resolve(ops, &r->network);
    if (f->raw.data == NULL)
        CHECK(op_list_encode(ops, &operations) == ST_OK);
    item.operations = f->raw.data != NULL ? f->raw : buf_bytes(&operations);
    forge_digest(f, nodes, &item);
    forge_tree(f, ops, nodes, &item);
    item.tree.id[0] ^= f->lie == LIE_ROOT;
    if (f->lie == LIE_UNKNOWN) {
        memset(item.parents[0].id, 1, OID_BYTES);
        qsort(item.parents, item.parent_count, sizeof item.parents[0], forge_by_id);
    }
    op_subject(ops, &subject);
    const struct home_identity *signer = f->lie == LIE_SIGNER ? f->other : f->identity;
    CHECK(commit_sign(&item, buf_bytes(&subject), signer->secret) == ST_OK);
    item.signature[9] ^= f->lie == LIE_SIGNATURE;
    item_encode(&item, out);
    CHECK(buf_status(out) == ST_OK);
    store_discard_since(r->store, mark);
    op_list_release(&own);
    buf_release(&operations);
    buf_release(&subject);
}

/* ---- operations that op_list_encode() would not write ---- */

/* One group of one set: [2, type, id, [[0, field, value, over]]]. */
FORGE void forge_group(struct buf *out, const char *type, uint32_t id, const char *field,
                       struct bytes value, struct bytes over)
{
    uint8_t raw[RECORD_ID_BYTES] = {0};
    for (unsigned i = 0; i < sizeof id; i++)
        raw[i] = (uint8_t)(id >> 8 * (3 - i));
    mp_write_array(out, 4);
    mp_write_uint(out, 2);
    mp_write_text(out, bytes_of_text(type));
    mp_write_binary(out, (struct bytes){raw, sizeof raw});
    mp_write_array(out, 1);
    mp_write_array(out, 4);
    mp_write_uint(out, 0);
    mp_write_text(out, bytes_of_text(field));
    mp_write_text(out, value);
    mp_write_binary(out, over);
}

/* 'count' new records, each with one value of 'value_bytes' bytes. */
FORGE void forge_many(struct buf *out, const char *type, const char *field, uint32_t count,
                      size_t value_bytes)
{
    struct buf value = {0};
    CHECK(value_bytes >= 2);
    buf_add_byte(&value, '"');
    for (size_t i = 0; i < value_bytes - 2; i++)
        buf_add_byte(&value, 'x');
    buf_add_byte(&value, '"');
    mp_write_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        forge_group(out, type, i + 1, field, buf_bytes(&value), BYTES(""));
    CHECK(buf_status(out) == ST_OK);
    buf_release(&value);
}

/* forge_set(): one set of one record, over nothing, as an ordinary list. */
FORGE void forge_set(struct op_list *ops, const char *type, uint8_t id, const char *field,
                     const char *json)
{
    struct op op = {.verb = OP_SET,
                    .type = bytes_of_text(type),
                    .name = bytes_of_text(field),
                    .value = bytes_of_text(json)};
    memset(op.id, id, sizeof op.id);
    CHECK(op_list_add(ops, &op) == ST_OK);
}

FORGE void forge_entry(struct op_list *ops, const char *type, const char *json)
{
    struct op op = {.verb = OP_ENTRY, .type = bytes_of_text(type), .value = bytes_of_text(json)};
    CHECK(op_list_add(ops, &op) == ST_OK);
}

#endif
