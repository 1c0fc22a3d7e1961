/*
 * fund: the commands about money: one sentence about what was written, or would be, and what is
 * left where; and the table of balances.
 */
#ifndef CLI_FUND_H
#define CLI_FUND_H

#include "cli/call.h"

enum { FUND_WORDS_MAX = 16 }; /* more than any command takes, so that the answer names its use */

int fund_command(struct call *c); /* returns the exit code */

#endif
