/*
 * mutants: commits and trees of a real history, changed by chance and judged as this program judges
 * them, for stock git to judge too (judge.py).
 *
 * usage: mutants REPO COUNT SEED IDENTITY…      IDENTITY: files of the offices that wrote there
 *
 * To standard output, a mutant each: a letter, a u32 (big-endian) and as many bytes: 'C' a commit
 * that is accepted, 'T' a tree, 'c' and 't' one that is refused. Behind an accepted commit 'E' with
 * what was read from it, a line each: tree, parents, author, its time, label, commit time, subject,
 * key, "linked" where tree and parents are objects of the history; of one in eight "accepted" or
 * "refused": what replay says. Behind a refused one 'R' with the reason.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/commit.h"
#include "replicas/engine.h"
#include "replicas/identity.h"
#include "replicas/op.h"
#include "replicas/sshsig.h"
#include "replicas/tree.h"
#include "replicas/verify.h"
#include "tests/differential/change.h"

enum { WRITERS_MAX = 8, FILE_MAX = 4096, TREE_ONE_IN = 8, REPLAY_ONE_IN = 8 };

struct original { /* a commit of the history: as an item with its operations */
    struct buf bytes, subject;
    uint32_t writer;
};

struct history {
    struct replica *replica;
    const struct graph *graph;
    struct original *originals;
    uint8_t secrets[WRITERS_MAX][crypto_sign_SECRETKEYBYTES];
    struct key keys[WRITERS_MAX];
    uint32_t writers;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "mutants: %s\n", what);
    exit(1);
}

static void read_identity(struct history *h, const char *path)
{
    uint8_t text[FILE_MAX], seed[IDENTITY_SEED_BYTES];
    struct identity_wrap wrap;
    FILE *file = fopen(path, "rb");
    must(file != NULL && h->writers < WRITERS_MAX, path);
    size_t count = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    enum status st = identity_read((struct bytes){text, count}, BYTES(""), seed, &wrap, NULL);
    must(st == ST_OK, "an identity without a passphrase is asked for");
    crypto_sign_seed_keypair(h->keys[h->writers].id, h->secrets[h->writers], seed);
    h->writers++;
}

static void put(char letter, struct bytes data)
{
    uint8_t head[5] = {(uint8_t)letter, (uint8_t)(data.count >> 24), (uint8_t)(data.count >> 16),
                       (uint8_t)(data.count >> 8), (uint8_t)data.count};
    must(fwrite(head, sizeof head, 1, stdout) == 1 &&
             (data.count == 0 || fwrite(data.data, data.count, 1, stdout) == 1),
         "standard output does not take it");
}

static void add_hex(struct buf *out, const uint8_t *data, size_t count, char behind)
{
    char hex[2 * DIGEST_BYTES + 1];
    hex_encode(data, count, hex);
    buf_add_text(out, hex);
    buf_add_byte(out, (uint8_t)behind);
}

static bool is_linked(const struct history *h, const struct item *item)
{
    bool linked = store_has(replica_store(h->replica), &item->tree);
    for (uint32_t i = 0; i < item->parent_count; i++)
        linked = linked && graph_find(h->graph, &item->parents[i]) != GRAPH_NONE;
    return linked;
}

/* Whether replay accepts it, with the operations of the commit that it was made from. */
static bool is_judged(const struct history *h, const struct item *item, struct bytes operations)
{
    struct item whole = *item;
    struct buf bytes = {0};
    struct judged j = {.known = false};
    struct fault f = {0};
    struct store *store = replica_store(h->replica);
    size_t mark = store_mark(store);
    whole.operations = operations;
    item_encode(&whole, &bytes);
    enum status st = judge_item(h->replica, buf_bytes(&bytes), false, &j, &f);
    must(status_class(st) != STATUS_LOCAL, f.text);
    judged_release(&j);
    store_discard_since(store, mark);
    store_tidy(store);
    buf_release(&bytes);
    return st == ST_OK || st == ST_EXISTS;
}

