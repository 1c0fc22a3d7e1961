/*
 * unbundle: `minga bundle read FILE...`: bundles and receipts that came by hand. Parts of one
 * bundle are read in their order, in whatever order they are named. What a file says of itself is
 * checked before anything of it is decrypted, and every chunk before it is taken; reading a file
 * again changes nothing. Behind a bundle that was read stands FILE.receipt, for its sender.
 */
#ifndef CLI_UNBUNDLE_H
#define CLI_UNBUNDLE_H

#include "cli/call.h"

int unbundle_run(struct call *c);

#endif
