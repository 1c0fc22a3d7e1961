/*
 * pair: run `mingad --join` once, in the foreground, and hand on what it says.
 */
#ifndef CLI_PAIR_H
#define CLI_PAIR_H

#include "cli/call.h"

struct pair_options {
    const char *home, *link;
    const char *listen, *timeout; /* or NULL */
    struct bytes passphrase;      /* of the key that joins; empty: none */
};

/* pair_run(): prints the row of `join`, or its error. Returns the exit code. */
int pair_run(const struct call *c, const struct pair_options *o);

#endif
