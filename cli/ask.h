/*
 * ask: a command's usual way: its words and options to the daemon, rows to standard output, the end
 * to standard error and the exit code.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <jansson.h>

#include "cli/call.h"
#include "cli/client.h"

/* ask_open(): connect; the fault of a daemon that is not running says whether there is a replica
 * and how to start it. Errors: ST_NO_DAEMON, ST_NO_REPLICA, as client_open() */
MUST_USE enum status ask_open(const struct call *c, struct client **out, struct fault *f);

/* ask_request(): the call as a request; borrows. Nothing of it is changed on the way. */
void ask_request(const struct call *c, struct control_request *out);

/*
 * ask_run(): the whole of a command. With --json each row is printed as one line; else 'row' gets
 * it parsed, lent. 'done' (may be NULL) is called before the end is said, in text mode only.
 * Returns the exit code.
 */
struct ask_view {
    void (*row)(void *user, const struct call *c, const json_t *row);
    void (*done)(void *user, const struct call *c);
    void *user;
};
int ask_run(const struct call *c, const struct control_request *request,
            const struct ask_view *view);

/* ask_call(): ask_run() with the call's own words and options. */
int ask_call(const struct call *c, const struct ask_view *view);

#endif
