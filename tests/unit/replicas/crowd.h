/*
 * crowd: four offices in memory, three of them admins, and charter versions signed by a majority of
 * these: keys retired, rotated, joined again; for the rules of what counts.
 */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

#include "replicas/charter_file.h"
#include "replicas/charter_sign.h"
#include "tests/unit/replicas/forge.h"
#include "tests/unit/replicas/members.h"

enum { ARICA = AUDITOR, CALAMA = FOSIS }; /* the third admin; an office without rights */

static int64_t crowd_seconds; /* what the offices' clocks say */

static inline int64_t crowd_clock(void *context)
{
    (void)context;
    return crowd_seconds;
}

/* The next version's file, signed by 'count' of the offices from the first on. */
static inline void crowd_sign(struct members *m, struct charter *next, uint32_t count,
                              struct buf *out)
{
    struct charter_signature signatures[MEMBERS_COUNT] = {0};
    struct buf body = {0};
    charter_file_add_body(next, &body);
    charter_file_hash(buf_bytes(&body), &next->hash);
    for (uint32_t i = 0; i < count; i++) {
        struct charter_signature s = {
            .key = m->of[i].identity.key, .admin = m->of[SANTIAGO].identity.key, .round = 1};
        charter_sign(next->version, &next->hash, m->of[i].identity.secret, &s);
        uint32_t at = i;
        for (; at > 0 && memcmp(signatures[at - 1].key.id, s.key.id, KEY_BYTES) > 0; at--)
            signatures[at] = signatures[at - 1];
        signatures[at] = s;
    }
    next->signatures = signatures;
    next->signature_count = count;
    charter_file_add(next, buf_bytes(&body), out);
    buf_release(&body);
    assert_int_equal(buf_status(out), ST_OK);
}

