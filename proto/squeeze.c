#include "proto/squeeze.h"

#include <zstd_errors.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "proto/zstd_memory.h"

enum {
    LEVEL = 3,     /* on our items 1 saves little time, 6 little size */
    HASH_LOG = 16, /* level 3 would take 17: 256 KiB less a link, about 1 % more bytes */
    CHAIN_LOG = 15,
    STEP_BYTES = 64 * KIB,     /* memory grows for what came out, by at most so much ahead */
    KEPT_BYTES_MAX = 64 * KIB, /* of a message buffer, once a longer message is done with */
};

struct squeeze_writer {
    ZSTD_CCtx *zstd;
};

struct squeeze_reader {
    ZSTD_DCtx *zstd;
    struct buf message; /* length and bytes of the message under way */
    bool delivered;     /* 'message' was handed out: the next call begins anew */
    bool holds_output;  /* zstd filled the room it had: there may be more without further input */
};

/* ---- Writer ---- */

enum status squeeze_writer_create(struct squeeze_writer **out)
{
    struct squeeze_writer *w = mem_alloc(sizeof *w);
    if (w == NULL)
        return ST_NO_MEMORY;
    w->zstd = ZSTD_createCCtx_advanced(zstd_memory());
    if (w->zstd == NULL) {
        squeeze_writer_free(w);
        return ST_NO_MEMORY;
    }
    static const struct {
        ZSTD_cParameter parameter;
        int value;
    } settings[] = {
        {ZSTD_c_compressionLevel, LEVEL}, {ZSTD_c_windowLog, ZSTD_WINDOW_LOG},
        {ZSTD_c_hashLog, HASH_LOG},       {ZSTD_c_chainLog, CHAIN_LOG},
        {ZSTD_c_contentSizeFlag, 0},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        size_t set = ZSTD_CCtx_setParameter(w->zstd, settings[i].parameter, settings[i].value);
        CHECK(!ZSTD_isError(set));
    }
    *out = w;
    return ST_OK;
}

void squeeze_writer_free(struct squeeze_writer *w)
{
    if (w == NULL)
        return;
    ZSTD_freeCCtx(w->zstd);
    mem_free(w);
}

/* Feed 'in' to the stream; 'end' says whether it is flushed. */
static enum status compress(ZSTD_CCtx *zstd, struct bytes in, ZSTD_EndDirective end,
                            struct buf *out)
{
    ZSTD_inBuffer input = {in.data, in.count, 0};
    size_t left = 1;
    while (left != 0 || input.pos < input.size) {
        /* Always more than zstd holds back, so that each turn makes progress. */
        uint8_t *at = buf_reserve(out, ZSTD_COMPRESSBOUND(input.size - input.pos) + KIB);
        if (at == NULL)
            return ST_NO_MEMORY;
        ZSTD_outBuffer output = {at, out->capacity - out->count, 0};
        left = ZSTD_compressStream2(zstd, &output, &input, end);
        if (ZSTD_isError(left))
            return ST_NO_MEMORY; /* the only way in which it fails on valid calls */
        out->count += output.pos;
        CHECK(out->count <= out->capacity && input.pos <= input.size);
        if (end == ZSTD_e_continue && input.pos == input.size)
            break;
    }
    return ST_OK;
}

enum status squeeze_write(struct squeeze_writer *w, struct bytes message, struct buf *out)
{
    uint8_t length[SQUEEZE_LENGTH_BYTES];
    if (message.count == 0 || message.count > MESSAGE_BYTES_MAX)
        return ST_TOO_LARGE;
    for (unsigned i = 0; i < SQUEEZE_LENGTH_BYTES; i++)
        length[i] = (uint8_t)(message.count >> (8 * (SQUEEZE_LENGTH_BYTES - 1 - i)));
    enum status status =
        compress(w->zstd, (struct bytes){length, sizeof length}, ZSTD_e_continue, out);
    if (status == ST_OK)
        status = compress(w->zstd, message, ZSTD_e_flush, out);
    return status;
}

