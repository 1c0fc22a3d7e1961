#include "replicas/bundle.h"

#include <assert.h>
#include <string.h>

#include "proto/check.h"

enum {
    PLACE_BYTES = BUNDLE_MAGIC_BYTES + DIGEST_BYTES + 2 * KEY_BYTES + BUNDLE_ID_BYTES + 4,
    SIGNED_BYTES = PLACE_BYTES + 4 + 8 + DIGEST_BYTES + BUNDLE_SEALED_KEY_BYTES,
    LENGTH_BYTES = 4,
    TAG_BYTES = crypto_secretstream_xchacha20poly1305_ABYTES,
};

static_assert(SIGNED_BYTES + SIGNATURE_BYTES == BUNDLE_HEAD_BYTES, "the head has a fixed size");
static_assert(LENGTH_BYTES + TAG_BYTES == BUNDLE_CHUNK_MORE_BYTES, "what a chunk adds");
static_assert(BUNDLE_START_BYTES == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "sodium's");
static_assert(BUNDLE_KEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "sodium's");
static_assert(BUNDLE_SEALED_KEY_BYTES == BUNDLE_KEY_BYTES + crypto_box_SEALBYTES, "sodium's");
static_assert(BUNDLE_CHUNK_BYTES_MAX > ITEM_BYTES_MAX + KIB, "any item fits a chunk");
static_assert(BUNDLE_CHUNK_BYTES_MAX > CHARTER_BYTES_MAX + KIB, "any charter version fits a chunk");
static_assert(BUNDLE_PART_BYTES_MIN >= BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES +
                                           2 * BUNDLE_CHUNK_MORE_BYTES + BUNDLE_CHUNK_BYTES_MAX +
                                           HEADS_MAX * OID_BYTES + KIB,
              "any chunk fits the smallest part, beside the one that ends it");

static const char MAGIC[BUNDLE_MAGIC_BYTES] = "minga/bundle/1";
static const char SIGNED_AS[] = "minga/bundle-head/1";
enum { MESSAGE_BYTES = 8 + sizeof SIGNED_AS - 1 + 8 + SIGNED_BYTES };

void bundle_magic(enum bundle_kind kind, struct buf *out)
{
    buf_add(out, MAGIC, BUNDLE_MAGIC_BYTES - 1);
    buf_add_byte(out, (uint8_t)kind);
}

enum status bundle_kind_of(struct bytes file, enum bundle_kind *out)
{
    if (file.count < BUNDLE_MAGIC_BYTES || memcmp(file.data, MAGIC, BUNDLE_MAGIC_BYTES - 1) != 0)
        return ST_MALFORMED;
    uint8_t kind = file.data[BUNDLE_MAGIC_BYTES - 1];
    if (kind != BUNDLE_FILE && kind != BUNDLE_RECEIPT)
        return ST_MALFORMED;
    *out = kind == BUNDLE_FILE ? BUNDLE_FILE : BUNDLE_RECEIPT;
    return ST_OK;
}

/* ---- the head ---- */

static void put(uint8_t **at, const void *data, size_t count)
{
    memcpy(*at, data, count);
    *at += count;
}

static void put_number(uint8_t **at, uint64_t n, size_t count)
{
    for (size_t i = count; i-- > 0;)
        *(*at)++ = (uint8_t)(n >> (8 * i));
}

/* The head before its signature. Into the caller's array, so that nothing of it can fail. */
static void lay(const struct bundle_head *h, uint8_t out[static SIGNED_BYTES])
{
    const uint8_t kind = BUNDLE_FILE;
    uint8_t *at = out;
    put(&at, MAGIC, BUNDLE_MAGIC_BYTES - 1);
    put(&at, &kind, 1);
    put(&at, h->network.id, DIGEST_BYTES);
    put(&at, h->sender.id, KEY_BYTES);
    put(&at, h->recipient.id, KEY_BYTES);
    put(&at, h->id, BUNDLE_ID_BYTES);
    put_number(&at, h->part, 4);
    CHECK(at == out + PLACE_BYTES);
    put_number(&at, h->parts, 4);
    put_number(&at, h->body_bytes, 8);
    put(&at, h->body_hash.id, DIGEST_BYTES);
    put(&at, h->sealed_key, BUNDLE_SEALED_KEY_BYTES);
    CHECK(at == out + SIGNED_BYTES);
}

void bundle_encode(const struct bundle_head *h, struct buf *out)
{
    uint8_t laid[SIGNED_BYTES];
    CHECK(h->part >= 1 && h->part <= h->parts && h->parts <= BUNDLE_PARTS_MAX);
    lay(h, laid);
    buf_add(out, laid, sizeof laid);
    buf_add(out, h->signature, SIGNATURE_BYTES);
}

