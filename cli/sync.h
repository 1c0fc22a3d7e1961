/*
 * sync: how the offices stand to each other: status, sync, watch.
 */
#ifndef CLI_SYNC_H
#define CLI_SYNC_H

#include "cli/call.h"

/* Each returns the exit code. */
int sync_status(struct call *c);
int sync_now(struct call *c);
int sync_watch(struct call *c);

#endif
