#include "tests/trust/crowd.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/schema_system.h"
#include "replicas/vault.h"
#include "tests/sim/saying.h"
#include "tests/sim/simstate.h"

enum { WALL_START = 1780000000 };

/* libsodium's own randomness comes from the seed too: one seed, one history. */
static uint64_t entropy_state;

static const char *entropy_name(void)
{
    return "seed";
}
static uint32_t entropy_word(void)
{
    return (uint32_t)simstate_draw(&entropy_state);
}
static void entropy_fill(void *const out, const size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((uint8_t *)out)[i] = (uint8_t)simstate_draw(&entropy_state);
}

static randombytes_implementation seeded = {
    .implementation_name = entropy_name, .random = entropy_word, .buf = entropy_fill};

uint32_t crowd_draw(struct crowd *c, uint32_t below)
{
    return (uint32_t)(simstate_draw(&c->random) % below);
}

void crowd_fail(const struct crowd *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "FAILED: seed %llu, after %llu ms: ", (unsigned long long)c->seed,
            (unsigned long long)c->now_ms);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void crowd_must(const struct crowd *c, enum status st, const char *what, const struct fault *f)
{
    if (st != ST_OK)
        crowd_fail(c, "%s: %s: %s", what, status_word(st), f != NULL ? f->text : "");
}

static int64_t wall(void *context)
{
    const struct person *p = context;
    return WALL_START + (int64_t)(p->crowd->now_ms / 1000) + p->clock_s;
}

/* ---- power ---- */

void crowd_open(struct person *p)
{
    struct backing backing = simrepo_backing(p->repo);
    struct replica_options o = {.disk = &p->table,
                                .backing = &backing,
                                .identity = &p->identity,
                                .label = p->label,
                                .index = p->crowd->plan->of[p->index].index,
                                .network = &p->crowd->network,
                                .wall_seconds = wall,
                                .wall_context = p};
    struct fault f = {0};
    CHECK(p->replica == NULL);
    crowd_must(p->crowd, vault_open(NULL, buf_bytes(&p->vault), &o.vault, &f), "open a vault", &f);
    crowd_must(p->crowd, replica_open(&o, &p->replica, &f), "open a replica", &f);
    p->opened++;
    const struct tend_options options = {.acknowledge_ms = 600000};
    tend_init(&p->tend, &options);
    uint32_t version = charter_newest(replica_charters(p->replica))->version;
    if (version < p->charter_seen)
        crowd_fail(p->crowd, "%s: charter %u after %u", p->label, version, p->charter_seen);
}

void crowd_crash(struct person *p)
{
    struct crowd *c = p->crowd;
    replica_drop(p->replica);
    p->replica = NULL;
    enum simdisk_loss loss = (enum simdisk_loss)crowd_draw(c, SIMDISK_LOSS_COUNT);
    crowd_must(c, simdisk_crash(p->disk, loss, simstate_draw(&c->random)), "crash", NULL);
    crowd_open(p);
    c->counts[DID_CRASH]++;
}

static void copy(struct buf *to, const struct buf *from)
{
    buf_reset(to);
    buf_add_bytes(to, buf_bytes(from));
    CHECK(buf_status(to) == ST_OK);
}

void crowd_save(struct person *p)
{
    simdisk_free(p->saved.disk);
    simrepo_state_release(&p->saved.repo);
    p->saved.disk = simdisk_clone(p->disk);
    CHECK(p->saved.disk != NULL);
    crowd_must(p->crowd, simrepo_save(p->repo, &p->saved.repo), "save", NULL);
    copy(&p->saved.vault, &p->vault);
    p->saved.charter = p->charter_seen;
}

