#include "replicas/council.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/sometimes.h"

static const struct charter *newest_of(const struct replica *r)
{
    return charter_newest(&r->chain);
}

static bool same_hash(const struct digest *a, const struct digest *b)
{
    return memcmp(a->id, b->id, DIGEST_BYTES) == 0;
}

static bool same_key(const struct key *a, const struct key *b)
{
    return memcmp(a->id, b->id, KEY_BYTES) == 0;
}

/* What we ourselves said, as others hold it: all of it, after a restore. */
static void learn(struct replica *r, const struct motion *m)
{
    struct council *c = r->council;
    struct ballot_vow before = c->vow;
    struct ballot_vote vote = {.ballot = m->ballot, .hash = m->charter->hash};
    const struct ballot_promise *p = motion_promise_of(m, &r->identity.key);
    if (p != NULL)
        ballot_learn_promise(&c->vow, &m->ballot);
    if (p != NULL && p->vote.ballot.round > 0)
        ballot_learn_vote(&c->vow, &p->vote);
    if (motion_signature_of(m, &r->identity.key) != NULL)
        ballot_learn_vote(&c->vow, &vote);
    c->changed = c->changed || memcmp(&before, &c->vow, sizeof before) != 0;
}

/* One ballot, two bodies: its owner lied. Both are kept, as proof. */
static enum status two_bodies(struct replica *r, const struct motion *held, const struct motion *m,
                              struct fault *f)
{
    const struct charter_member *owner = charter_by_key(newest_of(r), &m->ballot.admin);
    const struct motion *both[] = {held, m};
    struct council *c = r->council;
    enum status status = ST_OK;
    for (uint32_t i = 0; i < c->liar_count; i++)
        if (same_key(&c->liars[i], &m->ballot.admin))
            goto out; /* one proof is enough */
    for (int i = 0; i < 2 && status == ST_OK && c->liar_count < PROPOSALS_MAX; i++) {
        struct buf file = {.count = 0};
        char hash[17], name[64];
        hex_encode(both[i]->charter->hash.id, 8, hash);
        snprintf(name, sizeof name, "motion-%s.mp", hash);
        motion_encode(both[i], &file);
        status = buf_status(&file);
        if (status == ST_OK)
            status = r->disk->make_folder(r->disk->context, "evidence", f);
        if (status == ST_OK)
            status = disk_put(r->disk, "evidence", name, buf_bytes(&file), f);
        buf_release(&file);
    }
    if (status == ST_OK && c->liar_count < PROPOSALS_MAX)
        c->liars[c->liar_count++] = m->ballot.admin;
out:
    return status == ST_OK
               ? fault_set(f, ST_WRONG_CHARTER, "%s proposes two bodies under one ballot",
                           owner != NULL ? owner->label : "an admin")
               : status;
}

/* A motion at most, or a reason. */
static enum status take_motion(struct replica *r, struct bytes raw, struct fault *f)
{
    struct council *c = r->council;
    struct motion m = {.charter = NULL};
    bool grown = false;
    enum status status = motion_decode(raw, &m, f);
    if (status == ST_OK &&
        (m.charter->version < c->version ||
         (m.charter->version == c->version && !same_hash(&m.charter->previous, &c->previous))))
        status = fault_set(f, ST_EXISTS, "charter %u is decided", m.charter->version);
    else if (status == ST_OK && m.charter->version > c->version)
        status = fault_set(f, ST_WAITING, "charter %u is not known here", m.charter->version - 1);
    if (status == ST_OK)
        status = motion_check(&r->network, newest_of(r), &m, f);
    if (status != ST_OK)
        goto out;
    learn(r, &m);
    struct motion *held = council_motion_under(c, &m.ballot);
    if (held == NULL && !council_room_for(c, &m)) {
        SOMETIMES("there is no room for a motion");
        status = ST_EXISTS; /* nothing is lost by it */
    } else if (held == NULL) {
        council_room_keep(c, &m);
    } else if (!same_hash(&held->charter->hash, &m.charter->hash)) {
        status = two_bodies(r, held, &m, f);
    } else {
        SOMETIMES("a motion that is held is heard again");
        status = motion_join(held, &m, &grown);
        c->changed = c->changed || grown;
    }
out:
    motion_release(&m);
    return status;
}

/* All of them, in their order; what is refused is named in 'refused'. */
static enum status take_motions(struct replica *r, const struct bytes *motions, uint32_t count,
                                struct fault *refused, struct fault *f)
{
    for (uint32_t i = 0; i < count; i++) {
        struct fault own = {.code = ST_OK};
        enum status taken = take_motion(r, motions[i], &own);
        if (status_class(taken) == STATUS_LOCAL) {
            if (f != NULL)
                *f = own;
            return council_fall_back(r, taken);
        }
        if (taken != ST_OK && taken != ST_EXISTS && taken != ST_WAITING)
            *refused = own;
    }
    return ST_OK;
}

enum status replica_offer_motions(struct replica *r, const struct bytes *motions, uint32_t count,
                                  bool *grown_out, struct fault *f)
{
    struct council *c = r->council;
    struct fault refused = {.code = ST_OK};
    *grown_out = false;
    if (c == NULL || r->readonly)
        return ST_OK;
    uint64_t before = c->revision;
    enum status status = council_tend(r, f);
    for (uint32_t grown_to = 0; status == ST_OK && grown_to != r->chain.count;) {
        grown_to = r->chain.count; /* once more where some may be for the version after */
        status = take_motions(r, motions, count, &refused, f);
        if (status == ST_OK)
            status = council_tend(r, f);
    }
    *grown_out = c->revision != before;
    if (status == ST_OK && refused.code != ST_OK && f != NULL)
        *f = refused;
    return status;
}

uint32_t replica_motions(struct replica *r, const struct bytes **out)
{
    struct council *c = r->council;
    size_t at[PROPOSALS_MAX], total = 0;
    uint32_t count = 0, order[PROPOSALS_MAX];
    *out = NULL;
    if (c == NULL || c->changed || r->failed || council_is_behind(r))
        return 0; /* what is not on disk does not leave */
    buf_reset(&c->encoded);
    council_room_order(c, order);
    for (uint32_t i = 0; i < c->motion_count; i++) {
        at[count] = c->encoded.count;
        motion_encode(&c->motions[order[i]], &c->encoded);
        size_t bytes = c->encoded.count - at[count];
        if (bytes > CHARTER_BYTES_MAX || total + bytes > CHARTER_BATCH_BYTES_MAX) {
            c->encoded.count = at[count];
            continue;
        }
        total += bytes;
        c->lent[count++].count = bytes;
    }
    if (buf_status(&c->encoded) != ST_OK)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        c->lent[i].data = c->encoded.data + at[i];
    *out = c->lent;
    return count;
}

enum status replica_heard_peer(struct replica *r, struct fault *f)
{
    struct council *c = r->council;
    if (c == NULL || r->readonly || c->restored == 0)
        return ST_OK;
    enum status status = r->disk->remove(r->disk->context, "restored", f);
    if (status == ST_NOT_FOUND)
        status = ST_OK;
    if (status == ST_OK)
        status = r->disk->sync_folder(r->disk->context, "", f);
    if (status != ST_OK)
        return status;
    SOMETIMES("an admin that came from a backup hears what it said before");
    c->restored = 0;
    c->changed = true;
    return council_tend(r, f);
}
