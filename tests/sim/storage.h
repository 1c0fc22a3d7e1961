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

/* storage_act(): a person at 'm' does something that 'act' carries out on its replica, in the
 * storage's turn, with the dice of 's' (copied). ST_OK or why not: without power anything goes,
 * with it no LOCAL failure. storage_admit(): the founder adds member 'index'. */
typedef enum status (*storage_act_fn)(struct member *m, const struct step *s);
void storage_act(struct member *m, storage_act_fn act, const struct step *s);
void storage_admit(struct member *m, uint32_t index);

/* storage_run(): the batch that is due at work_ms. */
void storage_run(struct member *m);

#endif
