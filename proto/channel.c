#include "proto/channel.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "proto/noise.h"
#include "proto/squeeze.h"

enum {
    INVITATION_BYTES_MAX = 64,
    /* The longest handshake message: a key, its MAC, an invitation, its MAC. */
    HANDSHAKE_BYTES_MAX = NOISE_KEY_BYTES + INVITATION_BYTES_MAX + 2 * NOISE_MAC_BYTES,
    PROLOGUE_TEXT_BYTES = 7,
    PROLOGUE_BYTES = 1 + PROLOGUE_TEXT_BYTES + DIGEST_BYTES,
    EARLY_BYTES_MAX = 4 * FRAME_BYTES_MAX, /* kept while a JOIN waits for its secret */
    BACKLOG_BYTES_MAX = WINDOW_BYTES,      /* decrypted, not yet taken by channel_next() */
    KEPT_BYTES_MAX = 64 * KIB,             /* capacity that an idle buffer may keep */
};
static const uint64_t tired_messages = UINT64_C(1) << 32;
static const char prologue_text[] = "minga/1";

static_assert(sizeof prologue_text - 1 == PROLOGUE_TEXT_BYTES, "the prologue's text");
static_assert((int)KEY_BYTES == (int)NOISE_KEY_BYTES, "identities have X25519 forms");

struct channel {
    enum channel_state state;
    bool initiator;
    bool begun; /* the selector is known, the handshake under way */
    bool authenticated;
    bool failed; /* CLOSED by an error: what waits inside is not given out */
    enum channel_selector selector;
    struct digest network;
    uint8_t secret[NOISE_KEY_BYTES]; /* X25519 form of our identity */
    uint8_t remote[NOISE_KEY_BYTES]; /* X25519 form of the other's; responder: once OPEN */
    uint8_t psk[NOISE_KEY_BYTES];
    bool psk_set;
    struct buf invitation;
    entropy_fn entropy;
    void *entropy_context;
    struct noise_handshake handshake;
    struct noise_cipher send, receive;
    struct squeeze_writer *writer; /* both from OPEN on: a half-open channel stays small */
    struct squeeze_reader *reader;
    struct buf wire;   /* received, not yet whole */
    struct buf plain;  /* decrypted, still compressed */
    size_t plain_used; /* of it, already read by 'reader' [bytes] */
};

/* What is behind the first 'used' bytes. */
static struct bytes rest_of(const struct buf *b, size_t used)
{
    CHECK(used <= b->count);
    if (used == b->count)
        return (struct bytes){NULL, 0};
    return (struct bytes){b->data + used, b->count - used};
}

/* Forget everything secret that is not needed once the handshake is over. */
static void wipe_handshake(struct channel *c)
{
    noise_clear(&c->handshake);
    sodium_memzero(c->secret, sizeof c->secret);
    sodium_memzero(c->psk, sizeof c->psk);
}

static void release_backlog(struct channel *c)
{
    if (c->plain.data != NULL)
        sodium_memzero(c->plain.data, c->plain.capacity);
    buf_release(&c->plain);
    c->plain_used = 0;
    squeeze_reader_free(c->reader);
    c->reader = NULL;
}

/* No way on from here. 'keep_backlog': messages that came before the end are still given out. */
static void shut(struct channel *c, bool keep_backlog)
{
    c->state = CHANNEL_CLOSED;
    c->failed = !keep_backlog;
    wipe_handshake(c);
    sodium_memzero(&c->send, sizeof c->send);
    sodium_memzero(&c->receive, sizeof c->receive);
    squeeze_writer_free(c->writer);
    c->writer = NULL;
    buf_release(&c->wire);
    if (!keep_backlog)
        release_backlog(c);
}