void crowd_go_back(struct person *p)
{
    struct crowd *c = p->crowd;
    struct fault f = {0};
    if (p->saved.disk == NULL)
        return;
    replica_drop(p->replica);
    p->replica = NULL;
    crowd_must(c, simdisk_restore(p->disk, p->saved.disk), "restore", NULL);
    crowd_must(c, simrepo_restore(p->repo, &p->saved.repo), "restore", NULL);
    crowd_must(c, simdisk_crash(p->disk, SIMDISK_KEEP_NOTHING, 0), "restore", NULL);
    copy(&p->vault, &p->saved.vault);
    char version[16];
    snprintf(version, sizeof version, "%u\n", p->saved.charter);
    crowd_must(c, disk_put(&p->table, "", "restored", bytes_of_text(version), &f), "mark", &f);
    p->charter_seen = 0;
    p->went_back = true;
    crowd_open(p);
    c->counts[DID_RESTORE]++;
}

bool crowd_sync(struct person *p)
{
    struct fault f = {0};
    enum status st = replica_sync(p->replica, &f);
    if (st != ST_OK) {
        if (!simdisk_is_off(p->disk))
            crowd_must(p->crowd, st, "sync", &f);
        crowd_crash(p);
        return false;
    }
    buf_reset(&p->vault);
    if (p->crowd->plan->vaults)
        crowd_must(p->crowd, vault_image(replica_vault(p->replica), &p->vault, &f), "image", &f);
    p->charter_seen = charter_newest(replica_charters(p->replica))->version;
    return true;
}

/* ---- commands ---- */

/* The first member of that name, where it is a text that fits. */
static void keep_text(struct bytes json, const char *name, char *out, size_t bytes)
{
    char front[32];
    int used = snprintf(front, sizeof front, "\"%s\":\"", name);
    const uint8_t *at = memmem(json.data, json.count, front, (size_t)used);
    if (at == NULL)
        return;
    at += used;
    const uint8_t *end = memchr(at, '"', (size_t)(json.data + json.count - at));
    if (end == NULL || (size_t)(end - at) >= bytes)
        return;
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
}

static void keep_row(void *user, struct bytes json)
{
    struct crowd_answer *a = user;
    keep_text(json, "commit", a->commit, sizeof a->commit);
    keep_text(json, "id", a->id, sizeof a->id);
}

static void acknowledge(struct person *p, const struct crowd_answer *a)
{
    struct crowd *c = p->crowd;
    struct oid id;
    if (a->commit[0] == '\0' || hex_decode(bytes_of_text(a->commit), id.id, OID_BYTES) != ST_OK)
        return;
    CHECK(c->write_count < CROWD_WRITES_MAX);
    c->writes[c->write_count++] = (struct write){.id = id, .writer = p->index};
    c->counts[DID_WRITE]++;
}

enum status crowd_ask(struct person *p, const char *const *words, struct crowd_answer *out,
                      struct fault *f)
{
    *out = (struct crowd_answer){.commit = ""};
    enum status st = saying_run(p->replica, p->label, words, keep_row, out, f);
    if (simdisk_is_off(p->disk)) {
        crowd_crash(p);
        return ST_IO;
    }
    if (!crowd_sync(p))
        return ST_IO;
    if (st == ST_OK)
        acknowledge(p, out);
    return st;
}

enum status crowd_say(struct person *p, const char *const *words, struct fault *f)
{
    struct crowd_answer a;
    return crowd_ask(p, words, &a, f);
}

bool crowd_tend(struct person *p)
{
    struct fault f = {0};
    uint64_t next_ms;
    bool wrote = false;
    enum status st = tend_run(&p->tend, p->replica, p->crowd->now_ms, &next_ms, &wrote, &f);
    if (simdisk_is_off(p->disk)) {
        crowd_crash(p);
        return true;
    }
    crowd_must(p->crowd, st, "tend", &f);
    return crowd_sync(p) && wrote;
}

bool crowd_is_member(const struct person *by, const struct person *p)
{
    return charter_by_key(charter_newest(replica_charters(by->replica)), &p->identity.key) != NULL;
}

/* ---- the beginning ---- */

