/*
 * console: the control socket: requests in, rows out. Mode 0600; only the daemon's own user (and
 * root) is served; that user's name is the author of what it writes.
 *
 * Verbs about links are answered here (status, peer, sync, watch, reload); everything else goes to
 * the storage thread. A connection's requests are answered one after the other.
 */
#ifndef DAEMON_CONSOLE_H
#define DAEMON_CONSOLE_H

#include "daemon/server.h"

/* console_create(): bind and listen. Errors: ST_LOCKED  a daemon answers on that socket; ST_IO */
MUST_USE enum status console_create(struct server *server, const char *path, struct console **out,
                                    struct fault *f);

/* console_finished(): a JOB_VERB or JOB_STATUS of ours came back; takes the job over. */
void console_finished(struct console *c, struct job *j);

/* console_news(): commits became durable: watchers see them. */
void console_news(struct console *c, const struct job *news);
/* console_link(): a link's state changed. */
void console_link(struct console *c, const char *text);

/* console_check(): look at what `status --wait` and `sync` wait for; console_deadline_ms() is when
 * the first of them gives up. */
void console_check(struct console *c);
uint64_t console_deadline_ms(const struct console *c);

/* console_stop(): no new requests; free with console_free() once the loop has run dry. */
void console_stop(struct console *c);
void console_free(struct console *c);

#endif
