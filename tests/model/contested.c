/*
 * contested COUNT: COUNT histories of the executable model, one JSON text a line on standard input,
 * in which keys are retired and write on, forks are made on purpose and in floods, and quarantined
 * commits are adopted: made into real charter versions and real signed commits, and replayed.
 *
 * The commits are forged one by one, as their writers' keys can: on the parents and under the
 * charter version that the model says, whatever an honest replica would have chosen. One replica
 * that takes them all gives their places (seq, height) and their trees, which have to be the
 * model's. Then charter versions and commits go to further replicas, in random causal orders, with
 * the power lost on the way: each has to count what the model counts, and reach its heads and
 * state.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/commit.h"
#include "replicas/engine.h"
#include "replicas/tree.h"
#include "tests/model/office.h"

enum {
    ORDERS = 2,       /* in which one history arrives at further replicas */
    FIRST_VERSION = 2 /* of the charter: the model's version 0 */
};

struct written { /* a commit as it became real */
    struct buf item;
    struct oid id;
    struct change change;
};

struct life {
    struct office_network network;
    struct model m;
    struct written *written;
    struct office shop; /* takes all commits, in the order of the history */
    unsigned long reopened, retired, adopted, quarantined;
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
    fprintf(stderr, "failed: commit %llu of the history with seed %lld: %s\n",
            (unsigned long long)l->m.commits[commit].id,
            (long long)json_integer_value(json_object_get(l->m.root, "seed")), what);
    abort();
}

static struct op_change name_really(void *user, const struct model *m, uint32_t index)
{
    const struct life *l = user;
    return (struct op_change){.change = l->written[index].change,
                              .height = m->commits[index].height,
                              .label = bytes_of_text(m->commits[index].label)};
}

static uint32_t key_of(const char *name)
{
    uint32_t key = (uint32_t)(name[0] - 'A');
    CHECK(key < OFFICE_KEYS);
    return key;
}

/* ---- charter versions ---- */

static int by_id(const void *a, const void *b)
{
    return oid_compare(a, b);
}

static int by_key_bytes(const void *a, const void *b)
{
    const struct charter_retired *x = a, *y = b;
    return memcmp(x->key.id, y->key.id, KEY_BYTES);
}

/* The commits of a list; of one that is lost with whoever had it, a name that nobody has. */
static uint32_t kept_ids(const struct life *l, const json_t *ids, struct oid *out)
{
    uint32_t count = 0;
    for (size_t i = 0; i < json_array_size(ids); i++) {
        uint64_t id = (uint64_t)json_integer_value(json_array_get(ids, i));
        uint32_t commit = model_index(&l->m, id);
        if (commit < l->m.commit_count)
            out[count++] = l->written[commit].id;
        else
            crypto_generichash(out[count++].id, OID_BYTES, (const uint8_t *)&id, sizeof id, NULL,
                               0);
    }
    qsort(out, count, sizeof out[0], by_id);
    return count;
}

static void add_version(struct life *l, const json_t *version)
{
    struct charter_member members[OFFICE_KEYS];
    struct charter_retired retired[OFFICE_KEYS] = {{.kept = NULL}};
    struct oid kept[OFFICE_KEYS][PARENTS_MAX];
    struct charter next = {.members = members, .retired = retired};
    const struct charter *newest = charter_newest(&l->network.chain);
    const json_t *gone = json_object_get(version, "retired");
    for (uint32_t i = 0; i < newest->member_count; i++) {
        const char name[2] = {(char)(newest->members[i].label[strlen("office-")] - 'a' + 'A')};
        if (json_object_get(gone, name) == NULL)
            members[next.member_count++] = newest->members[i];
    }
    const char *name;
    json_t *ids;
    json_object_foreach((json_t *)(uintptr_t)gone, name, ids)
    {
        struct charter_retired *r = &retired[next.retired_count];
        CHECK(json_array_size(ids) <= PARENTS_MAX);
        office_label(key_of(name), r->label);
        r->key = l->network.identities[key_of(name)].key;
        r->kept = kept[next.retired_count++];
        r->kept_count = kept_ids(l, ids, r->kept);
    }
    qsort(retired, next.retired_count, sizeof retired[0], by_key_bytes);
    office_network_next(&l->network, &next);
    l->retired++;
}

/* Versions up to the model's 'wanted' are there. */
static void need_version(struct life *l, uint32_t wanted)
{
    while (l->network.chain.count < FIRST_VERSION + wanted)
        add_version(l, json_array_get(l->m.charter, l->network.chain.count - FIRST_VERSION + 1));
}

static void offer_charters(struct life *l, struct office *o, uint32_t count)
{
    struct fault f = {0};
    bool grown;
    struct bytes files[64];
    CHECK(count <= 64);
    for (uint32_t i = 0; i < count; i++)
        files[i] = buf_bytes(&charter_at(&l->network.chain, i + 1)->file);
    office_must(replica_offer_charters(o->replica, files, count, &grown, &f), "charters", &f);
}

