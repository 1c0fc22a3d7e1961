/*
 * concern: what people should know about who wrote what: forks with their proof, frozen keys,
 * commits that wait in quarantine, and those of a retired key that count though they are not kept.
 * From the graph and the newest charter alone, so that every member says the same.
 *
 * Nobody is accused without proof: a fork is two accepted commits, each signed by the key, with one
 * seq; a sponsor is the writer of an accepted commit that has the other's among its parents.
 */
#ifndef REPLICAS_CONCERN_H
#define REPLICAS_CONCERN_H

#include "replicas/replica.h"

enum concern_rule { CONCERN_FORK, CONCERN_FROZEN, CONCERN_QUARANTINE, CONCERN_UNKEPT };

enum { CONCERN_TEXT_BYTES = 320, CONCERN_FIX_BYTES = 160 };

struct concern {
    enum concern_rule rule;
    const char *level;     /* "error", "warning" or "notice" */
    const char *label;     /* whose key */
    const char *sponsor;   /* UNKEPT: who made them count; else NULL */
    struct oid commits[2]; /* FORK, FROZEN: the pair. UNKEPT: one, and the sponsor's over it.
                            * QUARANTINE: the oldest that waits */
    uint32_t commit_count; /* in 'commits' */
    uint32_t count;        /* FORK, FROZEN: seqs with more than one commit; else commits */
    uint64_t seq;          /* FORK, FROZEN: the first of these */
    int64_t since;         /* the date of the newer of the pair, the oldest of the others */
    bool healed;           /* FORK: a later commit of the key has all branches below it */
    char text[CONCERN_TEXT_BYTES]; /* one sentence */
    char fix[CONCERN_FIX_BYTES];
};

/* concern_rule_word(): "fork", "frozen", "quarantine", "unkept". */
const char *concern_rule_word(enum concern_rule rule);

/* concern_each(): all of them, by rule and label. Errors: ST_NO_MEMORY */
MUST_USE enum status concern_each(struct replica *r,
                                  void (*each)(void *user, const struct concern *c), void *user);

/* concern_health(): those that are not over: as lines of `status`. What it has no memory for it
 * leaves out. */
void concern_health(struct replica *r,
                    void (*add)(void *user, const char *level, const char *text, const char *fix),
                    void *user);

#endif
