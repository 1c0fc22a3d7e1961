/*
 * faults: what goes wrong: steps of the plan (steps.c).
 */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "tests/sim/world.h"

void faults_snapshot(struct world *w, const struct step *s);
void faults_crash(struct world *w, const struct step *s);
void faults_crash_io(struct world *w, const struct step *s);
void faults_partition(struct world *w, const struct step *s);
void faults_delay(struct world *w, const struct step *s);
void faults_drop(struct world *w, const struct step *s);
void faults_flip(struct world *w, const struct step *s);
void faults_duplicate(struct world *w, const struct step *s);
void faults_restore(struct world *w, const struct step *s);
void faults_clock(struct world *w, const struct step *s);

/* faults_dial(): two whose connection broke both noticed, and both dial. */
void faults_dial(struct world *w);

/* faults_end(): everything is mended and every member is turned on. */
void faults_end(struct world *w);

#endif
