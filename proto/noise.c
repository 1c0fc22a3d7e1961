#include "proto/noise.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/check.h"

enum {
    HMAC_BLOCK_BYTES = 128, /* BLOCKLEN of BLAKE2b */
    NONCE_BYTES = crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
    NONCE_PAD_BYTES = 4, /* zeros before the 64-bit little-endian counter */
    TOKENS_MAX = 3,      /* in one message of our patterns */
};

static_assert(NOISE_MAC_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "Poly1305");
static_assert(NOISE_KEY_BYTES == crypto_scalarmult_BYTES, "X25519");
static_assert(NOISE_HASH_BYTES == crypto_generichash_blake2b_BYTES_MAX, "BLAKE2b-512");

enum token { TOKEN_END, TOKEN_E, TOKEN_S, TOKEN_EE, TOKEN_ES, TOKEN_SE, TOKEN_PSK };

struct pattern {
    const char *protocol_name;
    bool psk; /* a PSK handshake mixes every 'e' into the key too */
    enum token messages[NOISE_HANDSHAKE_MESSAGES][TOKENS_MAX + 1];
};

static const struct pattern patterns[] = {
    [NOISE_XK] = {"Noise_XK_25519_ChaChaPoly_BLAKE2b",
                  false,
                  {{TOKEN_E, TOKEN_ES}, {TOKEN_E, TOKEN_EE}, {TOKEN_S, TOKEN_SE}}},
    [NOISE_XKPSK3] = {"Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b",
                      true,
                      {{TOKEN_E, TOKEN_ES}, {TOKEN_E, TOKEN_EE}, {TOKEN_S, TOKEN_SE, TOKEN_PSK}}},
};

/* ---- Hash functions (specification, 4.3) ---- */

/* HASH(a || b) */
static void hash(struct bytes a, struct bytes b, uint8_t out[static NOISE_HASH_BYTES])
{
    crypto_generichash_blake2b_state state;
    crypto_generichash_blake2b_init(&state, NULL, 0, NOISE_HASH_BYTES);
    crypto_generichash_blake2b_update(&state, a.data, a.count);
    crypto_generichash_blake2b_update(&state, b.data, b.count);
    crypto_generichash_blake2b_final(&state, out, NOISE_HASH_BYTES);
    sodium_memzero(&state, sizeof state);
}

/* One of the two passes of RFC 2104: HASH((key padded with zeros XOR pad) || data). */
static void hmac_pass(const uint8_t key[static NOISE_HASH_BYTES], uint8_t pad, struct bytes data,
                      uint8_t out[static NOISE_HASH_BYTES])
{
    uint8_t block[HMAC_BLOCK_BYTES];
    for (size_t i = 0; i < HMAC_BLOCK_BYTES; i++)
        block[i] = (uint8_t)((i < NOISE_HASH_BYTES ? key[i] : 0) ^ pad);
    hash((struct bytes){block, sizeof block}, data, out);
    sodium_memzero(block, sizeof block);
}

/* HMAC-HASH(key, data); every key that Noise uses here is HASHLEN bytes long. */
static void hmac(const uint8_t key[static NOISE_HASH_BYTES], struct bytes data,
                 uint8_t out[static NOISE_HASH_BYTES])
{
    uint8_t inner[NOISE_HASH_BYTES];
    hmac_pass(key, 0x36, data, inner);
    hmac_pass(key, 0x5c, (struct bytes){inner, sizeof inner}, out);
    sodium_memzero(inner, sizeof inner);
}

/* HKDF(chaining_key, input_key_material, 3); who needs two outputs leaves the third. */
struct hkdf {
    uint8_t output[3][NOISE_HASH_BYTES];
};

static void hkdf(const uint8_t ck[static NOISE_HASH_BYTES], struct bytes input, struct hkdf *out)
{
    uint8_t temp_key[NOISE_HASH_BYTES];
    uint8_t data[NOISE_HASH_BYTES + 1];
    size_t before = 0; /* bytes of the output before, which begins the data of the next */
    CHECK(input.count == 0 || input.count == NOISE_KEY_BYTES); /* as the specification has it */
    hmac(ck, input, temp_key);
    for (uint8_t i = 0; i < 3; i++) {
        data[before] = (uint8_t)(i + 1);
        hmac(temp_key, (struct bytes){data, before + 1}, out->output[i]);
        memcpy(data, out->output[i], NOISE_HASH_BYTES);
        before = NOISE_HASH_BYTES;
    }
    sodium_memzero(temp_key, sizeof temp_key);
    sodium_memzero(data, sizeof data);
}

