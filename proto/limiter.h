/*
 * limiter: what strangers may cost us before they are known: a token bucket per address for new
 * connections, and at most HALF_OPEN_MAX handshakes whose first message was genuine, with random
 * eviction, each with HANDSHAKE_MS to finish.
 *
 * Pure: time comes in as now_ms (monotonic), randomness as an injected function. A limiter owns
 * its tables, which are of fixed size: nothing a stranger does makes it grow.
 * Invariants: a slot's id stands in one slot only; tokens never pass LIMITER_TOKENS_MAX.
 */
#ifndef PROTO_LIMITER_H
#define PROTO_LIMITER_H

#include "proto/channel.h"
#include "proto/limits.h"

enum {
    LIMITER_ADDRESSES_MAX = 1024, /* buckets; when all are in use the fullest is taken over */
    LIMITER_TOKENS_MAX = 64,      /* connections at once: several offices may share an address */
    LIMITER_TOKEN_MS = 100,       /* one more each; a first message costs us some 0.1 ms */
};

/* An address as IPv6 has it; IPv4 in its mapped form ::ffff:a.b.c.d. Ports do not matter. */
struct limiter_address {
    uint8_t ip[16];
};

struct limiter;

/* limiter_create(). Allocates. Errors: ST_NO_MEMORY */
MUST_USE enum status limiter_create(entropy_fn entropy, void *entropy_context,
                                    struct limiter **out);
void limiter_free(struct limiter *l);

/*
 * limiter_admit(): may a new connection from here be served? Takes one token of the address's
 * bucket; an IPv6 network of 64 bits counts as one address, since its holder has them all.
 */
bool limiter_admit(struct limiter *l, const struct limiter_address *from, uint64_t now_ms);

/*
 * limiter_take_slot(): connection 'id' (not in a slot yet) sent a genuine first message.
 * evicted_out  the connection to close when this is true: all slots were taken, and one of them,
 *              chosen at random, gave way.
 */
MUST_USE bool limiter_take_slot(struct limiter *l, uint64_t id, uint64_t now_ms,
                                uint64_t *evicted_out);

/* limiter_leave_slot(): its handshake is finished, or it is gone. Having no slot is no matter. */
void limiter_leave_slot(struct limiter *l, uint64_t id);

/*
 * limiter_overdue(): take out one connection that had its HANDSHAKE_MS, the longest waiting first,
 * into '*id_out' (to be closed); false: there is none.
 */
MUST_USE bool limiter_overdue(struct limiter *l, uint64_t now_ms, uint64_t *id_out);

/* limiter_deadline_ms(): when limiter_overdue() has something next; UINT64_MAX: nothing waits. */
uint64_t limiter_deadline_ms(const struct limiter *l);

/* limiter_half_open(): slots in use, 0 .. HALF_OPEN_MAX. */
size_t limiter_half_open(const struct limiter *l);

#endif
