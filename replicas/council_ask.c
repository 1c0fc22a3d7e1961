#include "replicas/council.h"

#include "proto/check.h"

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

uint32_t council_ask_motions(struct replica *r, struct council_motion out[static PROPOSALS_MAX])
{
    struct council *c = r->council;
    uint32_t count = 0;
    if (c == NULL || council_is_behind(r))
        return 0;
    for (uint32_t i = 0; i < c->motion_count; i++) {
        const struct digest *hash = &c->motions[i].charter->hash;
        const struct motion *m = council_motion_of(c, hash);
        bool seen = false;
        for (uint32_t k = 0; k < count; k++)
            seen = seen || same_hash(&out[k].next->hash, hash);
        if (seen)
            continue;
        bool approved = council_is_approved(c, hash);
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

void council_ask_waits_for(struct replica *r, const struct council_motion *m, struct buf *out)
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
    uint32_t count = council_ask_motions(r, open), at = 0;
    while (at < count && !same_hash(&open[at].next->hash, hash))
        at++;
    if (at < count)
        council_ask_waits_for(r, &open[at], &who);
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

/* Whether both add a member under one label. */
static bool both_add(const struct wish *a, const struct wish *b)
{
    return a->kind == WISH_ADD && b->kind == WISH_ADD &&
           strcmp(a->member.label, b->member.label) == 0;
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
        if (*again_out && w->kind == WISH_ADD) { /* a newcomer's machine asks again and again */
            *again_out = false;
            return ST_OK;
        }
        if (*again_out) {
            struct wish first = c->wishes[i];
            memmove(&c->wishes[1], &c->wishes[0], i * sizeof first);
            c->wishes[0] = first;
        }
    }
    if (*again_out)
        return ST_OK;
    for (uint32_t i = 0; i < c->wish_count; i++)
        if (both_add(&c->wishes[i], w)) { /* or who holds one link would fill the queue */
            wish_release(&c->wishes[i]);
            c->wishes[i] = *w;
            *w = (struct wish){.kind = WISH_ADD};
            c->changed = true;
            return ST_OK;
        }
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
            status = charter_chain_check_body(newest_of(r), m.charter, f);
        }
        motion_release(&m);
    }
    if (status == ST_OK)
        status = queue_wish(c, w, &again, f);
    if (status == ST_OK)
        status = council_propose_wish(r, again, f);
    if (status == ST_OK)
        status = council_tend(r, f);
    else if (status_class(status) == STATUS_LOCAL && c->changed)
        status = council_fall_back(r, status);
    const struct charter *asked = charter_at(&r->chain, version + 1);
    if (status == ST_OK && (asked == NULL || !same_hash(&asked->hash, &hash)))
        status = say_waiting(r, &hash, f);
    buf_release(&body);
    return status;
}

static enum status check_kept(const struct replica *r, const struct charter *next, struct fault *f)
{
    const struct charter_retired *lacking = NULL;
    if (council_holds_kept(r, next, &lacking))
        return ST_OK;
    fault_set(f, ST_WAITING, "it keeps commits of %s that are not here yet", lacking->label);
    fault_fix(f, "exchange with the office that proposed it (minga sync), then approve again");
    return ST_WAITING;
}

enum status council_ask_approve(struct replica *r, const struct digest *hash, struct fault *f)
{
    struct council *c = r->council;
    CHECK(c != NULL);
    enum status status = check_admin(r, f);
    if (status == ST_OK)
        status = check_voice(r, f);
    if (status == ST_OK)
        status = council_tend(r, f);
    const struct motion *m = status == ST_OK ? council_motion_of(c, hash) : NULL;
    if (status == ST_OK && m == NULL)
        status = fault_set(f, ST_NOT_FOUND, "no open motion is for that version");
    if (status == ST_OK)
        status = check_kept(r, m->charter, f);
    if (status != ST_OK)
        return status;
    uint32_t version = c->version;
    struct digest wanted = *hash;
    council_note_approved(c, &wanted);
    /* Promised away by a greater ballot: the body goes on under one of ours. */
    if (ballot_compare(&m->ballot, &c->vow.promised) < 0) {
        struct buf body = {.count = 0};
        buf_add_bytes(&body, buf_bytes(&m->charter->file));
        status = buf_status(&body);
        if (status == ST_OK)
            status = council_propose(r, buf_bytes(&body), f);
        buf_release(&body);
    }
    status = status == ST_OK ? council_tend(r, f) : council_fall_back(r, status);
    const struct charter *now = charter_at(&r->chain, version);
    if (status == ST_OK && (now == NULL || !same_hash(&now->hash, &wanted)))
        status = say_waiting(r, &wanted, f);
    return status;
}
