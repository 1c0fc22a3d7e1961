/*
 * line: one TCP connection to a daemon that a liar holds: the handshake of a member with whatever
 * key, then frames of the liar's own making, without the checks that channel.c has on what it says.
 * Blocking, with a limit on every wait.
 */
#ifndef TESTS_HOSTILE_LINE_H
#define TESTS_HOSTILE_LINE_H

#include <netinet/in.h>

#include "proto/frame.h"
#include "proto/message.h"
#include "proto/noise.h"
#include "proto/squeeze.h"

enum { LINE_WAIT_S = 20 };

struct line {
    int fd;
    struct noise_handshake handshake;
    struct noise_cipher send, receive;
    struct squeeze_reader *reader;
    struct buf in;    /* from the wire, not yet framed */
    struct buf plain; /* of frames, not yet unfolded */
    struct message message;
};

/* line_address(): of "IPV4:PORT"; false: it is none. */
bool line_address(const char *text, struct sockaddr_in *out);

/* line_open(): -1: nobody listens there. */
int line_open(const char *address);

/* line_put(): all of it; false: the other side has closed. */
bool line_put(int fd, struct bytes data);

/* line_ended(): waits until the other side closes, dropping what it says; false: it did not. */
bool line_ended(int fd, int wait_s);

/* line_hello(): the first handshake message, as a member's with this secret key. */
bool line_hello(struct line *l, int fd, const uint8_t secret[static 64], const struct key *remote,
                const struct digest *network);

/* line_shake(): the rest of the handshake. */
bool line_shake(struct line *l);

/* line_frames(): plaintext as frames: the content of the zstd stream is the caller's. */
bool line_frames(struct line *l, struct bytes plain);

/* line_next(): the next message of the other side. ST_CLOSED: it ended; ST_TIMEOUT: silence. */
enum status line_next(struct line *l, int wait_s);

void line_close(struct line *l);

#endif
