/*
 * members: who takes part, and the links to them: member, peer.
 */
#ifndef CLI_MEMBERS_H
#define CLI_MEMBERS_H

#include "cli/call.h"

/* Each returns the exit code. */
int members_member(struct call *c);
int members_peer(struct call *c);

#endif
