/*
 * trail: the way of money from a receipt to the grant and back, as lines for people.
 */
#ifndef CLI_TRAIL_H
#define CLI_TRAIL_H

#include "cli/call.h"

enum { TRAIL_WORDS_MAX = 16 }; /* of a receipt's number with spaces */

int trail_command(struct call *c); /* returns the exit code */

#endif
