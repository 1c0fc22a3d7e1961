/*
 * control: what `minga` and `mingad` say to each other over the control socket.
 *
 * Every message is u32 length (big endian) + one canonical msgpack array.
 *   request  [verb, [word …], {option: text …}]
 *   row      [0, JSON text]            one object of the answer, as `--json` prints it, without
 *                                      its "schema" member and without a newline
 *   end      [1, code word, text, fix, exit]   the last message; code word is status_word(),
 *                                      "ok" when done; text and fix are plain sentences
 * One connection carries any number of requests, one after the other.
 */
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include "proto/bytes.h"
#include "proto/limits.h"

enum { CONTROL_HEADER_BYTES = 4, CONTROL_OPTIONS_MAX = 32 };

struct control_option {
    struct bytes name, value;
};

struct control_request { /* borrows from the decoded message */
    struct bytes verb;
    uint32_t word_count;
    struct bytes words[CONTROL_WORDS_MAX];
    uint32_t option_count;
    struct control_option options[CONTROL_OPTIONS_MAX]; /* ascending by name, no name twice */
};

enum control_kind { CONTROL_ROW, CONTROL_END };

struct control_answer { /* borrows from the decoded message */
    enum control_kind kind;
    struct bytes row;             /* CONTROL_ROW */
    struct bytes code, text, fix; /* CONTROL_END */
    uint32_t exit;                /* 0 .. 14, docs/CLI.md's table */
};

/* control_option(): the value of an option, or {NULL, 0}. */
struct bytes control_option(const struct control_request *q, const char *name);
bool control_has(const struct control_request *q, const char *name);

/* Each encoder appends one whole message, header included. Options may come in any order; of one
 * name the last counts. All texts have to be valid UTF-8 without NUL. A message over
 * CONTROL_BYTES_MAX is not written and leaves the buffer failed. */
void control_write_request(const struct control_request *q, struct buf *out);
void control_write_row(struct bytes json, struct buf *out);
void control_write_end(const struct control_answer *end, struct buf *out);

/*
 * control_take(): the first whole message's body at the front of 'in'.
 * used_out   bytes of it with its header; 0 unless ST_OK.
 * Errors: ST_AGAIN      not all there yet
 *         ST_TOO_LARGE  length over CONTROL_BYTES_MAX
 */
MUST_USE enum status control_take(struct bytes in, struct bytes *body_out, size_t *used_out);
MUST_USE enum status control_read_request(struct bytes body, struct control_request *out);
MUST_USE enum status control_read_answer(struct bytes body, struct control_answer *out);

#endif
