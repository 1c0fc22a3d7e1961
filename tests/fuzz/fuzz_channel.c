/*
 * fuzz_channel: any bytes from the wire, at each moment of a channel's life. The first byte
 * chooses: bits 0 and 1 the moment (0 to a fresh responder, 1 to an initiator that waits for its
 * answer, 2 and 3 to an open channel), bit 2 a JOIN; the second in pieces of what size.
 */
#include <sodium.h>
#include <string.h>

#include "proto/channel.h"
#include "proto/check.h"
#include "proto/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t psk[KEY_BYTES] = {9};

static void entropy(void *context, void *out, size_t count)
{
    uint8_t *draws = context;
    memset(out, ++*draws, count);
}

static enum status carry(struct buf *from, struct channel *to, struct buf *answer)
{
    struct bytes invitation;
    enum status status = channel_receive(to, buf_bytes(from), answer);
    buf_reset(from);
    if (channel_wants_psk(to, &invitation))
        channel_set_psk(to, psk);
    return status;
}

/* The bytes in pieces, and whatever messages come of them. */
static void feed(struct channel *c, struct bytes in, size_t piece)
{
    struct buf answer = {0};
    struct bytes message, invitation;
    for (size_t at = 0; at < in.count; at += piece) {
        size_t left = in.count - at < piece ? in.count - at : piece;
        enum status status = channel_receive(c, (struct bytes){in.data + at, left}, &answer);
        if (status != ST_OK && status != ST_WAITING)
            CHECK(channel_state(c) == CHANNEL_CLOSED);
        while (channel_next(c, &message) == ST_OK)
            CHECK(message.count >= 1 && message.count <= MESSAGE_BYTES_MAX);
        if (channel_wants_psk(c, &invitation)) {
            CHECK(invitation.count > 0);
            channel_set_psk(c, psk);
        }
    }
    buf_release(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t draws = 0, identity[2][crypto_sign_SECRETKEYBYTES];
    struct key public[2];
    struct channel *c[2] = {NULL, NULL};
    struct buf wire[2] = {{0}, {0}};
    if (size < 2)
        return 0;
    unsigned moment = data[0] & 3;
    for (size_t i = 2; i-- > 0;) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t)(i + 1)};
        crypto_sign_seed_keypair(public[i].id, identity[i], seed);
        CHECK(channel_create(
                  &(struct channel_options){
                      .initiator = i == 0,
                      .selector = data[0] & 4 ? CHANNEL_JOIN : CHANNEL_MEMBER,
                      .identity = identity[i],
                      .remote = &public[1],
                      .psk = psk,
                      .invitation = BYTES("id"),
                      .entropy = entropy,
                      .entropy_context = &draws,
                  },
                  &c[i]) == ST_OK);
    }
    CHECK(channel_start(c[0], &wire[0]) == ST_OK);
    if (moment >= 2) {
        enum status status = carry(&wire[0], c[1], &wire[1]);
        CHECK(status == ST_OK || status == ST_WAITING);
        CHECK(carry(&wire[1], c[0], &wire[0]) == ST_OK);
        CHECK(carry(&wire[0], c[1], &wire[1]) == ST_OK);
        CHECK(channel_state(c[1]) == CHANNEL_OPEN);
    }
    if (moment == 3 && size > 2 && size - 2 <= MESSAGE_BYTES_MAX) {
        struct bytes message = {data + 2, size - 2}, got;
        CHECK(channel_send(c[0], message, &wire[0]) == ST_OK);
        CHECK(carry(&wire[0], c[1], &wire[1]) == ST_OK);
        CHECK(channel_next(c[1], &got) == ST_OK && bytes_equal(got, message));
    }
    size_t piece = data[1] > 0 ? data[1] : size;
    feed(c[moment == 1 ? 0 : 1], (struct bytes){data + 2, size - 2}, piece);
    for (size_t i = 0; i < 2; i++) {
        channel_free(c[i]);
        buf_release(&wire[i]);
    }
    return 0;
}
