/*
 * oracle: what must be so once everything is connected again, found without the code under test as
 * far as possible: from what people asked for (ledger.h) and what the commits say, by a model of
 * its own of what is held, superseded and posted.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include "tests/sim/world.h"

/* oracle_first(): a member in force that is up, always the same one; there is one once
 * oracle_agree(). */
struct member *oracle_first(struct world *w);

/* oracle_agree(): all members in force are up and have the same charter, heads and state. */
bool oracle_agree(struct world *w);

/* oracle_judge(): after that: nothing acknowledged is lost, nothing is there that nobody wrote, the
 * records and accounts are as the model has them, and a replay in another order ends there too. */
void oracle_judge(struct world *w);

#endif
