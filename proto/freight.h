/*
 * freight: what the links of one core share about sealed items: how many are wanted here, which are
 * under way on some link, and those of which only a part has come, so that another link, or the
 * next one after a cut, goes on where it stopped.
 *
 * Owns all of it. Invariants: a partial's bytes are there up to 'got'; a partial that is held
 * belongs to one open link.
 */
#ifndef PROTO_FREIGHT_H
#define PROTO_FREIGHT_H

#include "proto/core.h"
#include "proto/nameset.h"

enum { PARTIALS_MAX = 32 }; /* 2 MiB */

struct partial {
    struct digest name; /* zero: this place is free */
    uint32_t total, got;
    uint8_t *bytes;
    link_id holder; /* 0: nobody is adding to it */
    link_id source; /* who gave the first piece */
    bool mixed;     /* others gave some, too */
    uint64_t used;  /* the greater, the later */
};

struct freight {
    uint64_t waiting[SEALED_LANES];   /* wanted and not held, as the shell last told */
    uint64_t wanted[SEALED_LANES];    /* how often it told so: there may be new ones */
    uint64_t wanted_ms[SEALED_LANES]; /* when it last did */
    uint64_t freed[SEALED_LANES];     /* how often a name was given up by a link */
    struct nameset under_way[SEALED_LANES];
    struct partial partials[PARTIALS_MAX];
    uint64_t uses;
};

void freight_release(struct freight *f);

/* freight_told(): CORE_WANTED. */
void freight_told(struct freight *f, const struct core_event *e);

/* freight_take(): what there is of this item, held by 'link' from now on; NULL: nothing, or another
 * link holds it. */
struct partial *freight_take(struct freight *f, link_id link, const struct digest *name);

/* freight_begin(): a place for an item of 'total' bytes, held by 'link'; the part that nobody holds
 * and that was used least recently gives way. NULL: all are held, or no memory. */
struct partial *freight_begin(struct freight *f, link_id link, const struct digest *name,
                              uint32_t total);

/* freight_add(): the next bytes of it; at most what is missing. */
void freight_add(struct freight *f, struct partial *p, link_id link, struct bytes bytes);

/* freight_drop(): forget it. freight_leave(): this link is gone; what it held stays. */
void freight_drop(struct partial *p);
void freight_leave(struct freight *f, link_id link);

#endif
