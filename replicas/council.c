#include "replicas/council.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

static const struct charter *newest_of(const struct replica *r)
{
    return charter_newest(&r->chain);
}

static bool is_admin(const struct replica *r)
{
    return charter_is_admin(newest_of(r), &r->identity.key);
}

static bool same_hash(const struct digest *a, const struct digest *b)
{
    return memcmp(a->id, b->id, DIGEST_BYTES) == 0;
}

static bool same_key(const struct key *a, const struct key *b)
{
    return memcmp(a->id, b->id, KEY_BYTES) == 0;
}

void council_free(struct council *c)
{
    if (c == NULL)
        return;
    council_clear(c, true);
    buf_release(&c->encoded);
    mem_free(c);
}

enum status council_open(struct replica *r, struct fault *f)
{
    CHECK(r->council == NULL && r->disk != NULL && r->chain.count > 0);
    r->council = mem_alloc(sizeof *r->council);
    return r->council != NULL ? council_load(r, r->council, f) : ST_NO_MEMORY;
}

bool council_is_silent(const struct replica *r)
{
    return r->council == NULL || r->council->restored == newest_of(r)->version;
}

bool council_is_behind(const struct replica *r)
{
    const struct council *c = r->council;
    return c != NULL && !r->readonly &&
           (c->version != newest_of(r)->version + 1 ||
            !same_hash(&c->previous, &newest_of(r)->hash));
}

/* What memory holds is ahead of the disk: back to what the disk holds, so that nothing leaves that
 * a crash would take back. */
static enum status fall_back(struct replica *r, enum status why)
{
    struct council *c = r->council;
    if (why != ST_DISK_FULL && why != ST_NO_MEMORY) {
        r->failed = true;
        return why;
    }
    council_clear(c, true);
    enum status status = council_load(r, c, NULL);
    r->failed = r->failed || status != ST_OK;
    c->changed = false;
    return why;
}

static enum status save(struct replica *r, struct fault *f)
{
    if (!r->council->changed)
        return ST_OK;
    r->council->revision++;
    enum status status = council_save(r, r->council, f);
    return status == ST_OK ? ST_OK : fall_back(r, status);
}

/* ---- Motions that are held ---- */

static struct motion *motion_under(struct council *c, const struct ballot *b)
{
    for (uint32_t i = 0; i < c->motion_count; i++)
        if (ballot_compare(&c->motions[i].ballot, b) == 0)
            return &c->motions[i];
    return NULL;
}

/* The motion of the greatest ballot for a body; NULL: none. */
static struct motion *motion_of(struct council *c, const struct digest *hash)
{
    for (uint32_t i = c->motion_count; i-- > 0;)
        if (same_hash(&c->motions[i].charter->hash, hash))
            return &c->motions[i];
    return NULL;
}

static void drop_motion(struct council *c, uint32_t at)
{
    motion_release(&c->motions[at]);
    c->motion_count--;
    memmove(&c->motions[at], &c->motions[at + 1], (c->motion_count - at) * sizeof c->motions[0]);
    c->changed = true;
}

/* Whether others may need it still: the body that we voted for, or one that somebody signed. */
static bool is_needed(const struct council *c, const struct motion *m)
{
    return m->signature_count > 0 ||
           (c->vow.vote.ballot.round > 0 && same_hash(&m->charter->hash, &c->vow.vote.hash));
}

/* Room for one more: the lowest that nobody signed goes, else the lowest that is not our vote. */
static void make_room(struct council *c)
{
    uint32_t at = 0;
    if (c->motion_count < PROPOSALS_MAX)
        return;
    while (at < c->motion_count && is_needed(c, &c->motions[at]))
        at++;
    for (uint32_t i = 0; at == c->motion_count && i < c->motion_count; i++)
        if (!same_hash(&c->motions[i].charter->hash, &c->vow.vote.hash))
            at = i;
    drop_motion(c, at < c->motion_count ? at : 0);
}

/* An unsigned motion is overtaken by a greater ballot of its owner. */
static void drop_overtaken(struct council *c, const struct ballot *by)
{
    for (uint32_t i = c->motion_count; i-- > 0;)
        if (same_key(&c->motions[i].ballot.admin, &by->admin) &&
            ballot_compare(&c->motions[i].ballot, by) < 0 && !is_needed(c, &c->motions[i]))
            drop_motion(c, i);
}

