/*
 * lived COUNT: COUNT histories of the executable model, one JSON text a line on standard input,
 * written and replayed by real replicas: signed commits, digests, journals.
 *
 * Each commit is written by the replica of its key once that holds exactly the commit's past, which
 * came to it in a random causal order: its seq, height, parents and records have to be the model's.
 * Then all commits go to further replicas, in random orders, some too early, some twice, with the
 * power lost on the way: heads and state have to be the model's.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/tree.h"
#include "tests/model/office.h"

enum {
    ORDERS = 3,   /* in which one history arrives at further replicas */
    PATIENCE = 16 /* draws for a commit that is ready */
};

struct written { /* a commit as it became real */
    struct buf item;
    struct oid id;
    struct change change;
};

struct life {
    const struct office_network *network;
    struct model m;
    struct written *written;
    bool *past; /* [commit][commit] */
    struct office offices[OFFICE_KEYS];
    unsigned long reopened, early, again;
};

static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

_Noreturn static void fail(const struct life *l, uint32_t commit, const char *what)
{
    fprintf(stderr, "failed: commit %llu of the history: %s\n",
            (unsigned long long)l->m.commits[commit].id, what);
    abort();
}

static bool in_past(const struct life *l, uint32_t above, uint32_t below)
{
    return l->past[above * l->m.commit_count + below];
}

static void fill_past(struct life *l)
{
    uint32_t count = l->m.commit_count;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < l->m.commits[i].parent_count; k++) {
            uint32_t parent = l->m.commits[i].parents[k];
            l->past[i * count + parent] = true;
            for (uint32_t j = 0; j < count; j++)
                l->past[i * count + j] = l->past[i * count + j] || in_past(l, parent, j);
        }
}

static struct op_change name_really(void *user, const struct model *m, uint32_t index)
{
    const struct life *l = user;
    return (struct op_change){.change = l->written[index].change,
                              .height = m->commits[index].height,
                              .label = bytes_of_text(m->commits[index].label)};
}

/* ---- trees ---- */

struct comparing {
    struct office *office;
    const struct model_tree *theirs;
    uint32_t met;
    bool same;
};

static enum status compare_file(void *user, const char *path, const struct oid *blob)
{
    struct comparing *c = user;
    const char *name = strrchr(path, '/') + 1;
    char id[ENTRY_ID_TEXT + 1];
    struct bytes text;
    struct fault f = {0};
    snprintf(id, sizeof id, "%.*s", (int)(strlen(name) - strlen(".json")), name);
    const struct model_file *file = model_tree_find(c->theirs, id);
    office_must(store_read(replica_store(c->office->replica), blob, STORE_BLOB, &text, &f), "read",
                &f);
    c->met++;
    bool same = file != NULL && bytes_equal(buf_bytes(&file->text), text);
    if (!same)
        fprintf(stderr, "%s\nours:\n%.*s\n", path, (int)text.count, (const char *)text.data);
    c->same = c->same && same;
    return ST_OK;
}

static bool same_tree(struct life *l, struct office *o, const struct oid *root, const json_t *tree)
{
    struct model_tree theirs;
    struct comparing c = {.office = o, .theirs = &theirs, .same = true};
    struct fault f = {0};
    model_tree(&l->m, tree, name_really, l, &theirs);
    enum status st = tree_walk(replica_store(o->replica), root, "records", compare_file, &c, &f);
    if (st != ST_NOT_FOUND)
        office_must(st, "walk", &f);
    bool same = c.same && c.met == theirs.count;
    model_tree_release(&theirs);
    return same;
}

/* Whether these heads are exactly these commits, in any order. */
static bool same_heads(const struct life *l, struct office *o, const uint32_t *commits,
                       uint32_t count)
{
    uint32_t there;
    const uint32_t *heads = graph_heads(replica_graph(o->replica), &there);
    bool same = there == count;
    for (uint32_t i = 0; same && i < count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < count; k++)
            found = found || oid_equal(&graph_node(replica_graph(o->replica), heads[k])->id,
                                       &l->written[commits[i]].id);
        same = found;
    }
    return same;
}

/* ---- arrival ---- */

static bool is_ready(const struct life *l, const struct office *o, uint32_t commit)
{
    const struct model_commit *c = &l->m.commits[commit];
    for (uint32_t i = 0; i < c->parent_count; i++)
        if (!o->has[c->parents[i]])
            return false;
    return true;
}

static void offer(struct life *l, struct office *o, uint32_t commit)
{
    struct replica_verdict v;
    struct fault f = {0};
    enum status due = o->has[commit] ? ST_EXISTS : is_ready(l, o, commit) ? ST_OK : ST_WAITING;
    enum status st = replica_accept(o->replica, buf_bytes(&l->written[commit].item), &v, &f);
    if (st != due) {
        fprintf(stderr, "it %s; it should not be so: %s\n", status_text(st), f.text);
        fail(l, commit, "an arrival is judged otherwise");
    }
    if (!oid_equal(&v.id, &l->written[commit].id))
        fail(l, commit, "it arrives under another id");
    l->early += st == ST_WAITING;
    l->again += st == ST_EXISTS;
    o->has[commit] = o->has[commit] || st == ST_OK;
}

/* One of those in the past of 'until' (or of all) that is missing and ready; commit_count: none. */
static uint32_t choose(struct life *l, const struct office *o, uint32_t until)
{
    uint32_t count = l->m.commit_count;
    uint32_t from = draw(count);
    for (uint32_t n = 0; n < PATIENCE + count; n++) {
        uint32_t commit = n < PATIENCE ? draw(count) : (from + n) % count;
        bool wanted = until == count || in_past(l, until, commit);
        if (wanted && !o->has[commit] && is_ready(l, o, commit))
            return commit;
    }
    return count;
}

