/*
 * fault: what went wrong, in words for a person: what happened, to what, and what to do. Owned by
 * the caller; its text gains context on its way up. Never sent to a peer.
 */
#ifndef REPLICAS_FAULT_H
#define REPLICAS_FAULT_H

#include "proto/status.h"

enum { FAULT_TEXT_BYTES = 512, FAULT_FIX_BYTES = 256 };

struct fault {
    enum status code;
    char text[FAULT_TEXT_BYTES]; /* a sentence without a full stop */
    char fix[FAULT_FIX_BYTES];   /* what to do, or "" */
};

/* fault_set(): replaces what is there; returns 'code', so that callers write return fault_set(…).
 * 'f' may be NULL: then only the code is returned. An overlong text is cut. */
enum status fault_set(struct fault *f, enum status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fault_fix(): what the reader can do about it. */
void fault_fix(struct fault *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* fault_context(): puts "<context>: " before the text; returns f->code, or 'code' where f is NULL.
 */
enum status fault_context(struct fault *f, enum status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fault_errno(): ST_DISK_FULL for ENOSPC and EDQUOT, else ST_IO, with strerror() in the text. */
enum status fault_errno(struct fault *f, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
