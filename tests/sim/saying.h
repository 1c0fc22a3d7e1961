/*
 * saying: a command given to a replica by its words, as a person gives it to `minga`.
 */
#ifndef TESTS_SIM_SAYING_H
#define TESTS_SIM_SAYING_H

#include "replicas/replica.h"

/*
 * saying_run(): "words" end with NULL; "--name=value" is an option. The author is a person of
 * 'label'. Rows of the answer go to 'row' (NULL: nowhere). Nothing is synced.
 * Errors: as verb_run()
 */
typedef void (*saying_row_fn)(void *user, struct bytes json);
MUST_USE enum status saying_run(struct replica *r, const char *label, const char *const *words,
                                saying_row_fn row, void *user, struct fault *f);

/* saying_motion(): the number, as `member approve` takes it, of the first motion that waits for
 * this office's approval; false: none does. */
enum { SAYING_NUMBER_BYTES = 16 };
bool saying_motion(struct replica *r, char out[static SAYING_NUMBER_BYTES]);

#endif