/* ---- CipherState (5.1) ---- */

static void cipher_key(struct noise_cipher *c, const uint8_t key[static NOISE_HASH_BYTES])
{
    memcpy(c->key, key, NOISE_KEY_BYTES); /* HASHLEN is 64: truncated to 32 */
    c->nonce = 0;
    c->keyed = true;
}

static void nonce_of(uint64_t counter, uint8_t nonce[static NONCE_BYTES])
{
    memset(nonce, 0, NONCE_PAD_BYTES);
    for (unsigned i = 0; i < 8; i++)
        nonce[NONCE_PAD_BYTES + i] = (uint8_t)(counter >> (8 * i));
}

void noise_encrypt(struct noise_cipher *c, struct bytes ad, struct bytes plain, uint8_t *out)
{
    uint8_t nonce[NONCE_BYTES];
    CHECK(c->keyed);
    CHECK(c->nonce < UINT64_MAX); /* 2^64 - 1 is reserved for rekey */
    nonce_of(c->nonce, nonce);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.data, plain.count, ad.data, ad.count,
                                              NULL, nonce, c->key);
    c->nonce++;
}

enum status noise_decrypt(struct noise_cipher *c, struct bytes ad, struct bytes sealed,
                          uint8_t *out)
{
    uint8_t nonce[NONCE_BYTES];
    CHECK(c->keyed);
    CHECK(c->nonce < UINT64_MAX);
    if (sealed.count < NOISE_MAC_BYTES)
        return ST_MALFORMED;
    nonce_of(c->nonce, nonce);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data, sealed.count,
                                                  ad.data, ad.count, nonce, c->key) != 0)
        return ST_BAD_MAC;
    c->nonce++;
    return ST_OK;
}

/* ---- SymmetricState (5.2) ---- */

static void mix_hash(struct noise_handshake *hs, struct bytes data)
{
    hash((struct bytes){hs->h, NOISE_HASH_BYTES}, data, hs->h);
}

static void mix_key(struct noise_handshake *hs, const uint8_t material[static NOISE_KEY_BYTES])
{
    struct hkdf k;
    hkdf(hs->ck, (struct bytes){material, NOISE_KEY_BYTES}, &k);
    memcpy(hs->ck, k.output[0], NOISE_HASH_BYTES);
    cipher_key(&hs->cipher, k.output[1]);
    sodium_memzero(&k, sizeof k);
}

static void mix_key_and_hash(struct noise_handshake *hs,
                             const uint8_t material[static NOISE_KEY_BYTES])
{
    struct hkdf k;
    hkdf(hs->ck, (struct bytes){material, NOISE_KEY_BYTES}, &k);
    memcpy(hs->ck, k.output[0], NOISE_HASH_BYTES);
    mix_hash(hs, (struct bytes){k.output[1], NOISE_HASH_BYTES});
    cipher_key(&hs->cipher, k.output[2]);
    sodium_memzero(&k, sizeof k);
}

/* Bytes that EncryptAndHash() adds: none as long as there is no key. */
static size_t overhead(const struct noise_handshake *hs)
{
    return hs->cipher.keyed ? NOISE_MAC_BYTES : 0;
}

/* EncryptAndHash(): plain.count + overhead() bytes into 'out'. */
static void encrypt_and_hash(struct noise_handshake *hs, struct bytes plain, uint8_t *out)
{
    size_t out_bytes = plain.count + overhead(hs);
    CHECK(out != plain.data);
    if (hs->cipher.keyed)
        noise_encrypt(&hs->cipher, (struct bytes){hs->h, NOISE_HASH_BYTES}, plain, out);
    else if (plain.count > 0)
        memcpy(out, plain.data, plain.count);
    mix_hash(hs, (struct bytes){out, out_bytes});
}

/* DecryptAndHash(): sealed.count - overhead() bytes into 'out', which is not 'sealed'. */
static enum status decrypt_and_hash(struct noise_handshake *hs, struct bytes sealed, uint8_t *out)
{
    enum status status = ST_OK;
    CHECK(out != sealed.data);
    if (hs->cipher.keyed)
        status = noise_decrypt(&hs->cipher, (struct bytes){hs->h, NOISE_HASH_BYTES}, sealed, out);
    else if (sealed.count > 0)
        memcpy(out, sealed.data, sealed.count);
    if (status == ST_OK)
        mix_hash(hs, sealed);
    return status;
}

/* ---- HandshakeState (5.3) ---- */

