/*
 * fuzz_squeeze: any bytes as a compressed stream, in pieces of the first byte's size (0: whole).
 * However a sound stream is cut, the same messages come out; of a damaged one the whole may lose
 * what its pieces still gave, since zstd reports damage ahead of what it had ready.
 */
#include <sodium.h>

#include "proto/check.h"
#include "proto/squeeze.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 16 }; /* a few bytes may unfold to many: enough is enough */

/* The messages' number and hash, and how it ended. */
struct outcome {
    unsigned messages;
    enum status end;
    uint8_t hash[crypto_generichash_BYTES];
};

static struct outcome read_in_pieces(struct bytes in, size_t piece)
{
    struct squeeze_reader *r = NULL;
    struct outcome outcome = {.end = ST_AGAIN};
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, sizeof outcome.hash);
    CHECK(squeeze_reader_create(&r) == ST_OK);
    for (size_t at = 0; at < in.count && outcome.end == ST_AGAIN; at += piece) {
        size_t left = in.count - at < piece ? in.count - at : piece;
        const uint8_t *from = in.data + at;
        do {
            struct bytes message;
            size_t used;
            outcome.end = squeeze_read(r, (struct bytes){from, left}, &used, &message);
            CHECK(used <= left);
            from += used;
            left -= used;
            if (outcome.end != ST_OK)
                continue;
            CHECK(message.count >= 1 && message.count <= MESSAGE_BYTES_MAX);
            crypto_generichash_update(&hash, message.data, message.count);
            outcome.messages++;
        } while (outcome.end == ST_OK && outcome.messages < MESSAGES_MAX);
        CHECK(outcome.end != ST_AGAIN || left == 0);
    }
    crypto_generichash_final(&hash, outcome.hash, sizeof outcome.hash);
    squeeze_reader_free(r);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct bytes in = {data + 1, size - 1};
    struct outcome whole = read_in_pieces(in, in.count);
    if (data[0] == 0)
        return 0;
    struct outcome pieces = read_in_pieces(in, data[0]);
    if (whole.end != ST_AGAIN && whole.end != ST_OK) {
        CHECK(pieces.end != ST_AGAIN && pieces.messages >= whole.messages);
        return 0;
    }
    CHECK(pieces.messages == whole.messages);
    CHECK(sodium_memcmp(pieces.hash, whole.hash, sizeof whole.hash) == 0);
    return 0;
}

/* The messages of a sound stream, one of them changed, gone or twice, as a stream again. */
static bool mutate_messages(struct bytes in, struct chance *c, struct buf *out)
{
    struct squeeze_reader *r = NULL;
    struct squeeze_writer *w = NULL;
    struct bytes message;
    size_t used, count = 0, chosen = chance_below(c, 4);
    CHECK(squeeze_reader_create(&r) == ST_OK && squeeze_writer_create(&w) == ST_OK);
    buf_add_byte(out, in.data[0]);
    const uint8_t *at = in.data + 1, *end = in.data + in.count;
    while (count < MESSAGES_MAX &&
           squeeze_read(r, (struct bytes){at, (size_t)(end - at)}, &used, &message) == ST_OK) {
        struct buf changed = {0};
        at += used;
        if (count++ == chosen)
            (void)mutate_plain(message, c, &changed);
        else
            buf_add_bytes(&changed, message);
        for (uint32_t n = chance_below(c, 8) == 0 ? chance_below(c, 3) : 1; n > 0; n--)
            (void)!squeeze_write(w, buf_bytes(&changed), out);
        buf_release(&changed);
    }
    squeeze_reader_free(r);
    squeeze_writer_free(w);
    return count > 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_messages, data, size, room, seed);
}