/* ---- trees and heads ---- */

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
        fprintf(stderr, "%s\nours:\n%.*s\nthe model's:\n%s", path, (int)text.count,
                (const char *)text.data,
                file != NULL ? buf_text((struct buf *)(uintptr_t)&file->text) : "none\n");
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

static void check_end(struct life *l, struct office *o)
{
    struct graph *g = replica_graph(o->replica);
    uint32_t there, last = l->m.commit_count - 1;
    graph_heads(g, &there);
    if (there != l->m.head_count)
        fail(l, last, "another number of heads at the end");
    const uint32_t *heads = graph_heads(g, &there);
    for (uint32_t i = 0; i < l->m.head_count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < there; k++)
            found = found || oid_equal(&graph_node(g, heads[k])->id, &l->written[l->m.heads[i]].id);
        if (!found)
            fail(l, l->m.heads[i], "it is no head at the end");
    }
    for (uint32_t i = 0; i < l->m.commit_count; i++) {
        uint32_t node = graph_find(g, &l->written[i].id);
        if (node == GRAPH_NONE)
            fail(l, i, "it was not accepted");
        if (graph_node(g, node)->counted != l->m.commits[i].counted)
            fail(l, i, "it counts where the model's does not, or the other way");
        l->quarantined += !l->m.commits[i].counted;
    }
    if (!same_tree(l, o, replica_state(o->replica), l->m.state))
        fail(l, last, "another state at the end");
}

/* ---- writing ---- */

/* A retired key's commit among the parents is adopted, unless it is kept. */
static void add_adoptions(struct life *l, const struct charter *charter, uint32_t commit,
                          struct op_list *ops)
{
    const struct model_commit *c = &l->m.commits[commit];
    for (uint32_t i = 0; i < c->adopt_count; i++) {
        const struct model_commit *from = &l->m.commits[c->adopts[i]];
        uint32_t key = (uint32_t)(from->label[strlen("office-")] - 'a');
        struct op op = {.verb = OP_ADOPT, .commit = l->written[c->adopts[i]].id};
        if (charter_retired_key(charter, &l->network.identities[key].key) == NULL)
            continue; /* frozen, and in force: a parent as any other */
        office_must(op_list_add(ops, &op), "an adoption", NULL);
        l->adopted++;
    }
}

static void add_charters(struct life *l, uint32_t floor, uint32_t version, struct op_list *ops)
{
    for (uint32_t v = floor + 1; v <= version; v++) {
        struct op op = {.verb = OP_CHARTER,
                        .version = v,
                        .value = buf_bytes(&charter_at(&l->network.chain, v)->file)};
        office_must(op_list_add(ops, &op), "a charter", NULL);
    }
}

/* Place, digest, tree and signature of an item whose parents and operations are set. */
static void complete(struct life *l, uint32_t key, const struct charter *charter, struct item *item,
                     struct judged *j, struct bytes subject)
{
    struct replica *r = l->shop.replica;
    struct digest digests[PARENTS_MAX];
    struct fault f = {0};
    qsort(item->parents, item->parent_count, sizeof item->parents[0], by_id);
    for (uint32_t i = 0; i < item->parent_count; i++) {
        j->parents[i] = graph_find(r->graph, &item->parents[i]);
        digests[i] = graph_node(r->graph, j->parents[i])->digest;
    }
    const struct home_identity *identity = &l->network.identities[key];
    item->seq = graph_next_seq(r->graph, &identity->key, j->parents, item->parent_count);
    item->height = graph_next_height(r->graph, j->parents, item->parent_count);
    commit_digest(&r->network, &identity->key, item, digests, &item->digest);
    office_must(judge_replay(r, charter, item, j, &f), "replay", &f);
    item->tree = j->replay.tree;
    office_must(commit_sign(item, subject, identity->secret), "sign", NULL);
}

static void forge(struct life *l, uint32_t commit)
{
    static int64_t seconds = 1780000000;
    const struct model_commit *c = &l->m.commits[commit];
    struct replica *r = l->shop.replica;
    const struct charter *charter = charter_at(&l->network.chain, FIRST_VERSION + c->charter);
    uint32_t key = (uint32_t)(c->label[strlen("office-")] - 'a');
    uint32_t parents[PARENTS_MAX];
    struct judged j = {0};
    struct buf operations = {0}, subject = {0};
    struct item item = {.label = bytes_of_text(c->label),
                        .author = BYTES("model <model@example.org>"),
                        .author_time = seconds,
                        .commit_time = seconds,
                        .parent_count = c->parent_count,
                        .charter_version = charter->version,
                        .charter_hash = charter->hash};
    seconds++;
    for (uint32_t i = 0; i < c->parent_count; i++) {
        item.parents[i] = l->written[c->parents[i]].id;
        parents[i] = graph_find(r->graph, &item.parents[i]);
    }
    size_t mark = store_mark(r->store);
    model_ops(&l->m, commit, name_really, l, &j.ops);
    add_adoptions(l, charter, commit, &j.ops);
    add_charters(l, graph_charter_floor(r->graph, parents, c->parent_count), charter->version,
                 &j.ops);
    op_list_resolve(&j.ops, &r->network);
    office_must(op_list_encode(&j.ops, &operations), "operations", NULL);
    op_subject(&j.ops, &subject);
    item.operations = buf_bytes(&operations);
    complete(l, key, charter, &item, &j, buf_bytes(&subject));
    if (item.seq != c->seq || item.height != c->height)
        fail(l, commit, "another seq or height");
    item_encode(&item, &l->written[commit].item);
    l->written[commit].change = change_of_digest(&item.digest);
    store_discard_since(r->store, mark);
    judged_release(&j);
    buf_release(&operations);
    buf_release(&subject);
}