static void take(const uint8_t **at, void *out, size_t count)
{
    memcpy(out, *at, count);
    *at += count;
}

static uint64_t take_number(const uint8_t **at, size_t count)
{
    uint64_t n = 0;
    for (size_t i = 0; i < count; i++)
        n = n << 8 | *(*at)++;
    return n;
}

enum status bundle_decode(struct bytes in, struct bundle_head *out)
{
    enum bundle_kind kind;
    if (in.count != BUNDLE_HEAD_BYTES || bundle_kind_of(in, &kind) != ST_OK || kind != BUNDLE_FILE)
        return ST_MALFORMED;
    const uint8_t *at = in.data + BUNDLE_MAGIC_BYTES;
    take(&at, out->network.id, DIGEST_BYTES);
    take(&at, out->sender.id, KEY_BYTES);
    take(&at, out->recipient.id, KEY_BYTES);
    take(&at, out->id, BUNDLE_ID_BYTES);
    out->part = (uint32_t)take_number(&at, 4);
    out->parts = (uint32_t)take_number(&at, 4);
    out->body_bytes = take_number(&at, 8);
    take(&at, out->body_hash.id, DIGEST_BYTES);
    take(&at, out->sealed_key, BUNDLE_SEALED_KEY_BYTES);
    take(&at, out->signature, SIGNATURE_BYTES);
    CHECK(at == in.data + BUNDLE_HEAD_BYTES);
    bool possible = out->part >= 1 && out->part <= out->parts && out->parts <= BUNDLE_PARTS_MAX &&
                    out->body_bytes <= INT64_MAX - BUNDLE_HEAD_BYTES;
    return possible ? ST_OK : ST_MALFORMED;
}

/* parts(SIGNED_AS, the head before its signature) */
static void signed_bytes(const struct bundle_head *h, uint8_t out[static MESSAGE_BYTES])
{
    uint8_t *at = out;
    put_number(&at, sizeof SIGNED_AS - 1, 8);
    put(&at, SIGNED_AS, sizeof SIGNED_AS - 1);
    put_number(&at, SIGNED_BYTES, 8);
    lay(h, at);
    CHECK(at + SIGNED_BYTES == out + MESSAGE_BYTES);
}

void bundle_sign(struct bundle_head *h, const uint8_t secret[static 64])
{
    uint8_t message[MESSAGE_BYTES];
    signed_bytes(h, message);
    int failed = crypto_sign_detached(h->signature, NULL, message, sizeof message, secret);
    CHECK(failed == 0);
}

enum status bundle_verify(const struct bundle_head *h)
{
    uint8_t message[MESSAGE_BYTES];
    signed_bytes(h, message);
    return crypto_sign_verify_detached(h->signature, message, sizeof message, h->sender.id) == 0
               ? ST_OK
               : ST_BAD_SIGNATURE;
}

enum status bundle_seal(struct bundle_head *h, uint8_t key_out[static BUNDLE_KEY_BYTES])
{
    uint8_t box[crypto_box_PUBLICKEYBYTES];
    if (crypto_sign_ed25519_pk_to_curve25519(box, h->recipient.id) != 0)
        return ST_BAD_VALUE;
    crypto_secretstream_xchacha20poly1305_keygen(key_out);
    if (crypto_box_seal(h->sealed_key, key_out, BUNDLE_KEY_BYTES, box) == 0)
        return ST_OK;
    sodium_memzero(key_out, BUNDLE_KEY_BYTES);
    return ST_BAD_VALUE;
}

enum status bundle_open(const struct bundle_head *h, const uint8_t secret[static 64],
                        uint8_t key_out[static BUNDLE_KEY_BYTES])
{
    uint8_t box[crypto_box_PUBLICKEYBYTES], own[crypto_box_SECRETKEYBYTES];
    bool opened =
        crypto_sign_ed25519_pk_to_curve25519(box, secret + 32) == 0 &&
        crypto_sign_ed25519_sk_to_curve25519(own, secret) == 0 &&
        crypto_box_seal_open(key_out, h->sealed_key, BUNDLE_SEALED_KEY_BYTES, box, own) == 0;
    sodium_memzero(own, sizeof own);
    return opened ? ST_OK : ST_WRONG_KEY;
}

/* ---- the body ---- */

void bundle_stream_wipe(struct bundle_stream *s)
{
    sodium_memzero(s, sizeof *s);
}

