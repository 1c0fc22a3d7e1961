/*
 * shrink: of a seed that fails, the few steps that it takes: those without any of which it does not
 * fail any more, or in another way.
 */
#ifndef TESTS_SIM_SHRINK_H
#define TESTS_SIM_SHRINK_H

#include "tests/sim/plan.h"

/*
 * shrink_run(): leave steps out of 'p', each try in a process of its own, until no single one can
 * be left out; prints the steps that stay, in words, and the line that repeats it.
 *
 * 1: it fails, and was shrunk; 0: it does not fail.
 */
int shrink_run(uint64_t seed, struct plan *p);

#endif
