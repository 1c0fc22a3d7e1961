/*
 * flood: a liar whose daemon is stopped speaks by hand, with its own real key: as much as it can of
 * what is legal and useless, and of what is not legal at all.
 */
#ifndef TESTS_SIM_FLOOD_H
#define TESTS_SIM_FLOOD_H

#include "tests/sim/world.h"

/* flood_step(): a step of the plan: the liar floods B. */
void flood_step(struct world *w, const struct step *s);

/* flood_hear(): an event for a member that floods. flood_end(): it goes; its daemon starts. */
void flood_hear(struct member *m, const struct core_event *event);
void flood_end(struct member *m);

#endif
