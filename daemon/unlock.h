/*
 * unlock: the key of a home before the daemon starts: who is asked for its passphrase.
 */
#ifndef DAEMON_UNLOCK_H
#define DAEMON_UNLOCK_H

#include "replicas/home.h"

/* unlock_needed(): whether the home's key is under a passphrase; false where there is no home. */
bool unlock_needed(const char *home);

/*
 * unlock_ask(): the passphrase of this process: from 'file' where one is named, else from systemd's
 * credentials, else from a person at the terminal, after 'prompt'. Blocks.
 * Errors: ST_USAGE  there is none of them; as passphrase_read(), passphrase_ask()
 */
MUST_USE enum status unlock_ask(const char *file, const char *prompt, struct passphrase *out,
                                struct fault *f);

/*
 * unlock_home(): a home's identity, its passphrase asked for only where it has one. Wipe it.
 * Errors: as home_unlock(), unlock_ask()
 */
MUST_USE enum status unlock_home(const char *home, const char *file, struct home_identity *out,
                                 struct fault *f);

#endif
