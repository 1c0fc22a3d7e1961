/*
 * rescue: what guards against loss and theft: backup, init --restore, passphrase.
 */
#ifndef CLI_RESCUE_H
#define CLI_RESCUE_H

#include "cli/call.h"

int rescue_backup(struct call *c);
int rescue_restore(struct call *c); /* init --restore FILE */
int rescue_passphrase(struct call *c);

#endif
