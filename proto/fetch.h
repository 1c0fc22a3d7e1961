/*
 * fetch: bringing two replicas together over one link: what the other side has, what it lacks, what
 * is under way in both directions.
 *
 * The sending side is the machine (enum fetch_state). What the peer has is known by three things,
 * each bounded: 'has', the heads that it last told to be durable (HEADS, STORED, its pushes);
 * 'summary', what it told of its past; the window's flights, sent and not judged yet. Their
 * union is what FX_LOAD takes as known, so that a batch is never sent twice, and a link that dies
 * goes on where the last durable batch ended.
 *
 * The receiving side stores each ITEM as it arrives and says STORED when that is durable.
 *
 * Owns everything in it. Invariants: a load is under way exactly in FETCH_LOADING; FETCH_WAITING
 * only for heads that are not known here; what is under way stays inside the window (window.h).
 */
#ifndef PROTO_FETCH_H
#define PROTO_FETCH_H

#include "proto/idset.h"
#include "proto/wire.h"

enum fetch_state {
    FETCH_OFF,     /* the link is not active */
    FETCH_IDLE,    /* nothing is asked of the replica */
    FETCH_LOADING, /* what the peer lacks is being read */
    FETCH_WAITING, /* some of its heads are not known here: its SUMMARY or its items come first */
    FETCH_STATE_COUNT
};

struct fetch;

/* Errors: ST_NO_MEMORY */
MUST_USE enum status fetch_create(struct fetch **out);
void fetch_free(struct fetch *f);

/* fetch_begin(): the link became active. fetch_tell(): our whole HEADS, the first time. */
void fetch_begin(struct fetch *f, const struct common *c);
void fetch_tell(struct fetch *f, struct common *c, struct wire *w);
bool fetch_has_told(const struct fetch *f);

/*
 * fetch_on_message(): c->in is one of HEADS, WANT, ITEM, SUMMARY, STORED.
 * Errors: ST_NO_MEMORY
 *         ST_PROTOCOL   STORED of what was never sent
 *         ST_TOO_LARGE  more under way than the window
 */
MUST_USE enum status fetch_on_message(struct fetch *f, struct common *c, struct wire *w);

/* fetch_owns(): whether 'request' was made here. */
bool fetch_owns(const struct fetch *f, uint32_t request);

/*
 * fetch_on_answer(): CORE_STORED or CORE_LOADED of a request of ours.
 * Errors: ST_NO_MEMORY; the verdict that refused an item; the local fault that the replica met
 */
MUST_USE enum status fetch_on_answer(struct fetch *f, struct common *c, struct wire *w,
                                     const struct core_event *e);

/* fetch_push(): a commit that did not come by this link is durable here: send it where we know
 * that the peer has its parents; else compare (fetch_pump). */
void fetch_push(struct fetch *f, struct common *c, struct wire *w, const struct core_event *e);

/* fetch_note(): a commit that came by this link is durable here. Errors: ST_NO_MEMORY */
MUST_USE enum status fetch_note(struct fetch *f, const struct core_event *e);

/* fetch_heads_changed(): our heads are others now; the commits behind it may come by fetch_push. */
void fetch_heads_changed(struct fetch *f, const struct common *c);

/* fetch_compare(): a person asked: tell and compare now. */
void fetch_compare(struct fetch *f, struct common *c, struct wire *w);

/* fetch_pump(): at the end of every step: ask the replica for the next batch, where there is work
 * and room; reconcile when it is time. Errors: ST_NO_MEMORY */
MUST_USE enum status fetch_pump(struct fetch *f, struct common *c, struct wire *w);
uint64_t fetch_deadline_ms(const struct fetch *f);

/* fetch_is_behind(): the peer has told nothing yet, or has heads that we do not have, or is just
 * sending; and our patience with it lasts. fetch_patience_ms(): until when. */
bool fetch_is_behind(const struct fetch *f, const struct common *c);
uint64_t fetch_patience_ms(const struct fetch *f);

/* fetch_is_quiet(): nothing is under way in either direction. */
bool fetch_is_quiet(const struct fetch *f);
/* fetch_has_met(): the peer has told whole HEADS, and all of them are known here. */
bool fetch_has_met(const struct fetch *f, const struct common *c);
bool fetch_is_durable(const struct fetch *f, const struct common *c);
uint32_t fetch_behind_heads(const struct fetch *f, const struct common *c);
enum fetch_state fetch_state(const struct fetch *f);

#endif
