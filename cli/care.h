/*
 * care: looking after an office's replica: verify, repair, export, config. They
 * work on the home itself, without the daemon.
 */
#ifndef CLI_CARE_H
#define CLI_CARE_H

#include "cli/call.h"

/* Each returns the exit code. */
int care_verify(struct call *c);
int care_repair(struct call *c);
int care_export(struct call *c);
int care_config(struct call *c);

/* care_checkpoint(): the repository holds what the last checkpoint wrote: have one made, by the
 * daemon where it runs. Errors: as ask_open(), replica_open(), replica_close() */
MUST_USE enum status care_checkpoint(const struct call *c, struct fault *f);

#endif
