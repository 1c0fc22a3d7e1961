/*
 * server: one running daemon: the loop around the core and the storage thread. It holds no rule of
 * the protocol or of a record: events go into core_step(), effects come out and are carried out.
 */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include <uv.h>

#include "daemon/meeting.h"
#include "daemon/worker.h"
#include "proto/core.h"
#include "replicas/settings.h"

struct transport;
struct console;

struct server {
    uv_loop_t loop;
    uv_async_t woken; /* the worker has finished jobs */
    uv_timer_t timer; /* core_deadline_ms() */
    uv_signal_t signals[3];
    struct core *core;
    struct worker *worker;
    struct settings settings;
    char *home;
    char config_path[HOME_PATH_MAX];
    char label[LABEL_BYTES_MAX + 1];
    struct transport *transport;
    struct console *console;
    struct meeting meeting;
    bool stopping, handles_closed;
    struct key key; /* that the core speaks with */
    bool rotated;   /* the replica has another one now, or went over to another charter */
    bool charter_told, heads_told, ready;
    enum status outcome; /* of the whole run */
    struct fault fault;
};

struct server_options {
    const char *home;
    const char *socket_path;              /* of the control socket */
    const struct home_identity *identity; /* unlocked; NULL: without a passphrase */
};

/* server_run(): open the replica, serve until SIGTERM or SIGINT, checkpoint, close.
 * Errors: ST_AGAIN  the identity was rotated: read the file anew and call again
 *         as replica_open(), settings_load(); ST_LOCKED; ST_IO after a failed sync */
MUST_USE enum status server_run(const struct server_options *o, struct fault *f);

/* server_step(): one event into the core, its effects carried out. Not from within an effect. */
void server_step(struct server *s, struct core_event *event);

/* server_submit(): a job to the storage thread, or, where it writes, to the meeting first; frees it
 * where the server is stopping. */
void server_submit(struct server *s, struct job *j);

/* server_reload(): the configuration again; on an error the old one stays. */
MUST_USE enum status server_reload(struct server *s, struct fault *f);

uint64_t server_now_ms(void);

#endif