/* ---- Reader ---- */

enum status squeeze_reader_create(struct squeeze_reader **out)
{
    struct squeeze_reader *r = mem_alloc(sizeof *r);
    if (r == NULL)
        return ST_NO_MEMORY;
    r->zstd = ZSTD_createDCtx_advanced(zstd_memory());
    if (r->zstd == NULL) {
        squeeze_reader_free(r);
        return ST_NO_MEMORY;
    }
    size_t set = ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    CHECK(!ZSTD_isError(set));
    *out = r;
    return ST_OK;
}

void squeeze_reader_free(struct squeeze_reader *r)
{
    if (r == NULL)
        return;
    ZSTD_freeDCtx(r->zstd);
    buf_release(&r->message);
    mem_free(r);
}

static enum status status_of(size_t zstd_result)
{
    switch (ZSTD_getErrorCode(zstd_result)) {
    case ZSTD_error_memory_allocation:
        return ST_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return ST_TOO_LARGE;
    default:
        return ST_MALFORMED;
    }
}

/* The length of the message under way, once its four bytes are there. */
static enum status message_length(const struct squeeze_reader *r, size_t *length_out)
{
    size_t length = 0;
    CHECK(r->message.count >= SQUEEZE_LENGTH_BYTES);
    for (unsigned i = 0; i < SQUEEZE_LENGTH_BYTES; i++)
        length = length << 8 | r->message.data[i];
    if (length == 0)
        return ST_MALFORMED;
    if (length > MESSAGE_BYTES_MAX)
        return ST_TOO_LARGE;
    *length_out = length;
    return ST_OK;
}

/* Unfold until 'message' has 'wanted' bytes. Errors: as squeeze_read() */
static enum status fill(struct squeeze_reader *r, ZSTD_inBuffer *input, size_t wanted)
{
    CHECK(wanted <= SQUEEZE_LENGTH_BYTES + MESSAGE_BYTES_MAX);
    while (r->message.count < wanted) {
        /* zstd takes idle calls for a mistake: call it only when something can come. */
        if (input->pos == input->size && !r->holds_output)
            return ST_AGAIN;
        size_t room = wanted - r->message.count;
        if (room > STEP_BYTES)
            room = STEP_BYTES;
        uint8_t *at = buf_reserve(&r->message, room);
        if (at == NULL)
            return ST_NO_MEMORY;
        ZSTD_outBuffer output = {at, room, 0};
        size_t result = ZSTD_decompressStream(r->zstd, &output, input);
        if (ZSTD_isError(result))
            return status_of(result);
        if (result == 0)
            return ST_MALFORMED; /* the end of a zstd frame: the stream has none */
        CHECK(output.pos <= room);
        r->message.count += output.pos;
        r->holds_output = output.pos == output.size;
    }
    return ST_OK;
}

static void begin_message(struct squeeze_reader *r)
{
    CHECK(r->delivered);
    if (r->message.capacity > KEPT_BYTES_MAX)
        buf_release(&r->message);
    buf_reset(&r->message);
    r->delivered = false;
}

enum status squeeze_read(struct squeeze_reader *r, struct bytes in, size_t *used_out,
                         struct bytes *message_out)
{
    ZSTD_inBuffer input = {in.data, in.count, 0};
    size_t length = 0;
    if (r->delivered)
        begin_message(r);
    enum status status = fill(r, &input, SQUEEZE_LENGTH_BYTES);
    if (status == ST_OK)
        status = message_length(r, &length);
    if (status == ST_OK)
        status = fill(r, &input, SQUEEZE_LENGTH_BYTES + length);
    *used_out = input.pos;
    if (status != ST_OK)
        return status;
    CHECK(r->message.count == SQUEEZE_LENGTH_BYTES + length);
    *message_out = (struct bytes){r->message.data + SQUEEZE_LENGTH_BYTES, length};
    r->delivered = true;
    return ST_OK;
}