static void put_read(const struct history *h, const struct item *item, const struct key *key,
                     struct bytes subject, struct bytes operations)
{
    struct buf out = {0};
    add_hex(&out, item->tree.id, OID_BYTES, '\n');
    for (uint32_t i = 0; i < item->parent_count; i++)
        add_hex(&out, item->parents[i].id, OID_BYTES, i + 1 < item->parent_count ? ' ' : '\n');
    buf_add_text(&out, item->parent_count == 0 ? "\n" : "");
    buf_add_bytes(&out, item->author);
    buf_add_format(&out, "\n%lld\n", (long long)item->author_time);
    buf_add_bytes(&out, item->label);
    buf_add_format(&out, "\n%lld\n", (long long)item->commit_time);
    buf_add_bytes(&out, subject);
    buf_add_byte(&out, '\n');
    add_hex(&out, key->id, KEY_BYTES, '\n');
    buf_add_text(&out, is_linked(h, item) ? "linked\n" : "\n");
    if (operations.data != NULL)
        buf_add_text(&out, is_judged(h, item, operations) ? "accepted" : "refused");
    buf_add_byte(&out, '\n');
    put('E', buf_bytes(&out));
    buf_release(&out);
}

static void try_commit(const struct history *h, struct bytes commit, struct bytes operations)
{
    struct item item;
    struct key key;
    struct bytes subject;
    enum status st = commit_parse(commit, &item, &key, &subject);
    if (st == ST_OK)
        st = commit_verify(&item, &key, subject);
    put(st == ST_OK ? 'C' : 'c', commit);
    if (st == ST_OK)
        put_read(h, &item, &key, subject, operations);
    else
        put('R', bytes_of_text(status_word(st)));
}

static void try_tree(struct bytes tree)
{
    enum status st = tree_check(tree);
    put(st == ST_OK ? 'T' : 't', tree);
    if (st != ST_OK)
        put('R', bytes_of_text(status_word(st)));
}

static void subject_of(const struct history *h, const struct item *item, struct buf *out)
{
    struct op_list ops;
    enum status st = op_list_decode(item->operations, replica_network(h->replica), &ops);
    must(st == ST_OK, "operations of the history cannot be read");
    op_subject(&ops, out);
    op_list_release(&ops);
}

static void read_originals(struct history *h)
{
    struct fault f = {0};
    uint32_t count = graph_count(h->graph);
    h->originals = mem_array(count, sizeof *h->originals);
    must(h->originals != NULL, "no memory");
    for (uint32_t i = 0; i < count; i++) {
        const struct graph_node *n = graph_node(h->graph, i);
        struct original *o = &h->originals[i];
        struct item item;
        enum status st = verify_rebuild_item(h->replica, &n->id, &o->bytes, &f);
        must(st == ST_OK, f.text);
        st = item_decode(buf_bytes(&o->bytes), &item);
        must(st == ST_OK, "an item of the history cannot be read");
        subject_of(h, &item, &o->subject);
        while (o->writer < h->writers &&
               memcmp(&h->keys[o->writer], &graph_key(h->graph, n->key)->key, sizeof h->keys[0]) !=
                   0)
            o->writer++;
        must(o->writer < h->writers, "an identity is missing");
    }
}

/* The commit's text without its signature, changed, and signed as it then stands. */
static void sign_text(struct bytes text, const uint8_t *secret, const struct key *key,
                      struct chance *c, struct buf *out)
{
    uint8_t signature[SIGNATURE_BYTES];
    struct buf changed = {0}, armour = {0};
    size_t head = 0;
    change_text(text, c, &changed);
    sshsig_sign(buf_bytes(&changed), secret, signature);
    sshsig_armour(key, signature, &armour);
    while (head + 1 < changed.count && memcmp(changed.data + head, "\n\n", 2) != 0)
        head++;
    head += head + 1 < changed.count ? 1u : 0u;
    buf_add(out, changed.data, head);
    change_armour(buf_bytes(&armour), c, out);
    buf_add(out, changed.data + head, changed.count - head);
    buf_release(&changed);
    buf_release(&armour);
}

