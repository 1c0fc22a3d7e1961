/*
 * members: a network in memory, whole but for files and sockets: a treasurer, an office, an auditor
 * and a partner, each with a replica on a simulated disk and a store in memory, and their keys, so
 * that a test can speak in the name of any of them.
 */
#ifndef TESTS_MEMBERS_H
#define TESTS_MEMBERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "replicas/engine.h"
#include "tests/sim/simdisk.h"
#include "tests/unit/replicas/case_set.h"

enum { SANTIAGO, IQUIQUE, AUDITOR, FOSIS, MEMBERS_COUNT };

#define MEMBERS_SUM                                                                                \
    "\"amount\":{\"class\":\"open\",\"currency\":\"currency\",\"kind\":\"amount\","                \
    "\"required\":true},\"currency\":{\"class\":\"open\",\"kind\":\"currency\","                   \
    "\"required\":true}"

static const char members_schema[] =
    "{\"types\":{"
    "\"case\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"b\":{\"class\":\"open\",\"kind\":\"text\"},"
    "\"memo\":{\"class\":\"internal\",\"kind\":\"text\"},"
    "\"name\":{\"class\":\"personal\",\"kind\":\"text\"},"
    "\"people\":{\"class\":\"open\",\"kind\":\"integer\"},"
    "\"tags\":{\"class\":\"open\",\"kind\":\"set\"}},"
    "\"shape\":\"record\",\"writers\":[\"office\"]},"
    "\"finding\":{\"fields\":{\"says\":{\"class\":\"open\",\"kind\":\"text\"}},"
    "\"shape\":\"record\",\"writers\":[\"auditor\"]},"
    "\"grant\":{\"fields\":{" MEMBERS_SUM "},\"postings\":[{\"account\":\"writer\","
    "\"line\":\"pool\",\"sign\":1}],\"shape\":\"entry\",\"writers\":[\"treasurer\"]},"
    "\"payment\":{\"fields\":{" MEMBERS_SUM ",\"office\":{\"class\":\"open\","
    "\"is\":\"writer\",\"kind\":\"label\",\"required\":true}},"
    "\"postings\":[{\"account\":\"writer\",\"line\":\"pool\",\"sign\":-1}],"
    "\"shape\":\"entry\",\"writers\":[\"office\"]}"
    "}}";

static const struct bytes members_author = {(const uint8_t *)"ana <ana@santiago>", 18};

struct one {
    struct home_identity identity;
    struct charter_member member;
    struct simdisk *sim;
    struct disk disk;
    struct backing backing;
    struct replica *replica;
};

struct members {
    struct one of[MEMBERS_COUNT];
    struct charter_chain chain;
    struct home_identity stranger; /* a key that is nobody's */
    struct fault f;
};

static inline int64_t members_clock(void *context)
{
    (void)context;
    return 1777629720;
}

static inline void members_name(struct one *o, uint8_t seed, const char *label,
                                enum charter_role role)
{
    uint8_t bytes[crypto_sign_SEEDBYTES] = {seed};
    crypto_sign_seed_keypair(o->identity.key.id, o->identity.secret, bytes);
    o->member.role = role;
    o->member.key = o->identity.key;
    snprintf(o->member.label, sizeof o->member.label, "%s", label);
}

