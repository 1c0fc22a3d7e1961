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

#endif
