/*
 * seal: whatever the bytes are, they open under no key that they were not made with, and nothing is
 * read past them. Input that begins with '!' is what stands in the padded plaintext: the harness
 * seals it, which no fuzzer guesses; what then opens is sealed again to the same bytes.
 */
#include <sodium.h>

#include "proto/check.h"
#include "replicas/seal.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct seal_key class_key = {{1, 2, 3}};
static const struct seal_salt salt = {{4, 5, 6}};
static const uint8_t nonce[SEAL_NONCE_BYTES] = {7};
static const struct digest network = {{8}};

/* An item around 'padded', whatever stands there. */
static void wrap(const struct seal_place *place, struct bytes padded, struct buf *out)
{
    static const struct bytes text = BYTES("minga/commit/1");
    static const struct bytes tail = BYTES("\0\0\0\0\0\0\0\x05visit"
                                           "\0\0\0\0\0\0\0\x18"
                                           "00112233445566778899aabb"
                                           "\0\0\0\0\0\0\0\x08personal"
                                           "\0\0\0\0\0\0\0\x04note");
    struct seal_key key;
    struct buf associated = {0};
    uint8_t head[SEAL_HEAD_BYTES + 128] = {1}, commitment[32];
    memcpy(head + 1, nonce, sizeof nonce);
    struct bytes shortest = {head, SEAL_HEAD_BYTES + 32 + SEAL_TAG_BYTES};
    enum status status = seal_value_key(&class_key, &salt, place->field, shortest, &key);
    CHECK(status == ST_OK);
    crypto_generichash(commitment, sizeof commitment, text.data, text.count, key.key,
                       SEAL_KEY_BYTES);
    buf_add_u64be(&associated, 14);
    buf_add_text(&associated, "minga/sealed/1");
    buf_add_u64be(&associated, DIGEST_BYTES);
    buf_add(&associated, network.id, DIGEST_BYTES);
    buf_add_bytes(&associated, tail);
    buf_add(out, head, 1 + SEAL_NONCE_BYTES);
    buf_add(out, commitment, sizeof commitment);
    uint8_t *body = buf_reserve(out, padded.count + SEAL_TAG_BYTES);
    CHECK(body != NULL && buf_status(&associated) == ST_OK);
    crypto_aead_xchacha20poly1305_ietf_encrypt(body, NULL, padded.data, padded.count,
                                               associated.data, associated.count, NULL, nonce,
                                               key.key);
    out->count += padded.count + SEAL_TAG_BYTES;
    buf_release(&associated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct seal_place place = {&network, BYTES("visit"), BYTES("00112233445566778899aabb"),
                                     SCHEMA_PERSONAL, BYTES("note")};
    struct buf out = {0}, item = {0}, again = {0};
    enum status status = seal_open(&class_key, &salt, &place, (struct bytes){data, size}, &out);
    CHECK(status == ST_MALFORMED || status == ST_BAD_MAC);
    if (size >= 1 && data[0] == '!' && size <= SEAL_PLAIN_BYTES_MAX) {
        wrap(&place, (struct bytes){data + 1, size - 1}, &item);
        status = seal_open(&class_key, &salt, &place, buf_bytes(&item), &out);
        CHECK(status == ST_MALFORMED || status == ST_OK);
        if (status == ST_OK) {
            status = seal_close(&class_key, &salt, &place, nonce, buf_bytes(&out), &again);
            CHECK(status == ST_OK);
            CHECK(bytes_equal(buf_bytes(&item), buf_bytes(&again)));
        }
    }
    CHECK(status == ST_OK || out.count == 0);
    buf_release(&out);
    buf_release(&item);
    buf_release(&again);
    return 0;
}

/* What stands before the padding, padded again. */
static bool mutate_padded(struct bytes in, struct chance *c, struct buf *out)
{
    size_t plain = in.count, wanted = 32;
    while (plain > 1 && in.data[plain - 1] == 0)
        plain--;
    if (in.data[0] != '!' || plain < 2 || in.data[plain - 1] != 0x80)
        return false;
    buf_add_byte(out, '!');
    bool changed = mutate_plain((struct bytes){in.data + 1, plain - 2}, c, out);
    buf_add_byte(out, 0x80);
    while (wanted + 1 < out->count)
        wanted *= 2;
    while (out->count < wanted + 1 && !out->failed)
        buf_add_byte(out, 0);
    return changed;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_padded, data, size, room, seed);
}
