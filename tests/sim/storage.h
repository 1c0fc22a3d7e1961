/*
 * storage: what the daemon's storage thread does, under virtual time: work in batches, one sync a
 * batch, then the news, then the answers. The power may go at any boundary of it; what was not
 * answered by then was not acknowledged.
 */
#ifndef TESTS_SIM_STORAGE_H
#define TESTS_SIM_STORAGE_H

#include "tests/sim/world.h"

/* storage_begin(): the member was opened: tell its core what is there. */
void storage_begin(struct member *m);
void storage_clear(struct member *m);

/* storage_submit(): STORE, LOAD or CHARTER of the core; _sealed: WISH, GIVE or KEEP. */
void storage_submit(struct member *m, const struct core_effect *fx);
void storage_submit_sealed(struct member *m, const struct core_effect *fx);

/* storage_write(): a person writes something. storage_admit(): the founder adds member 'index'. */
void storage_write(struct member *m);
void storage_admit(struct member *m, uint32_t index);

/* storage_run(): the batch that is due at work_ms. */
void storage_run(struct member *m);

#endif
