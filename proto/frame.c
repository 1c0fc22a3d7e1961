#include "proto/frame.h"

#include "proto/check.h"

static const struct bytes no_ad = {NULL, 0};

enum status frame_wrap(struct bytes body, struct buf *out)
{
    CHECK(body.count <= NOISE_MESSAGE_BYTES_MAX);
    if (buf_reserve(out, FRAME_LENGTH_BYTES + body.count) == NULL)
        return ST_NO_MEMORY;
    buf_add_u16be(out, (uint16_t)body.count);
    buf_add_bytes(out, body);
    return buf_status(out);
}

enum status frame_unwrap(struct bytes in, size_t body_bytes_max, struct bytes *body_out,
                         size_t *used_out)
{
    CHECK(body_bytes_max <= NOISE_MESSAGE_BYTES_MAX);
    *used_out = 0;
    if (in.count < FRAME_LENGTH_BYTES)
        return ST_AGAIN;
    size_t body_bytes = (size_t)in.data[0] << 8 | in.data[1];
    if (body_bytes > body_bytes_max)
        return ST_TOO_LARGE;
    if (in.count - FRAME_LENGTH_BYTES < body_bytes)
        return ST_AGAIN;
    *body_out = (struct bytes){in.data + FRAME_LENGTH_BYTES, body_bytes};
    *used_out = FRAME_LENGTH_BYTES + body_bytes;
    return ST_OK;
}

enum status frame_encode(struct noise_cipher *cipher, struct bytes payload, struct buf *out)
{
    size_t body_bytes = payload.count + NOISE_MAC_BYTES;
    CHECK(payload.count <= FRAME_PAYLOAD_MAX);
    if (buf_reserve(out, FRAME_LENGTH_BYTES + body_bytes) == NULL)
        return ST_NO_MEMORY;
    buf_add_u16be(out, (uint16_t)body_bytes);
    noise_encrypt(cipher, no_ad, payload, out->data + out->count);
    out->count += body_bytes;
    return ST_OK;
}

enum status frame_decode(struct noise_cipher *cipher, struct bytes in, struct buf *out,
                         size_t *payload_bytes_out, size_t *used_out)
{
    struct bytes body;
    size_t used;
    CHECK(cipher->keyed);
    *used_out = 0;
    enum status status = frame_unwrap(in, FRAME_BYTES_MAX, &body, &used);
    if (status != ST_OK)
        return status;
    if (body.count < NOISE_MAC_BYTES)
        return ST_MALFORMED;
    size_t payload_bytes = body.count - NOISE_MAC_BYTES;
    uint8_t *at = buf_reserve(out, payload_bytes + 1); /* a CLOSE needs somewhere to point too */
    if (at == NULL)
        return ST_NO_MEMORY;
    status = noise_decrypt(cipher, no_ad, body, at);
    if (status != ST_OK)
        return status;
    CHECK(payload_bytes <= FRAME_PAYLOAD_MAX);
    out->count += payload_bytes;
    *payload_bytes_out = payload_bytes;
    *used_out = used;
    return ST_OK;
}
