/*
 * books: the accounts of a network in other people's formats: export ledger, beancount, iati, csv.
 * In this process, on the home or on a clone, without the daemon.
 */
#ifndef CLI_BOOKS_H
#define CLI_BOOKS_H

#include "cli/call.h"
#include "replicas/replica.h"

/* books_is_format(): whether export's first word is one of them. */
bool books_is_format(const char *word);

/* books_open(): the replica of the home, or with --repo of a clone that is sound, for reading; drop
 * it. Errors: as replica_open() and verify_repo(); ST_CORRUPT  the clone is not sound */
MUST_USE enum status books_open(const struct call *c, struct replica **out, struct fault *f);

/* books_export(): returns the exit code. */
int books_export(struct call *c);

#endif
