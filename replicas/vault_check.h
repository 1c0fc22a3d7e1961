/*
 * vault_check: look at a vault that nobody has open, without writing to it: whether every item that
 * it holds is what its name says.
 */
#ifndef REPLICAS_VAULT_CHECK_H
#define REPLICAS_VAULT_CHECK_H

#include "replicas/vault.h"

/* Told of each item that is not what its name says. */
typedef void (*vault_check_fn)(void *user, const struct vault_facts *facts);

/*
 * vault_check(): of the file at 'path', as its last checkpoint left it.
 *
 * checked_out  items that were looked at
 * Errors: ST_NOT_FOUND  there is none; ST_CORRUPT  the file does not read to its end (fault);
 * ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status vault_check(const char *path, vault_check_fn damaged, void *user,
                                 uint64_t *checked_out, struct fault *f);

#endif
