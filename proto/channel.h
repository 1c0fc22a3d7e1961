/*
 * channel: one secured, framed, compressed stream of messages over one byte stream. Free of I/O,
 * time and randomness: bytes go in, bytes and messages come out. Stands on noise.h (handshakes),
 * frame.h (u16 length + ciphertext) and squeeze.h (one zstd stream a direction).
 *
 * Life: HANDSHAKE (Noise XK or XKpsk3 messages) -> OPEN -> CLOSED. The first byte on the wire is
 * the selector. An authenticated empty frame (CLOSE) tells an end from a cut.
 *
 * Ownership: a channel owns its keys and buffers; secrets are wiped by channel_free().
 */
#ifndef PROTO_CHANNEL_H
#define PROTO_CHANNEL_H

#include "proto/bytes.h"
#include "proto/id.h"

enum channel_selector { CHANNEL_MEMBER = 0x01, CHANNEL_JOIN = 0x02 }; /* XK, XKpsk3 */
enum channel_state { CHANNEL_HANDSHAKE, CHANNEL_OPEN, CHANNEL_CLOSED };

/* Fills 'out' with 'count' random bytes; injected, so that a simulation repeats. */
typedef void (*entropy_fn)(void *context, void *out, size_t count);

struct channel_options {
    bool initiator;
    enum channel_selector selector; /* initiator only; a responder learns it */
    const uint8_t *identity;        /* our Ed25519 secret key, 64 bytes as libsodium has it */
    const struct key *remote;       /* initiator: the responder's Ed25519 public key */
    struct digest network;          /* in the prologue */
    const uint8_t *psk;             /* initiator of JOIN: 32 bytes */
    struct bytes invitation;        /* initiator of JOIN: id sent in the first payload, <= 64 */
    entropy_fn entropy;
    void *entropy_context;
};

struct channel;

/* Errors: ST_NO_MEMORY; ST_MALFORMED  a key that has no X25519 form */
MUST_USE enum status channel_create(const struct channel_options *o, struct channel **out);
void channel_free(struct channel *c);
enum channel_state channel_state(const struct channel *c);

/* channel_authenticated(): a responder: the first message was genuine (a slot may be taken). */
bool channel_authenticated(const struct channel *c);

/* channel_remote(): the other's X25519 static key, once OPEN. */
void channel_remote(const struct channel *c, uint8_t x25519_out[static KEY_BYTES]);

/* channel_start(): the initiator's selector and first handshake message into 'wire_out'. */
MUST_USE enum status channel_start(struct channel *c, struct buf *wire_out);

/*
 * channel_receive(): take bytes from the wire. Consumes all of 'in'. Handshake answers are appended
 * to 'wire_out'. Whole messages wait inside until channel_next() takes them; who leaves more than
 * WINDOW_BYTES (compressed) waiting gets ST_TOO_LARGE. Those before a CLOSE are still given out.
 * A responder that meets a JOIN handshake stops before its third message with ST_WAITING: see
 * channel_wants_psk(), then channel_set_psk() and channel_receive() of nothing to go on.
 * Errors: ST_BAD_MAC, ST_MALFORMED, ST_TOO_LARGE, ST_NO_MEMORY: the channel is then CLOSED.
 *         ST_CLOSED  the other side ended with an authenticated CLOSE
 */
MUST_USE enum status channel_receive(struct channel *c, struct bytes in, struct buf *wire_out);

/* channel_wants_psk(): whether it waits for the secret of '*invitation_out' (borrowed). */
bool channel_wants_psk(const struct channel *c, struct bytes *invitation_out);
void channel_set_psk(struct channel *c, const uint8_t psk[static KEY_BYTES]);

/*
 * channel_next(): the next whole message, borrowed until the next call with this channel.
 * Errors: ST_AGAIN  none is whole yet; ST_TOO_LARGE, ST_MALFORMED: the channel is then CLOSED
 */
MUST_USE enum status channel_next(struct channel *c, struct bytes *message_out);

/* channel_send(): compress, frame and encrypt one message (1 .. MESSAGE_BYTES_MAX bytes), flushed.
 * Only when OPEN. Errors: ST_NO_MEMORY, ST_TOO_LARGE */
MUST_USE enum status channel_send(struct channel *c, struct bytes message, struct buf *wire_out);

/* channel_close(): the authenticated CLOSE; nothing can be sent afterwards. */
MUST_USE enum status channel_close(struct channel *c, struct buf *wire_out);

/* channel_tired(): 2^32 messages have passed one way: time for a fresh handshake. */
bool channel_tired(const struct channel *c);

#endif
