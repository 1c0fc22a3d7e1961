/*
 * noise: the Noise protocol framework, revision 34, for the two patterns we speak:
 *
 *     Noise_XK_25519_ChaChaPoly_BLAKE2b       Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b
 *       <- s                                    <- s
 *       ...                                     ...
 *       -> e, es                                -> e, es
 *       <- e, ee                                <- e, ee
 *       -> s, se                                -> s, se, psk
 *
 * Written to be read beside the specification: names are its names (MixHash is mix_hash). Free of
 * I/O and randomness: the ephemeral secret comes in with the options.
 *
 * Ownership: a handshake holds its state by value and allocates nothing; noise_clear() wipes it.
 * Invariant: a call that fails leaves the handshake as it was; the caller then gives it up.
 */
#ifndef PROTO_NOISE_H
#define PROTO_NOISE_H

#include "proto/bytes.h"
#include "proto/status.h"

enum {
    NOISE_KEY_BYTES = 32,  /* DHLEN, and a cipher's key */
    NOISE_HASH_BYTES = 64, /* HASHLEN of BLAKE2b */
    NOISE_MAC_BYTES = 16,
    NOISE_MESSAGE_BYTES_MAX = 65535, /* of any Noise message, by the specification */
    NOISE_HANDSHAKE_MESSAGES = 3,    /* in either pattern */
};

enum noise_pattern { NOISE_XK, NOISE_XKPSK3 };

/* CipherState: 'nonce' counts the messages already encrypted (or decrypted) with 'key'. */
struct noise_cipher {
    uint8_t key[NOISE_KEY_BYTES];
    uint64_t nonce;
    bool keyed; /* HasKey() */
};

struct noise_key_pair {
    uint8_t secret[NOISE_KEY_BYTES];
    uint8_t public[NOISE_KEY_BYTES];
};

/* HandshakeState, with the SymmetricState (ck, h, cipher) inside. */
struct noise_handshake {
    enum noise_pattern pattern;
    bool initiator;
    bool psk_set;
    unsigned message_index; /* messages written and read so far, 0 .. 3 */
    struct noise_cipher cipher;
    uint8_t ck[NOISE_HASH_BYTES];
    uint8_t h[NOISE_HASH_BYTES];
    struct noise_key_pair s, e;  /* ours */
    uint8_t rs[NOISE_KEY_BYTES]; /* theirs */
    uint8_t re[NOISE_KEY_BYTES];
    uint8_t psk[NOISE_KEY_BYTES];
};

struct noise_options {
    enum noise_pattern pattern;
    bool initiator;
    struct bytes prologue;
    const uint8_t *secret;    /* our static X25519 secret, 32 bytes */
    const uint8_t *ephemeral; /* 32 fresh random bytes, never used twice */
    const uint8_t *remote;    /* initiator: the responder's static X25519 key, 32 bytes */
};

/*
 * noise_begin(): Initialize() of the specification: pre-messages and prologue are mixed in.
 * All of 'o' is borrowed for the call. Allocates: no.
 */
void noise_begin(struct noise_handshake *hs, const struct noise_options *o);

/* noise_clear(): wipe. Takes NULL and a zeroed struct. */
void noise_clear(struct noise_handshake *hs);

/* noise_set_psk(): the secret of an XKpsk3 handshake; any time before its third message. */
void noise_set_psk(struct noise_handshake *hs, const uint8_t psk[static NOISE_KEY_BYTES]);

/* noise_is_ours(): the next handshake message is ours to write. False when finished. */
bool noise_is_ours(const struct noise_handshake *hs);

/* noise_is_finished(): all three messages have passed. */
bool noise_is_finished(const struct noise_handshake *hs);

/*
 * noise_write(): WriteMessage(): append the next handshake message to 'out'. Only when it is ours.
 *
 * payload  0 .. NOISE_MESSAGE_BYTES_MAX minus what the keys and MACs take [bytes].
 *
 * Allocates: in 'out'. On error 'out' and *hs are unchanged.
 * Errors: ST_NO_MEMORY
 *         ST_TOO_LARGE  the message would pass NOISE_MESSAGE_BYTES_MAX
 *         ST_MALFORMED  the peer's key gives an all-zero shared secret
 */
MUST_USE enum status noise_write(struct noise_handshake *hs, struct bytes payload, struct buf *out);

/*
 * noise_read(): ReadMessage(): append the payload of the peer's next message to 'payload_out'.
 * Only when it is not ours; the third message of XKpsk3 only with the psk set.
 *
 * Allocates: in 'payload_out'. On error 'payload_out' and *hs are unchanged.
 * Errors: ST_NO_MEMORY
 *         ST_MALFORMED  shorter than the pattern's keys and MACs, or an all-zero shared secret
 *         ST_TOO_LARGE  above NOISE_MESSAGE_BYTES_MAX
 *         ST_BAD_MAC    authentication failed
 */
MUST_USE enum status noise_read(struct noise_handshake *hs, struct bytes message,
                                struct buf *payload_out);

/* noise_split(): Split(): the transport ciphers of a finished handshake, as seen from our side. */
void noise_split(const struct noise_handshake *hs, struct noise_cipher *send_out,
                 struct noise_cipher *receive_out);

/*
 * noise_encrypt(): EncryptWithAd(): 'count' + NOISE_MAC_BYTES bytes into 'out'; the nonce moves on.
 * The cipher must be keyed, its nonce below 2^64 - 1. 'out' may be 'plain'. Allocates: no.
 */
void noise_encrypt(struct noise_cipher *c, struct bytes ad, struct bytes plain, uint8_t *out);

/*
 * noise_decrypt(): DecryptWithAd(): sealed.count - NOISE_MAC_BYTES bytes into 'out'.
 *
 * Allocates: no. On error the nonce stays, and 'out' holds no plaintext.
 * Errors: ST_MALFORMED  shorter than a MAC
 *         ST_BAD_MAC    authentication failed
 */
MUST_USE enum status noise_decrypt(struct noise_cipher *c, struct bytes ad, struct bytes sealed,
                                   uint8_t *out);

#endif
