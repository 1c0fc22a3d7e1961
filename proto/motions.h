/*
 * motions: the open motions on one link: which of them the peer was told, and how many it may tell.
 * A motion is opaque here; the replica judges it.
 *
 * When the link becomes active each side tells all that it has, be it none, in one CHARTER without
 * versions: so the other knows that it has heard all. Later those are told that came to be as they
 * are after what was told before, a CHARTER of them at a time, with a pause between. A peer that
 * tells more often than that is over the limit.
 */
#ifndef PROTO_MOTIONS_H
#define PROTO_MOTIONS_H

#include "proto/wire.h"

struct motions {
    bool begun;       /* the peer was told what there was when the link became active */
    bool heard;       /* the same the other way */
    uint64_t told;    /* the generation of motions (view.h) that the peer was told whole */
    uint64_t pass;    /* the one that it is being told; as 'told': none */
    uint32_t at;      /* motions before this one are told in this pass */
    uint64_t next_ms; /* when the next CHARTER may leave */
    uint64_t paid_ms; /* the peer's account: when what it told so far would be due */
};

/* motions_admit(): c->in is a CHARTER with motions. Errors: ST_TOO_LARGE  too many too fast */
MUST_USE enum status motions_admit(struct motions *m, const struct common *c);

/* motions_pump(): at the end of every step of an active link. motions_deadline_ms(): when next. */
void motions_pump(struct motions *m, struct common *c, struct wire *w);
uint64_t motions_deadline_ms(const struct motions *m, const struct common *c);

#endif
