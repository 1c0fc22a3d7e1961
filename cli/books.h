/*
 * books: the accounts of a network in other people's formats: export ledger, beancount, iati, csv.
 * In this process, on the home or on a clone, without the daemon.
 */
#ifndef CLI_BOOKS_H
#define CLI_BOOKS_H

#include "cli/call.h"

/* books_is_format(): whether export's first word is one of them. */
bool books_is_format(const char *word);

/* books_export(): returns the exit code. */
int books_export(struct call *c);

#endif
