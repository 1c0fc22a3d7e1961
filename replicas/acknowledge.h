/*
 * acknowledge: an empty commit of ours over what others wrote, so that it becomes settled where
 * nobody here has anything to say.
 *
 * Others' commits that hold operations and count, and are not in the past of a commit of ours,
 * wait. Once the first of them has waited for the time of the options, and a random part of half of
 * it more, one empty commit goes over all heads. Acknowledgements and merges alone never make
 * another.
 */
#ifndef REPLICAS_ACKNOWLEDGE_H
#define REPLICAS_ACKNOWLEDGE_H

#include "replicas/tend.h"

/* acknowledge_waiting(): how many such commits there are, from the graph alone. Errors:
 * ST_NO_MEMORY
 */
MUST_USE enum status acknowledge_waiting(struct replica *r, uint32_t *count_out);

/* acknowledge_step(): of tend. Errors: as replica_write() */
MUST_USE enum status acknowledge_step(struct tending *now, struct fault *f);

#endif