/* Takes 'm' over. */
static void keep_motion(struct council *c, struct motion *m)
{
    drop_overtaken(c, &m->ballot);
    make_room(c);
    uint32_t at = c->motion_count;
    while (at > 0 && ballot_compare(&c->motions[at - 1].ballot, &m->ballot) > 0)
        at--;
    memmove(&c->motions[at + 1], &c->motions[at], (c->motion_count - at) * sizeof *m);
    c->motions[at] = *m;
    c->motion_count++;
    c->changed = true;
    *m = (struct motion){.charter = NULL};
}

static bool is_approved(const struct council *c, const struct digest *hash)
{
    for (uint32_t i = 0; i < c->approved_count; i++)
        if (same_hash(&c->approved[i], hash))
            return true;
    return false;
}

static void note_approved(struct council *c, const struct digest *hash)
{
    if (is_approved(c, hash))
        return;
    if (c->approved_count == COUNCIL_APPROVED_MAX) {
        memmove(c->approved, c->approved + 1, (COUNCIL_APPROVED_MAX - 1) * sizeof *hash);
        c->approved_count--;
    }
    c->approved[c->approved_count++] = *hash;
    c->changed = true;
}

/* ---- Proposing ---- */

static uint64_t greatest_round(const struct council *c)
{
    uint64_t round = c->vow.promised.round;
    if (c->motion_count > 0 && c->motions[c->motion_count - 1].ballot.round > round)
        round = c->motions[c->motion_count - 1].ballot.round;
    return round;
}

/* A ballot of our own, for 'body': the first of all where it is ours and unused, else one above all
 * that is known. Our own word is added by promise_step() or sign_step() before anything leaves. */
static enum status propose(struct replica *r, struct bytes body, struct fault *f)
{
    struct council *c = r->council;
    struct ballot first = motion_first(newest_of(r));
    struct ballot ballot = {.round = greatest_round(c) + 1, .admin = r->identity.key};
    struct motion m;
    bool unused = same_key(&first.admin, &r->identity.key) && c->motion_count == 0 &&
                  c->vow.promised.round == 0;
    if (ballot.round > BALLOT_ROUND_MAX)
        return fault_set(f, ST_TOO_LARGE, "there is no greater ballot");
    ballot.round = unused ? 1 : ballot.round < 2 ? 2 : ballot.round;
    enum status status = motion_new(body, &ballot, &m, f);
    if (status != ST_OK)
        return status;
    status = charter_check_body(newest_of(r), m.charter, f);
    if (status == ST_OK)
        keep_motion(c, &m);
    motion_release(&m);
    return status;
}

/* The body of the oldest wish that is not fulfilled and still possible; the others are dropped.
 * ST_NOTHING: there is none. */
static enum status wished_body(struct replica *r, struct buf *out, struct fault *f)
{
    struct council *c = r->council;
    while (c->wish_count > 0) {
        buf_reset(out);
        enum status status = wish_body(r, &c->wishes[0], out, f);
        if (status == ST_OK || status_class(status) == STATUS_LOCAL)
            return status;
        wish_release(&c->wishes[0]);
        c->wish_count--;
        memmove(&c->wishes[0], &c->wishes[1], c->wish_count * sizeof c->wishes[0]);
        c->wishes[c->wish_count] = (struct wish){.kind = WISH_ADD};
        c->changed = true;
    }
    return ST_NOTHING;
}

/* The oldest wish becomes a motion; unless 'again', only where nothing else is open. */
static enum status propose_wish(struct replica *r, bool again, struct fault *f)
{
    struct council *c = r->council;
    struct buf body = {.count = 0};
    struct motion m = {.charter = NULL};
    struct ballot none = {.round = 1};
    if (!is_admin(r) || council_is_silent(r) || c->wish_count == 0 ||
        (!again && c->motion_count > 0))
        return ST_OK;
    enum status status = wished_body(r, &body, f);
    if (status == ST_OK)
        status = motion_new(buf_bytes(&body), &none, &m, f);
    if (status == ST_OK) {
        const struct motion *voted =
            c->vow.vote.ballot.round > 0 ? motion_of(c, &c->vow.vote.hash) : NULL;
        bool other = voted != NULL && !same_hash(&voted->charter->hash, &m.charter->hash);
        const struct motion *there = motion_of(c, &m.charter->hash);
        note_approved(c, &m.charter->hash);
        if (other) /* what we signed may be chosen already: that one first */
            buf_reset(&body);
        if (other)
            buf_add_bytes(&body, buf_bytes(&voted->charter->file));
        status = buf_status(&body);
        bool leads = there != NULL && there == &c->motions[c->motion_count - 1];
        if (status == ST_OK && (there == NULL || (again && !leads)))
            status = propose(r, buf_bytes(&body), f);
    }
    motion_release(&m);
    buf_release(&body);
    return status == ST_NOTHING ? ST_OK : status;
}

