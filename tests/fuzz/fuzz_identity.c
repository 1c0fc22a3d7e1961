/*
 * identity: a text that is taken tells the same key with and without its passphrase, and one
 * without a passphrase is written again character for character. Costs that are dear are not paid.
 */
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/identity.h"
#include "tests/fuzz/mutate.h"

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

/* Words between single spaces, which every form of the file has. */
static bool mutate_plain_words(struct bytes in, struct chance *c, struct buf *out)
{
    uint32_t spaces = 0;
    for (size_t i = 0; i < in.count; i++)
        spaces += in.data[i] == ' ' ? 1u : 0u;
    uint32_t wanted = chance_below(c, spaces + 1);
    size_t from = 0;
    for (; from < in.count && wanted > 0; from++)
        wanted -= in.data[from] == ' ' ? 1u : 0u;
    size_t to = from;
    while (to < in.count && in.data[to] != ' ')
        to++;
    buf_add(out, in.data, from);
    bool changed = mutate_plain((struct bytes){in.data + from, to - from}, c, out);
    buf_add(out, in.data + to, in.count - to);
    return changed;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_plain_words, data, size, room, seed);
}
