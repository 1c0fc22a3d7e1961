#include "replicas/sshsig.h"

#include <assert.h>
#include <sodium.h>

#include "proto/check.h"

enum {
    NAMESPACE_BYTES_MAX = 32,
    PAYLOAD_BYTES = 92,                 /* without the namespace */
    BLOB_BYTES = SSHSIG_BLOB_BYTES - 3, /* without the namespace */
    BLOB_BYTES_MAX = BLOB_BYTES + NAMESPACE_BYTES_MAX,
    BASE64_TEXT_MAX = (BLOB_BYTES_MAX + 2) / 3 * 4,
    ARMOUR_TEXT_MAX = SSHSIG_ARMOUR_TEXT + BASE64_TEXT_MAX,
    KEY_AT = 6 + 4 + 4 + SSHSIG_KEY_BYTES - KEY_BYTES, /* in the blob: magic, version, length */
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

static const char git_namespace[] = "git";

/* Bytes made. */
static size_t make_payload(const char *namespace, struct bytes message,
                           uint8_t out[static PAYLOAD_BYTES + NAMESPACE_BYTES_MAX])
{
    CHECK(strlen(namespace) <= NAMESPACE_BYTES_MAX);
    uint8_t hash[crypto_hash_sha512_BYTES];
    crypto_hash_sha512(hash, message.data, message.count);
    struct writer w = {out, 0, PAYLOAD_BYTES + NAMESPACE_BYTES_MAX};
    put(&w, magic, sizeof magic - 1);
    put_text(&w, namespace);
    put_text(&w, "");
    put_text(&w, "sha512");
    put_string(&w, hash, sizeof hash);
    CHECK(w.count == PAYLOAD_BYTES + strlen(namespace));
    return w.count;
}

static size_t make_blob(const char *namespace, const struct key *key,
                        const uint8_t signature[static SIGNATURE_BYTES],
                        uint8_t out[static BLOB_BYTES_MAX])
{
    CHECK(strlen(namespace) <= NAMESPACE_BYTES_MAX);
    uint8_t public_key[SSHSIG_KEY_BYTES];
    uint8_t inner[SSHSIG_KEY_BYTES - KEY_BYTES + SIGNATURE_BYTES];
    struct writer w = {inner, 0, sizeof inner};
    put_text(&w, "ssh-ed25519");
    put_string(&w, signature, SIGNATURE_BYTES);
    sshsig_key(key, public_key);
    w = (struct writer){out, 0, BLOB_BYTES_MAX};
    put(&w, magic, sizeof magic - 1);
    put_u32(&w, 1);
    put_string(&w, public_key, sizeof public_key);
    put_text(&w, namespace);
    put_text(&w, "");
    put_text(&w, "sha512");
    put_string(&w, inner, sizeof inner);
    CHECK(w.count == BLOB_BYTES + strlen(namespace));
    return w.count;
}

void sshsig_sign_as(const char *namespace, struct bytes message,
                    const uint8_t secret[static SSHSIG_SECRET_BYTES],
                    uint8_t signature_out[static SIGNATURE_BYTES])
{
    static_assert((int)SSHSIG_SECRET_BYTES == (int)crypto_sign_SECRETKEYBYTES, "libsodium's form");
    uint8_t payload[PAYLOAD_BYTES + NAMESPACE_BYTES_MAX];
    size_t count = make_payload(namespace, message, payload);
    int failed = crypto_sign_detached(signature_out, NULL, payload, count, secret);
    CHECK(failed == 0);
}

void sshsig_sign(struct bytes message, const uint8_t secret[static SSHSIG_SECRET_BYTES],
                 uint8_t signature_out[static SIGNATURE_BYTES])
{
    sshsig_sign_as(git_namespace, message, secret, signature_out);
}

enum status sshsig_verify_as(const char *namespace, struct bytes message, const struct key *key,
                             const uint8_t signature[static SIGNATURE_BYTES])
{
    uint8_t payload[PAYLOAD_BYTES + NAMESPACE_BYTES_MAX];
    size_t count = make_payload(namespace, message, payload);
    return crypto_sign_verify_detached(signature, payload, count, key->id) == 0 ? ST_OK
                                                                                : ST_BAD_SIGNATURE;
}

enum status sshsig_verify(struct bytes message, const struct key *key,
                          const uint8_t signature[static SIGNATURE_BYTES])
{
    return sshsig_verify_as(git_namespace, message, key, signature);
}

static size_t make_armour(const char *namespace, const struct key *key,
                          const uint8_t signature[static SIGNATURE_BYTES],
                          char out[static ARMOUR_TEXT_MAX])
{
    uint8_t blob[BLOB_BYTES_MAX];
    char base64[BASE64_TEXT_MAX + 1];
    size_t blob_bytes = make_blob(namespace, key, signature, blob);
    sodium_bin2base64(base64, sizeof base64, blob, blob_bytes, sodium_base64_VARIANT_ORIGINAL);
    size_t base64_bytes = strlen(base64);
    struct writer w = {(uint8_t *)out, 0, ARMOUR_TEXT_MAX};
    put(&w, first_line, sizeof first_line - 1);
    for (size_t at = 0; at < base64_bytes; at += SSHSIG_LINE_TEXT) {
        size_t rest = base64_bytes - at;
        put(&w, base64 + at, rest < SSHSIG_LINE_TEXT ? rest : SSHSIG_LINE_TEXT);
        put(&w, "\n", 1);
    }
    put(&w, last_line, sizeof last_line - 1);
    return w.count;
}

void sshsig_armour_as(const char *namespace, const struct key *key,
                      const uint8_t signature[static SIGNATURE_BYTES], struct buf *out)
{
    char text[ARMOUR_TEXT_MAX];
    buf_add(out, text, make_armour(namespace, key, signature, text));
}

void sshsig_armour(const struct key *key, const uint8_t signature[static SIGNATURE_BYTES],
                   struct buf *out)
{
    size_t before = out->count;
    sshsig_armour_as(git_namespace, key, signature, out);
    CHECK(out->failed || out->count - before == SSHSIG_ARMOUR_TEXT);
}

enum status sshsig_parse_as(const char *namespace, struct bytes text, struct key *key_out,
                            uint8_t signature_out[static SIGNATURE_BYTES])
{
    uint8_t blob[BLOB_BYTES_MAX], signature[SIGNATURE_BYTES];
    char again[ARMOUR_TEXT_MAX];
    struct key key;
    size_t count = 0, head = sizeof first_line - 1, tail = sizeof last_line - 1;
    if (text.count < head + tail || text.count > ARMOUR_TEXT_MAX ||
        memcmp(text.data, first_line, head) != 0)
        return ST_MALFORMED;
    if (sodium_base642bin(blob, sizeof blob, (const char *)text.data + head,
                          text.count - head - tail, "\n", &count, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        count != BLOB_BYTES + strlen(namespace))
        return ST_MALFORMED;
    memcpy(key.id, blob + KEY_AT, KEY_BYTES);
    memcpy(signature, blob + count - SIGNATURE_BYTES, SIGNATURE_BYTES);
    size_t again_bytes = make_armour(namespace, &key, signature, again);
    if (!bytes_equal(text, (struct bytes){(const uint8_t *)again, again_bytes}))
        return ST_NOT_CANONICAL;
    *key_out = key;
    memcpy(signature_out, signature, SIGNATURE_BYTES);
    return ST_OK;
}

enum status sshsig_parse(struct bytes text, struct key *key_out,
                         uint8_t signature_out[static SIGNATURE_BYTES])
{
    return sshsig_parse_as(git_namespace, text, key_out, signature_out);
}