static void begin(struct bundle_stream *s, const struct bundle_head *h)
{
    uint8_t laid[SIGNED_BYTES];
    static_assert(sizeof s->bound == PLACE_BYTES + BUNDLE_SEALED_KEY_BYTES, "all that is bound");
    lay(h, laid);
    memcpy(s->bound, laid, PLACE_BYTES);
    memcpy(s->bound + PLACE_BYTES, h->sealed_key, BUNDLE_SEALED_KEY_BYTES);
    s->body_bytes = 0;
    s->ended = false;
    crypto_generichash_init(&s->hash, NULL, 0, DIGEST_BYTES);
}

static void went_by(struct bundle_stream *s, const uint8_t *data, size_t count)
{
    crypto_generichash_update(&s->hash, data, count);
    s->body_bytes += count;
}

void bundle_push_begin(struct bundle_stream *s, const struct bundle_head *h,
                       const uint8_t key[static BUNDLE_KEY_BYTES], struct buf *out)
{
    uint8_t start[BUNDLE_START_BYTES];
    begin(s, h);
    int failed = crypto_secretstream_xchacha20poly1305_init_push(&s->state, start, key);
    CHECK(failed == 0);
    went_by(s, start, sizeof start);
    buf_add(out, start, sizeof start);
}

enum status bundle_push(struct bundle_stream *s, struct bytes plain, bool last, struct buf *out)
{
    CHECK(!s->ended && plain.count > 0);
    if (plain.count > BUNDLE_CHUNK_BYTES_MAX)
        return ST_TOO_LARGE;
    size_t before = out->count;
    buf_add_u32be(out, (uint32_t)(plain.count + TAG_BYTES));
    uint8_t *room = buf_reserve(out, plain.count + TAG_BYTES);
    if (room == NULL)
        return ST_NO_MEMORY;
    uint8_t tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                       : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
    int failed = crypto_secretstream_xchacha20poly1305_push(
        &s->state, room, NULL, plain.data, plain.count, s->bound, sizeof s->bound, tag);
    CHECK(failed == 0);
    out->count += plain.count + TAG_BYTES;
    went_by(s, out->data + before, out->count - before);
    s->ended = last;
    return ST_OK;
}

void bundle_push_end(struct bundle_stream *s, struct bundle_head *h)
{
    CHECK(s->ended);
    h->body_bytes = s->body_bytes;
    crypto_generichash_final(&s->hash, h->body_hash.id, DIGEST_BYTES);
}

enum status bundle_pull_begin(struct bundle_stream *s, const struct bundle_head *h,
                              const uint8_t key[static BUNDLE_KEY_BYTES], struct bytes start)
{
    CHECK(start.count == BUNDLE_START_BYTES);
    begin(s, h);
    went_by(s, start.data, start.count);
    return crypto_secretstream_xchacha20poly1305_init_pull(&s->state, start.data, key) == 0
               ? ST_OK
               : ST_BAD_MAC;
}

enum status bundle_pull(struct bundle_stream *s, struct bytes in, struct buf *out, size_t *used_out,
                        size_t *wanted_out)
{
    *used_out = 0;
    *wanted_out = LENGTH_BYTES;
    if (s->ended)
        return ST_MALFORMED;
    if (in.count < LENGTH_BYTES)
        return ST_AGAIN;
    const uint8_t *at = in.data;
    size_t count = (size_t)take_number(&at, LENGTH_BYTES);
    if (count <= TAG_BYTES || count > BUNDLE_CHUNK_BYTES_MAX + TAG_BYTES)
        return ST_MALFORMED;
    *wanted_out = LENGTH_BYTES + count;
    if (in.count < *wanted_out)
        return ST_AGAIN;
    uint8_t *room = buf_reserve(out, count - TAG_BYTES), tag;
    if (room == NULL)
        return ST_NO_MEMORY;
    if (crypto_secretstream_xchacha20poly1305_pull(&s->state, room, NULL, &tag, at, count, s->bound,
                                                   sizeof s->bound) != 0)
        return ST_BAD_MAC;
    if (tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE &&
        tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL)
        return ST_MALFORMED;
    out->count += count - TAG_BYTES;
    went_by(s, in.data, *wanted_out);
    s->ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    *used_out = *wanted_out;
    return ST_OK;
}

enum status bundle_pull_end(struct bundle_stream *s, const struct bundle_head *h)
{
    uint8_t hash[DIGEST_BYTES];
    if (!s->ended)
        return ST_CLOSED;
    crypto_generichash_final(&s->hash, hash, sizeof hash);
    return s->body_bytes == h->body_bytes && memcmp(hash, h->body_hash.id, sizeof hash) == 0
               ? ST_OK
               : ST_BAD_MAC;
}
