/*
 * confine: the daemon gives up what it never needs, before it hears anybody: writing outside its
 * home (Landlock, where the kernel has it), other programs, tracing, other kinds of sockets, code
 * made at run time (seccomp). For good, for all its threads.
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
