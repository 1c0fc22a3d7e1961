/*
 * invitation: a link that is taken is written again character for character. Input that begins with
 * '!' is the msgpack inside: the harness puts the right checksum behind it, which no fuzzer
 * guesses.
 */
#include <sodium.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/invitation.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 700, CHECKSUM_BYTES = 4, TEXT_MAX = 1024 };

static void try_text(struct bytes text)
{
    struct invitation found;
    if (invitation_decode(text, &found, NULL) != ST_OK)
        return;
    struct buf again = {0};
    invitation_encode(&found, &again);
    CHECK(buf_status(&again) == ST_OK && again.count <= text.count);
    bool inside = memmem(text.data, text.count, again.data, again.count) != NULL;
    CHECK(inside); /* white space around it is all that may be lost */
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char domain[] = "minga/link/1";
    try_text((struct bytes){data, size});
    if (size < 2 || data[0] != '!' || size > BODY_MAX)
        return 0;
    uint8_t packed[BODY_MAX + CHECKSUM_BYTES], hash[crypto_generichash_BYTES];
    char text[TEXT_MAX] = "minga:";
    crypto_generichash_state state;
    memcpy(packed, data + 1, size - 1);
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain - 1);
    crypto_generichash_update(&state, packed, size - 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(packed + size - 1, hash, CHECKSUM_BYTES);
    sodium_bin2base64(text + 6, sizeof text - 6, packed, size - 1 + CHECKSUM_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    try_text(bytes_of_text(text));
    return 0;
}

static bool mutate_invitation(struct bytes in, struct chance *c, struct buf *out)
{
    return in.data[0] == '!' && mutate_behind(in, 1, mutate_msgpack, c, out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_invitation, data, size, room, seed);
}
