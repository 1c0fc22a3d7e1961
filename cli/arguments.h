/*
 * arguments: a command line into a call. Global options may stand anywhere; nothing that is
 * mistyped is ever guessed and run: the nearest name is only said.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "cli/call.h"

/*
 * arguments_parse(): 'argv' without the program's name; borrowed by *out. The home is not set.
 * given_home_out: the value of --home, or NULL. With help or version set, nothing else is checked.
 * Even on error out->json says how the error is to be told, and out->verb may be set.
 * Errors: ST_USAGE  what is wrong, and the nearest name or how to use the command
 */
MUST_USE enum status arguments_parse(int argc, char *const *argv, struct call *out,
                                     const char **given_home_out, struct fault *f);

#endif