void noise_begin(struct noise_handshake *hs, const struct noise_options *o)
{
    const struct pattern *p = &patterns[o->pattern];
    struct bytes name = bytes_of_text(p->protocol_name);
    CHECK(o->secret != NULL && o->ephemeral != NULL);
    CHECK(o->initiator == (o->remote != NULL));
    CHECK(name.count <= NOISE_HASH_BYTES);
    *hs = (struct noise_handshake){.pattern = o->pattern, .initiator = o->initiator};
    memcpy(hs->s.secret, o->secret, NOISE_KEY_BYTES);
    memcpy(hs->e.secret, o->ephemeral, NOISE_KEY_BYTES);
    crypto_scalarmult_base(hs->s.public, hs->s.secret);
    crypto_scalarmult_base(hs->e.public, hs->e.secret);
    if (o->remote != NULL)
        memcpy(hs->rs, o->remote, NOISE_KEY_BYTES);

    memcpy(hs->h, name.data, name.count); /* shorter than HASHLEN: padded with zeros */
    memcpy(hs->ck, hs->h, NOISE_HASH_BYTES);
    mix_hash(hs, o->prologue);
    mix_hash(hs, (struct bytes){o->initiator ? hs->rs : hs->s.public, NOISE_KEY_BYTES});
}

void noise_clear(struct noise_handshake *hs)
{
    if (hs != NULL)
        sodium_memzero(hs, sizeof *hs);
}

void noise_set_psk(struct noise_handshake *hs, const uint8_t psk[static NOISE_KEY_BYTES])
{
    CHECK(patterns[hs->pattern].psk);
    CHECK(!noise_is_finished(hs));
    memcpy(hs->psk, psk, NOISE_KEY_BYTES);
    hs->psk_set = true;
}

bool noise_is_finished(const struct noise_handshake *hs)
{
    CHECK(hs->message_index <= NOISE_HANDSHAKE_MESSAGES);
    return hs->message_index == NOISE_HANDSHAKE_MESSAGES;
}

bool noise_is_ours(const struct noise_handshake *hs)
{
    return !noise_is_finished(hs) && hs->initiator == (hs->message_index % 2 == 0);
}

static const enum token *tokens_of(const struct noise_handshake *hs)
{
    CHECK(hs->message_index < NOISE_HANDSHAKE_MESSAGES);
    return patterns[hs->pattern].messages[hs->message_index];
}

/* MixKey(DH(pair, theirs)); an all-zero secret means a key of small order, which only an attacker
 * sends. */
static enum status mix_dh(struct noise_handshake *hs, const struct noise_key_pair *pair,
                          const uint8_t theirs[static NOISE_KEY_BYTES])
{
    uint8_t shared[NOISE_KEY_BYTES];
    enum status status = ST_MALFORMED;
    if (crypto_scalarmult(shared, pair->secret, theirs) == 0 &&
        !sodium_is_zero(shared, sizeof shared)) {
        mix_key(hs, shared);
        status = ST_OK;
    }
    sodium_memzero(shared, sizeof shared);
    return status;
}

/* The tokens that put no bytes into a message do the same for writer and reader. */
static enum status mix_token(struct noise_handshake *hs, enum token token)
{
    CHECK(token > TOKEN_S);
    switch (token) {
    case TOKEN_EE:
        return mix_dh(hs, &hs->e, hs->re);
    case TOKEN_ES: /* the initiator's ephemeral with the responder's static */
        return hs->initiator ? mix_dh(hs, &hs->e, hs->rs) : mix_dh(hs, &hs->s, hs->re);
    case TOKEN_SE:
        return hs->initiator ? mix_dh(hs, &hs->s, hs->re) : mix_dh(hs, &hs->e, hs->rs);
    case TOKEN_PSK:
        CHECK(hs->psk_set);
        mix_key_and_hash(hs, hs->psk);
        return ST_OK;
    case TOKEN_END:
    case TOKEN_E:
    case TOKEN_S:
        break;
    }
    return ST_MALFORMED;
}

static void mix_ephemeral(struct noise_handshake *hs, const uint8_t key[static NOISE_KEY_BYTES])
{
    mix_hash(hs, (struct bytes){key, NOISE_KEY_BYTES});
    if (patterns[hs->pattern].psk)
        mix_key(hs, key);
}

