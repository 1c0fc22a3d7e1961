/*
 * follow: what only sealed items name is wanted as soon as they can be read: the lists of files,
 * the chunks of lists, the values of disclosures to us. Unasked, in quiet moments.
 *
 * Offices want every chunk by themselves; others when somebody asks for a file (download.h).
 */
#ifndef REPLICAS_FOLLOW_H
#define REPLICAS_FOLLOW_H

#include "replicas/tend.h"

struct follow; /* of one replica */

/* follow_step(): of tend. Errors: LOCAL */
MUST_USE enum status follow_step(struct tending *now, struct fault *f);

/* follow_anew(): look at every file and disclosure of the state again: the vault lost items. */
void follow_anew(struct follow *w);

void follow_free(struct follow *w);

#endif
