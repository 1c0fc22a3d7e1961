/*
 * parcel: what one chunk of a bundle holds: things of one kind, in the bytes in which members send
 * them to each other. A bundle holds them in this order.
 *
 * msgpack arrays:
 *   [1, [file …]]                  charter versions, oldest first
 *   [2, [motion …]]                open motions for the next one
 *   [3, [item …]]                  commits with their operations, parents first
 *   [4, [name, bytes, …]]          sealed items, each behind its name
 *   [5, charter version, ids]      the last: what the sender holds: its tips, one binary
 */
#ifndef REPLICAS_PARCEL_H
#define REPLICAS_PARCEL_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"

enum parcel_kind {
    PARCEL_CHARTERS = 1,
    PARCEL_MOTIONS = 2,
    PARCEL_ITEMS = 3,
    PARCEL_SEALED = 4,
    PARCEL_HEADS = 5,
};

enum { PARCEL_ENTRIES_MAX = 256 };

struct parcel { /* borrows from the decoded bytes, or what the encoder's caller put there */
    enum parcel_kind kind;
    uint32_t count;
    struct bytes entries[PARCEL_ENTRIES_MAX]; /* all but HEADS: 1 byte at least */
    struct digest names[PARCEL_ENTRIES_MAX];  /* SEALED */
    uint32_t charter;                         /* HEADS */
    struct bytes heads;                       /* HEADS: oids, one behind the other, HEADS_MAX */
};

/* parcel_add(): one more entry (borrowed), its name where SEALED (else NULL); false where the
 * parcel is full, by number or by BUNDLE_CHUNK_BYTES_MAX. One alone always fits. */
bool parcel_add(struct parcel *p, const struct digest *name, struct bytes entry);

void parcel_encode(const struct parcel *p, struct buf *out);

/* parcel_decode(): Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE */
MUST_USE enum status parcel_decode(struct bytes in, struct parcel *out);

#endif