static void write_one(struct life *l, uint32_t commit)
{
    struct written *w = &l->written[commit];
    struct replica_verdict v;
    struct fault f = {0};
    need_version(l, l->m.commits[commit].charter);
    offer_charters(l, &l->shop,
                   l->network.chain.count); /* whoever made it may have it since long */
    forge(l, commit);
    if (replica_accept(l->shop.replica, buf_bytes(&w->item), &v, &f) != ST_OK) {
        fprintf(stderr, "%s\n", f.text);
        fail(l, commit, "it is refused");
    }
    w->id = v.id;
    if (!same_tree(l, &l->shop, &graph_node(replica_graph(l->shop.replica), v.node)->tree,
                   l->m.commits[commit].tree))
        fail(l, commit, "another tree");
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
    o->has[commit] = o->has[commit] || st == ST_OK;
}

/* A replica that knows the first two versions alone. */
static void begin(struct life *l, struct office *o, uint32_t key)
{
    uint32_t whole = l->network.chain.count;
    l->network.chain.count = FIRST_VERSION;
    office_begin(o, &l->network, key, l->m.commit_count);
    l->network.chain.count = whole;
}

/* Everything, in one more order: charters may come long before or after what names them. */
static void arrive(struct life *l, uint32_t key)
{
    struct office o;
    uint32_t count = l->m.commit_count, left = count;
    begin(l, &o, key);
    while (left > 0) {
        uint32_t commit = draw(count);
        if (draw(16) == 0)
            offer_charters(l, &o, FIRST_VERSION + draw(l->network.chain.count - 1));
        if (draw(40) == 0) {
            office_reopen(&o);
            l->reopened++;
        }
        while (o.has[commit] || !is_ready(l, &o, commit))
            commit = (commit + 1) % count;
        offer(l, &o, commit);
        left--;
        uint32_t other = draw(count);
        if (draw(8) == 0 && (o.has[other] || !is_ready(l, &o, other)))
            offer(l, &o, other); /* again, or too early */
    }
    offer_charters(l, &o, l->network.chain.count);
    check_end(l, &o);
    office_reopen(&o);
    check_end(l, &o);
    office_end(&o);
}

static void live(struct life *l)
{
    uint32_t count = l->m.commit_count;
    office_network_council(&l->network);
    l->written = mem_array(count, sizeof *l->written);
    CHECK(l->written != NULL);
    begin(l, &l->shop, 0);
    for (uint32_t i = 0; i < count; i++)
        write_one(l, i);
    need_version(l, (uint32_t)json_array_size(l->m.charter) - 1);
    offer_charters(l, &l->shop, l->network.chain.count);
    check_end(l, &l->shop);
    for (uint32_t i = 0; i < ORDERS; i++)
        arrive(l, draw(OFFICE_KEYS));
    office_end(&l->shop);
    for (uint32_t i = 0; i < count; i++)
        buf_release(&l->written[i].item);
    mem_free(l->written);
    office_network_release(&l->network);
}

int main(int argc, char **argv)
{
    unsigned long wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long done = 0, commits = 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    static struct life l;
    if (wanted == 0) {
        fprintf(stderr, "usage: contested COUNT <histories, one a line>\n");
        return 2;
    }
    if (sodium_init() < 0)
        return 1;
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        office_network_council(&l.network);
        model_load(&l.m, (struct bytes){(const uint8_t *)line, (size_t)bytes}, &l.network.id);
        office_network_release(&l.network);
        live(&l);
        done++;
        commits += l.m.commit_count;
        model_release(&l.m);
    }
    free(line);
    printf("%lu histories, %lu commits, arriving in %d further orders: all as the model has them "
           "(%lu keys retired, %lu adoptions, %lu in quarantine, %lu recoveries)\n",
           done, commits, ORDERS, l.retired, l.adopted, l.quarantined / (2 * ORDERS + 1),
           l.reopened);
    if (done != wanted)
        fprintf(stderr, "%lu histories were to come\n", wanted);
    return done == wanted ? 0 : 1;
}
