/*
 * All kinds of steps: see plan.h. Whoever adds one adds a line here.
 */
#include "tests/sim/byzantine.h"
#include "tests/sim/faults.h"
#include "tests/sim/flood.h"
#include "tests/sim/plan.h"
#include "tests/sim/removal.h"
#include "tests/sim/work.h"

const struct step_kind step_kinds[] = {
    {"admit", "the next office is added", work_admit, STEP_ADMIT, 1},
    {"write", "A writes something", work_step, STEP_WORK, 9},
    {"approve", "the person of A approves what waits", removal_approve, STEP_WORK, 3},
    {"snapshot", "a snapshot of A is taken", faults_snapshot, STEP_FAULT, 6},
    {"crash", "A loses its power", faults_crash, STEP_FAULT, 6},
    {"crash-io", "A loses its power soon, in the middle of storing", faults_crash_io, STEP_FAULT,
     6},
    {"partition", "some are cut from the others", faults_partition, STEP_FAULT, 6},
    {"delay", "the line between A and B gets slow", faults_delay, STEP_FAULT, 6},
    {"drop", "the connection of A and B breaks in the middle of bytes", faults_drop, STEP_FAULT, 6},
    {"flip", "a bit is inverted between A and B", faults_flip, STEP_FAULT, 6},
    {"duplicate", "A and B dial each other at once", faults_duplicate, STEP_FAULT, 6},
    {"restore", "A gets its snapshot back, and writes", faults_restore, STEP_FAULT, 6},
    {"io-error", "the disk of A fails once, soon", faults_io_error, STEP_FAULT, 4},
    {"full", "the disk of A gets full", faults_full, STEP_FAULT, 3},
    {"lost", "a write of A never reaches its disk", faults_lost, STEP_FAULT, 3},
    {"misdirected", "a write of A reaches another place of its disk", faults_misdirected,
     STEP_FAULT, 3},
    {"rot", "a bit on the disk of A rots", faults_rot, STEP_FAULT, 3},
    {"rot-vault", "bytes of the vault of A rot", faults_rot_vault, STEP_FAULT, 2},
    {"rot-repository", "an object in the repository of A rots", faults_rot_repository, STEP_FAULT,
     2},
    {"loss", "A loses everything but its key, and is set up anew", faults_loss, STEP_FAULT, 2},
    {"slow", "the disk of A gets slow", faults_slow, STEP_FAULT, 4},
    {"replay", "bytes between A and B come twice", faults_replay, STEP_FAULT, 4},
    {"replay-connection", "somebody says again to A what it heard before", faults_replay_connection,
     STEP_FAULT, 4},
    {"clock", "the clock of A jumps", faults_clock, STEP_FAULT, 6},
    {"appoint", "A proposes B as an admin", removal_appoint, STEP_FAULT, 4},
    {"remove", "A proposes to remove B", removal_remove, STEP_FAULT, 4},
    {"each-other", "two admins propose to remove each other", removal_each_other, STEP_FAULT, 3},
    {"adopt", "A adopts what waits in quarantine", removal_adopt, STEP_FAULT, 3},
    {"forge", "the liar forges a commit", byzantine_forge, STEP_FAULT, 6},
    {"equivocate", "the liar tells two commits of one seq", byzantine_equivocate, STEP_FAULT, 3},
    {"old-past", "the liar writes on an old past", byzantine_old_past, STEP_FAULT, 3},
    {"flood", "the liar stops its daemon and floods B", flood_step, STEP_FAULT, 1},
    {"freeze", "the liar forks more often than it may", byzantine_freeze, STEP_FAULT, 1},
};

const uint32_t step_kind_count = sizeof step_kinds / sizeof *step_kinds;
