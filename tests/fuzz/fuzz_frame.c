/*
 * fuzz_frame: any bytes as frames from the wire, in the clear and encrypted; then the same bytes as
 * a payload, which must come back as they went.
 */
#include <string.h>

#include "proto/check.h"
#include "proto/frame.h"

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
