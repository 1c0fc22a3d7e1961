/*
 * phrase: how a command comes by a passphrase: from a file that the user names, or from the
 * terminal; never from an argument, which others on the machine could read.
 */
#ifndef CLI_PHRASE_H
#define CLI_PHRASE_H

#include "cli/call.h"
#include "replicas/passphrase.h"

/*
 * phrase_new(): a passphrase for what is made now: the file that option 'from' names, or typed
 * twice. With --no-passphrase it is empty.
 *
 * optional  the command takes --no-passphrase.
 *
 * Errors: ST_USAGE  there is nobody to ask (no terminal, or --no-input): the fix names the options;
 *                   the two differ; it is too short; as passphrase_read(), passphrase_ask()
 */
MUST_USE enum status phrase_new(const struct call *c, const char *from, const char *prompt,
                                bool optional, struct passphrase *out, struct fault *f);

/* phrase_old(): one that opens what is there. Errors: as phrase_new() */
MUST_USE enum status phrase_old(const struct call *c, const char *from, const char *prompt,
                                struct passphrase *out, struct fault *f);

#endif
