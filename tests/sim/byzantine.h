/*
 * byzantine: a member that lies. Its core, replica and key are real; what it tells others besides
 * are commits that its replica never made (tests/unit/replicas/forge.h).
 *
 * A lie is either to be refused by everyone, or, like two commits of one seq, good enough to be
 * taken, and then the liar's own fault: it is in the ledger as what the liar wrote.
 */
#ifndef TESTS_SIM_BYZANTINE_H
#define TESTS_SIM_BYZANTINE_H

#include "tests/sim/world.h"

/* Steps of the plan; whoever they name, one member of a seed lies and the others do not.
 * _forge: a commit that nobody may take. _equivocate: two of one seq, to different members.
 * _old_past: one on an old past, by a charter of then or of now. _freeze: more forks of one seq
 * than a key may have. */
void byzantine_forge(struct world *w, const struct step *s);
void byzantine_equivocate(struct world *w, const struct step *s);
void byzantine_old_past(struct world *w, const struct step *s);
void byzantine_freeze(struct world *w, const struct step *s);

/* byzantine_liar(): the one of this seed, if it is there and its power is on; or NULL. */
struct member *byzantine_liar(struct world *w);

/* byzantine_is_lie(): whether a liar made this item; 'st' is what 'm' made of it: what is to be
 * refused was, what is not was not. */
bool byzantine_is_lie(struct member *m, struct bytes item, enum status st);

/* byzantine_note(): a liar says this as an item, which everyone has to refuse; how often it was
 * goes to 'count'. */
void byzantine_note(struct world *w, struct bytes item, enum world_count count);

void byzantine_release(struct world *w);

#endif
