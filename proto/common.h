/*
 * common: what the machines of one core share: the time of this step, this side as the shell told
 * it, the effects, one message to read and one to write.
 *
 * Owned and released by core.c. 'in' and 'out' are large, hence one of each to a core.
 */
#ifndef PROTO_COMMON_H
#define PROTO_COMMON_H

#include "proto/freight.h"
#include "proto/message.h"
#include "proto/outbox.h"
#include "proto/view.h"

enum { IDENTITY_BYTES = 64 }; /* an Ed25519 secret key as libsodium has it */

struct common {
    uint64_t now_ms;
    struct digest network;
    uint8_t identity[IDENTITY_BYTES];
    struct key key; /* its public half */
    char agent[AGENT_BYTES_MAX + 1];
    char listen[ADDRESS_BYTES_MAX + 1];
    entropy_fn entropy;
    void *entropy_context;
    uint32_t requests; /* the last request's number */
    struct view view;
    struct freight freight;
    struct outbox outbox;
    struct message *in, *out;
    struct buf scratch; /* an encoded message */
};

/* common_request(): a fresh number, never 0. */
static inline uint32_t common_request(struct common *c)
{
    return ++c->requests != 0 ? c->requests : ++c->requests;
}

#endif
