/*
 * frame: how bytes are cut on the wire: a u16 big-endian length, then that many bytes. Handshake
 * messages travel so in the clear (wrap, unwrap); everything later is ciphertext (encode, decode).
 *
 * An authenticated frame of no bytes is CLOSE: it tells an end from a cut. Owns nothing.
 */
#ifndef PROTO_FRAME_H
#define PROTO_FRAME_H

#include "proto/bytes.h"
#include "proto/limits.h"
#include "proto/noise.h"

enum {
    FRAME_LENGTH_BYTES = 2,
    FRAME_PAYLOAD_MAX = FRAME_BYTES_MAX - NOISE_MAC_BYTES, /* plaintext of one frame */
};

static_assert((size_t)FRAME_BYTES_MAX <= NOISE_MESSAGE_BYTES_MAX, "a frame is a Noise message");

/*
 * frame_wrap(): append the length and 'body' (0 .. 65535 bytes) to 'out'.
 * Errors: ST_NO_MEMORY; then 'out' is as it was
 */
MUST_USE enum status frame_wrap(struct bytes body, struct buf *out);

/*
 * frame_unwrap(): take one body from the front of 'in'.
 *
 * body_bytes_max  what the state of the connection lets a body have; looked at before the body.
 * body_out        on ST_OK, points into 'in'.
 * used_out        bytes of 'in' consumed; 0 unless ST_OK.
 *
 * Allocates: no. On error *body_out is unchanged.
 * Errors: ST_AGAIN      fewer bytes than the length says
 *         ST_TOO_LARGE  the length is above body_bytes_max
 */
MUST_USE enum status frame_unwrap(struct bytes in, size_t body_bytes_max, struct bytes *body_out,
                                  size_t *used_out);

/*
 * frame_encode(): append one encrypted frame to 'out'; no payload makes a CLOSE.
 *
 * payload  0 .. FRAME_PAYLOAD_MAX [bytes].
 *
 * On error 'out' and the cipher are unchanged.
 * Errors: ST_NO_MEMORY
 */
MUST_USE enum status frame_encode(struct noise_cipher *cipher, struct bytes payload,
                                  struct buf *out);

/*
 * frame_decode(): take one frame from the front of 'in' and append its plaintext to 'out'.
 *
 * payload_bytes_out  plaintext appended [bytes]; 0 is the peer's CLOSE.
 * used_out           bytes of 'in' consumed; 0 unless ST_OK.
 *
 * On error 'out' and the cipher are unchanged.
 * Errors: ST_AGAIN      fewer bytes than one frame
 *         ST_TOO_LARGE  the length is above FRAME_BYTES_MAX
 *         ST_MALFORMED  the length is below that of a MAC
 *         ST_BAD_MAC    authentication failed
 *         ST_NO_MEMORY
 */
MUST_USE enum status frame_decode(struct noise_cipher *cipher, struct bytes in, struct buf *out,
                                  size_t *payload_bytes_out, size_t *used_out);

#endif