static void make(struct crowd *c, uint32_t index)
{
    const struct crowd_seat *seat = &c->plan->of[index];
    struct person *p = &c->of[index];
    *p = (struct person){.crowd = c, .index = index, .role = seat->role};
    memcpy(p->label, seat->label, strlen(seat->label) + 1);
    crypto_sign_keypair(p->identity.key.id, p->identity.secret);
    p->disk = simdisk_new();
    p->repo = simrepo_new(p->disk);
    CHECK(p->disk != NULL && p->repo != NULL);
    p->table = simdisk_table(p->disk);
}

static void put_charters(struct person *p, const struct bytes *files, uint32_t count)
{
    struct fault f = {0};
    char name[32];
    crowd_must(p->crowd, p->table.make_folder(p->disk, "charters", &f), "make a folder", &f);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%04u.json", i + 1);
        crowd_must(p->crowd, disk_put(&p->table, "charters", name, files[i], &f), "settle", &f);
    }
    crowd_must(p->crowd, p->table.sync_folder(p->disk, "", &f), "settle", &f);
}

static void found(struct crowd *c)
{
    struct person *p = &c->of[0];
    struct charter_member founder = {.role = CHARTER_OFFICE, .admin = true, .treasurer = true};
    struct charter_chain chain = {0};
    struct buf schema = {0}, file = {0};
    struct fault f = {0};
    memcpy(founder.label, p->label, sizeof founder.label);
    founder.key = p->identity.key;
    crowd_must(c, schema_system_merge(c->plan->schema, &schema, &f), "schema", &f);
    crowd_must(c,
               charter_found("Crowd", &founder, buf_bytes(&schema), p->identity.secret, &file, &f),
               "found", &f);
    crowd_must(c, charter_chain_add(&chain, buf_bytes(&file), NULL, &f), "found", &f);
    c->network = chain.network;
    struct bytes bytes = buf_bytes(&file);
    put_charters(p, &bytes, 1);
    charter_chain_release(&chain);
    buf_release(&schema);
    buf_release(&file);
    crowd_open(p);
}

static void enrol(struct crowd *c, uint32_t index)
{
    struct person *p = &c->of[index];
    struct charter_member member = {.role = p->role, .treasurer = c->plan->of[index].treasurer};
    struct fault f = {0};
    memcpy(member.label, p->label, sizeof member.label);
    member.key = p->identity.key;
    crowd_must(c, replica_add_member(c->of[0].replica, &member, &f), "add a member", &f);
    (void)crowd_sync(&c->of[0]);
    const struct charter_chain *chain = replica_charters(c->of[0].replica);
    struct bytes files[64];
    CHECK(chain->count <= 64);
    for (uint32_t i = 0; i < chain->count; i++)
        files[i] = buf_bytes(&chain->versions[i]->file);
    put_charters(p, files, chain->count);
    crowd_open(p);
}

void crowd_meet_all(struct crowd *c)
{
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < c->count; i++)
            for (uint32_t k = 0; k < i; k++)
                (void)crowd_meet(&c->of[i], &c->of[k]);
}

void crowd_begin(struct crowd *c, const struct crowd_plan *plan, uint64_t seed, uint64_t *counts)
{
    CHECK(plan->count > 0 && plan->count <= CROWD_MAX);
    *c = (struct crowd){.seed = seed,
                        .random = seed ^ 0x7472757374,
                        .counts = counts,
                        .plan = plan,
                        .count = plan->count};
    entropy_state = seed;
    randombytes_set_implementation(&seeded);
    for (uint32_t i = 0; i < c->count; i++)
        make(c, i);
    found(c);
    for (uint32_t i = 1; i < c->count; i++)
        enrol(c, i);
    crowd_meet_all(c);
}

void crowd_end(struct crowd *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        struct person *p = &c->of[i];
        replica_drop(p->replica);
        simrepo_free(p->repo);
        simdisk_free(p->disk);
        simdisk_free(p->saved.disk);
        simrepo_state_release(&p->saved.repo);
        buf_release(&p->saved.vault);
        buf_release(&p->vault);
    }
}
