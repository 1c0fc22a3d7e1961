/*
 * blame: who is said to have forked, against what the commits say: two of one key with one seq.
 */
#ifndef TESTS_SIM_BLAME_H
#define TESTS_SIM_BLAME_H

#include "tests/sim/world.h"

/* blame_judge(): every member knows every fork of what it holds, and accuses nobody else; and
 * whoever forked lied or went back to a snapshot. */
void blame_judge(struct world *w);

#endif
