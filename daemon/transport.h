/*
 * transport: TCP on libuv: the listener and the byte streams that the core calls links.
 */
#ifndef DAEMON_TRANSPORT_H
#define DAEMON_TRANSPORT_H

#include <uv.h>

#include "proto/core.h"
#include "replicas/fault.h"

struct transport;

/* What happens on a link; called from the loop, never from within transport_*(). */
struct transport_handler {
    void *context;
    void (*accepted)(void *context, link_id link, const char *address);
    void (*connected)(void *context, link_id link);
    void (*data)(void *context, link_id link, struct bytes data);
    void (*written)(void *context, link_id link, size_t unsent_bytes);
    void (*closed)(void *context, link_id link, const char *why); /* not after transport_close() */
};

MUST_USE enum status transport_create(uv_loop_t *loop, const struct transport_handler *handler,
                                      struct transport **out);

/* transport_listen(): on "host:port"; port 0 takes a free one. ST_USAGE: no such address or taken
 */
MUST_USE enum status transport_listen(struct transport *t, const char *address, struct fault *f);
/* transport_address(): where it listens, "" if nowhere. */
const char *transport_address(const struct transport *t);

/* Failures of these come back as closed(). Unknown links are ignored: they are gone already. */
void transport_connect(struct transport *t, link_id link, const char *address);
void transport_send(struct transport *t, link_id link, struct bytes data);
/* transport_take_unsent(): a link whose last transport_send() had to wait, and how many bytes do,
 * once each; false: there is none. */
bool transport_take_unsent(struct transport *t, link_id *link_out, size_t *bytes_out);
/* transport_close(): once what was sent is out, or after a few seconds. */
void transport_close(struct transport *t, link_id link);

/* transport_stop(): close everything; free with transport_free() once the loop has run dry. */
void transport_stop(struct transport *t);
void transport_free(struct transport *t);

#endif
