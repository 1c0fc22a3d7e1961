#include "replicas/seal.h"

#include <sodium.h>

#include "proto/check.h"

enum {
    VERSION = 1,
    COMMITMENT_AT = 1 + SEAL_NONCE_BYTES,
    COMMITMENT_BYTES = 32,
    LENGTH_BYTES = 8,
    PADDED_BYTES_MIN = 32, /* dates and short names do not differ in size */
    PADDED_BYTES_MAX = SEAL_PLAIN_BYTES_MAX + 1,
    PAD_MARK = 0x80, /* ISO/IEC 7816-4 */
};

static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a value key is one");
static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "random nonces");
static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "the tag stands last");
static_assert(COMMITMENT_AT + COMMITMENT_BYTES == SEAL_HEAD_BYTES, "nothing else is in the head");

static void write_length(size_t count, uint8_t out[static LENGTH_BYTES])
{
    for (unsigned i = 0; i < LENGTH_BYTES; i++)
        out[i] = (uint8_t)((uint64_t)count >> (8 * (LENGTH_BYTES - 1 - i)));
}

/* BLAKE2b over parts(…), keyed where 'key' is not NULL. */
static void hash_parts(const struct seal_key *key, const struct bytes *parts, size_t count,
                       uint8_t *out, size_t out_bytes)
{
    crypto_generichash_state hash;
    uint8_t length[LENGTH_BYTES];
    int failed = key != NULL ? crypto_generichash_init(&hash, key->key, SEAL_KEY_BYTES, out_bytes)
                             : crypto_generichash_init(&hash, NULL, 0, out_bytes);
    for (size_t i = 0; i < count; i++) {
        write_length(parts[i].count, length);
        failed |= crypto_generichash_update(&hash, length, LENGTH_BYTES);
        if (parts[i].count > 0)
            failed |= crypto_generichash_update(&hash, parts[i].data, parts[i].count);
    }
    failed |= crypto_generichash_final(&hash, out, out_bytes);
    CHECK(failed == 0);
    sodium_memzero(&hash, sizeof hash);
}

void seal_key_id(const struct seal_key *key, struct seal_id *out)
{
    const struct bytes parts[] = {BYTES("minga/classkey/1"), {key->key, SEAL_KEY_BYTES}};
    hash_parts(NULL, parts, 2, out->id, SEAL_ID_BYTES);
}

void seal_salt_id(const struct seal_salt *salt, struct seal_id *out)
{
    const struct bytes parts[] = {BYTES("minga/salt/1"), {salt->salt, SEAL_SALT_BYTES}};
    hash_parts(NULL, parts, 2, out->id, SEAL_ID_BYTES);
}

void seal_name(struct bytes item, struct digest *out)
{
    int failed = crypto_generichash(out->id, DIGEST_BYTES, item.data, item.count, NULL, 0);
    CHECK(failed == 0);
}

static void value_key(const struct seal_key *class_key, const struct seal_salt *salt,
                      struct bytes field, const uint8_t nonce[static SEAL_NONCE_BYTES],
                      struct seal_key *out)
{
    const struct bytes parts[] = {
        BYTES("minga/seal/1"), {salt->salt, SEAL_SALT_BYTES}, field, {nonce, SEAL_NONCE_BYTES}};
    hash_parts(class_key, parts, sizeof parts / sizeof *parts, out->key, SEAL_KEY_BYTES);
}

static void commit_to(const struct seal_key *key, uint8_t out[static COMMITMENT_BYTES])
{
    static const struct bytes text = BYTES("minga/commit/1");
    int failed =
        crypto_generichash(out, COMMITMENT_BYTES, text.data, text.count, key->key, SEAL_KEY_BYTES);
    CHECK(failed == 0);
}

static size_t padded_bytes(size_t plain_bytes)
{
    size_t padded = PADDED_BYTES_MIN;
    while (padded < plain_bytes + 1)
        padded *= 2;
    return padded;
}

/* Whether the bytes have the form of an item: version, and a size that padding gives. */
static bool is_item(struct bytes item)
{
    if (item.count < SEAL_HEAD_BYTES + PADDED_BYTES_MIN + SEAL_TAG_BYTES ||
        item.count > SEAL_ITEM_BYTES_MAX || item.data[0] != VERSION)
        return false;
    size_t padded = item.count - SEAL_HEAD_BYTES - SEAL_TAG_BYTES;
    return (padded & (padded - 1)) == 0;
}

