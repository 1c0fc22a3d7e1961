#include "proto/pulse.h"

#include "proto/say.h"

void pulse_ping(struct link *l, struct common *c)
{
    l->pinged_ms = c->now_ms;
    say_ping(c, &l->wire);
}

/* The dialler asks for a fresh handshake; should it not, the other does a little later. */
static uint64_t rekey_ms(const struct link *l)
{
    return l->opened_ms + REKEY_MS + (l->dialled ? 0 : STALL_MS);
}

static uint64_t ping_ms(const struct link *l)
{
    return (l->heard_ms > l->pinged_ms ? l->heard_ms : l->pinged_ms) + PING_MS;
}

static void rekey(struct link *l, struct common *c)
{
    l->rekeyed = true;
    link_end(l, c, ST_CLOSED, BYE_REKEY);
}

void pulse_tick(struct link *l, struct common *c)
{
    if (l->state == LINK_CLOSED)
        return;
    if (c->now_ms >= l->deadline_ms) {
        link_fail(l, c, l->state == LINK_DIALLING ? ST_UNREACHABLE : ST_STALLED);
        return;
    }
    if (l->state != LINK_ACTIVE)
        return;
    if (c->now_ms >= l->heard_ms + STALL_MS)
        link_fail(l, c, ST_STALLED);
    else if (c->now_ms >= rekey_ms(l) || channel_tired(l->wire.channel))
        rekey(l, c);
    else if (c->now_ms >= ping_ms(l))
        pulse_ping(l, c);
}

uint64_t pulse_deadline_ms(const struct link *l, const struct common *c)
{
    uint64_t next = l->deadline_ms;
    if (l->state != LINK_ACTIVE)
        return l->state == LINK_CLOSED ? UINT64_MAX : next;
    const uint64_t others[] = {l->heard_ms + STALL_MS,
                               rekey_ms(l),
                               ping_ms(l),
                               fetch_deadline_ms(l->fetch),
                               lanes_deadline_ms(l->lanes, c, &l->wire),
                               motions_deadline_ms(&l->motions, c)};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        next = others[i] < next ? others[i] : next;
    return next;
}
