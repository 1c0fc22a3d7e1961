#include "replicas/holdings.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mp.h"
#include "replicas/receipt.h"

enum {
    VERSION = 1,
    ELEMENTS = 5,
    NAME_KEY_BYTES = KEY_BYTES / 2, /* the whole key stands inside */
    NAME_ROOM = 48,
};

static const char FOLDER[] = "bundles";

void holdings_release(struct holdings *h)
{
    if (h == NULL)
        return;
    buf_release(&h->heads);
    buf_release(&h->wants);
    h->charter = 0;
}

enum status holdings_tips(struct replica *r, struct buf *out)
{
    struct graph *g = replica_graph(r);
    uint32_t tip_count, chosen = 0;
    const uint32_t *tips = graph_tips(g, &tip_count);
    for (int counted = 1; counted >= 0; counted--)
        for (uint32_t i = 0; i < tip_count && chosen < HEADS_MAX; i++) {
            const struct graph_node *n = graph_node(g, tips[i]);
            if (n->counted != (counted == 1))
                continue;
            buf_add(out, n->id.id, OID_BYTES);
            chosen++;
        }
    return buf_status(out);
}

static void name_of(enum holdings_kind kind, const struct key *key, char out[static NAME_ROOM])
{
    char hex[2 * NAME_KEY_BYTES + 1];
    hex_encode(key->id, NAME_KEY_BYTES, hex);
    int used = snprintf(out, NAME_ROOM, "%s.%s", hex, kind == HOLDINGS_HAS ? "has" : "given");
    CHECK(used > 0 && used < NAME_ROOM);
}

static enum status open_disk(struct replica *r, struct disk *out, struct fault *f)
{
    if (replica_home(r) == NULL)
        return fault_set(f, ST_BAD_CONFIG, "this replica has no folder for what others hold");
    return disk_files(replica_home(r), out, f);
}

static enum status decode(struct bytes file, const struct key *key, struct holdings *out)
{
    struct mp_reader r;
    struct key own;
    mp_read(&r, file);
    mp_read_array(&r, ELEMENTS, ELEMENTS);
    if (mp_read_uint(&r, VERSION) != VERSION)
        mp_fail(&r, ST_MALFORMED);
    mp_read_fixed(&r, own.id, KEY_BYTES);
    uint32_t charter = (uint32_t)mp_read_uint(&r, CHARTER_VERSIONS_MAX);
    struct bytes heads = mp_read_binary(&r, HEADS_MAX * OID_BYTES);
    struct bytes wants = mp_read_binary(&r, RECEIPT_WANTS_MAX * DIGEST_BYTES);
    enum status st = mp_end(&r);
    if (st != ST_OK || memcmp(own.id, key->id, KEY_BYTES) != 0)
        return ST_OK; /* of another key, or damaged: as if nothing were known */
    out->charter = charter;
    buf_add_bytes(&out->heads, heads);
    buf_add_bytes(&out->wants, wants);
    st = buf_status(&out->heads);
    return st == ST_OK ? buf_status(&out->wants) : st;
}

enum status holdings_load(struct replica *r, enum holdings_kind kind, const struct key *key,
                          struct holdings *out, struct fault *f)
{
    char name[NAME_ROOM], path[DISK_NAME_BYTES];
    struct disk disk = {0};
    struct buf file = {0};
    *out = (struct holdings){0};
    name_of(kind, key, name);
    snprintf(path, sizeof path, "%s/%.47s", FOLDER, name);
    enum status st = open_disk(r, &disk, f);
    if (st != ST_OK)
        return st;
    st = disk_get(&disk, path, RECEIPT_BYTES_MAX, &file, f);
    if (st == ST_NOT_FOUND)
        st = ST_OK;
    else if (st == ST_OK)
        st = decode(buf_bytes(&file), key, out);
    buf_release(&file);
    disk_release(&disk);
    return st;
}

enum status holdings_keep(struct replica *r, enum holdings_kind kind, const struct key *key,
                          const struct holdings *h, struct fault *f)
{
    char name[NAME_ROOM];
    struct disk disk = {0};
    struct buf file = {0};
    mp_write_array(&file, ELEMENTS);
    mp_write_uint(&file, VERSION);
    mp_write_binary(&file, (struct bytes){key->id, KEY_BYTES});
    mp_write_uint(&file, h->charter);
    mp_write_binary(&file, buf_bytes(&h->heads));
    mp_write_binary(&file, buf_bytes(&h->wants));
    name_of(kind, key, name);
    enum status st = buf_status(&file);
    if (st == ST_OK)
        st = open_disk(r, &disk, f);
    if (st == ST_OK) {
        st = disk.make_folder(disk.context, FOLDER, f);
        if (st == ST_OK)
            st = disk_put(&disk, FOLDER, name, buf_bytes(&file), f);
        disk_release(&disk);
    }
    buf_release(&file);
    return st;
}

/* The commits of that key of which none of its later ones is here. */
static void add_own(struct graph *g, const struct key *key, struct holdings *out)
{
    uint64_t seq = 0;
    for (uint32_t i = 0; i < graph_count(g); i++) {
        const struct graph_node *n = graph_node(g, i);
        if (n->seq > seq && memcmp(graph_key(g, n->key)->key.id, key->id, KEY_BYTES) == 0)
            seq = n->seq;
    }
    for (uint32_t i = 0; i < graph_count(g) && seq > 0; i++) {
        const struct graph_node *n = graph_node(g, i);
        if (n->seq != seq || memcmp(graph_key(g, n->key)->key.id, key->id, KEY_BYTES) != 0)
            continue;
        if (out->heads.count < HEADS_MAX * OID_BYTES)
            buf_add(&out->heads, n->id.id, OID_BYTES);
        out->charter = n->charter_version > out->charter ? n->charter_version : out->charter;
    }
}

/* Of what it said only what is here too: the rest says nothing about what it lacks. */
static void add_held(struct graph *g, const struct buf *from, struct buf *to)
{
    for (size_t at = 0; at + OID_BYTES <= from->count; at += OID_BYTES) {
        struct oid id;
        memcpy(id.id, from->data + at, OID_BYTES);
        if (graph_find(g, &id) != GRAPH_NONE && to->count < HEADS_MAX * OID_BYTES)
            buf_add(to, id.id, OID_BYTES);
    }
}

enum status holdings_known(struct replica *r, const struct key *key, bool since_last,
                           struct holdings *out, const char **basis_out, struct fault *f)
{
    struct holdings has = {0}, given = {0};
    struct graph *g = replica_graph(r);
    *out = (struct holdings){0};
    *basis_out = "nothing";
    enum status st = holdings_load(r, HOLDINGS_HAS, key, &has, f);
    if (st == ST_OK && since_last)
        st = holdings_load(r, HOLDINGS_GIVEN, key, &given, f);
    if (st == ST_OK) {
        out->charter = has.charter > given.charter ? has.charter : given.charter;
        add_own(g, key, out);
        *basis_out = out->heads.count > 0 ? "commits" : *basis_out;
        add_held(g, &has.heads, &out->heads);
        *basis_out = has.heads.count > 0 ? "receipt" : *basis_out;
        add_held(g, &given.heads, &out->heads);
        *basis_out = given.heads.count > 0 ? "given" : *basis_out;
        buf_add_bytes(&out->wants, buf_bytes(&has.wants));
        st = buf_status(&out->heads);
    }
    if (st == ST_OK)
        st = buf_status(&out->wants);
    holdings_release(&has);
    holdings_release(&given);
    return st;
}