enum status noise_write(struct noise_handshake *hs, struct bytes payload, struct buf *out)
{
    enum { KEYS_BYTES_MAX = 2 * (NOISE_KEY_BYTES + NOISE_MAC_BYTES) }; /* e, s and their MACs */
    struct noise_handshake next = *hs;
    enum status status = ST_OK;
    CHECK(noise_is_ours(hs));
    if (payload.count > NOISE_MESSAGE_BYTES_MAX - KEYS_BYTES_MAX - NOISE_MAC_BYTES) {
        status = ST_TOO_LARGE;
        goto out;
    }
    uint8_t *at = buf_reserve(out, KEYS_BYTES_MAX + payload.count + NOISE_MAC_BYTES);
    if (at == NULL) {
        status = ST_NO_MEMORY;
        goto out;
    }
    size_t used = 0;
    for (const enum token *t = tokens_of(hs); status == ST_OK && *t != TOKEN_END; t++) {
        if (*t == TOKEN_E) {
            memcpy(at + used, next.e.public, NOISE_KEY_BYTES);
            used += NOISE_KEY_BYTES;
            mix_ephemeral(&next, next.e.public);
        } else if (*t == TOKEN_S) {
            size_t sealed_bytes = NOISE_KEY_BYTES + overhead(&next);
            encrypt_and_hash(&next, (struct bytes){next.s.public, NOISE_KEY_BYTES}, at + used);
            used += sealed_bytes;
        } else {
            status = mix_token(&next, *t);
        }
    }
    if (status != ST_OK)
        goto out;
    size_t sealed_bytes = payload.count + overhead(&next);
    encrypt_and_hash(&next, payload, at + used);
    CHECK(used + sealed_bytes <= KEYS_BYTES_MAX + payload.count + NOISE_MAC_BYTES);
    next.message_index++;
    out->count += used + sealed_bytes;
    *hs = next;
out:
    noise_clear(&next);
    return status;
}

/* The front of the message, 'count' bytes, into '*part'; false: it is shorter. */
static bool take(struct bytes *rest, size_t count, struct bytes *part)
{
    CHECK(count > 0);
    if (rest->count < count)
        return false;
    *part = (struct bytes){rest->data, count};
    *rest = (struct bytes){rest->data + count, rest->count - count};
    return true;
}

static enum status read_token(struct noise_handshake *hs, enum token token, struct bytes *rest)
{
    struct bytes part;
    if (token == TOKEN_E) {
        if (!take(rest, NOISE_KEY_BYTES, &part))
            return ST_MALFORMED;
        memcpy(hs->re, part.data, NOISE_KEY_BYTES);
        mix_ephemeral(hs, hs->re);
        return ST_OK;
    }
    if (token == TOKEN_S) {
        if (!take(rest, NOISE_KEY_BYTES + overhead(hs), &part))
            return ST_MALFORMED;
        return decrypt_and_hash(hs, part, hs->rs);
    }
    return mix_token(hs, token);
}

enum status noise_read(struct noise_handshake *hs, struct bytes message, struct buf *payload_out)
{
    struct noise_handshake next = *hs;
    struct bytes rest = message;
    enum status status = ST_OK;
    CHECK(!noise_is_ours(hs) && !noise_is_finished(hs));
    if (message.count > NOISE_MESSAGE_BYTES_MAX) {
        status = ST_TOO_LARGE;
        goto out;
    }
    for (const enum token *t = tokens_of(hs); status == ST_OK && *t != TOKEN_END; t++)
        status = read_token(&next, *t, &rest);
    if (status != ST_OK)
        goto out;
    if (rest.count < overhead(&next)) {
        status = ST_MALFORMED;
        goto out;
    }
    size_t payload_bytes = rest.count - overhead(&next);
    uint8_t *at = buf_reserve(payload_out, payload_bytes + 1); /* never NULL for no bytes */
    if (at == NULL) {
        status = ST_NO_MEMORY;
        goto out;
    }
    status = decrypt_and_hash(&next, rest, at);
    if (status != ST_OK)
        goto out;
    CHECK(payload_bytes <= message.count);
    next.message_index++;
    payload_out->count += payload_bytes;
    *hs = next;
out:
    noise_clear(&next);
    return status;
}

void noise_split(const struct noise_handshake *hs, struct noise_cipher *send_out,
                 struct noise_cipher *receive_out)
{
    struct hkdf k;
    CHECK(noise_is_finished(hs));
    hkdf(hs->ck, (struct bytes){NULL, 0}, &k);
    cipher_key(hs->initiator ? send_out : receive_out, k.output[0]);
    cipher_key(hs->initiator ? receive_out : send_out, k.output[1]);
    sodium_memzero(&k, sizeof k);
}
