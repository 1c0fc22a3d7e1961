/*
 * ballot: who may promise and sign what, so that admins who are offline from each other neither
 * fork the chain of charters nor lock it. Pure: no files, no signatures, no clock.
 *
 * For one next version (its number and the hash of the version before) every admin is an acceptor
 * of one instance of Paxos. Bodies are the values; a version is chosen when a majority of the
 * admins of the version before signed one body under one ballot. Ballots are ordered by (round,
 * admin); a ballot is owned by its admin and carries one body from the start.
 *
 *   promise(b)    said once the greatest ballot met is b: nothing below b will be signed by me, and
 *                 this is the greatest vote (ballot, body) that I signed below b, or none.
 *   sign(b, H)    allowed where b is not below what was promised, no other body was signed under b,
 *                 and b is the first ballot of all or its promises leave H free:
 *   free(b, H)    there is a majority Q of promises for b, such that the greatest vote reported in
 *                 Q is for H, or none is reported in Q.
 *
 * Why no version is chosen twice. Let (c, H) be chosen, and (b, G) with b > c the least ballot
 * above c under which anyone signs G other than H. It was free, by some majority Q. Q and the
 * signers of (c, H) share an admin X. X signed (c, H) before it promised b, for afterwards it
 * would not sign below b; so X reports a vote of at least c, and the greatest vote that Q reports
 * is under some ballot of c .. below b. Votes there are for H alone: under c because a ballot has
 * one body, above it because b is the least exception. So G = H.
 *
 * The first ballot of all, (1, first admin in the list of members), has nothing below it that could
 * have been chosen, so it needs no promises: its owner signs at once, and one approval of one more
 * admin of three suffices. Nobody else owns a ballot of round 1, or it would not be the first. Who
 * is first depends on the body of the version before, never on its signatures, which may differ
 * from member to member. An early signature under any other ballot would not be safe: it would be
 * reported although promises may yet show that another body was chosen below it.
 *
 * Why there is always a way forward. Whoever raises the round above all it knows gets the promises
 * of every admin that is reachable, unasked. With a majority's, the greatest body reported is free;
 * its proposer takes that one over, and its own follows on top of it.
 */
#ifndef REPLICAS_BALLOT_H
#define REPLICAS_BALLOT_H

#include <stdbool.h>

#include "proto/id.h"

#define BALLOT_ROUND_MAX ((UINT64_C(1) << 53) - 1) /* stays exact in the charter's JSON */

struct ballot { /* round 0: none */
    uint64_t round;
    struct key admin;
};

struct ballot_vote { /* a body signed under a ballot; ballot.round 0: none */
    struct ballot ballot;
    struct digest hash;
};

struct ballot_promise {
    struct key key;          /* whose */
    struct ballot_vote vote; /* the greatest signed below the ballot promised */
    uint8_t signature[SIGNATURE_BYTES];
};

struct ballot_vow { /* what one admin has said for one version; zeroed: nothing */
    struct ballot promised;
    bool stated;               /* a promise was given for just that ballot, reporting: */
    struct ballot_vote before; /* the greatest vote below it */
    struct ballot_vote vote;   /* the greatest signed */
};

/* ballot_compare(): <0, 0, >0 by (round, admin). */
int ballot_compare(const struct ballot *a, const struct ballot *b);

/* ballot_may_promise(): above all that was promised, or the very promise that was given. */
bool ballot_may_promise(const struct ballot_vow *vow, const struct ballot *b);
/* ballot_promise(): take it into the vow, which has to be on disk before the promise leaves.
 * Returns the vote to report. */
struct ballot_vote ballot_promise(struct ballot_vow *vow, const struct ballot *b);

/* ballot_frees(): whether promises (one a key) of a majority of 'admins' leave a body free. */
bool ballot_frees(const struct ballot_promise *promises, uint32_t count, uint32_t admins,
                  const struct digest *hash);

/* ballot_forced(): the greatest vote that a majority reports; false: no majority, or no vote. */
bool ballot_forced(const struct ballot_promise *promises, uint32_t count, uint32_t admins,
                   struct ballot_vote *out);

/* ballot_may_sign(): 'free': the ballot is the first of all, or ballot_frees(). */
bool ballot_may_sign(const struct ballot_vow *vow, const struct ballot_vote *vote, bool free);
/* ballot_sign(): take it into the vow, which has to be on disk before the signature leaves. */
void ballot_sign(struct ballot_vow *vow, const struct ballot_vote *vote);

/* ballot_learn(): what we ourselves said, as others hold it: after a restore from a backup. */
void ballot_learn_promise(struct ballot_vow *vow, const struct ballot *b);
void ballot_learn_vote(struct ballot_vow *vow, const struct ballot_vote *vote);

#endif
