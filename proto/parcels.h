/*
 * parcels: the sealed items that one link is asking its peer for in one lane, piece by piece, and
 * the window that bounds what was asked for and has not come: it grows while pieces come fast, and
 * halves where they take long, so that a slow line is never filled by what can wait.
 *
 * Owns the list. The names stand in freight's 'under_way' unless others may ask for them; parts of
 * items stand in its 'partials'. Invariants: at most SEALED_NAMES_MAX pieces are awaited;
 * 'flight_bytes' is the sum of what they count; pieces of one item are asked for and answered in
 * order.
 */
#ifndef PROTO_PARCELS_H
#define PROTO_PARCELS_H

#include "proto/common.h"

struct parcel {
    struct digest name;
    uint32_t total;           /* bytes; 0: not known yet */
    uint32_t asked, answered; /* bytes up to here, in whole pieces */
    uint32_t asked_ms[SEALED_PIECES_MAX];
    uint32_t request; /* FX_KEEP; 0: not whole yet */
    bool inherited;   /* other links gave the beginning, and this peer nothing yet */
    bool mixed;       /* other links gave some of it */
    bool dead;        /* nothing more is asked of this peer */
    bool left;        /* others may ask for it */
};

struct parcels_keeping { /* an FX_KEEP that is not answered */
    uint32_t request, count;
};

struct parcels {
    enum sealed_lane lane;
    link_id link;
    struct parcel *list; /* in no order */
    uint16_t *slots;     /* place in 'list' + 1, by name; 0: free */
    uint32_t count, max, awaited;
    struct parcels_keeping *keeps; /* in no order */
    uint32_t keep_count;
    bool lacking; /* one may lack a piece that was not asked for */
    size_t window, flight_bytes;
    uint64_t halved_ms; /* pieces asked for before do not count again */
    uint64_t due_ms;    /* nobody's patience ends before */
};

struct parcels_whole { /* the items that one message made whole */
    struct digest names[SEALED_NAMES_MAX];
    struct bytes items[SEALED_NAMES_MAX];
    uint32_t count;
    uint32_t request;
};

/* Errors: ST_NO_MEMORY */
MUST_USE enum status parcels_init(struct parcels *p, enum sealed_lane lane, link_id link);
void parcels_release(struct parcels *p);

/* parcels_end(): the link is closed: others may ask for what it was asking for. */
void parcels_end(struct parcels *p, struct common *c);

struct parcel *parcels_find(const struct parcels *p, const struct digest *name);
bool parcels_own(const struct parcels *p, uint32_t request);

/* parcels_may_begin(): one more may be begun. parcels_begin(): it is, where its part ended, should
 * there be one; not asked for yet. Errors: ST_NO_MEMORY */
bool parcels_may_begin(const struct parcels *p, const struct common *c);
MUST_USE enum status parcels_begin(struct parcels *p, struct common *c, const struct digest *name,
                                   struct parcel **out);

/* parcels_begun(): one that lacks a piece that was not asked for; NULL: none. */
struct parcel *parcels_begun(struct parcels *p);

/* parcels_fits(): the window takes a piece at 'offset'. parcels_ask(): the next of this one. */
bool parcels_fits(const struct parcels *p, uint32_t offset);
void parcels_ask(struct parcels *p, const struct common *c, struct parcel *parcel,
                 struct sealed_wish *out);

/*
 * parcels_take(): a piece came; an item that is whole now is added to 'whole', its bytes borrowed.
 * Errors: ST_PROTOCOL   not asked for, another piece than that, another total than before
 *         ST_NOT_FOUND  there is no place for its part: nothing more is asked for
 */
MUST_USE enum status parcels_take(struct parcels *p, struct common *c,
                                  const struct sealed_piece *piece, struct parcels_whole *whole);

/* parcels_miss(): a piece is not to be had. Errors: ST_PROTOCOL  it was not asked for */
MUST_USE enum status parcels_miss(struct parcels *p, struct common *c, const struct digest *name);

/* parcels_keep(): whole ones go to the replica. Errors: ST_NO_MEMORY */
MUST_USE enum status parcels_keep(struct parcels *p, struct common *c,
                                  const struct parcels_whole *whole);

/* parcels_remove(): it is over. 'kept': nobody has to ask for it again. */
void parcels_remove(struct parcels *p, struct common *c, struct parcel *parcel, bool kept);

/* parcels_lose_patience(): what the peer owes for too long others may give. When to look next: */
void parcels_lose_patience(struct parcels *p, struct common *c);
uint64_t parcels_deadline_ms(const struct parcels *p);

#endif
