/*
 * confine: the daemon gives up what it never needs, before it hears anybody: files outside its home
 * but for reading the system's (Landlock), other programs, tracing, other kinds of sockets, memory
 * that is written and run (seccomp); each where the kernel has it. For good, for all its threads.
 * Not given up: mode and owner of the user's other files; and `mingad --join`, which pairs once and
 * ends, gives nothing up.
 */
#ifndef DAEMON_CONFINE_H
#define DAEMON_CONFINE_H

#include "replicas/fault.h"

/*
 * confine_process(): from now on. 'home' is there; the folder of 'socket_path' or that one's parent
 * is. A build with MINGA_UNCONFINED does nothing: sanitizers and coverage write and trace.
 * Errors: ST_IO  the kernel refuses what it says to offer
 */
MUST_USE enum status confine_process(const char *home, const char *socket_path, struct fault *f);

#endif
