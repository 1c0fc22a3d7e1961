/*
 * wire: the sending and counting side of one link: its channel, and the bytes that leave at the end
 * of the step.
 *
 * Owns both. Failure is sticky: after ST_NO_MEMORY nothing more is sent, and the link has to end.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include "proto/common.h"

struct wire {
    link_id link;
    struct channel *channel;
    struct buf out;
    bool flushed; /* 'out' was handed over */
    enum status status;
    uint64_t bytes_in, bytes_out;
    size_t unsent_bytes; /* as the shell last told */
};

void wire_release(struct wire *w);

/* wire_send(): 'c->out' as it stands. Where the channel is not open: nothing. */
void wire_send(struct wire *w, struct common *c);

/* wire_end(): BYE with this code and the authenticated CLOSE, where the channel is open. */
void wire_end(struct wire *w, struct common *c, enum bye_code code);

/* wire_flush(): what is to leave, as one SEND. The bytes stay until wire_reset(), a step later. */
void wire_flush(struct wire *w, struct common *c);
void wire_reset(struct wire *w);

#endif