enum status channel_create(const struct channel_options *o, struct channel **out)
{
    struct channel *c = NULL;
    enum status status = ST_OK;
    CHECK(o->identity != NULL && o->entropy != NULL);
    CHECK(!o->initiator || o->remote != NULL);
    c = mem_alloc(sizeof *c);
    if (c == NULL)
        return ST_NO_MEMORY;
    c->initiator = o->initiator;
    c->network = o->network;
    c->entropy = o->entropy;
    c->entropy_context = o->entropy_context;
    if (crypto_sign_ed25519_sk_to_curve25519(c->secret, o->identity) != 0)
        status = ST_MALFORMED;
    if (o->initiator) {
        c->selector = o->selector;
        CHECK(c->selector == CHANNEL_MEMBER || c->selector == CHANNEL_JOIN);
        if (crypto_sign_ed25519_pk_to_curve25519(c->remote, o->remote->id) != 0)
            status = ST_MALFORMED;
    }
    if (o->initiator && o->selector == CHANNEL_JOIN) {
        CHECK(o->psk != NULL);
        CHECK(o->invitation.count > 0 && o->invitation.count <= INVITATION_BYTES_MAX);
        channel_set_psk(c, o->psk);
        buf_add_bytes(&c->invitation, o->invitation);
    }
    if (status == ST_OK)
        status = buf_status(&c->invitation);
    if (status == ST_OK) {
        *out = c;
        c = NULL;
    }
    channel_free(c);
    return status;
}

void channel_free(struct channel *c)
{
    if (c == NULL)
        return;
    shut(c, false);
    buf_release(&c->invitation);
    mem_wipe_free(c, sizeof *c);
}

enum channel_state channel_state(const struct channel *c)
{
    return c->state;
}

bool channel_authenticated(const struct channel *c)
{
    return c->authenticated;
}

void channel_remote(const struct channel *c, uint8_t x25519_out[static KEY_BYTES])
{
    memcpy(x25519_out, c->remote, KEY_BYTES);
}

bool channel_wants_psk(const struct channel *c, struct bytes *invitation_out)
{
    if (c->initiator || c->state != CHANNEL_HANDSHAKE || c->selector != CHANNEL_JOIN ||
        !c->authenticated || c->psk_set)
        return false;
    *invitation_out = buf_bytes(&c->invitation);
    return true;
}

void channel_set_psk(struct channel *c, const uint8_t psk[static KEY_BYTES])
{
    CHECK(c->state == CHANNEL_HANDSHAKE);
    memcpy(c->psk, psk, KEY_BYTES);
    c->psk_set = true;
}

/* ---- Handshake ---- */

/* The selector is known: mix the prologue (selector, "minga/1", network id) and the keys. */
static void begin(struct channel *c)
{
    uint8_t prologue[PROLOGUE_BYTES];
    uint8_t ephemeral[NOISE_KEY_BYTES];
    prologue[0] = (uint8_t)c->selector;
    memcpy(prologue + 1, prologue_text, PROLOGUE_TEXT_BYTES);
    memcpy(prologue + 1 + PROLOGUE_TEXT_BYTES, c->network.id, DIGEST_BYTES);
    c->entropy(c->entropy_context, ephemeral, sizeof ephemeral);
    const struct noise_options options = {
        .pattern = c->selector == CHANNEL_JOIN ? NOISE_XKPSK3 : NOISE_XK,
        .initiator = c->initiator,
        .prologue = {prologue, sizeof prologue},
        .secret = c->secret,
        .ephemeral = ephemeral,
        .remote = c->initiator ? c->remote : NULL,
    };
    noise_begin(&c->handshake, &options);
    sodium_memzero(ephemeral, sizeof ephemeral);
    c->begun = true;
}

/* All three messages have passed. Errors: ST_NO_MEMORY */
static enum status open_transport(struct channel *c)
{
    CHECK(noise_is_finished(&c->handshake));
    enum status status = squeeze_writer_create(&c->writer);
    if (status == ST_OK)
        status = squeeze_reader_create(&c->reader);
    if (status != ST_OK)
        return status;
    noise_split(&c->handshake, &c->send, &c->receive);
    memcpy(c->remote, c->handshake.rs, NOISE_KEY_BYTES);
    wipe_handshake(c);
    c->authenticated = true;
    c->state = CHANNEL_OPEN;
    return ST_OK;
}

