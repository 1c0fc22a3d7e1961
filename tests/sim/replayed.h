/*
 * replayed: a history, from nothing, in another order: it has to end in the same heads and state.
 */
#ifndef TESTS_SIM_REPLAYED_H
#define TESTS_SIM_REPLAYED_H

#include "tests/sim/world.h"

/* replayed_judge(): all commits of 'from', to a fresh replica that has only the first charter: in
 * a random order, some before their parents, some twice. */
void replayed_judge(struct world *w, struct replica *from);

#endif
