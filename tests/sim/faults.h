/*
 * faults: what goes wrong, drawn from the seed: each seed has a mix of its own.
 */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "tests/sim/world.h"

/* faults_begin(): this seed's mix. faults_run(): one fault. faults_end(): everything is mended and
 * every member is turned on. */
void faults_begin(struct world *w);
void faults_run(struct world *w);
void faults_end(struct world *w);

#endif
