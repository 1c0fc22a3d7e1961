#include "replicas/jframe.h"

#include <sodium.h>
#include <string.h>

#include "proto/check.h"

enum {
    VERSION = 1,
    LOG_SUM_AT = JFRAME_LOG_BYTES - JFRAME_SUM_BYTES,
    FRAME_SUM_AT = JFRAME_BYTES - JFRAME_SUM_BYTES,
};

static const char log_magic[8] = {'m', 'i', 'n', 'g', 'a', 'l', 'o', 'g'};
static const char frame_magic[4] = {'m', 'j', 'f', 'r'};

static_assert((int)JFRAME_SUM_BYTES >= (int)crypto_generichash_BYTES_MIN, "a sum is a BLAKE2b");
static_assert((int)JFRAME_SALT_BYTES >= (int)crypto_generichash_KEYBYTES_MIN, "a salt is a key");

/* The sum of 'a' followed by 'b'; 'salt' may be NULL. */
static struct jframe_sum sum_of(const uint8_t *salt, struct bytes a, struct bytes b)
{
    crypto_generichash_state state;
    struct jframe_sum sum;
    int bad =
        crypto_generichash_init(&state, salt, salt != NULL ? JFRAME_SALT_BYTES : 0, sizeof sum.id);
    bad |= crypto_generichash_update(&state, a.data, a.count);
    bad |= crypto_generichash_update(&state, b.data, b.count);
    bad |= crypto_generichash_final(&state, sum.id, sizeof sum.id);
    CHECK(bad == 0);
    return sum;
}

static bool sums_equal(const struct jframe_sum *a, const uint8_t *b)
{
    return memcmp(a->id, b, JFRAME_SUM_BYTES) == 0;
}

static struct jframe_sum sum_of_payload(const struct jframe_log *log,
                                        const struct jframe_sum *previous, struct bytes payload)
{
    return sum_of(log->salt, (struct bytes){previous->id, sizeof previous->id}, payload);
}

static struct jframe_sum sum_of_frame(const struct jframe_log *log, uint64_t offset,
                                      const uint8_t *header)
{
    uint8_t place[8];
    for (unsigned i = 0; i < sizeof place; i++)
        place[i] = (uint8_t)(offset >> (56 - 8 * i));
    return sum_of(log->salt, (struct bytes){header, FRAME_SUM_AT},
                  (struct bytes){place, sizeof place});
}

void jframe_log_encode(const struct jframe_log *log, struct buf *out)
{
    CHECK(log->generation > 0);
    size_t start = out->count;
    buf_add(out, log_magic, sizeof log_magic);
    buf_add_u32be(out, VERSION);
    buf_add_u32be(out, log->generation);
    buf_add_u64be(out, log->first);
    buf_add(out, log->network.id, sizeof log->network.id);
    buf_add(out, log->previous.id, sizeof log->previous.id);
    buf_add(out, log->salt, sizeof log->salt);
    if (out->failed)
        return;
    CHECK(out->count - start == LOG_SUM_AT);
    struct jframe_sum sum =
        sum_of(NULL, (struct bytes){out->data + start, LOG_SUM_AT}, (struct bytes){NULL, 0});
    buf_add(out, sum.id, sizeof sum.id);
}

enum status jframe_log_decode(struct bytes in, struct jframe_log *out)
{
    if (in.count < JFRAME_LOG_BYTES || memcmp(in.data, log_magic, sizeof log_magic) != 0)
        return ST_MALFORMED;
    struct jframe_sum sum =
        sum_of(NULL, (struct bytes){in.data, LOG_SUM_AT}, (struct bytes){NULL, 0});
    struct jframe_log log = {.generation = jframe_u32(in.data + 12),
                             .first = jframe_u64(in.data + 16)};
    if (!sums_equal(&sum, in.data + LOG_SUM_AT) || jframe_u32(in.data + 8) != VERSION ||
        log.generation == 0)
        return ST_MALFORMED;
    memcpy(log.network.id, in.data + 24, sizeof log.network.id);
    memcpy(log.previous.id, in.data + 56, sizeof log.previous.id);
    memcpy(log.salt, in.data + 72, sizeof log.salt);
    *out = log;
    return ST_OK;
}

void jframe_encode(const struct jframe_log *log, uint64_t offset, struct jframe *frame,
                   const struct jframe_sum *previous, struct bytes payload, struct buf *out)
{
    CHECK(payload.count <= JFRAME_PAYLOAD_MAX && frame->durable <= offset);
    size_t start = out->count;
    frame->payload_bytes = (uint32_t)payload.count;
    frame->payload_sum = sum_of_payload(log, previous, payload);
    buf_add(out, frame_magic, sizeof frame_magic);
    buf_add_u32be(out, log->generation);
    buf_add_u32be(out, frame->payload_bytes);
    buf_add_u64be(out, frame->ordinal);
    buf_add_u64be(out, frame->durable);
    buf_add(out, frame->payload_sum.id, sizeof frame->payload_sum.id);
    if (out->failed)
        return;
    CHECK(out->count - start == FRAME_SUM_AT);
    frame->sum = sum_of_frame(log, offset, out->data + start);
    buf_add(out, frame->sum.id, sizeof frame->sum.id);
    buf_add_bytes(out, payload);
}

enum status jframe_decode(const struct jframe_log *log, uint64_t offset, struct bytes in,
                          struct jframe *out)
{
    if (in.count < JFRAME_BYTES || memcmp(in.data, frame_magic, sizeof frame_magic) != 0)
        return ST_MALFORMED;
    struct jframe_sum sum = sum_of_frame(log, offset, in.data);
    struct jframe frame = {
        .payload_bytes = jframe_u32(in.data + 8),
        .ordinal = jframe_u64(in.data + 12),
        .durable = jframe_u64(in.data + 20),
        .sum = sum,
    };
    if (!sums_equal(&sum, in.data + FRAME_SUM_AT) || jframe_u32(in.data + 4) != log->generation ||
        frame.payload_bytes > JFRAME_PAYLOAD_MAX || frame.durable > offset)
        return ST_MALFORMED;
    memcpy(frame.payload_sum.id, in.data + 28, sizeof frame.payload_sum.id);
    *out = frame;
    return ST_OK;
}

bool jframe_holds(const struct jframe_log *log, const struct jframe *frame,
                  const struct jframe_sum *previous, struct bytes payload)
{
    CHECK(payload.count == frame->payload_bytes);
    struct jframe_sum sum = sum_of_payload(log, previous, payload);
    return sums_equal(&sum, frame->payload_sum.id);
}