/* Write our handshake message; only the first one has a payload, and only in a JOIN. */
static enum status write_handshake(struct channel *c, struct buf *wire_out)
{
    struct buf message = {0};
    struct bytes payload = {NULL, 0};
    if (c->handshake.message_index == 0)
        payload = buf_bytes(&c->invitation);
    if (c->handshake.message_index == NOISE_HANDSHAKE_MESSAGES - 1 && c->selector == CHANNEL_JOIN)
        noise_set_psk(&c->handshake, c->psk);
    enum status status = noise_write(&c->handshake, payload, &message);
    if (status == ST_OK)
        status = frame_wrap(buf_bytes(&message), wire_out);
    buf_release(&message);
    return status;
}

/* Read the other's handshake message: the first of a JOIN names an invitation, others are empty. */
static enum status read_handshake(struct channel *c, struct bytes message)
{
    struct buf payload = {0};
    bool first = c->handshake.message_index == 0;
    if (c->handshake.message_index == NOISE_HANDSHAKE_MESSAGES - 1 && c->selector == CHANNEL_JOIN)
        noise_set_psk(&c->handshake, c->psk);
    enum status status = noise_read(&c->handshake, message, &payload);
    if (status != ST_OK)
        goto out;
    if (first && c->selector == CHANNEL_JOIN) {
        if (payload.count == 0 || payload.count > INVITATION_BYTES_MAX)
            status = ST_MALFORMED;
        else
            buf_add_bytes(&c->invitation, buf_bytes(&payload));
        if (status == ST_OK)
            status = buf_status(&c->invitation);
    } else if (payload.count > 0) {
        status = ST_MALFORMED;
    }
    if (status == ST_OK && first)
        c->authenticated = true;
out:
    buf_release(&payload);
    return status;
}

static enum status read_selector(struct channel *c, struct bytes in, size_t *used_out)
{
    CHECK(in.count > 0);
    if (in.data[0] != CHANNEL_MEMBER && in.data[0] != CHANNEL_JOIN)
        return ST_MALFORMED;
    c->selector = (enum channel_selector)in.data[0];
    begin(c);
    *used_out = 1;
    return ST_OK;
}

/*
 * One step of the handshake on the front of 'in'.
 * Errors: ST_AGAIN  not whole yet; ST_WAITING  for the secret; those of channel_receive()
 */
static enum status handshake_step(struct channel *c, struct bytes in, size_t *used_out,
                                  struct buf *wire_out)
{
    struct bytes message, invitation;
    if (in.count == 0)
        return channel_wants_psk(c, &invitation) ? ST_WAITING : ST_AGAIN;
    if (!c->begun)
        return c->initiator ? ST_MALFORMED : read_selector(c, in, used_out);
    if (channel_wants_psk(c, &invitation))
        return ST_WAITING;
    enum status status = frame_unwrap(in, HANDSHAKE_BYTES_MAX, &message, used_out);
    if (status == ST_OK)
        status = read_handshake(c, message);
    if (status == ST_OK && noise_is_ours(&c->handshake))
        status = write_handshake(c, wire_out);
    if (status == ST_OK && noise_is_finished(&c->handshake))
        status = open_transport(c);
    return status;
}

enum status channel_start(struct channel *c, struct buf *wire_out)
{
    CHECK(c->initiator && !c->begun && c->state == CHANNEL_HANDSHAKE);
    begin(c);
    buf_add_byte(wire_out, (uint8_t)c->selector);
    enum status status = write_handshake(c, wire_out);
    if (status != ST_OK)
        shut(c, false);
    return status;
}

/* ---- Transport ---- */

