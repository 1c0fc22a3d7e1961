/*
 * history: every history that there can be of so many commits by three members, one after the
 * other, each once.
 *
 * A history is who wrote which commit, what (a letter of an alphabet) and what of the others its
 * writer had been delivered by then: any set of commits that has with each commit its past, and
 * all of the writer's own. The walk is depth first: each history comes before those that have one
 * commit more.
 *
 * What is left out, because it is there already:
 *   - Orders of writing. Commits that did not know each other could have been written in either
 *     order; only the first of these orders by their writers is walked (Anisimov and Knuth: none
 *     in which a commit could go in front of one of a greater writer). What a member has does not
 *     depend on when the others wrote it.
 *   - Renamings of members, where the caller says that the alphabet treats them alike: only
 *     histories in which members begin to write in the order of their numbers. Labels and change
 *     ids enter a record by comparison alone; the ids are hashes, so their order is not the
 *     members'.
 */
#ifndef TESTS_SCOPE_HISTORY_H
#define TESTS_SCOPE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HISTORY_MEMBERS = 3,
    HISTORY_COMMITS_MAX = 6,
    HISTORY_SETS = 1 << HISTORY_COMMITS_MAX, /* of commits: a bit each */
};

struct history_commit {
    uint32_t member, letter;
    uint32_t past; /* commits that its writer had */
};

struct history {
    struct history_commit commits[HISTORY_COMMITS_MAX]; /* those of a past come first */
    uint32_t count;
    /* What a member can have been delivered of the first n commits: sets closed under the past, the
     * empty one first. Those of n begin with those of n - 1. */
    uint32_t delivered[HISTORY_SETS];
    uint32_t delivered_count[HISTORY_COMMITS_MAX + 1];
};

struct history_walk {
    struct history h;
    uint32_t commits_max, letter_count;
    bool alike;                           /* renamings of members are left out */
    uint32_t choice[HISTORY_COMMITS_MAX]; /* 1 + the choice that was made for a commit */
};

/* history_begin(): before the first history. 1 <= commits_max <= HISTORY_COMMITS_MAX. */
void history_begin(struct history_walk *w, uint32_t commits_max, uint32_t letter_count, bool alike);

/* history_next(): the next history into w->h, which has a last commit that is new. 'extend':
 * whether those that begin with the present one are to be walked. false: there is none left. */
bool history_next(struct history_walk *w, bool extend);

/* history_own(): the commits of 'member', and their past. history_heads(): those of 'set' that no
 * other of 'set' has in its past. */
uint32_t history_own(const struct history *h, uint32_t member);
uint32_t history_heads(const struct history *h, uint32_t set);

/* history_systems(): in how many ways the three members can have been delivered all of these
 * commits, some of them, or none but their own. */
uint64_t history_systems(const struct history *h);

/* history_print(): to standard error; 'letters' has a character for each letter. */
void history_print(const struct history *h, const char *letters);

#endif
