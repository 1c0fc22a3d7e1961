/*
 * audit: one verdict about a network's money, and its attestation. Without --since it is made here,
 * in this process, from nothing; with it by the daemon, which has the accounts at hand.
 */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli/call.h"

/* Each returns the exit code: 0 clean, or notices alone; 4 findings; 5 verification failed. */
int audit_command(struct call *c);
int audit_attest(struct call *c);

#endif
