/*
 * pulse: the time of one link: when a silent peer is asked, when it is given up, when hands are
 * shaken anew.
 */
#ifndef PROTO_PULSE_H
#define PROTO_PULSE_H

#include "proto/link.h"

/* pulse_ping(): ask now whether it is alive. */
void pulse_ping(struct link *l, struct common *c);

/* pulse_tick(): deadlines, PING, a fresh handshake. pulse_deadline_ms(): when next. */
void pulse_tick(struct link *l, struct common *c);
uint64_t pulse_deadline_ms(const struct link *l, const struct common *c);

#endif