/* ---- What goes on by itself ---- */

/* The promise for the greatest ballot that is known. The first of all needs none. */
static enum status promise_step(struct replica *r, bool *did_out)
{
    struct council *c = r->council;
    struct ballot first = motion_first(newest_of(r));
    struct motion *m = c->motion_count > 0 ? &c->motions[c->motion_count - 1] : NULL;
    if (m == NULL || ballot_compare(&m->ballot, &first) == 0 ||
        motion_promise_of(m, &r->identity.key) != NULL || !ballot_may_promise(&c->vow, &m->ballot))
        return ST_OK;
    struct ballot_vow vow = c->vow;
    struct ballot_vote vote = ballot_promise(&vow, &m->ballot);
    enum status status = motion_promise(m, &r->network, &vote, r->identity.secret);
    if (status != ST_OK)
        return status;
    c->vow = vow;
    c->changed = *did_out = true;
    return ST_OK;
}

/* Whether every commit that a retirement of 'next' keeps is here, and is of that key. */
static bool holds_kept(const struct replica *r, const struct charter *next,
                       const struct charter_retired **lacking_out)
{
    for (uint32_t i = 0; i < next->retired_count; i++) {
        const struct charter_retired *t = &next->retired[i];
        *lacking_out = t;
        if (charter_retired_key(newest_of(r), &t->key) != NULL)
            continue;
        for (uint32_t k = 0; k < t->kept_count; k++) {
            uint32_t node = graph_find(r->graph, &t->kept[k]);
            if (node == GRAPH_NONE ||
                !same_key(&graph_key(r->graph, graph_node(r->graph, node)->key)->key, &t->key))
                return false;
        }
    }
    return true;
}

/* The signature under the greatest ballot whose body a person here approved and that is free. */
static enum status sign_step(struct replica *r, bool *did_out)
{
    struct council *c = r->council;
    const struct charter_retired *lacking;
    for (uint32_t i = c->motion_count; i-- > 0;) {
        struct motion *m = &c->motions[i];
        struct ballot_vote vote = {.ballot = m->ballot, .hash = m->charter->hash};
        if (!is_approved(c, &vote.hash) || motion_signature_of(m, &r->identity.key) != NULL ||
            !ballot_may_sign(&c->vow, &vote, motion_is_free(m, newest_of(r))) ||
            !holds_kept(r, m->charter, &lacking))
            continue;
        struct ballot_vow vow = c->vow;
        ballot_sign(&vow, &vote);
        enum status status = motion_sign(m, r->identity.secret);
        if (status != ST_OK)
            return status;
        c->vow = vow;
        c->changed = *did_out = true;
        return ST_OK;
    }
    return ST_OK;
}

/* Our greatest ballot has a majority's promises, and they name another body that may be chosen
 * already: that body, under a ballot of its own. Our wish follows when the chain has moved on. */
static enum status take_over_step(struct replica *r, bool *did_out, struct fault *f)
{
    struct council *c = r->council;
    struct motion *m = c->motion_count > 0 ? &c->motions[c->motion_count - 1] : NULL;
    struct ballot_vote forced;
    if (m == NULL || !same_key(&m->ballot.admin, &r->identity.key) ||
        motion_is_free(m, newest_of(r)) ||
        !ballot_forced(m->promises, m->promise_count, charter_admins(newest_of(r)), &forced))
        return ST_OK;
    const struct motion *body = motion_of(c, &forced.hash);
    if (body == NULL)
        return ST_OK; /* it comes as a motion of its own, sooner or later */
    struct buf copy = {.count = 0};
    buf_add_bytes(&copy, buf_bytes(&body->charter->file));
    enum status status = buf_status(&copy);
    if (status == ST_OK)
        status = propose(r, buf_bytes(&copy), f);
    *did_out = *did_out || status == ST_OK;
    buf_release(&copy);
    return status;
}

