/*
 * fuzz_frame: any bytes as frames from the wire, in the clear and encrypted; then the same bytes as
 * a payload, which must come back as they went.
 */
#include <string.h>

#include "proto/check.h"
#include "proto/frame.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unwrap_all(struct bytes in)
{
    struct bytes body;
    size_t used;
    while (frame_unwrap(in, 1000, &body, &used) == ST_OK) {
        CHECK(used == body.count + FRAME_LENGTH_BYTES && used <= in.count && body.count <= 1000);
        in = (struct bytes){in.data + used, in.count - used};
    }
    CHECK(used == 0);
}

static void decode_all(struct bytes in)
{
    struct noise_cipher receive = {.key = {1}, .keyed = true};
    struct buf plain = {0};
    size_t payload_bytes, used;
    while (frame_decode(&receive, in, &plain, &payload_bytes, &used) == ST_OK) {
        CHECK(used <= in.count && payload_bytes <= FRAME_PAYLOAD_MAX);
        in = (struct bytes){in.data + used, in.count - used};
    }
    CHECK(used == 0);
    buf_release(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct noise_cipher send = {.key = {1}, .keyed = true}, receive = send;
    struct buf wire = {0}, plain = {0};
    size_t payload_bytes, used;
    unwrap_all((struct bytes){data, size});
    decode_all((struct bytes){data, size});
    struct bytes payload = {data, size < FRAME_PAYLOAD_MAX ? size : FRAME_PAYLOAD_MAX};
    CHECK(frame_encode(&send, payload, &wire) == ST_OK);
    CHECK(frame_decode(&receive, buf_bytes(&wire), &plain, &payload_bytes, &used) == ST_OK);
    CHECK(used == wire.count && bytes_equal(buf_bytes(&plain), payload));
    buf_release(&wire);
    buf_release(&plain);
    return 0;
}

/* Sound frames of the key that the target knows, one payload changed. */
static bool mutate_frames(struct bytes in, struct chance *c, struct buf *out)
{
    struct noise_cipher send = {.key = {1}, .keyed = true}, receive = send;
    struct bytes left = in;
    size_t payload_bytes = 0, used, frames = 0, chosen = chance_below(c, 4);
    struct buf plain = {0}, made = {0};
    while (frame_decode(&receive, left, &plain, &payload_bytes, &used) == ST_OK) {
        left = (struct bytes){left.data + used, left.count - used};
        buf_reset(&made);
        if (frames++ == chosen)
            (void)mutate_plain(buf_bytes(&plain), c, &made);
        else
            buf_add_bytes(&made, buf_bytes(&plain));
        CHECK(frame_encode(&send, buf_bytes(&made), out) == ST_OK);
        buf_reset(&plain);
    }
    if (frames == 0 || chance_below(c, 4) == 0) { /* what is no frame yet becomes one more */
        if (left.count > FRAME_PAYLOAD_MAX)
            left.count = FRAME_PAYLOAD_MAX;
        CHECK(frame_encode(&send, left, out) == ST_OK);
    } else {
        buf_add_bytes(out, left);
    }
    buf_release(&plain);
    buf_release(&made);
    return true;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_frames, data, size, room, seed);
}
