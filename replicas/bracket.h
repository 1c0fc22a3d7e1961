/*
 * bracket: between which times a commit was made, by what others say: for auditors, and for people
 * only. Not before two other offices' commits in its past, not after the first commits of two other
 * offices that reach it: so one office alone that dates its commits falsely moves neither bound. A
 * key that forked is no witness: which of its branches came first is each member's own.
 *
 * A bound that cannot be told is left out; one that is told is true as far as all but one of the
 * offices date truly. A commit of the writer dated outside, by more than clocks differ, is
 * back-dated.
 */
#ifndef REPLICAS_BRACKET_H
#define REPLICAS_BRACKET_H

#include "replicas/replica.h"

enum { BRACKET_SLACK_S = 300 }; /* seconds by which honest clocks may differ */

struct bracket {
    bool has_before, has_after;
    int64_t not_before, not_after; /* seconds since 1970 */
    bool back_dated;
};

struct brackets; /* what the graph says, gathered once for many questions */

/* bracket_begin(): for the graph as it is now. Errors: ST_NO_MEMORY */
MUST_USE enum status bracket_begin(struct replica *r, struct brackets **out);
void bracket_end(struct brackets *b);

/* bracket_of(): of one commit. Does not allocate. */
void bracket_of(struct brackets *b, uint32_t node, struct bracket *out);

#endif
