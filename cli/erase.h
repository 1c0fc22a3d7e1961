/*
 * erase: orders to erase and their certificate; values disclosed to an auditor.
 */
#ifndef CLI_ERASE_H
#define CLI_ERASE_H

#include "cli/call.h"

/* Each returns the exit code. */
int erase_run(struct call *c);
int erase_disclose(struct call *c);

#endif
