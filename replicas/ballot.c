#include "replicas/ballot.h"

#include "proto/check.h"

int ballot_compare(const struct ballot *a, const struct ballot *b)
{
    if (a->round != b->round)
        return a->round < b->round ? -1 : 1;
    return memcmp(a->admin.id, b->admin.id, KEY_BYTES);
}

static bool is_majority(uint32_t count, uint32_t admins)
{
    return 2 * (uint64_t)count > admins;
}

bool ballot_may_promise(const struct ballot_vow *vow, const struct ballot *b)
{
    int order = ballot_compare(b, &vow->promised);
    return order > 0 || (order == 0 && vow->stated);
}

struct ballot_vote ballot_promise(struct ballot_vow *vow, const struct ballot *b)
{
    CHECK(ballot_may_promise(vow, b));
    if (ballot_compare(b, &vow->promised) > 0) {
        vow->promised = *b;
        vow->stated = true;
        vow->before = vow->vote;
    }
    return vow->before;
}

bool ballot_frees(const struct ballot_promise *promises, uint32_t count, uint32_t admins,
                  const struct digest *hash)
{
    struct ballot greatest = {.round = 0}; /* of the votes for this body */
    uint32_t agreeing = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct ballot_vote *v = &promises[i].vote;
        if (v->ballot.round > 0 && memcmp(&v->hash, hash, sizeof *hash) == 0 &&
            ballot_compare(&v->ballot, &greatest) > 0)
            greatest = v->ballot;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct ballot_vote *v = &promises[i].vote;
        bool same = v->ballot.round > 0 && memcmp(&v->hash, hash, sizeof *hash) == 0;
        agreeing += same || v->ballot.round == 0 || ballot_compare(&v->ballot, &greatest) < 0;
    }
    return is_majority(agreeing, admins);
}

bool ballot_forced(const struct ballot_promise *promises, uint32_t count, uint32_t admins,
                   struct ballot_vote *out)
{
    *out = (struct ballot_vote){.ballot = {.round = 0}};
    for (uint32_t i = 0; i < count; i++)
        if (ballot_compare(&promises[i].vote.ballot, &out->ballot) > 0)
            *out = promises[i].vote;
    return is_majority(count, admins) && out->ballot.round > 0;
}

bool ballot_may_sign(const struct ballot_vow *vow, const struct ballot_vote *vote, bool free)
{
    bool other = ballot_compare(&vow->vote.ballot, &vote->ballot) == 0 &&
                 memcmp(&vow->vote.hash, &vote->hash, sizeof vote->hash) != 0;
    return free && !other && ballot_compare(&vote->ballot, &vow->promised) >= 0;
}

void ballot_sign(struct ballot_vow *vow, const struct ballot_vote *vote)
{
    CHECK(vote->ballot.round > 0 && ballot_may_sign(vow, vote, true));
    ballot_learn_vote(vow, vote);
}

void ballot_learn_promise(struct ballot_vow *vow, const struct ballot *b)
{
    if (ballot_compare(b, &vow->promised) <= 0)
        return;
    vow->promised = *b;
    vow->stated = false; /* what it reported is not known here: it is not said again */
}

void ballot_learn_vote(struct ballot_vow *vow, const struct ballot_vote *vote)
{
    ballot_learn_promise(vow, &vote->ballot);
    if (ballot_compare(&vote->ballot, &vow->vote.ballot) > 0)
        vow->vote = *vote;
}