/* ---- writing ---- */

/* The replica of the commit's key with exactly its past; a fresh one where the old one has more:
 * its backup was restored. */
static struct office *prepare(struct life *l, uint32_t commit)
{
    uint32_t count = l->m.commit_count;
    uint32_t key = (uint32_t)(l->m.commits[commit].label[strlen("office-")] - 'a');
    CHECK(key < OFFICE_KEYS);
    struct office *o = &l->offices[key];
    bool fits = o->replica != NULL;
    for (uint32_t i = 0; fits && i < count; i++)
        fits = !o->has[i] || in_past(l, commit, i);
    if (!fits) {
        office_end(o);
        office_begin(o, l->network, key, count);
    }
    for (;;) {
        uint32_t next = choose(l, o, commit);
        if (next == count)
            return o;
        offer(l, o, next);
        uint32_t repeated = draw(count);
        if (repeated < commit && in_past(l, commit, repeated) && draw(4) == 0)
            offer(l, o, repeated); /* too early, or again */
    }
}

static void check_written(struct life *l, struct office *o, uint32_t commit, uint32_t node)
{
    const struct model_commit *c = &l->m.commits[commit];
    struct graph *g = replica_graph(o->replica);
    const struct graph_node *n = graph_node(g, node);
    if (n->seq != c->seq)
        fail(l, commit, "another seq");
    if (n->height != c->height)
        fail(l, commit, "another height");
    if (n->parent_count != c->parent_count)
        fail(l, commit, "other parents");
    for (uint32_t i = 0; i < n->parent_count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < c->parent_count; k++)
            found = found || oid_equal(&graph_node(g, graph_parent(g, n, i))->id,
                                       &l->written[c->parents[k]].id);
        if (!found)
            fail(l, commit, "other parents");
    }
    if (!same_tree(l, o, &n->tree, c->tree))
        fail(l, commit, "another tree");
    if (!oid_equal(&n->tree, replica_state(o->replica)))
        fail(l, commit, "the state after it is not its tree");
}

static void write_commit_of(struct life *l, uint32_t commit)
{
    struct office *o = prepare(l, commit);
    struct written *w = &l->written[commit];
    struct op_list ops;
    struct replica_commit made;
    struct fault f = {0};
    struct buf frame = {0};
    struct item item;
    if (!same_heads(l, o, l->m.commits[commit].parents, l->m.commits[commit].parent_count))
        fail(l, commit, "its parents are not the heads of its past");
    model_ops(&l->m, commit, name_really, l, &ops);
    office_must(replica_write(o->replica, &ops, BYTES("model <model@example.org>"), &made, &f),
                "write", &f);
    op_list_release(&ops);
    w->id = made.id;
    w->change = made.change;
    o->has[commit] = true;
    office_must(replica_item(o->replica, made.node, &frame, &item, &f), "read", &f);
    buf_add(&w->item, frame.data + OID_BYTES, frame.count - OID_BYTES);
    buf_release(&frame);
    check_written(l, o, commit, made.node);
}

/* ---- a history ---- */

static void arrive(struct life *l, uint32_t key)
{
    struct office o;
    uint32_t count = l->m.commit_count;
    office_begin(&o, l->network, key, count);
    for (uint32_t next = 0; next < count;) {
        if (draw(6) == 0)
            offer(l, &o, draw(count));
        if (draw(24) == 0) {
            office_reopen(&o);
            l->reopened++;
        }
        if (draw(24) == 0) {
            struct fault f = {0};
            office_must(replica_checkpoint(o.replica, &f), "checkpoint", &f);
        }
        next = choose(l, &o, count);
        if (next < count)
            offer(l, &o, next);
    }
    if (!same_heads(l, &o, l->m.heads, l->m.head_count))
        fail(l, count - 1, "other heads at the end");
    if (!same_tree(l, &o, replica_state(o.replica), l->m.state))
        fail(l, count - 1, "another state at the end");
    office_end(&o);
}

static void live(struct life *l)
{
    uint32_t count = l->m.commit_count;
    l->written = mem_array(count, sizeof *l->written);
    l->past = mem_array((size_t)count * count, sizeof *l->past);
    CHECK(l->written != NULL && l->past != NULL);
    fill_past(l);
    for (uint32_t i = 0; i < count; i++)
        write_commit_of(l, i);
    for (uint32_t i = 0; i < ORDERS; i++)
        arrive(l, draw(OFFICE_KEYS));
    for (uint32_t i = 0; i < OFFICE_KEYS; i++)
        office_end(&l->offices[i]);
    for (uint32_t i = 0; i < count; i++)
        buf_release(&l->written[i].item);
    mem_free(l->written);
    mem_free(l->past);
}

int main(int argc, char **argv)
{
    unsigned long wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long done = 0, commits = 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    struct office_network network;
    struct life l = {.network = &network};
    if (wanted == 0) {
        fprintf(stderr, "usage: lived COUNT <histories, one a line>\n");
        return 2;
    }
    if (sodium_init() < 0)
        return 1;
    office_network_make(&network);
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        model_load(&l.m, (struct bytes){(const uint8_t *)line, (size_t)bytes}, &network.id);
        live(&l);
        done++;
        commits += l.m.commit_count;
        model_release(&l.m);
    }
    free(line);
    office_network_release(&network);
    printf(
        "%lu histories, %lu commits, written and arriving in %d further orders: all as the model "
        "has them (%lu too early, %lu again, %lu recoveries)\n",
        done, commits, ORDERS, l.early, l.again, l.reopened);
    if (done != wanted)
        fprintf(stderr, "%lu histories were to come\n", wanted);
    return done == wanted ? 0 : 1;
}
