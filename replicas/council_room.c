#include <string.h>

#include "proto/check.h"
#include "replicas/council.h"

static bool same_key(const struct key *a, const struct key *b)
{
    return memcmp(a->id, b->id, KEY_BYTES) == 0;
}

/* Whether it is for the body that we voted for. */
static bool is_voted(const struct council *c, const struct motion *m)
{
    return c->vow.vote.ballot.round > 0 &&
           memcmp(m->charter->hash.id, c->vow.vote.hash.id, DIGEST_BYTES) == 0;
}

static uint32_t held_of(const struct council *c, const struct key *owner)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->motion_count; i++)
        count += same_key(&c->motions[i].ballot.admin, owner) ? 1 : 0;
    return count;
}

void council_room_drop(struct council *c, uint32_t at)
{
    CHECK(at < c->motion_count);
    motion_release(&c->motions[at]);
    c->motion_count--;
    memmove(&c->motions[at], &c->motions[at + 1], (c->motion_count - at) * sizeof c->motions[0]);
    c->changed = true;
}

/* Of one owner's, or of two owners' with as many: what nobody signed goes first, then the lower
 * ballot. */
static bool yields(const struct motion *a, const struct motion *b)
{
    if ((a->signature_count > 0) != (b->signature_count > 0))
        return b->signature_count > 0;
    return ballot_compare(&a->ballot, &b->ballot) < 0;
}

/* How many its owner would hold, were 'coming' held, too. */
static uint32_t weight(const struct council *c, const struct motion *m, const struct motion *coming)
{
    const struct key *owner = &m->ballot.admin;
    return held_of(c, owner) + (same_key(owner, &coming->ballot.admin) ? 1 : 0);
}

/* Which one a full list gives up for 'coming': of the owner who has most; never our vote. */
static uint32_t least_motion(const struct council *c, const struct motion *coming)
{
    uint32_t at = c->motion_count, most = 0;
    for (uint32_t i = 0; i < c->motion_count; i++) {
        uint32_t count = weight(c, &c->motions[i], coming);
        if (is_voted(c, &c->motions[i]) || count < most ||
            (count == most && at < c->motion_count && !yields(&c->motions[i], &c->motions[at])))
            continue;
        most = count;
        at = i;
    }
    return at < c->motion_count ? at : 0;
}

bool council_room_for(const struct council *c, const struct motion *m)
{
    for (uint32_t i = 0; i < c->motion_count; i++) /* overtaken, and nobody's vote */
        if (m->signature_count == 0 && same_key(&c->motions[i].ballot.admin, &m->ballot.admin) &&
            ballot_compare(&c->motions[i].ballot, &m->ballot) > 0)
            return false;
    if (c->motion_count < PROPOSALS_MAX)
        return true;
    const struct motion *least = &c->motions[least_motion(c, m)];
    uint32_t theirs = weight(c, least, m), ours = weight(c, m, m);
    return theirs > ours || (theirs == ours && yields(least, m));
}

/* An unsigned motion is overtaken by a greater ballot of its owner, unless it is for our vote. */
static void drop_overtaken(struct council *c, const struct ballot *by)
{
    for (uint32_t i = c->motion_count; i-- > 0;)
        if (same_key(&c->motions[i].ballot.admin, &by->admin) &&
            ballot_compare(&c->motions[i].ballot, by) < 0 && c->motions[i].signature_count == 0 &&
            !is_voted(c, &c->motions[i]))
            council_room_drop(c, i);
}

void council_room_keep(struct council *c, struct motion *m)
{
    drop_overtaken(c, &m->ballot);
    if (c->motion_count == PROPOSALS_MAX)
        council_room_drop(c, least_motion(c, m));
    uint32_t at = c->motion_count;
    while (at > 0 && ballot_compare(&c->motions[at - 1].ballot, &m->ballot) > 0)
        at--;
    memmove(&c->motions[at + 1], &c->motions[at], (c->motion_count - at) * sizeof *m);
    c->motions[at] = *m;
    c->motion_count++;
    c->changed = true;
    *m = (struct motion){.charter = NULL};
}

/* The how-manieth of its owner's it is; our vote comes first of all. */
static uint32_t turn_of(const struct council *c, const struct motion *m)
{
    uint32_t turn = 1;
    if (is_voted(c, m))
        return 0;
    for (uint32_t i = 0; i < c->motion_count; i++)
        if (same_key(&c->motions[i].ballot.admin, &m->ballot.admin) && yields(m, &c->motions[i]))
            turn++;
    return turn;
}

void council_room_order(const struct council *c, uint32_t out[static PROPOSALS_MAX])
{
    uint32_t turns[PROPOSALS_MAX];
    for (uint32_t i = 0; i < c->motion_count; i++) {
        uint32_t turn = turn_of(c, &c->motions[i]), at = i;
        size_t bytes = c->motions[i].charter->file.count;
        for (; at > 0 &&
               (turns[at - 1] > turn ||
                (turns[at - 1] == turn && c->motions[out[at - 1]].charter->file.count >= bytes));
             at--) {
            turns[at] = turns[at - 1];
            out[at] = out[at - 1];
        }
        turns[at] = turn;
        out[at] = i;
    }
}