static void make_commit(const struct history *h, struct chance *c)
{
    struct buf room = {0}, text = {0}, out = {0};
    struct item item;
    const struct original *original = &h->originals[chance_below(c, graph_count(h->graph))];
    enum status st = item_decode(buf_bytes(&original->bytes), &item);
    must(st == ST_OK, "it was read before");
    struct bytes operations =
        chance_below(c, REPLAY_ONE_IN) == 0 ? item.operations : (struct bytes){NULL, 0};
    uint32_t way = chance_below(c, 8), writer = original->writer;
    struct bytes said = buf_bytes(&original->subject);
    const struct oid *other = &graph_node(h->graph, chance_below(c, graph_count(h->graph)))->id;
    const struct oid *tree = &graph_node(h->graph, chance_below(c, graph_count(h->graph)))->tree;
    item.author_time = chance_below(c, UINT32_C(1) << 31); /* so that hardly any comes twice */
    if (way < 5)
        change_item(&item, &said, other, tree, c, &room);
    if (chance_below(c, 16) == 0)
        writer = chance_below(c, h->writers);
    st = commit_sign(&item, said, h->secrets[writer]);
    must(st == ST_OK, "no memory");
    commit_encode(&item, &h->keys[writer], said, &text);
    if (way == 5) { /* plain bytes under the old signature */
        change_bytes(buf_bytes(&text), c, &out);
    } else if (way > 5) {
        struct buf bare = {0};
        change_unsign(buf_bytes(&text), &bare);
        sign_text(buf_bytes(&bare), h->secrets[writer], &h->keys[writer], c, &out);
        buf_release(&bare);
    } else {
        buf_add_bytes(&out, buf_bytes(&text));
    }
    try_commit(h, buf_bytes(&out), operations);
    buf_release(&room);
    buf_release(&text);
    buf_release(&out);
}

/* The trees below a commit's, as far as a chance leads. */
static void make_tree(const struct history *h, struct chance *c)
{
    struct store *store = replica_store(h->replica);
    struct fault f = {0};
    struct oid id = graph_node(h->graph, chance_below(c, graph_count(h->graph)))->tree;
    struct bytes data;
    struct buf out = {0};
    for (uint32_t steps = chance_below(c, 6);; steps--) {
        enum status st = store_read(store, &id, STORE_TREE, &data, &f);
        must(st == ST_OK, f.text);
        if (steps == 0 || !change_descend(data, c, &id))
            break;
    }
    change_tree(data, c, &out);
    try_tree(buf_bytes(&out));
    buf_release(&out);
    store_tidy(store);
}

int main(int argc, char **argv)
{
    struct history h = {.writers = 0};
    struct verify_report report;
    struct fault f = {0};
    if (argc < 5 || sodium_init() < 0) {
        fprintf(stderr, "usage: mutants REPO COUNT SEED IDENTITY...\n");
        return 2;
    }
    for (int i = 4; i < argc; i++)
        read_identity(&h, argv[i]);
    enum status st = verify_repo_into(argv[1], NULL, &report, &h.replica, &f);
    must(st == ST_OK && report.ok && h.replica != NULL, "REPO does not verify");
    h.graph = replica_graph(h.replica);
    read_originals(&h);
    struct chance c = {strtoull(argv[3], NULL, 10)};
    for (uint64_t left = strtoull(argv[2], NULL, 10); left > 0; left--) {
        if (chance_below(&c, TREE_ONE_IN) == 0)
            make_tree(&h, &c);
        else
            make_commit(&h, &c);
    }
    for (uint32_t i = 0; i < graph_count(h.graph); i++) {
        buf_release(&h.originals[i].bytes);
        buf_release(&h.originals[i].subject);
    }
    mem_free(h.originals);
    replica_drop(h.replica);
    return fflush(stdout) == 0 ? 0 : 1;
}
