/*
 * help: what can be done, examples first.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/verbs.h"

void help_all(FILE *file);
void help_verb(FILE *file, const struct verbs_entry *verb);

/* help_run(): help [COMMAND]. */
int help_run(struct call *c);

#endif
