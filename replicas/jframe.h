/*
 * jframe: the bytes of an open journal segment, journal/<generation>.log. Pure; owns nothing.
 *
 * All numbers are big-endian. A sum is BLAKE2b with 16 bytes of output. The file is one header,
 * frames without gaps, and zeros written ahead.
 *
 *   header, 104 bytes
 *     0  "mingalog"
 *     8  u32  version, 1
 *    12  u32  generation, 1 or more
 *    16  u64  ordinal of its first item
 *    24  32   network id
 *    56  16   the last frame sum of the segment before; zeros in generation 1
 *    72  16   salt, random: nobody who sends us an item can make it look like frames of this file
 *    88  16   sum of the bytes before
 *
 *   frame, 60 bytes and the payload
 *     0  "mjfr"
 *     4  u32  generation
 *     8  u32  payload bytes, 1 .. JFRAME_PAYLOAD_MAX; 0: a mark, which only carries 'durable'
 *    12  u64  ordinal of the item; in a mark, of the next one
 *    20  u64  offset in this file up to which everything was durable when this was written
 *    28  16   payload sum, keyed with the salt: the frame sum before (in the first frame, the sum
 *             that the header names), then the payload. This is the chain.
 *    44  16   frame sum, keyed with the salt: bytes 0 .. 43, then the frame's offset as u64
 *    60       payload
 *
 * The frame sum stands without its payload and without the frames before, so that what lies behind
 * damage still says how far everything was durable.
 */
#ifndef REPLICAS_JFRAME_H
#define REPLICAS_JFRAME_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"

enum {
    JFRAME_SUM_BYTES = 16,
    JFRAME_SALT_BYTES = 16,
    JFRAME_LOG_BYTES = 104, /* the header of a segment */
    JFRAME_BYTES = 60,      /* the header of a frame */
    JFRAME_PAYLOAD_MAX = ITEM_BYTES_MAX + CHARTER_BYTES_MAX,
};

struct jframe_sum {
    uint8_t id[JFRAME_SUM_BYTES];
};

struct jframe_log {
    uint32_t generation;
    uint64_t first; /* ordinal */
    struct digest network;
    struct jframe_sum previous;
    uint8_t salt[JFRAME_SALT_BYTES];
};

struct jframe {
    uint32_t payload_bytes; /* 0: a mark */
    uint64_t ordinal;
    uint64_t durable; /* offset */
    struct jframe_sum payload_sum, sum;
};

static inline uint32_t jframe_u32(const uint8_t in[static 4])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}
static inline uint64_t jframe_u64(const uint8_t in[static 8])
{
    return (uint64_t)jframe_u32(in) << 32 | jframe_u32(in + 4);
}

/* jframe_log_encode(): JFRAME_LOG_BYTES bytes, appended; 'out' fails stickily. */
void jframe_log_encode(const struct jframe_log *log, struct buf *out);

/*
 * jframe_log_decode(): the header of a segment from the first JFRAME_LOG_BYTES bytes of 'in'.
 * Errors: ST_MALFORMED  too short, another magic, version or sum, generation 0; *out is unchanged
 */
MUST_USE enum status jframe_log_decode(struct bytes in, struct jframe_log *out);

/*
 * jframe_encode(): one frame, appended to 'out', which fails stickily.
 *
 * offset    where in the file the frame will stand [bytes].
 * frame     ordinal and durable are taken from it; payload_bytes and the sums are filled in.
 * previous  the frame sum before.
 * payload   0 (a mark) .. JFRAME_PAYLOAD_MAX bytes; borrowed.
 */
void jframe_encode(const struct jframe_log *log, uint64_t offset, struct jframe *frame,
                   const struct jframe_sum *previous, struct bytes payload, struct buf *out);

/*
 * jframe_decode(): a frame's header, sound by itself, from the first JFRAME_BYTES bytes of 'in'.
 * Errors: ST_MALFORMED  too short, not a frame of this segment at this offset; *out is unchanged
 */
MUST_USE enum status jframe_decode(const struct jframe_log *log, uint64_t offset, struct bytes in,
                                   struct jframe *out);

/* jframe_holds(): whether 'payload', behind the frame with the sum 'previous', is this frame's. */
bool jframe_holds(const struct jframe_log *log, const struct jframe *frame,
                  const struct jframe_sum *previous, struct bytes payload);

#endif
