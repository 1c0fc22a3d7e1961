/*
 * rotate: a new identity key for this office. The new key waits in the home's identity.next, of the
 * same form as identity; it takes its place once a charter names it for our label.
 */
#ifndef REPLICAS_ROTATE_H
#define REPLICAS_ROTATE_H

#include "replicas/replica.h"

/* rotate_prepare(): the key that waits, made now where none does; durable.
 * Errors: ST_NOT_ALLOWED (no home), ST_IO, ST_DISK_FULL, ST_CORRUPT, ST_WRONG_KEY */
MUST_USE enum status rotate_prepare(struct replica *r, struct key *key_out, struct fault *f);

/*
 * rotate_hand(): commit copies of every class key that we can open for the key that waits, before
 * any charter retires the old one: else what no other member can open would be lost with it. None
 * where no key waits or it lacks none. Durable on return.
 * Errors: as rotate_prepare(), replica_write()
 */
MUST_USE enum status rotate_hand(struct replica *r, struct bytes author, struct fault *f);

/* rotate_settle(): where the newest charter names the waiting key for our label, it becomes this
 * replica's identity, on disk first. Called after the chain grew and when a replica opens: a crash
 * in between leaves either key in place, and the next open does the rest.
 * Errors: as rotate_prepare() */
MUST_USE enum status rotate_settle(struct replica *r, struct fault *f);

#endif