/* Versions 1 (the treasurer alone) to 4 (all), one member more each. */
static inline void members_charters(struct members *m)
{
    struct buf file = {0};
    struct one *founder = &m->of[SANTIAGO];
    founder->member.admin = founder->member.treasurer = true;
    if (charter_found("prueba", &founder->member, BYTES(members_schema), founder->identity.secret,
                      &file, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(charter_chain_add(&m->chain, buf_bytes(&file), NULL, &m->f), ST_OK);
    for (int i = IQUIQUE; i < MEMBERS_COUNT; i++) {
        buf_reset(&file);
        assert_int_equal(
            charter_add_member(&m->chain, &m->of[i].member, founder->identity.secret, &file, &m->f),
            ST_OK);
        assert_int_equal(charter_chain_add(&m->chain, buf_bytes(&file), NULL, &m->f), ST_OK);
    }
    buf_release(&file);
}

/* Open the replica on what its disk and its backing hold; replica_drop() before is a crash. */
static inline enum status members_try_open(struct members *m, struct one *o)
{
    struct backing kept = o->backing;
    kept.close = NULL;
    struct replica_options options = {.disk = &o->disk,
                                      .backing = &kept,
                                      .identity = &o->identity,
                                      .label = o->member.label,
                                      .network = &m->chain.network,
                                      .wall_seconds = members_clock};
    o->replica = NULL;
    return replica_open(&options, &o->replica, &m->f);
}

static inline void members_open(struct members *m, struct one *o)
{
    if (members_try_open(m, o) != ST_OK)
        fail_msg("%s", m->f.text);
}

/* A disk that holds the first 'versions' of the charter. */
static inline void members_disk(struct members *m, struct one *o, uint32_t versions)
{
    char name[16];
    o->sim = simdisk_new();
    assert_non_null(o->sim);
    o->disk = simdisk_table(o->sim);
    assert_int_equal(o->disk.make_folder(o->disk.context, "charters", &m->f), ST_OK);
    assert_int_equal(o->disk.make_folder(o->disk.context, "journal", &m->f), ST_OK);
    for (uint32_t v = 1; v <= versions; v++) {
        snprintf(name, sizeof name, "%04u.json", v);
        assert_int_equal(
            disk_put(&o->disk, "charters", name, buf_bytes(&charter_at(&m->chain, v)->file), &m->f),
            ST_OK);
    }
    assert_int_equal(backing_memory_open(&o->backing), ST_OK);
}

static inline void members_free_one(struct one *o)
{
    replica_drop(o->replica);
    if (o->backing.close != NULL)
        o->backing.close(o->backing.context);
    disk_release(&o->disk);
    simdisk_free(o->sim);
    *o = (struct one){0};
}

static inline int members_start(void **state)
{
    struct members *m = mem_alloc(sizeof *m);
    uint8_t seed[crypto_sign_SEEDBYTES] = {99};
    assert_non_null(m);
    members_name(&m->of[SANTIAGO], 1, "santiago", CHARTER_OFFICE);
    members_name(&m->of[IQUIQUE], 2, "iquique", CHARTER_OFFICE);
    members_name(&m->of[AUDITOR], 3, "auditor", CHARTER_AUDITOR);
    members_name(&m->of[FOSIS], 4, "fosis", CHARTER_PARTNER);
    crypto_sign_seed_keypair(m->stranger.key.id, m->stranger.secret, seed);
    members_charters(m);
    for (int i = 0; i < MEMBERS_COUNT; i++) {
        members_disk(m, &m->of[i], m->chain.count);
        members_open(m, &m->of[i]);
    }
    *state = m;
    return 0;
}

static inline int members_stop(void **state)
{
    struct members *m = *state;
    for (int i = 0; i < MEMBERS_COUNT; i++)
        members_free_one(&m->of[i]);
    charter_chain_release(&m->chain);
    mem_free(m);
    return 0;
}

static inline enum status members_try_write(struct members *m, struct one *o, struct op_list *ops,
                                            struct replica_commit *out)
{
    memset(&m->f, 0, sizeof m->f);
    return replica_write(o->replica, ops, members_author, out, &m->f);
}

/* One set of one field of record 'id', over whatever is there; durable. */
static inline struct replica_commit members_set(struct members *m, struct one *o, uint8_t id,
                                                const char *field, const char *json)
{
    struct op_list ops = {0};
    struct replica_commit commit = {0};
    case_set(o->replica, id, field, json, &ops);
    if (members_try_write(m, o, &ops, &commit) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(replica_sync(o->replica, &m->f), ST_OK);
    op_list_release(&ops);
    return commit;
}

struct members_taking {
    struct members *members;
    struct one *to;
};

static inline void members_take(void *user, const struct oid *id, struct bytes item)
{
    struct members_taking *t = user;
    struct replica_verdict v;
    enum status st = replica_accept(t->to->replica, item, &v, &t->members->f);
    if (st != ST_OK && st != ST_EXISTS)
        fail_msg("%s: %s", status_word(st), t->members->f.text);
    assert_memory_equal(v.id.id, id->id, OID_BYTES);
}

/* All that 'from' has into 'to', durable. */
static inline void members_carry(struct members *m, struct one *from, struct one *to)
{
    struct members_taking taking = {m, to};
    struct oid known[HEADS_MAX];
    uint32_t count;
    bool more = true, unknown;
    while (more) {
        const uint32_t *tips = graph_tips(replica_graph(to->replica), &count);
        for (uint32_t i = 0; i < count; i++)
            known[i] = graph_node(replica_graph(to->replica), tips[i])->id;
        assert_int_equal(replica_lacking(from->replica, known, count, BATCH_BYTES_MAX, members_take,
                                         &taking, &more, &unknown, &m->f),
                         ST_OK);
        assert_int_equal(replica_sync(to->replica, &m->f), ST_OK);
    }
}

/* A commit's item, in a buffer of its own. */
static inline struct buf members_item(struct members *m, struct one *o, uint32_t node)
{
    struct buf frame = {0};
    struct item item;
    assert_int_equal(replica_item(o->replica, node, &frame, &item, &m->f), ST_OK);
    buf_drop_front(&frame, OID_BYTES);
    return frame;
}

/* What must be as it was after a refusal. */
struct members_state {
    struct oid state;
    uint32_t commits, heads, charters;
    size_t pending;
    uint64_t items;
};

static inline struct members_state members_state(struct one *o)
{
    struct members_state s = {.state = *replica_state(o->replica),
                              .commits = graph_count(replica_graph(o->replica)),
                              .charters = replica_charters(o->replica)->count,
                              .pending = store_pending_bytes(replica_store(o->replica))};
    struct journal_stats stats;
    journal_stats(replica_journal(o->replica), &stats);
    graph_heads(replica_graph(o->replica), &s.heads);
    s.items = stats.items;
    return s;
}

static inline void members_assert_state(struct one *o, const struct members_state *before)
{
    struct members_state now = members_state(o);
    assert_memory_equal(now.state.id, before->state.id, OID_BYTES);
    assert_int_equal(now.commits, before->commits);
    assert_int_equal(now.heads, before->heads);
    assert_int_equal(now.charters, before->charters);
    assert_int_equal(now.pending, before->pending);
    assert_int_equal(now.items, before->items);
}

#endif
