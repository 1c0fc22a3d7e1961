/*
 * begin: how an office comes into being: init, invite, join.
 */
#ifndef CLI_BEGIN_H
#define CLI_BEGIN_H

#include "cli/call.h"

/* Each returns the exit code. begin_init() needs no daemon; begin_join() runs mingad once, in the
 * foreground, to pair. */
int begin_init(struct call *c);
int begin_invite(struct call *c);
int begin_join(struct call *c);

#endif
