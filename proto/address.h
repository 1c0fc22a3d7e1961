/*
 * address: the texts by which others are reached and seen. Pure; allocates nothing.
 */
#ifndef PROTO_ADDRESS_H
#define PROTO_ADDRESS_H

#include "proto/id.h"
#include "proto/limiter.h"

struct address {
    char label[LABEL_BYTES_MAX + 1];   /* "" none was given */
    char place[ADDRESS_BYTES_MAX + 1]; /* host:port */
};

/*
 * address_read(): "label=host:port" or "host:port".
 * Errors: ST_MALFORMED  no valid label before the '=', or no place
 *         ST_TOO_LARGE
 */
MUST_USE enum status address_read(const char *text, struct address *out);

/* address_of_stranger(): an IP address as text, for the limiter; another text gives some address
 * of its own, so that its buckets are its own too. */
struct limiter_address address_of_stranger(const char *text);

#endif
