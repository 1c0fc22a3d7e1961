#include "tests/e2e/hostile/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/channel.h"
#include "proto/check.h"

bool line_address(const char *text, struct sockaddr_in *out)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (colon == NULL || (size_t)(colon - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    out->sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}

int line_open(const char *address)
{
    struct sockaddr_in to;
    CHECK(line_address(address, &to));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool line_put(int fd, struct bytes data)
{
    while (data.count > 0) {
        ssize_t sent = send(fd, data.data, data.count, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data.data += sent;
        data.count -= (size_t)sent;
    }
    return true;
}

static ssize_t take(int fd, void *out, size_t count, int wait_s)
{
    struct timeval limit = {.tv_sec = wait_s};
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    return recv(fd, out, count, 0);
}

bool line_ended(int fd, int wait_s)
{
    uint8_t dropped[4096];
    ssize_t got;
    while ((got = take(fd, dropped, sizeof dropped, wait_s)) > 0)
        ;
    return got == 0 || errno == ECONNRESET;
}

bool line_hello(struct line *l, int fd, const uint8_t secret[static 64], const struct key *remote,
                const struct digest *network)
{
    uint8_t prologue[1 + 7 + DIGEST_BYTES] = {CHANNEL_MEMBER, 'm', 'i', 'n', 'g', 'a', '/', '1'};
    uint8_t own[NOISE_KEY_BYTES], theirs[NOISE_KEY_BYTES], ephemeral[NOISE_KEY_BYTES];
    struct buf message = {0}, wire = {0};
    *l = (struct line){.fd = fd};
    memcpy(prologue + 8, network->id, DIGEST_BYTES);
    randombytes_buf(ephemeral, sizeof ephemeral);
    CHECK(crypto_sign_ed25519_sk_to_curve25519(own, secret) == 0);
    CHECK(crypto_sign_ed25519_pk_to_curve25519(theirs, remote->id) == 0);
    const struct noise_options options = {
        .pattern = NOISE_XK,
        .initiator = true,
        .prologue = {prologue, sizeof prologue},
        .secret = own,
        .ephemeral = ephemeral,
        .remote = theirs,
    };
    noise_begin(&l->handshake, &options);
    CHECK(squeeze_reader_create(&l->reader) == ST_OK);
    buf_add_byte(&wire, CHANNEL_MEMBER);
    CHECK(noise_write(&l->handshake, BYTES(""), &message) == ST_OK);
    CHECK(frame_wrap(buf_bytes(&message), &wire) == ST_OK);
    bool sent = line_put(fd, buf_bytes(&wire));
    buf_release(&message);
    buf_release(&wire);
    return sent;
}

/* More of the wire into l->in. */
static enum status hear(struct line *l, int wait_s)
{
    uint8_t some[16384];
    ssize_t got = take(l->fd, some, sizeof some, wait_s);
    if (got == 0 || (got < 0 && errno == ECONNRESET))
        return ST_CLOSED;
    if (got < 0)
        return ST_TIMEOUT;
    buf_add(&l->in, some, (size_t)got);
    return buf_status(&l->in);
}

bool line_shake(struct line *l)
{
    struct bytes body;
    struct buf payload = {0}, message = {0}, wire = {0};
    size_t used;
    enum status st;
    while ((st = frame_unwrap(buf_bytes(&l->in), FRAME_BYTES_MAX, &body, &used)) == ST_AGAIN)
        if (hear(l, LINE_WAIT_S) != ST_OK)
            return false;
    bool done = st == ST_OK && noise_read(&l->handshake, body, &payload) == ST_OK;
    if (done) {
        buf_drop_front(&l->in, used);
        CHECK(noise_write(&l->handshake, BYTES(""), &message) == ST_OK);
        CHECK(frame_wrap(buf_bytes(&message), &wire) == ST_OK);
        noise_split(&l->handshake, &l->send, &l->receive);
        done = line_put(l->fd, buf_bytes(&wire));
    }
    buf_release(&payload);
    buf_release(&message);
    buf_release(&wire);
    return done;
}

bool line_frames(struct line *l, struct bytes plain)
{
    struct buf wire = {0};
    while (plain.count > 0) {
        size_t count = plain.count < FRAME_PAYLOAD_MAX ? plain.count : FRAME_PAYLOAD_MAX;
        CHECK(frame_encode(&l->send, (struct bytes){plain.data, count}, &wire) == ST_OK);
        plain.data += count;
        plain.count -= count;
    }
    bool sent = line_put(l->fd, buf_bytes(&wire));
    buf_release(&wire);
    return sent;
}

/* One more frame into l->plain. ST_CLOSED: its CLOSE */
static enum status one_frame(struct line *l, int wait_s)
{
    size_t payload, used;
    for (;;) {
        enum status st = frame_decode(&l->receive, buf_bytes(&l->in), &l->plain, &payload, &used);
        if (st == ST_OK) {
            buf_drop_front(&l->in, used);
            return payload > 0 ? ST_OK : ST_CLOSED;
        }
        if (st == ST_AGAIN)
            st = hear(l, wait_s);
        if (st != ST_OK)
            return st;
    }
}

enum status line_next(struct line *l, int wait_s)
{
    struct bytes raw;
    size_t used;
    for (;;) {
        enum status st = squeeze_read(l->reader, buf_bytes(&l->plain), &used, &raw);
        buf_drop_front(&l->plain, used);
        if (st == ST_OK)
            return message_decode(raw, &l->message);
        if (st == ST_AGAIN)
            st = one_frame(l, wait_s);
        if (st != ST_OK)
            return st;
    }
}

void line_close(struct line *l)
{
    close(l->fd);
    squeeze_reader_free(l->reader);
    buf_release(&l->in);
    buf_release(&l->plain);
    *l = (struct line){.fd = -1};
}
