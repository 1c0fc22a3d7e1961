/*
 * client: one connection to the daemon's control socket; blocking.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "proto/control.h"
#include "replicas/fault.h"

struct client;

enum { CLIENT_CODE_BYTES = 64 };

struct client_end {               /* how a request ended */
    char code[CLIENT_CODE_BYTES]; /* "ok", or status_word() */
    char text[FAULT_TEXT_BYTES], fix[FAULT_FIX_BYTES];
    int exit;
};

/* client_open(): connect to the socket at 'path'.
 * Errors: ST_NO_DAEMON  nobody listens there; ST_NOT_ALLOWED  not this user's; ST_IO, ST_TOO_LARGE,
 *         ST_NO_MEMORY */
MUST_USE enum status client_open(const char *path, struct client **out, struct fault *f);

/* client_adopt(): the same over a connected descriptor, which is taken over; for tests. */
MUST_USE enum status client_adopt(int descriptor, struct client **out, struct fault *f);
void client_close(struct client *c);

/*
 * client_run(): one request; 'row' gets each row of the answer (JSON text, lent), then the end.
 * The request's own failure is in *end; errors here are the connection's.
 * Errors: ST_CLOSED    the daemon went away before the end
 *         ST_PROTOCOL  an answer that makes no sense
 *         ST_TOO_LARGE the request is over CONTROL_BYTES_MAX
 *         ST_BAD_VALUE a text of the request is no UTF-8
 *         ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status client_run(struct client *c, const struct control_request *request,
                                void (*row)(void *user, struct bytes json), void *user,
                                struct client_end *end, struct fault *f);

#endif
