#include "proto/wire.h"

#include "proto/check.h"

enum { WIRE_KEPT_BYTES = 64 * KIB }; /* capacity that an idle link keeps */

void wire_release(struct wire *w)
{
    if (w == NULL)
        return;
    channel_free(w->channel);
    buf_release(&w->out);
    *w = (struct wire){0};
}

void wire_send(struct wire *w, struct common *c)
{
    if (w->channel == NULL || channel_state(w->channel) != CHANNEL_OPEN || w->status != ST_OK)
        return;
    buf_reset(&c->scratch);
    message_encode(c->out, &c->scratch);
    w->status = buf_status(&c->scratch);
    if (w->status == ST_OK)
        w->status = channel_send(w->channel, buf_bytes(&c->scratch), &w->out);
    CHECK(w->status == ST_OK || w->status == ST_NO_MEMORY);
}

void wire_end(struct wire *w, struct common *c, enum bye_code code)
{
    if (w->channel == NULL || channel_state(w->channel) != CHANNEL_OPEN)
        return;
    c->out->kind = MESSAGE_BYE;
    c->out->bye.code = code;
    wire_send(w, c);
    if (w->status == ST_OK)
        w->status = channel_close(w->channel, &w->out);
}

void wire_flush(struct wire *w, struct common *c)
{
    if (w->out.count == 0 || w->out.failed)
        return;
    outbox_add(&c->outbox, FX_SEND, w->link)->bytes = buf_bytes(&w->out);
    w->bytes_out += w->out.count;
    w->flushed = true;
}

void wire_reset(struct wire *w)
{
    if (!w->flushed)
        return;
    w->flushed = false;
    if (w->out.capacity > WIRE_KEPT_BYTES)
        buf_release(&w->out);
    buf_reset(&w->out);
}
