/*
 * check: assertions about our own bugs. Always on, without side effects, never about bytes from a
 * peer or a disk: those get a status.
 */
#ifndef PROTO_CHECK_H
#define PROTO_CHECK_H

#define CHECK(x) ((x) ? (void)0 : check_failed(#x, __FILE__, __LINE__))

/* check_failed(): say which check failed on standard error and abort. */
_Noreturn void check_failed(const char *expression, const char *file, int line);

#endif
