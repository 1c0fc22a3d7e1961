/*
 * git: what libgit2 says went wrong, read at once into a fault.
 */
#ifndef REPLICAS_GIT_H
#define REPLICAS_GIT_H

#include "replicas/fault.h"

/*
 * git_fault(): call right after a negative return 'code' of libgit2, with what was being done, to
 * what. Returns the status: ST_NOT_FOUND, ST_CORRUPT, ST_LOCKED, ST_DISK_FULL, ST_NO_MEMORY, ST_IO.
 */
enum status git_fault(struct fault *f, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * git_thread_begin(): the place where libgit2 keeps a thread's last error, made while there is
 * memory: where it first looks for it when memory has run out, it calls itself without end. At the
 * beginning of each thread that uses libgit2, after git_libgit2_init().
 */
void git_thread_begin(void);

#endif