/* The version enters the history at once, where we are in force under it. */
static enum status enter_history(struct replica *r, struct fault *f)
{
    struct buf author = {.count = 0};
    struct op_list none = {0};
    struct replica_commit commit;
    struct fault own = {.code = ST_OK};
    if (charter_by_key(newest_of(r), &r->identity.key) == NULL || r->journal == NULL)
        return ST_OK;
    buf_add_format(&author, "%s <%s@minga>", r->label, r->label);
    enum status status = buf_status(&author);
    if (status == ST_OK)
        status = replica_write(r, &none, buf_bytes(&author), &commit, &own);
    if (status == ST_OK)
        status = replica_sync(r, &own);
    buf_release(&author);
    if (status_class(status) != STATUS_LOCAL)
        return ST_OK; /* it enters with the next commit */
    if (f != NULL)
        *f = own;
    return status;
}

/* A motion that has its majority becomes the next version. What we said is on disk before. */
static enum status finish_step(struct replica *r, bool *did_out, struct fault *f)
{
    struct council *c = r->council;
    for (uint32_t i = 0; i < c->motion_count; i++) {
        struct buf file = {.count = 0};
        if (!motion_version(&c->motions[i], newest_of(r), &file))
            continue;
        enum status status = buf_status(&file);
        if (status == ST_OK)
            status = save(r, f);
        if (status == ST_OK)
            status = engine_keep_charter(r, buf_bytes(&file), f);
        buf_release(&file);
        if (status == ST_OK) {
            *did_out = true;
            return enter_history(r, f);
        }
        if (status_class(status) == STATUS_LOCAL)
            return status;
        drop_motion(c, i); /* checked when it came: never reached */
        return ST_OK;
    }
    return ST_OK;
}

/* The chain moved on: all that was about the next version is past. */
static void renew(struct replica *r)
{
    struct council *c = r->council;
    if (!council_is_behind(r))
        return;
    council_clear(c, false);
    c->version = newest_of(r)->version + 1;
    c->previous = newest_of(r)->hash;
    c->changed = true;
}

/* One round of every step. */
static enum status step(struct replica *r, bool *did_out, struct fault *f)
{
    bool may = is_admin(r) && !council_is_silent(r);
    enum status status = may ? propose_wish(r, false, f) : ST_OK;
    if (status == ST_OK && may)
        status = promise_step(r, did_out);
    if (status == ST_OK && may)
        status = take_over_step(r, did_out, f);
    if (status == ST_OK && may)
        status = sign_step(r, did_out);
    if (status == ST_OK)
        status = finish_step(r, did_out, f);
    return status;
}

enum status council_tend(struct replica *r, struct fault *f)
{
    enum status status = ST_OK;
    struct council *c = r->council;
    struct fault own = {.code = ST_OK};
    if (c == NULL || c->busy || r->readonly || r->failed)
        return ST_OK;
    c->busy = true;
    for (bool did = true; did && status == ST_OK;) {
        did = false;
        renew(r);
        status = step(r, &did, &own);
    }
    c->busy = false;
    if (status == ST_OK)
        status = save(r, &own);
    else if (status_class(status) == STATUS_LOCAL)
        status = fall_back(r, status);
    else
        status = save(r, &own);
    if (status_class(status) == STATUS_LOCAL && f != NULL)
        *f = own;
    return status;
}

/* ---- What peers bring ---- */

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

