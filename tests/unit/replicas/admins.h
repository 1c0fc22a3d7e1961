/*
 * admins: a network in memory of several offices, all admins, and one that is not; each with a
 * replica on a simulated disk; motions and charters carried by hand.
 */
#ifndef TESTS_ADMINS_H
#define TESTS_ADMINS_H

#include "tests/unit/replicas/members.h"

#include "replicas/charter_file.h"
#include "replicas/charter_sign.h"
#include "replicas/council.h"

enum { ADMINS_MAX = 6 };

static const char *const admins_labels[ADMINS_MAX] = {"arica", "iquique", "santiago",
                                                      "talca", "temuco",  "valparaiso"};

struct admins {
    struct one of[ADMINS_MAX];
    uint32_t count;             /* all of them */
    uint32_t voters;            /* the first so many are admins */
    struct charter_chain chain; /* what all begin with */
    struct fault f;
};

/* A version of any content after the chain's newest, signed by 'signers' under one ballot. */
static inline struct buf admins_sign(struct admins *a, struct charter *next,
                                     const uint32_t *signers, uint32_t count, uint64_t round)
{
    struct charter_signature signatures[ADMINS_MAX];
    struct buf body = {0}, file = {0};
    charter_file_add_body(next, &body);
    charter_file_hash(buf_bytes(&body), &next->hash);
    memset(signatures, 0, sizeof signatures);
    for (uint32_t i = 0; i < count; i++) {
        struct charter_signature s = {.key = a->of[signers[i]].identity.key,
                                      .admin = a->of[signers[0]].identity.key,
                                      .round = round};
        uint32_t at = i;
        charter_sign(next->version, &next->hash, a->of[signers[i]].identity.secret, &s);
        for (; at > 0 && memcmp(&signatures[at - 1].key, &s.key, sizeof s.key) > 0; at--)
            signatures[at] = signatures[at - 1];
        signatures[at] = s;
    }
    next->signatures = signatures;
    next->signature_count = count;
    charter_file_add(next, buf_bytes(&body), &file);
    next->signatures = NULL;
    next->signature_count = 0;
    buf_release(&body);
    assert_int_equal(buf_status(&file), ST_OK);
    return file;
}

static inline struct charter admins_next(const struct charter_chain *chain)
{
    struct charter next = *charter_newest(chain);
    next.previous = next.hash;
    next.version++;
    return next;
}

/* Version 1: the first alone; 2: all the others, the first 'voters' of them admins. */
static inline void admins_charters(struct admins *a)
{
    struct buf file = {0};
    struct charter_member members[ADMINS_MAX];
    uint32_t first = 0;
    struct one *founder = &a->of[0];
    if (charter_found("prueba", &founder->member, BYTES(members_schema), founder->identity.secret,
                      &file, &a->f) != ST_OK)
        fail_msg("%s", a->f.text);
    assert_int_equal(charter_chain_add(&a->chain, buf_bytes(&file), NULL, &a->f), ST_OK);
    buf_release(&file);
    struct charter next = admins_next(&a->chain);
    for (uint32_t i = 0; i < a->count; i++)
        members[i] = a->of[i].member;
    next.members = members;
    next.member_count = a->count;
    file = admins_sign(a, &next, &first, 1, 1);
    if (charter_chain_add(&a->chain, buf_bytes(&file), NULL, &a->f) != ST_OK)
        fail_msg("%s", a->f.text);
    buf_release(&file);
}

static inline enum status admins_try_open(struct admins *a, struct one *o)
{
    struct backing kept = o->backing;
    kept.close = NULL;
    struct replica_options options = {.disk = &o->disk,
                                      .backing = &kept,
                                      .identity = &o->identity,
                                      .label = o->member.label,
                                      .network = &a->chain.network,
                                      .wall_seconds = members_clock};
    o->replica = NULL;
    return replica_open(&options, &o->replica, &a->f);
}

static inline void admins_open(struct admins *a, struct one *o)
{
    if (admins_try_open(a, o) != ST_OK)
        fail_msg("%s", a->f.text);
}

