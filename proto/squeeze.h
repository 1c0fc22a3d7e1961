/*
 * squeeze: messages as one zstd stream a direction: inside the stream each message is a u32
 * big-endian length and its bytes. The sender flushes behind every message.
 *
 * Safe against a peer: the window is bounded by ZSTD_WINDOW_LOG, a length is checked before
 * anything is allocated for it, memory grows only with bytes that came out, and one call gives one
 * message, however much a few bytes would unfold to. The stream never ends: the end of a zstd frame
 * inside it is malformed.
 *
 * A writer and a reader own their zstd state: about 2.2 and 1.5 MiB at most, touched as used.
 */
#ifndef PROTO_SQUEEZE_H
#define PROTO_SQUEEZE_H

#include "proto/bytes.h"
#include "proto/limits.h"

enum { SQUEEZE_LENGTH_BYTES = 4 };

struct squeeze_writer;
struct squeeze_reader;

/* Errors: ST_NO_MEMORY */
MUST_USE enum status squeeze_writer_create(struct squeeze_writer **out);
void squeeze_writer_free(struct squeeze_writer *w);

/*
 * squeeze_write(): append the compressed, flushed form of one message to 'out'.
 *
 * message  1 .. MESSAGE_BYTES_MAX bytes.
 *
 * After an error the stream is broken: the writer can only be freed.
 * Errors: ST_NO_MEMORY
 *         ST_TOO_LARGE  the message is empty or above the limit; nothing has changed
 */
MUST_USE enum status squeeze_write(struct squeeze_writer *w, struct bytes message, struct buf *out);

/* Errors: ST_NO_MEMORY */
MUST_USE enum status squeeze_reader_create(struct squeeze_reader **out);
void squeeze_reader_free(struct squeeze_reader *r);

/*
 * squeeze_read(): the next whole message.
 *
 * in           compressed bytes that follow those consumed before; borrowed.
 * used_out     how many of them were consumed; also with ST_AGAIN (all of them, then).
 * message_out  on ST_OK, borrowed until the next call with this reader.
 *
 * After an error other than ST_AGAIN the reader can only be freed.
 * Errors: ST_AGAIN      no message is whole yet
 *         ST_TOO_LARGE  a message above MESSAGE_BYTES_MAX, or a window above ZSTD_WINDOW_LOG
 *         ST_MALFORMED  not a zstd stream, its end, or an empty message
 *         ST_NO_MEMORY
 */
MUST_USE enum status squeeze_read(struct squeeze_reader *r, struct bytes in, size_t *used_out,
                                  struct bytes *message_out);

#endif
