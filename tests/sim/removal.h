/*
 * removal: admins who appoint, remove, and remove each other; approvals by their persons; what
 * those who are out wrote on, in quarantine, and its adoption.
 */
#ifndef TESTS_SIM_REMOVAL_H
#define TESTS_SIM_REMOVAL_H

#include "tests/sim/world.h"

/* Steps of the plan. Where A cannot, the next who can does. _appoint: A proposes B as an admin.
 * _remove: A proposes that B goes. _each_other: two admins at once, cut from each other. _approve:
 * A's person approves what waits. _adopt: A adopts what of somebody waits in quarantine. */
void removal_appoint(struct world *w, const struct step *s);
void removal_remove(struct world *w, const struct step *s);
void removal_each_other(struct world *w, const struct step *s);
void removal_approve(struct world *w, const struct step *s);
void removal_adopt(struct world *w, const struct step *s);

/* removal_newest(): the newest charter of those that are up; NULL: nobody is. */
const struct charter *removal_newest(const struct world *w);

/* removal_in_force(): whether a member is one, by that. */
bool removal_in_force(const struct world *w, const struct member *m);

/* removal_is_silenced(): it knows that nothing that it writes counts: its key is retired or frozen.
 */
bool removal_is_silenced(const struct member *m);

/* removal_judge(): at every member in force what counts is what has to, and the charter is one. */
void removal_judge(struct world *w);

#endif