static void associate(const struct seal_place *place, struct buf *out)
{
    CHECK(place->class == SCHEMA_INTERNAL || place->class == SCHEMA_PERSONAL);
    const struct bytes parts[] = {
        BYTES("minga/sealed/1"),
        {place->network->id, DIGEST_BYTES},
        place->type,
        place->record,
        place->class == SCHEMA_INTERNAL ? BYTES("internal") : BYTES("personal"),
        place->field,
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_add_u64be(out, parts[i].count);
        buf_add_bytes(out, parts[i]);
    }
}

enum status seal_value_key(const struct seal_key *class_key, const struct seal_salt *salt,
                           struct bytes field, struct bytes item, struct seal_key *out)
{
    if (!is_item(item))
        return ST_MALFORMED;
    value_key(class_key, salt, field, item.data + 1, out);
    return ST_OK;
}

enum status seal_close(const struct seal_key *class_key, const struct seal_salt *salt,
                       const struct seal_place *place, const uint8_t nonce[static SEAL_NONCE_BYTES],
                       struct bytes plain, struct buf *out)
{
    if (plain.count > SEAL_PLAIN_BYTES_MAX)
        return ST_TOO_LARGE;
    struct buf associated = {0};
    struct seal_key key;
    size_t padded = padded_bytes(plain.count);
    value_key(class_key, salt, place->field, nonce, &key);
    associate(place, &associated);
    uint8_t *item = buf_reserve(out, SEAL_HEAD_BYTES + padded + SEAL_TAG_BYTES);
    enum status status = item == NULL ? ST_NO_MEMORY : buf_status(&associated);
    if (status != ST_OK)
        goto out;
    item[0] = VERSION;
    memcpy(item + 1, nonce, SEAL_NONCE_BYTES);
    commit_to(&key, item + COMMITMENT_AT);
    uint8_t *body = item + SEAL_HEAD_BYTES;
    memset(body, 0, padded);
    if (plain.count > 0)
        memcpy(body, plain.data, plain.count);
    body[plain.count] = PAD_MARK;
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(body, NULL, body, padded, associated.data,
                                                     associated.count, NULL, nonce, key.key);
    out->count += SEAL_HEAD_BYTES + padded + SEAL_TAG_BYTES;
out:
    sodium_memzero(&key, sizeof key);
    buf_release(&associated);
    return status;
}

/* How much of 'padded' is plaintext; false: no padding that seal_close() writes. */
static bool unpad(struct bytes padded, size_t *plain_bytes_out)
{
    size_t at = padded.count;
    while (at > 0 && padded.data[at - 1] == 0)
        at--;
    if (at == 0 || padded.data[at - 1] != PAD_MARK || padded_bytes(at - 1) != padded.count)
        return false;
    *plain_bytes_out = at - 1;
    return true;
}

static enum status open_form(const struct seal_key *key, const struct seal_place *place,
                             struct bytes item, struct buf *out)
{
    uint8_t commitment[COMMITMENT_BYTES];
    commit_to(key, commitment);
    if (sodium_memcmp(commitment, item.data + COMMITMENT_AT, COMMITMENT_BYTES) != 0)
        return ST_BAD_MAC;
    struct buf associated = {0};
    size_t padded = item.count - SEAL_HEAD_BYTES - SEAL_TAG_BYTES, plain_bytes = 0;
    associate(place, &associated);
    uint8_t *plain = buf_reserve(out, padded);
    enum status status = plain == NULL ? ST_NO_MEMORY : buf_status(&associated);
    if (status == ST_OK &&
        crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, item.data + SEAL_HEAD_BYTES,
                                                   padded + SEAL_TAG_BYTES, associated.data,
                                                   associated.count, item.data + 1, key->key) != 0)
        status = ST_BAD_MAC;
    if (status == ST_OK && !unpad((struct bytes){plain, padded}, &plain_bytes)) {
        sodium_memzero(plain, padded);
        status = ST_MALFORMED;
    }
    if (status == ST_OK)
        out->count += plain_bytes;
    buf_release(&associated);
    return status;
}

enum status seal_open_with(const struct seal_key *key, const struct seal_place *place,
                           struct bytes item, struct buf *out)
{
    return is_item(item) ? open_form(key, place, item, out) : ST_MALFORMED;
}

enum status seal_open(const struct seal_key *class_key, const struct seal_salt *salt,
                      const struct seal_place *place, struct bytes item, struct buf *out)
{
    struct seal_key key;
    enum status status = seal_value_key(class_key, salt, place->field, item, &key);
    if (status == ST_OK)
        status = open_form(&key, place, item, out);
    sodium_memzero(&key, sizeof key);
    return status;
}