static inline void admins_disk(struct admins *a, struct one *o)
{
    char name[16];
    o->sim = simdisk_new();
    assert_non_null(o->sim);
    o->disk = simdisk_table(o->sim);
    assert_int_equal(o->disk.make_folder(o->disk.context, "charters", &a->f), ST_OK);
    assert_int_equal(o->disk.make_folder(o->disk.context, "journal", &a->f), ST_OK);
    for (uint32_t v = 1; v <= a->chain.count; v++) {
        snprintf(name, sizeof name, "%04u.json", v);
        assert_int_equal(
            disk_put(&o->disk, "charters", name, buf_bytes(&charter_at(&a->chain, v)->file), &a->f),
            ST_OK);
    }
    assert_int_equal(backing_memory_open(&o->backing), ST_OK);
}

/* 'voters' admins, then one office that is none. */
static inline struct admins *admins_start(uint32_t voters)
{
    struct admins *a = mem_alloc(sizeof *a);
    assert_non_null(a);
    assert_true(voters + 1 <= ADMINS_MAX);
    a->count = voters + 1;
    a->voters = voters;
    for (uint32_t i = 0; i < a->count; i++) {
        members_name(&a->of[i], (uint8_t)(i + 1), admins_labels[i], CHARTER_OFFICE);
        a->of[i].member.admin = i < voters;
    }
    admins_charters(a);
    for (uint32_t i = 0; i < a->count; i++) {
        admins_disk(a, &a->of[i]);
        admins_open(a, &a->of[i]);
    }
    return a;
}

static inline void admins_stop(struct admins *a)
{
    for (uint32_t i = 0; i < a->count; i++)
        members_free_one(&a->of[i]);
    charter_chain_release(&a->chain);
    mem_free(a);
}

static inline uint32_t admins_version(const struct one *o)
{
    return charter_newest(replica_charters(o->replica))->version;
}

/* A crash: what is not on the disk is gone. */
static inline void admins_reopen(struct admins *a, struct one *o)
{
    replica_drop(o->replica);
    o->replica = NULL;
    admins_open(a, o);
}

/* All charters and motions of 'from' to 'to', as CHARTER would carry them. */
static inline enum status admins_carry(struct admins *a, struct one *from, struct one *to)
{
    const struct charter_chain *chain = replica_charters(from->replica);
    const struct bytes *lent;
    struct buf copies[PROPOSALS_MAX] = {{0}};
    struct bytes motions[PROPOSALS_MAX];
    bool grown;
    for (uint32_t v = 1; v <= chain->count; v++) {
        struct bytes file = buf_bytes(&chain->versions[v - 1]->file);
        enum status st = replica_offer_charters(to->replica, &file, 1, &grown, &a->f);
        if (st != ST_OK)
            return st;
    }
    uint32_t count = replica_motions(from->replica, &lent);
    for (uint32_t i = 0; i < count; i++) {
        buf_add_bytes(&copies[i], lent[i]);
        motions[i] = buf_bytes(&copies[i]);
    }
    memset(&a->f, 0, sizeof a->f);
    enum status st = replica_offer_motions(to->replica, motions, count, &grown, &a->f);
    for (uint32_t i = 0; i < count; i++)
        buf_release(&copies[i]);
    return st;
}

static inline void admins_must_carry(struct admins *a, struct one *from, struct one *to)
{
    enum status st = admins_carry(a, from, to);
    if (st != ST_OK || a->f.code != ST_OK)
        fail_msg("%s: %s", status_word(st), a->f.text);
}

static inline enum status admins_remove(struct admins *a, struct one *at, const char *label)
{
    struct wish w = {.kind = WISH_REMOVE};
    snprintf(w.member.label, sizeof w.member.label, "%s", label);
    memset(&a->f, 0, sizeof a->f);
    enum status st = council_ask(at->replica, &w, &a->f);
    wish_release(&w);
    return st;
}

static inline enum status admins_address(struct admins *a, struct one *at, const char *label,
                                         const char *address)
{
    struct wish w = {.kind = WISH_CHANGE, .what = WISH_ADDRESS};
    snprintf(w.member.label, sizeof w.member.label, "%s", label);
    snprintf(w.member.address, sizeof w.member.address, "%s", address);
    memset(&a->f, 0, sizeof a->f);
    enum status st = council_ask(at->replica, &w, &a->f);
    wish_release(&w);
    return st;
}

/* The n-th open body is approved. */
static inline enum status admins_approve(struct admins *a, struct one *at, uint32_t which)
{
    struct council_motion open[PROPOSALS_MAX];
    uint32_t count = council_ask_motions(at->replica, open);
    assert_true(which < count);
    struct digest hash = open[which].next->hash;
    memset(&a->f, 0, sizeof a->f);
    return council_ask_approve(at->replica, &hash, &a->f);
}

#endif
