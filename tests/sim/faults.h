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

/* Disks: an error that is told; no room; a write that never comes, or comes elsewhere; a bit or an
 * object that rots; everything lost; slowness. */
void faults_io_error(struct world *w, const struct step *s);
void faults_full(struct world *w, const struct step *s);
void faults_lost(struct world *w, const struct step *s);
void faults_misdirected(struct world *w, const struct step *s);
void faults_rot(struct world *w, const struct step *s);
void faults_rot_vault(struct world *w, const struct step *s);
void faults_rot_repository(struct world *w, const struct step *s);
void faults_loss(struct world *w, const struct step *s);
void faults_slow(struct world *w, const struct step *s);

/* Bytes of a connection come twice; a connection of before comes again. */
void faults_replay(struct world *w, const struct step *s);
void faults_replay_connection(struct world *w, const struct step *s);

/* faults_count(): what its disk did wrong enters the counts; before the disk goes. */
void faults_count(struct member *m);

/* faults_mend_disk(): it does nothing wrong from now on. */
void faults_mend_disk(struct member *m);

/* faults_dial(): two whose connection broke both noticed, and both dial. */
void faults_dial(struct world *w);

/* faults_end(): everything is mended and every member is turned on. */
void faults_end(struct world *w);

#endif
