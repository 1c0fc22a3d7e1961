/*
 * fuzz_noise: any bytes as the next handshake message, for either side of either pattern, and as a
 * transport message. The first byte chooses: bit 0 the pattern, bits 1 and 2 how many messages have
 * passed before.
 */
#include <string.h>

#include "proto/check.h"
#include "proto/noise.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void begin(struct noise_handshake hs[2], enum noise_pattern pattern)
{
    static const uint8_t secrets[4][NOISE_KEY_BYTES] = {{1}, {2}, {3}, {4}}, psk[NOISE_KEY_BYTES];
    for (int i = 1; i >= 0; i--) { /* the responder first: the other needs its key */
        noise_begin(&hs[i], &(struct noise_options){
                                .pattern = pattern,
                                .initiator = i == 0,
                                .prologue = BYTES("fuzz"),
                                .secret = secrets[i],
                                .ephemeral = secrets[2 + i],
                                .remote = i == 0 ? hs[1].s.public : NULL,
                            });
        if (pattern == NOISE_XKPSK3)
            noise_set_psk(&hs[i], psk);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct noise_handshake hs[2];
    struct buf payload = {0};
    if (size == 0)
        return 0;
    begin(hs, data[0] & 1 ? NOISE_XKPSK3 : NOISE_XK);
    size_t passed = (data[0] >> 1 & 3) % NOISE_HANDSHAKE_MESSAGES;
    for (size_t i = 0; i < passed; i++) {
        struct buf message = {0};
        CHECK(noise_write(&hs[i % 2], BYTES("p"), &message) == ST_OK);
        CHECK(noise_read(&hs[1 - i % 2], buf_bytes(&message), &payload) == ST_OK);
        buf_release(&message);
    }
    buf_reset(&payload);
    struct bytes in = {data + 1, size - 1};
    struct noise_handshake *reader = &hs[1 - passed % 2], before = *reader;
    if (noise_read(reader, in, &payload) != ST_OK) {
        CHECK(payload.count == 0);
        CHECK(memcmp(&before, reader, sizeof before) == 0);
    } else {
        CHECK(payload.count < in.count);
    }
    struct noise_cipher cipher = {.key = {1}, .keyed = true};
    buf_reset(&payload);
    uint8_t *out = buf_reserve(&payload, size);
    CHECK(out != NULL);
    enum status status = noise_decrypt(&cipher, (struct bytes){NULL, 0}, in, out);
    CHECK((status == ST_OK) == (cipher.nonce == 1));
    buf_release(&payload);
    return 0;
}

/* The genuine next message, around a payload of any bytes; in one of four a bit of it flipped. */
static bool mutate_handshake(struct bytes in, struct chance *c, struct buf *out)
{
    struct noise_handshake hs[2];
    struct buf payload = {0}, message = {0};
    begin(hs, in.data[0] & 1 ? NOISE_XKPSK3 : NOISE_XK);
    size_t passed = (in.data[0] >> 1 & 3) % NOISE_HANDSHAKE_MESSAGES;
    for (size_t i = 0; i <= passed; i++) {
        struct bytes said = {in.data + 1, in.count - 1 < 200 ? in.count - 1 : 200};
        buf_reset(&message);
        CHECK(noise_write(&hs[i % 2], i < passed ? BYTES("p") : said, &message) == ST_OK);
        if (i < passed)
            CHECK(noise_read(&hs[1 - i % 2], buf_bytes(&message), &payload) == ST_OK);
    }
    buf_add_byte(out, in.data[0]);
    buf_add_bytes(out, buf_bytes(&message));
    if (chance_below(c, 4) == 0)
        out->data[1 + chance_below(c, (uint32_t)message.count)] ^=
            (uint8_t)(1u << chance_below(c, 8));
    buf_release(&payload);
    buf_release(&message);
    return true;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_handshake, data, size, room, seed);
}
