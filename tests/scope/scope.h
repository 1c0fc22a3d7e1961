/*
 * scope: small scope, but all of it: every history of up to six commits by three members, and in
 * each of them everything that a member can have been delivered, in every order, with repetitions
 * and without what was lost.
 *
 * That is few enough to visit because a member's state is a function of what it was delivered, and
 * what it was delivered is a history itself: so the states of all members in all interleavings are
 * those of the histories walked, each of which is judged once, as a whole, with its last delivery:
 *
 *   order       whichever of its heads came last, the state is the same; with that of the shorter
 *               histories, which were judged before: in whatever order all came
 *   repetition  any of its commits once more changes nothing
 *   meeting     two members that between them have all of it have its state after they joined
 *               theirs, whoever began
 *   loss        what never comes is a shorter history, judged by itself
 *   promise     the state is what an independent model says: no value is lost that none superseded
 *               who had it, none that was superseded comes back, accounts have their sums
 *
 * records.c and money.c do that, each with an alphabet of what collides. Two more have one letter
 * and walk every order of arrival as it is, so that nothing rests on the argument above alone:
 * heads.c in the graph of commits, replicas.c between whole replicas, to which commits also come
 * before those that they build on, and twice.
 */
#ifndef TESTS_SCOPE_SCOPE_H
#define TESTS_SCOPE_SCOPE_H

#include "tests/scope/history.h"

struct scope_counts {
    uint64_t histories;  /* judged: states that a member can be in */
    uint64_t deliveries; /* transitions: a commit, new or again, to such a state */
    uint64_t meetings;   /* two states joined */
    uint64_t refusals;   /* a commit that its writer could not make, and was told so */
    uint64_t systems;    /* states of the three members that these stand for */
};

/* Each walks everything up to 'commits' commits, adds to 'counts', and ends the process
 * (scope_fail()) where something does not hold. Only histories whose first two commits fall into
 * 'part' of 'parts' are gone into, so that processors can share them. */
struct scope_options {
    uint32_t commits, part, parts;
};
void records_walk(const struct scope_options *o, struct scope_counts *counts);
void money_walk(const struct scope_options *o, struct scope_counts *counts);
void heads_walk(const struct scope_options *o, struct scope_counts *counts);
void replicas_walk(const struct scope_options *o, struct scope_counts *counts);

/* scope_next_order(): the next of all orders of 0 .. count - 1, from the ascending one on; false:
 * that was the last. */
bool scope_next_order(uint32_t *order, uint32_t count);

/* scope_mine(): whether the present history is of that part; shorter ones than two commits are
 * every part's. */
bool scope_mine(const struct scope_options *o, uint64_t *pairs, const struct history *h);

/* scope_fail(): 'what' does not hold in this history: say so and end the process with 1. */
_Noreturn void scope_fail(const struct history *h, const char *letters, const char *what);

#endif
