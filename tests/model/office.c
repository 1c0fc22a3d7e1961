#include "tests/model/office.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/charter_file.h"
#include "replicas/charter_sign.h"

static const char schema[] =
    "{\"types\":{\"case\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"integer\"},"
    "\"b\":{\"class\":\"open\",\"kind\":\"integer\"},\"c\":{\"class\":\"open\","
    "\"kind\":\"integer\"},\"tags\":{\"class\":\"open\",\"kind\":\"set\"}},"
    "\"shape\":\"record\",\"writers\":[\"office\"]},"
    "\"note\":{\"fields\":{\"amount\":{\"class\":\"open\",\"kind\":\"integer\"},"
    "\"line\":{\"class\":\"open\",\"kind\":\"text\"}},"
    "\"shape\":\"entry\",\"writers\":[\"office\"]}}}";

void office_must(enum status st, const char *what, const struct fault *f)
{
    if (st == ST_OK)
        return;
    fprintf(stderr, "failed: %s: %s: %s\n", what, status_word(st), f != NULL ? f->text : "");
    abort();
}

/* Never the same twice, so that two commits that do the same are two. */
static int64_t wall_seconds(void *context)
{
    static int64_t seconds = 1780000000;
    (void)context;
    return ++seconds;
}

static void make_identity(struct home_identity *i, uint8_t number)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {number};
    crypto_sign_seed_keypair(i->key.id, i->secret, seed);
}

void office_network_make(struct office_network *n)
{
    struct buf file = {0};
    struct fault f = {0};
    *n = (struct office_network){0};
    for (uint32_t key = 0; key < OFFICE_KEYS; key++) {
        struct charter_member member = {.role = CHARTER_OFFICE, .admin = key == 0};
        make_identity(&n->identities[key], (uint8_t)(key + 1));
        snprintf(member.label, sizeof member.label, "office-%c", (char)('a' + key));
        member.key = n->identities[key].key;
        buf_reset(&file);
        office_must(
            key == 0 ? charter_found("model", &member, bytes_of_text(schema),
                                     n->identities[0].secret, &file, &f)
                     : charter_add_member(&n->chain, &member, n->identities[0].secret, &file, &f),
            "charter", &f);
        office_must(charter_chain_add(&n->chain, buf_bytes(&file), NULL, &f), "charter", &f);
    }
    n->id = n->chain.network;
    buf_release(&file);
}

void office_label(uint32_t key, char *out)
{
    snprintf(out, MODEL_LABEL_BYTES, "office-%c", (char)('a' + key));
}

static int by_key(const void *a, const void *b)
{
    const struct charter_signature *x = a, *y = b;
    return memcmp(x->key.id, y->key.id, KEY_BYTES);
}

void office_network_next(struct office_network *n, struct charter *next)
{
    struct charter_signature signatures[OFFICE_KEYS] = {0};
    const struct charter *newest = charter_newest(&n->chain);
    struct buf body = {0}, file = {0};
    struct fault f = {0};
    uint32_t count = 0;
    next->version = newest->version + 1;
    next->previous = newest->hash;
    memcpy(next->network, newest->network, sizeof next->network);
    next->limits_json = newest->limits_json;
    next->schema_json = newest->schema_json;
    charter_file_add_body(next, &body);
    charter_file_hash(buf_bytes(&body), &next->hash);
    for (uint32_t key = 0; key < OFFICE_KEYS; key++) {
        const struct charter_member *m = charter_by_key(newest, &n->identities[key].key);
        if (m == NULL || !m->admin)
            continue;
        struct charter_signature *s = &signatures[count++];
        s->key = m->key;
        s->admin = newest->members[0].key; /* any one admin's ballot; every version's are admins */
        s->round = 1;
        charter_sign(next->version, &next->hash, n->identities[key].secret, s);
    }
    qsort(signatures, count, sizeof signatures[0], by_key);
    next->signatures = signatures;
    next->signature_count = count;
    charter_file_add(next, buf_bytes(&body), &file);
    next->signatures = NULL;
    office_must(buf_status(&file), "charter", NULL);
    office_must(charter_chain_add(&n->chain, buf_bytes(&file), NULL, &f), "charter", &f);
    buf_release(&body);
    buf_release(&file);
}

void office_network_council(struct office_network *n)
{
    struct charter_member members[OFFICE_KEYS] = {{.role = CHARTER_OFFICE}};
    struct charter next = {.members = members, .member_count = OFFICE_KEYS};
    struct buf file = {0};
    struct fault f = {0};
    *n = (struct office_network){0};
    for (uint32_t key = 0; key < OFFICE_KEYS; key++) {
        make_identity(&n->identities[key], (uint8_t)(key + 1));
        members[key] = (struct charter_member){.role = CHARTER_OFFICE, .admin = true};
        office_label(key, members[key].label);
        members[key].key = n->identities[key].key;
    }
    office_must(charter_found("model", &members[0], bytes_of_text(schema), n->identities[0].secret,
                              &file, &f),
                "charter", &f);
    office_must(charter_chain_add(&n->chain, buf_bytes(&file), NULL, &f), "charter", &f);
    n->id = n->chain.network;
    office_network_next(n, &next);
    buf_release(&file);
}

void office_network_release(struct office_network *n)
{
    charter_chain_release(&n->chain);
    *n = (struct office_network){0};
}

static void open_replica(struct office *o)
{
    char label[MODEL_LABEL_BYTES];
    struct fault f = {0};
    snprintf(label, sizeof label, "office-%c", (char)('a' + o->key));
    const struct replica_options options = {.disk = &o->table,
                                            .backing = &o->lent,
                                            .identity = &o->network->identities[o->key],
                                            .label = label,
                                            .network = &o->network->id,
                                            .wall_seconds = wall_seconds};
    office_must(replica_open(&options, &o->replica, &f), "open", &f);
}

void office_begin(struct office *o, const struct office_network *n, uint32_t key, uint32_t commits)
{
    struct fault f = {0};
    char name[32];
    *o = (struct office){
        .network = n, .key = key, .disk = simdisk_new(), .has = mem_array(commits, sizeof(bool))};
    CHECK(o->disk != NULL && o->has != NULL && key < OFFICE_KEYS);
    o->table = simdisk_table(o->disk);
    office_must(backing_memory_open(&o->kept), "a repository", NULL);
    o->lent = o->kept;
    o->lent.close = NULL;
    office_must(o->table.make_folder(o->disk, "charters", &f), "a folder", &f);
    for (uint32_t i = 0; i < n->chain.count; i++) {
        snprintf(name, sizeof name, "%04u.json", i + 1);
        office_must(
            disk_put(&o->table, "charters", name, buf_bytes(&n->chain.versions[i]->file), &f),
            "a charter", &f);
    }
    office_must(o->table.sync_folder(o->disk, "", &f), "a folder", &f);
    open_replica(o);
}

void office_reopen(struct office *o)
{
    struct fault f = {0};
    office_must(replica_sync(o->replica, &f), "sync", &f);
    replica_drop(o->replica);
    o->replica = NULL;
    office_must(simdisk_crash(o->disk, SIMDISK_KEEP_NOTHING, 1), "crash", NULL);
    open_replica(o);
}

void office_end(struct office *o)
{
    replica_drop(o->replica);
    if (o->kept.close != NULL)
        o->kept.close(o->kept.context);
    simdisk_free(o->disk);
    mem_free(o->has);
    *o = (struct office){0};
}
