/*
 * identity: a text that is taken tells the same key with and without its passphrase, and one
 * without a passphrase is written again character for character. Costs that are dear are not paid.
 */
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char cheap[] = " 1 8 ";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {data, size};
    struct key key, again;
    uint8_t seed[IDENTITY_SEED_BYTES], secret[crypto_sign_SECRETKEYBYTES];
    struct identity_wrap wrap;
    bool wrapped;
    if (identity_look(text, &key, &wrapped) != ST_OK)
        return 0;
    if (wrapped && memmem(data, size, cheap, sizeof cheap - 1) == NULL)
        return 0;
    enum status st = identity_read(text, BYTES("correct horse"), seed, &wrap, NULL);
    CHECK(st == ST_OK || (wrapped && st == ST_WRONG_KEY));
    if (st != ST_OK)
        return 0;
    crypto_sign_seed_keypair(again.id, secret, seed);
    CHECK(memcmp(again.id, key.id, KEY_BYTES) == 0);
    struct buf out = {0};
    identity_write(seed, &wrap, &out);
    CHECK(buf_status(&out) == ST_OK && out.count == size);
    CHECK(wrapped || memcmp(out.data, data, size) == 0);
    buf_release(&out);
    return 0;
}