/* Errors: ST_AGAIN  not whole yet; ST_CLOSED  the other's CLOSE; those of channel_receive() */
static enum status transport_step(struct channel *c, struct bytes in, size_t *used_out)
{
    size_t payload_bytes = 0;
    if (c->plain.count > BACKLOG_BYTES_MAX)
        return ST_TOO_LARGE;
    enum status status = frame_decode(&c->receive, in, &c->plain, &payload_bytes, used_out);
    if (status == ST_OK && payload_bytes == 0) {
        shut(c, true);
        return ST_CLOSED;
    }
    return status;
}

/* Take all whole units off 'wire'. */
static enum status drain(struct channel *c, struct buf *wire_out)
{
    enum status status = ST_OK;
    size_t done = 0;
    while (status == ST_OK) {
        struct bytes rest = rest_of(&c->wire, done);
        size_t used = 0;
        status = c->state == CHANNEL_HANDSHAKE ? handshake_step(c, rest, &used, wire_out)
                                               : transport_step(c, rest, &used);
        CHECK(used <= rest.count);
        done += used;
    }
    if (c->state != CHANNEL_CLOSED) {
        buf_drop_front(&c->wire, done);
        if (c->wire.count == 0 && c->wire.capacity > KEPT_BYTES_MAX)
            buf_release(&c->wire);
    }
    return status;
}

enum status channel_receive(struct channel *c, struct bytes in, struct buf *wire_out)
{
    if (c->state == CHANNEL_CLOSED)
        return ST_CLOSED;
    buf_drop_front(&c->plain, c->plain_used);
    c->plain_used = 0;
    buf_add_bytes(&c->wire, in);
    enum status status = buf_status(&c->wire);
    if (status == ST_OK)
        status = drain(c, wire_out);
    if (status == ST_WAITING && c->wire.count > EARLY_BYTES_MAX)
        status = ST_TOO_LARGE;
    if (status == ST_AGAIN)
        status = ST_OK;
    if (status != ST_OK && status != ST_WAITING && status != ST_CLOSED)
        shut(c, false);
    return status;
}

enum status channel_next(struct channel *c, struct bytes *message_out)
{
    size_t used = 0;
    if (c->reader == NULL)
        return ST_AGAIN;
    enum status status =
        squeeze_read(c->reader, rest_of(&c->plain, c->plain_used), &used, message_out);
    c->plain_used += used;
    CHECK(c->plain_used <= c->plain.count);
    if (status != ST_OK && status != ST_AGAIN) {
        shut(c, false);
    } else if (c->plain_used == c->plain.count) {
        c->plain_used = 0;
        buf_reset(&c->plain);
        if (c->plain.capacity > KEPT_BYTES_MAX)
            buf_release(&c->plain);
    }
    return status;
}

enum status channel_send(struct channel *c, struct bytes message, struct buf *wire_out)
{
    struct buf squeezed = {0};
    CHECK(c->state == CHANNEL_OPEN);
    enum status status = squeeze_write(c->writer, message, &squeezed);
    if (status == ST_TOO_LARGE)
        return status;
    for (size_t at = 0; status == ST_OK && at < squeezed.count; at += FRAME_PAYLOAD_MAX) {
        size_t left = squeezed.count - at;
        size_t payload_bytes = left < FRAME_PAYLOAD_MAX ? left : FRAME_PAYLOAD_MAX;
        status =
            frame_encode(&c->send, (struct bytes){squeezed.data + at, payload_bytes}, wire_out);
    }
    if (status != ST_OK)
        shut(c, true); /* half a message may be in the stream: nothing can follow it */
    buf_release(&squeezed);
    return status;
}

enum status channel_close(struct channel *c, struct buf *wire_out)
{
    enum status status = ST_OK;
    if (c->state == CHANNEL_OPEN)
        status = frame_encode(&c->send, (struct bytes){NULL, 0}, wire_out);
    shut(c, true);
    return status;
}

bool channel_tired(const struct channel *c)
{
    return c->send.nonce >= tired_messages || c->receive.nonce >= tired_messages;
}
