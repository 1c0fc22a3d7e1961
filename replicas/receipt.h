/*
 * receipt: what an office holds durably, for another office: how a bundle's recipient answers, so
 * that the next bundle is smaller. Not secret: ids only.
 *
 *   "minga/bundle/1" zero, 2 (kind) | msgpack [network, from, to, bundle id, part, seconds, charter
 *   version, heads, wants] | Ed25519 by 'from' over parts("minga/receipt/1", all of the above), 64
 *
 * heads: its tips, one binary, HEADS_MAX of 20 bytes. wants: names of sealed items that it waits
 * for, one binary, RECEIPT_WANTS_MAX of 32 bytes. seconds: its clock when it was made, for people.
 */
#ifndef REPLICAS_RECEIPT_H
#define REPLICAS_RECEIPT_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/bundle.h"

enum {
    RECEIPT_WANTS_MAX = 4096,      /* what else is wanted the next receipt tells */
    RECEIPT_BYTES_MAX = 192 * KIB, /* a whole file */
};

struct receipt { /* heads and wants borrow */
    struct digest network;
    struct key from, to;
    uint8_t bundle[BUNDLE_ID_BYTES]; /* zeros: of no bundle */
    uint32_t part;
    int64_t seconds;
    uint32_t charter;
    struct bytes heads, wants;
};

/* receipt_write(): the whole file, signed by the secret of 'from', appended. */
MUST_USE enum status receipt_write(const struct receipt *r, const uint8_t secret[static 64],
                                   struct buf *out);

/*
 * receipt_read(): the exact inverse; borrows from 'in'.
 * Errors: ST_MALFORMED, ST_NOT_CANONICAL, ST_TOO_LARGE; ST_BAD_SIGNATURE  not by 'from'
 */
MUST_USE enum status receipt_read(struct bytes in, struct receipt *out);

#endif
