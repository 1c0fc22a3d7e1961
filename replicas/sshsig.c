#include "replicas/sshsig.h"

#include <assert.h>
#include <sodium.h>

#include "proto/check.h"

enum {
    PAYLOAD_BYTES = 95,
    BASE64_TEXT = (SSHSIG_BLOB_BYTES + 2) / 3 * 4,
    KEY_AT = 6 + 4 + 4 + SSHSIG_KEY_BYTES - KEY_BYTES, /* in the blob: magic, version, length */
    SIGNATURE_AT = SSHSIG_BLOB_BYTES - SIGNATURE_BYTES,
};

static const char first_line[] = "-----BEGIN SSH SIGNATURE-----\n";
static const char last_line[] = "-----END SSH SIGNATURE-----\n";
static const char magic[] = "SSHSIG";

/* Writes into a fixed block whose size is known to fit. */
struct writer {
    uint8_t *data;
    size_t count, capacity;
};

static void put(struct writer *w, const void *data, size_t count)
{
    CHECK(count <= w->capacity - w->count);
    if (count > 0)
        memcpy(w->data + w->count, data, count);
    w->count += count;
}

static void put_u32(struct writer *w, size_t n)
{
    const uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                              (uint8_t)n};
    put(w, bytes, sizeof bytes);
}

static void put_string(struct writer *w, const void *data, size_t count)
{
    put_u32(w, count);
    put(w, data, count);
}

static void put_text(struct writer *w, const char *text)
{
    put_string(w, text, strlen(text));
}

void sshsig_key(const struct key *key, uint8_t out[static SSHSIG_KEY_BYTES])
{
    struct writer w = {out, 0, SSHSIG_KEY_BYTES};
    put_text(&w, "ssh-ed25519");
    put_string(&w, key->id, KEY_BYTES);
    CHECK(w.count == SSHSIG_KEY_BYTES);
}

static void make_payload(struct bytes message, uint8_t out[static PAYLOAD_BYTES])
{
    uint8_t hash[crypto_hash_sha512_BYTES];
    crypto_hash_sha512(hash, message.data, message.count);
    struct writer w = {out, 0, PAYLOAD_BYTES};
    put(&w, magic, sizeof magic - 1);
    put_text(&w, "git");
    put_text(&w, "");
    put_text(&w, "sha512");
    put_string(&w, hash, sizeof hash);
    CHECK(w.count == PAYLOAD_BYTES);
}

static void make_blob(const struct key *key, const uint8_t signature[static SIGNATURE_BYTES],
                      uint8_t out[static SSHSIG_BLOB_BYTES])
{
    uint8_t public_key[SSHSIG_KEY_BYTES];
    uint8_t inner[SSHSIG_KEY_BYTES - KEY_BYTES + SIGNATURE_BYTES];
    struct writer w = {inner, 0, sizeof inner};
    put_text(&w, "ssh-ed25519");
    put_string(&w, signature, SIGNATURE_BYTES);
    sshsig_key(key, public_key);
    w = (struct writer){out, 0, SSHSIG_BLOB_BYTES};
    put(&w, magic, sizeof magic - 1);
    put_u32(&w, 1);
    put_string(&w, public_key, sizeof public_key);
    put_text(&w, "git");
    put_text(&w, "");
    put_text(&w, "sha512");
    put_string(&w, inner, sizeof inner);
    CHECK(w.count == SSHSIG_BLOB_BYTES);
}

void sshsig_sign(struct bytes message, const uint8_t secret[static SSHSIG_SECRET_BYTES],
                 uint8_t signature_out[static SIGNATURE_BYTES])
{
    static_assert(SSHSIG_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "the form of libsodium");
    uint8_t payload[PAYLOAD_BYTES];
    make_payload(message, payload);
    int failed = crypto_sign_detached(signature_out, NULL, payload, sizeof payload, secret);
    CHECK(failed == 0);
}

enum status sshsig_verify(struct bytes message, const struct key *key,
                          const uint8_t signature[static SIGNATURE_BYTES])
{
    uint8_t payload[PAYLOAD_BYTES];
    make_payload(message, payload);
    return crypto_sign_verify_detached(signature, payload, sizeof payload, key->id) == 0
               ? ST_OK
               : ST_BAD_SIGNATURE;
}

static void make_armour(const struct key *key, const uint8_t signature[static SIGNATURE_BYTES],
                        char out[static SSHSIG_ARMOUR_TEXT])
{
    uint8_t blob[SSHSIG_BLOB_BYTES];
    char base64[BASE64_TEXT + 1];
    make_blob(key, signature, blob);
    sodium_bin2base64(base64, sizeof base64, blob, sizeof blob, sodium_base64_VARIANT_ORIGINAL);
    struct writer w = {(uint8_t *)out, 0, SSHSIG_ARMOUR_TEXT};
    put(&w, first_line, sizeof first_line - 1);
    for (size_t at = 0; at < BASE64_TEXT; at += SSHSIG_LINE_TEXT) {
        size_t count = BASE64_TEXT - at < SSHSIG_LINE_TEXT ? BASE64_TEXT - at : SSHSIG_LINE_TEXT;
        put(&w, base64 + at, count);
        put(&w, "\n", 1);
    }
    put(&w, last_line, sizeof last_line - 1);
    CHECK(w.count == SSHSIG_ARMOUR_TEXT);
}

void sshsig_armour(const struct key *key, const uint8_t signature[static SIGNATURE_BYTES],
                   struct buf *out)
{
    char text[SSHSIG_ARMOUR_TEXT];
    make_armour(key, signature, text);
    buf_add(out, text, sizeof text);
}

enum status sshsig_parse(struct bytes text, struct key *key_out,
                         uint8_t signature_out[static SIGNATURE_BYTES])
{
    uint8_t blob[SSHSIG_BLOB_BYTES];
    char again[SSHSIG_ARMOUR_TEXT];
    struct key key;
    size_t count = 0, head = sizeof first_line - 1;
    if (text.count != SSHSIG_ARMOUR_TEXT || memcmp(text.data, first_line, head) != 0)
        return ST_MALFORMED;
    if (sodium_base642bin(blob, sizeof blob, (const char *)text.data + head,
                          text.count - head - (sizeof last_line - 1), "\n", &count, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        count != sizeof blob)
        return ST_MALFORMED;
    memcpy(key.id, blob + KEY_AT, KEY_BYTES);
    make_armour(&key, blob + SIGNATURE_AT, again);
    if (memcmp(again, text.data, sizeof again) != 0)
        return ST_NOT_CANONICAL;
    *key_out = key;
    memcpy(signature_out, blob + SIGNATURE_AT, SIGNATURE_BYTES);
    return ST_OK;
}