static inline void crowd_append(struct members *m, struct charter *next, uint32_t signers)
{
    struct buf file = {0};
    crowd_sign(m, next, signers, &file);
    if (charter_chain_add(&m->chain, buf_bytes(&file), NULL, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    buf_release(&file);
}

/* The newest version, as the next one, with lists of its own. */
struct crowd_next {
    struct charter charter;
    struct charter_member members[MEMBERS_COUNT + 1];
    struct charter_retired retired[16];
};

static inline void crowd_begin(struct members *m, struct crowd_next *n)
{
    const struct charter *newest = charter_newest(&m->chain);
    n->charter = *newest;
    n->charter.previous = newest->hash;
    n->charter.version++;
    memcpy(n->members, newest->members, newest->member_count * sizeof n->members[0]);
    if (newest->retired_count > 0)
        memcpy(n->retired, newest->retired, newest->retired_count * sizeof n->retired[0]);
    n->charter.members = n->members;
    n->charter.retired = n->retired;
}

static inline uint32_t crowd_find(const struct crowd_next *n, const char *label)
{
    uint32_t i = 0;
    while (strcmp(n->members[i].label, label) != 0)
        CHECK(++i < n->charter.member_count);
    return i;
}

/* The label's key goes, with these of its commits kept; 'instead' (or NULL) takes its place. */
static inline void crowd_retire_in(struct crowd_next *n, const char *label, struct oid *kept,
                                   uint32_t kept_count, const struct key *instead)
{
    uint32_t at = crowd_find(n, label);
    struct charter_retired gone = {
        .key = n->members[at].key, .kept = kept, .kept_count = kept_count};
    snprintf(gone.label, sizeof gone.label, "%s", label);
    uint32_t k = n->charter.retired_count++;
    for (; k > 0 && memcmp(n->retired[k - 1].key.id, gone.key.id, KEY_BYTES) > 0; k--)
        n->retired[k] = n->retired[k - 1];
    n->retired[k] = gone;
    if (instead != NULL) {
        n->members[at].key = *instead;
        return;
    }
    memmove(n->members + at, n->members + at + 1,
            (--n->charter.member_count - at) * sizeof n->members[0]);
}

/* All that the chain has, to one office. */
static inline void crowd_tell(struct members *m, struct one *o)
{
    struct bytes files[32];
    bool grown;
    for (uint32_t i = 0; i < m->chain.count; i++)
        files[i] = buf_bytes(&charter_at(&m->chain, i + 1)->file);
    if (replica_offer_charters(o->replica, files, m->chain.count, &grown, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
}

/* crowd_retire(): by two of three admins, in the chain of the test; nobody is told yet. */
static inline void crowd_retire(struct members *m, const char *label, struct oid *kept,
                                uint32_t kept_count, const struct key *instead)
{
    struct crowd_next n;
    crowd_begin(m, &n);
    crowd_retire_in(&n, label, kept, kept_count, instead);
    crowd_append(m, &n.charter, 2);
}

/* A label that was there before, or a new one, comes with a key. */
static inline void crowd_admit(struct members *m, const char *label, const struct key *key)
{
    struct crowd_next n;
    crowd_begin(m, &n);
    uint32_t at = n.charter.member_count++;
    struct charter_member fresh = {.role = CHARTER_OFFICE, .key = *key};
    snprintf(fresh.label, sizeof fresh.label, "%s", label);
    for (; at > 0 && strcmp(n.members[at - 1].label, label) > 0; at--)
        n.members[at] = n.members[at - 1];
    n.members[at] = fresh;
    crowd_append(m, &n.charter, 2);
}

static inline void crowd_name(struct one *o, uint8_t seed, const char *label, bool admin)
{
    members_name(o, seed, label, CHARTER_OFFICE);
    o->member.admin = admin;
}

/* Version 1 is the founder's; version 2 has all. */
static inline void crowd_charters(struct members *m)
{
    struct buf file = {0};
    struct crowd_next n;
    struct one *founder = &m->of[SANTIAGO];
    if (charter_found("prueba", &founder->member, BYTES(members_schema), founder->identity.secret,
                      &file, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(charter_chain_add(&m->chain, buf_bytes(&file), NULL, &m->f), ST_OK);
    crowd_begin(m, &n);
    static const int order[] = {ARICA, CALAMA, IQUIQUE, SANTIAGO}; /* by label */
    for (uint32_t i = 0; i < MEMBERS_COUNT; i++)
        n.members[i] = m->of[order[i]].member;
    n.charter.member_count = MEMBERS_COUNT;
    crowd_append(m, &n.charter, 1);
    buf_release(&file);
}

static inline int crowd_start(void **state)
{
    struct members *m = mem_alloc(sizeof *m);
    uint8_t seed[crypto_sign_SEEDBYTES] = {99};
    assert_non_null(m);
    crowd_seconds = 1777629720;
    crowd_name(&m->of[SANTIAGO], 1, "santiago", true);
    crowd_name(&m->of[IQUIQUE], 2, "iquique", true);
    crowd_name(&m->of[ARICA], 3, "arica", true);
    crowd_name(&m->of[CALAMA], 4, "calama", false);
    m->of[SANTIAGO].member.treasurer = true;
    crypto_sign_seed_keypair(m->stranger.key.id, m->stranger.secret, seed);
    crowd_charters(m);
    for (int i = 0; i < MEMBERS_COUNT; i++) {
        members_disk(m, &m->of[i], m->chain.count);
        members_open(m, &m->of[i]);
        m->of[i].replica->wall_seconds = crowd_clock;
    }
    *state = m;
    return 0;
}

/* Everything that anybody has to everybody, charters first. */
static inline void crowd_mingle(struct members *m)
{
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MEMBERS_COUNT; i++)
            for (int k = 0; k < MEMBERS_COUNT; k++)
                if (i != k && m->of[i].replica != NULL && m->of[k].replica != NULL) {
                    crowd_tell(m, &m->of[k]);
                    members_carry(m, &m->of[i], &m->of[k]);
                }
}

/* A commit of a key as it pleases, on given nodes of 'in', into the buffer. */
static inline void crowd_forge(struct one *in, const struct home_identity *by, const char *label,
                               uint8_t id, const char *value, const uint32_t *parents,
                               uint32_t parent_count, struct buf *out)
{
    struct op_list ops = {0};
    forge_set(&ops, "case", id, "a", value);
    struct forge f = {.replica = in->replica,
                      .identity = by,
                      .label = label,
                      .ops = &ops,
                      .parents = parents,
                      .parent_count = parent_count};
    forge_item(&f, out);
    op_list_release(&ops);
}

static inline enum status crowd_give(struct members *m, struct one *to, const struct buf *item,
                                     struct replica_verdict *v)
{
    memset(&m->f, 0, sizeof m->f);
    enum status st = replica_accept(to->replica, buf_bytes(item), v, &m->f);
    if (st == ST_OK)
        assert_int_equal(replica_sync(to->replica, &m->f), ST_OK);
    return st;
}

#endif