/* One ballot, two bodies: its owner lied. */
static enum status two_bodies(struct replica *r, const struct motion *held, const struct motion *m,
                              struct fault *f)
{
    const struct charter_member *owner = charter_by_key(newest_of(r), &m->ballot.admin);
    (void)held;
    return fault_set(f, ST_WRONG_CHARTER, "%s proposes two bodies under one ballot",
                     owner != NULL ? owner->label : "an admin");
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
    struct motion *held = motion_under(c, &m.ballot);
    if (held == NULL) {
        keep_motion(c, &m);
    } else if (!same_hash(&held->charter->hash, &m.charter->hash)) {
        status = two_bodies(r, held, &m, f);
    } else {
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
            return fall_back(r, taken);
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
    uint32_t count = 0;
    *out = NULL;
    if (c == NULL || c->changed || r->failed || council_is_behind(r))
        return 0; /* what is not on disk does not leave */
    buf_reset(&c->encoded);
    for (int needed = 1; needed >= 0; needed--) /* votes first, then the greatest ballots */
        for (uint32_t i = c->motion_count; i-- > 0;) {
            if (is_needed(c, &c->motions[i]) != (needed == 1))
                continue;
            at[count] = c->encoded.count;
            motion_encode(&c->motions[i], &c->encoded);
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
    c->restored = 0;
    c->changed = true;
    return council_tend(r, f);
}

/* ---- What a person says ---- */

uint32_t council_motions(struct replica *r, struct council_motion out[static PROPOSALS_MAX])
{
    struct council *c = r->council;
    uint32_t count = 0;
    if (c == NULL || council_is_behind(r))
        return 0;
    for (uint32_t i = 0; i < c->motion_count; i++) {
        const struct digest *hash = &c->motions[i].charter->hash;
        const struct motion *m = motion_of(c, hash);
        bool seen = false;
        for (uint32_t k = 0; k < count; k++)
            seen = seen || same_hash(&out[k].next->hash, hash);
        if (seen)
            continue;
        bool approved = is_approved(c, hash);
        out[count++] = (struct council_motion){
            .next = m->charter,
            .owner = m->ballot.admin,
            .approved = approved,
            .wanted = is_admin(r) && !approved && !council_is_silent(r),
            .signed_count = m->signature_count,
            .needed = charter_admins(newest_of(r)) / 2 + 1,
            .greatest = m,
        };
    }
    return count;
}

void council_waits_for(struct replica *r, const struct council_motion *m, struct buf *out)
{
    const struct charter *newest = newest_of(r);
    bool first = true;
    for (uint32_t i = 0; i < newest->member_count; i++) {
        const struct charter_member *admin = &newest->members[i];
        if (!admin->admin || motion_signature_of(m->greatest, &admin->key) != NULL)
            continue;
        buf_add_format(out, "%s%s", first ? "" : ", ", admin->label);
        first = false;
    }
}

/* Whom the body waits for, as a sentence. */
static enum status say_waiting(struct replica *r, const struct digest *hash, struct fault *f)
{
    struct council_motion open[PROPOSALS_MAX];
    struct buf who = {.count = 0};
    uint32_t count = council_motions(r, open), at = 0;
    while (at < count && !same_hash(&open[at].next->hash, hash))
        at++;
    if (at < count)
        council_waits_for(r, &open[at], &who);
    if (at == count) {
        fault_set(f, ST_NEEDS_PERSON, "another change of the charter is open: yours follows it");
        fault_fix(f, "see minga member list; approve that one, or run this again to put yours "
                     "against it");
    } else {
        uint32_t more =
            open[at].needed > open[at].signed_count ? open[at].needed - open[at].signed_count : 1;
        fault_set(f, ST_NEEDS_PERSON, "charter %u waits for %u of: %s", open[at].next->version,
                  more, buf_text(&who));
        fault_fix(f, "there: minga member list, then minga member approve; what an office approved "
                     "it signs by itself when it hears of it");
    }
    buf_release(&who);
    return ST_NEEDS_PERSON;
}

static enum status check_admin(const struct replica *r, struct fault *f)
{
    if (is_admin(r))
        return ST_OK;
    fault_set(f, ST_NOT_ALLOWED, "only an admin can change the charter");
    fault_fix(f, "ask an admin: minga member list shows them");
    return ST_NOT_ALLOWED;
}

static enum status check_voice(const struct replica *r, struct fault *f)
{
    if (!council_is_silent(r))
        return ST_OK;
    fault_set(f, ST_WAITING,
              "this office was restored from a backup and may have promised or signed before "
              "what it no longer knows");
    fault_fix(f, "connect it to another member first: minga sync");
    return ST_WAITING;
}

static enum status same_wish(const struct wish *a, const struct wish *b, bool *same_out)
{
    struct buf x = {.count = 0}, y = {.count = 0};
    wish_encode(a, &x);
    wish_encode(b, &y);
    enum status status = x.failed || y.failed ? ST_NO_MEMORY : ST_OK;
    *same_out = status == ST_OK && bytes_equal(buf_bytes(&x), buf_bytes(&y));
    buf_release(&x);
    buf_release(&y);
    return status;
}

/* Take the wish into the queue, behind those that are there; again_out: it was there already, and
 * is now the first. */
static enum status queue_wish(struct council *c, struct wish *w, bool *again_out, struct fault *f)
{
    *again_out = false;
    for (uint32_t i = 0; i < c->wish_count && !*again_out; i++) {
        enum status status = same_wish(&c->wishes[i], w, again_out);
        if (status != ST_OK)
            return status;
        if (*again_out) {
            struct wish first = c->wishes[i];
            memmove(&c->wishes[1], &c->wishes[0], i * sizeof first);
            c->wishes[0] = first;
        }
    }
    if (*again_out)
        return ST_OK;
    if (c->wish_count == COUNCIL_WISHES_MAX)
        return fault_set(f, ST_TOO_LARGE, "%d changes of the charter wait here already",
                         COUNCIL_WISHES_MAX);
    c->wishes[c->wish_count++] = *w;
    *w = (struct wish){.kind = WISH_ADD};
    c->changed = true;
    return ST_OK;
}

enum status council_ask(struct replica *r, struct wish *w, struct fault *f)
{
    struct council *c = r->council;
    struct buf body = {.count = 0};
    struct digest hash = {{0}};
    bool again = false;
    CHECK(c != NULL);
    enum status status = check_admin(r, f);
    if (status == ST_OK)
        status = check_voice(r, f);
    if (status == ST_OK)
        status = council_tend(r, f);
    if (status == ST_OK)
        status = wish_body(r, w, &body, f);
    uint32_t version = newest_of(r)->version;
    if (status == ST_OK) {
        struct motion m;
        struct ballot any = {.round = 1};
        status = motion_new(buf_bytes(&body), &any, &m, f);
        if (status == ST_OK) {
            hash = m.charter->hash;
            status = charter_check_body(newest_of(r), m.charter, f);
        }
        motion_release(&m);
    }
    if (status == ST_OK)
        status = queue_wish(c, w, &again, f);
    if (status == ST_OK)
        status = propose_wish(r, again, f);
    if (status == ST_OK)
        status = council_tend(r, f);
    else if (status_class(status) == STATUS_LOCAL && c->changed)
        status = fall_back(r, status);
    const struct charter *asked = charter_at(&r->chain, version + 1);
    if (status == ST_OK && (asked == NULL || !same_hash(&asked->hash, &hash)))
        status = say_waiting(r, &hash, f);
    buf_release(&body);
    return status;
}

static enum status check_kept(const struct replica *r, const struct charter *next, struct fault *f)
{
    const struct charter_retired *lacking = NULL;
    if (holds_kept(r, next, &lacking))
        return ST_OK;
    fault_set(f, ST_WAITING, "it keeps commits of %s that are not here yet", lacking->label);
    fault_fix(f, "exchange with the office that proposed it (minga sync), then approve again");
    return ST_WAITING;
}

enum status council_approve(struct replica *r, const struct digest *hash, struct fault *f)
{
    struct council *c = r->council;
    CHECK(c != NULL);
    enum status status = check_admin(r, f);
    if (status == ST_OK)
        status = check_voice(r, f);
    if (status == ST_OK)
        status = council_tend(r, f);
    const struct motion *m = status == ST_OK ? motion_of(c, hash) : NULL;
    if (status == ST_OK && m == NULL)
        status = fault_set(f, ST_NOT_FOUND, "no open motion is for that version");
    if (status == ST_OK)
        status = check_kept(r, m->charter, f);
    if (status != ST_OK)
        return status;
    uint32_t version = c->version;
    struct digest wanted = *hash;
    note_approved(c, &wanted);
    /* Promised away by a greater ballot: the body goes on under one of ours. */
    if (ballot_compare(&m->ballot, &c->vow.promised) < 0) {
        struct buf body = {.count = 0};
        buf_add_bytes(&body, buf_bytes(&m->charter->file));
        status = buf_status(&body);
        if (status == ST_OK)
            status = propose(r, buf_bytes(&body), f);
        buf_release(&body);
    }
    status = status == ST_OK ? council_tend(r, f) : fall_back(r, status);
    const struct charter *now = charter_at(&r->chain, version);
    if (status == ST_OK && (now == NULL || !same_hash(&now->hash, &wanted)))
        status = say_waiting(r, &wanted, f);
    return status;
}
