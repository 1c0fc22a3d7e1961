#include "replicas/council.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/sometimes.h"
#include "replicas/adoption.h"
#include "replicas/charter_file.h"
#include "replicas/rotate.h"
#include "replicas/share.h"

/* Honest admins go up by one. Whoever takes the greatest round there is would leave none above it
 * to anybody: no change of the charter ever again. */
enum { ROUND_LEAP_MAX = 1024 };

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
    council_file_clear(c, true);
    for (uint32_t i = 0; i < c->other_count; i++)
        charter_file_free(c->others[i]);
    buf_release(&c->encoded);
    mem_free(c);
}

enum status council_open(struct replica *r, struct fault *f)
{
    CHECK(r->council == NULL && r->disk != NULL && r->chain.count > 0);
    r->council = mem_alloc(sizeof *r->council);
    if (r->council == NULL)
        return ST_NO_MEMORY;
    enum status status = council_file_load(r, r->council, f);
    if (status == ST_OK)
        status = branch_load(r, f);
    return status == ST_OK ? rotate_settle(r, f) : status;
}

bool council_is_silent(const struct replica *r)
{
    const struct charter *newest = newest_of(r);
    /* Where the charter names nobody else there is nobody who could tell: the only admin decides,
     * as it does in everything. */
    return r->council == NULL || (r->council->restored > 0 && newest->member_count > 1);
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
enum status council_fall_back(struct replica *r, enum status why)
{
    struct council *c = r->council;
    if (why != ST_DISK_FULL && why != ST_NO_MEMORY) {
        r->failed = true;
        return why;
    }
    SOMETIMES("the council falls back to what its disk holds");
    council_file_clear(c, true);
    enum status status = council_file_load(r, c, NULL);
    r->failed = r->failed || status != ST_OK;
    c->changed = false;
    return why;
}

static enum status save(struct replica *r, struct fault *f)
{
    if (!r->council->changed)
        return ST_OK;
    r->council->revision++;
    enum status status = council_file_save(r, r->council, f);
    return status == ST_OK ? ST_OK : council_fall_back(r, status);
}

/* ---- Motions that are held ---- */

struct motion *council_motion_under(struct council *c, const struct ballot *b)
{
    for (uint32_t i = 0; i < c->motion_count; i++)
        if (ballot_compare(&c->motions[i].ballot, b) == 0)
            return &c->motions[i];
    return NULL;
}

/* The motion of the greatest ballot for a body; NULL: none. */
struct motion *council_motion_of(struct council *c, const struct digest *hash)
{
    for (uint32_t i = c->motion_count; i-- > 0;)
        if (same_hash(&c->motions[i].charter->hash, hash))
            return &c->motions[i];
    return NULL;
}

bool council_is_approved(const struct council *c, const struct digest *hash)
{
    for (uint32_t i = 0; i < c->approved_count; i++)
        if (same_hash(&c->approved[i], hash))
            return true;
    return false;
}

void council_note_approved(struct council *c, const struct digest *hash)
{
    if (council_is_approved(c, hash))
        return;
    if (c->approved_count == COUNCIL_APPROVED_MAX) {
        memmove(c->approved, c->approved + 1, (COUNCIL_APPROVED_MAX - 1) * sizeof *hash);
        c->approved_count--;
    }
    c->approved[c->approved_count++] = *hash;
    c->changed = true;
}

/* ---- Proposing ---- */

/* The greatest round that is met step by step, from what was promised on. */
static uint64_t round_reached(const struct council *c)
{
    uint64_t round = c->vow.promised.round;
    for (uint32_t i = 0; i < c->motion_count; i++) { /* ascending */
        uint64_t next = c->motions[i].ballot.round;
        if (next > round && next - round <= ROUND_LEAP_MAX)
            round = next;
    }
    return round;
}

/* Whether a body that a person approved here takes the key of this ballot's owner away: it could
 * outbid its own removal for ever. Not to promise is always safe. */
static bool is_going(const struct council *c, const struct key *owner)
{
    for (uint32_t i = 0; i < c->motion_count; i++)
        if (council_is_approved(c, &c->motions[i].charter->hash) &&
            charter_by_key(c->motions[i].charter, owner) == NULL)
            return true;
    return false;
}

/* The motion of the greatest ballot that we go along with; NULL: none. For a body that a person
 * approved here that is any, but never by a leap into the upper half, which is for steps; else none
 * far above all that is met here, and none of an admin who is on the way out. */
static struct motion *leading_motion(struct council *c)
{
    uint64_t reached = round_reached(c);
    for (uint32_t i = c->motion_count; i-- > 0;) {
        struct motion *m = &c->motions[i];
        bool near = m->ballot.round <= reached;
        bool follow = council_is_approved(c, &m->charter->hash)
                          ? near || m->ballot.round <= BALLOT_ROUND_MAX / 2
                          : near && !is_going(c, &m->ballot.admin);
        if (follow)
            return m;
    }
    return NULL;
}

/* A ballot of our own, for 'body': the first of all where it is ours and unused, else one above all
 * that is known. Our own word is added by promise_step() or sign_step() before anything leaves. */
enum status council_propose(struct replica *r, struct bytes body, struct fault *f)
{
    struct council *c = r->council;
    struct ballot first = motion_first(newest_of(r));
    struct ballot ballot = {.round = round_reached(c) + 1, .admin = r->identity.key};
    struct motion m;
    bool unused = same_key(&first.admin, &r->identity.key) && c->motion_count == 0 &&
                  c->vow.promised.round == 0;
    if (ballot.round > BALLOT_ROUND_MAX)
        return fault_set(f, ST_TOO_LARGE, "there is no greater ballot");
    ballot.round = unused ? 1 : ballot.round < 2 ? 2 : ballot.round;
    enum status status = motion_new(body, &ballot, &m, f);
    if (status != ST_OK)
        return status;
    status = charter_chain_check_body(newest_of(r), m.charter, f);
    if (status == ST_OK)
        council_room_keep(c, &m);
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
enum status council_propose_wish(struct replica *r, bool again, struct fault *f)
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
            c->vow.vote.ballot.round > 0 ? council_motion_of(c, &c->vow.vote.hash) : NULL;
        bool other = voted != NULL && !same_hash(&voted->charter->hash, &m.charter->hash);
        const struct motion *there = council_motion_of(c, &m.charter->hash);
        council_note_approved(c, &m.charter->hash);
        if (other) /* what we signed may be chosen already: that one first */
            buf_reset(&body);
        if (other)
            buf_add_bytes(&body, buf_bytes(&voted->charter->file));
        status = buf_status(&body);
        bool leads = there != NULL && there == leading_motion(c);
        if (status == ST_OK && (there == NULL || (again && !leads)))
            status = council_propose(r, buf_bytes(&body), f);
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
    struct motion *m = leading_motion(c);
    if (m == NULL || ballot_compare(&m->ballot, &first) == 0 ||
        motion_promise_of(m, &r->identity.key) != NULL || !ballot_may_promise(&c->vow, &m->ballot))
        return ST_OK;
    SOMETIMES("an admin promises under a ballot of another");
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
bool council_holds_kept(const struct replica *r, const struct charter *next,
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
        if (!council_is_approved(c, &vote.hash) ||
            motion_signature_of(m, &r->identity.key) != NULL ||
            !ballot_may_sign(&c->vow, &vote, motion_is_free(m, newest_of(r))) ||
            !council_holds_kept(r, m->charter, &lacking))
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
    struct motion *m = leading_motion(c);
    struct ballot_vote forced;
    if (m == NULL || !same_key(&m->ballot.admin, &r->identity.key) ||
        motion_is_free(m, newest_of(r)) ||
        !ballot_forced(m->promises, m->promise_count, charter_admins(newest_of(r)), &forced))
        return ST_OK;
    const struct motion *body = council_motion_of(c, &forced.hash);
    if (body == NULL)
        return ST_OK; /* it comes as a motion of its own, sooner or later */
    SOMETIMES("a proposer takes over the body of another");
    struct buf copy = {.count = 0};
    buf_add_bytes(&copy, buf_bytes(&body->charter->file));
    enum status status = buf_status(&copy);
    if (status == ST_OK)
        status = council_propose(r, buf_bytes(&copy), f);
    *did_out = *did_out || status == ST_OK;
    buf_release(&copy);
    return status;
}

/* The version enters the history at once, where we are in force under it. */
static enum status enter_history(struct replica *r, struct fault *f)
{
    struct buf author = {.count = 0};
    struct op_list ops = {0};
    struct replica_commit commit;
    struct fault own = {.code = ST_OK};
    if (charter_by_key(newest_of(r), &r->identity.key) == NULL || r->journal == NULL)
        return ST_OK;
    buf_add_format(&author, "%s <%s@minga>", r->label, r->label);
    bool adopted; /* under a new key: what the old one wrote meanwhile comes first */
    enum status status = buf_status(&author);
    if (status == ST_OK)
        status = adoption_own(r, buf_bytes(&author), &adopted, &own);
    if (status == ST_OK) /* who was added reads at once what it may */
        status = share_add(r, &ops, &own);
    if (status == ST_OK)
        status = replica_write(r, &ops, buf_bytes(&author), &commit, &own);
    if (status == ST_OK)
        status = replica_sync(r, &own);
    op_list_release(&ops);
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
            SOMETIMES("a motion has its majority");
            *did_out = true;
            return enter_history(r, f);
        }
        if (status_class(status) == STATUS_LOCAL)
            return status;
        council_room_drop(c, i); /* checked when it came: never reached */
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
    council_file_clear(c, false);
    c->version = newest_of(r)->version + 1;
    c->previous = newest_of(r)->hash;
    c->changed = true;
}

/* One round of every step. */
static enum status step(struct replica *r, bool *did_out, struct fault *f)
{
    bool may = is_admin(r) && !council_is_silent(r);
    enum status status = may ? council_propose_wish(r, false, f) : ST_OK;
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
        if (council_is_behind(r))
            status = rotate_settle(r, &own);
        renew(r);
        if (status == ST_OK)
            status = step(r, &did, &own);
    }
    c->busy = false;
    if (status == ST_OK)
        status = save(r, &own);
    else if (status_class(status) == STATUS_LOCAL)
        status = council_fall_back(r, status);
    else
        status = save(r, &own);
    if (status_class(status) == STATUS_LOCAL && f != NULL)
        *f = own;
    return status;
}
