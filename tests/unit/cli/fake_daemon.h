/*
 * fake_daemon: a control socket in a temporary home that answers with what a test wrote down, and
 * keeps what it was asked. One thread; as many requests as answers were given.
 */
#ifndef TESTS_FAKE_DAEMON_H
#define TESTS_FAKE_DAEMON_H

#include "tests/unit/proto/codec.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/control.h"

enum { FAKE_ANSWERS_MAX = 32 };

struct fake {
    char home[64];
    int listener;
    pthread_t thread;
    bool running;
    uint32_t answer_count;
    struct buf answers[FAKE_ANSWERS_MAX];  /* raw: rows and an end, or what a test likes */
    struct buf requests[FAKE_ANSWERS_MAX]; /* bodies */
    uint32_t request_count;
};

static inline void fake_row(struct fake *d, const char *json)
{
    control_write_row(bytes_of_text(json), &d->answers[d->answer_count]);
}

/* fake_end(): closes the answer under way; the next rows belong to the next request. */
static inline void fake_end(struct fake *d, const char *code, const char *text, const char *fix,
                            uint32_t exit)
{
    struct control_answer end = {.kind = CONTROL_END,
                                 .code = bytes_of_text(code),
                                 .text = bytes_of_text(text),
                                 .fix = bytes_of_text(fix),
                                 .exit = exit};
    assert_true(d->answer_count < FAKE_ANSWERS_MAX);
    control_write_end(&end, &d->answers[d->answer_count++]);
}

static inline bool fake_serve_one(struct fake *d, int client, struct buf *in)
{
    struct bytes body;
    size_t used;
    uint8_t some[4096];
    while (control_take(buf_bytes(in), &body, &used) != ST_OK) {
        ssize_t got = recv(client, some, sizeof some, 0);
        if (got <= 0)
            return false;
        buf_add(in, some, (size_t)got);
    }
    uint32_t at = d->request_count++;
    buf_add_bytes(&d->requests[at], body);
    buf_drop_front(in, used);
    struct bytes out = buf_bytes(&d->answers[at]);
    while (out.count > 0) { /* in crumbs: a reader has to put them together */
        ssize_t sent = send(client, out.data, out.count > 7 ? 7 : out.count, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        out = (struct bytes){out.data + sent, out.count - (size_t)sent};
    }
    return true;
}

static inline void *fake_run(void *user)
{
    struct fake *d = user;
    while (d->request_count < d->answer_count) {
        int client = accept(d->listener, NULL, NULL);
        if (client < 0)
            return NULL;
        struct buf in = {0};
        while (d->request_count < d->answer_count && fake_serve_one(d, client, &in))
            continue;
        buf_release(&in);
        close(client);
    }
    return NULL;
}

static inline void fake_home(struct fake *d)
{
    memset(d, 0, sizeof *d);
    snprintf(d->home, sizeof d->home, "/tmp/minga-cli-XXXXXX");
    assert_non_null(mkdtemp(d->home));
}

static inline void fake_start(struct fake *d)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", d->home);
    d->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(d->listener, 4), 0);
    assert_int_equal(pthread_create(&d->thread, NULL, fake_run, d), 0);
    d->running = true;
}

/* fake_join(): every answer was asked for; the requests can be looked at. */
static inline void fake_join(struct fake *d)
{
    pthread_join(d->thread, NULL);
    close(d->listener);
    d->running = false;
    assert_int_equal(d->request_count, d->answer_count);
}

/* fake_stop(): every answer has to have been asked for. */
static inline void fake_stop(struct fake *d)
{
    char path[128];
    if (d->running)
        fake_join(d);
    for (uint32_t i = 0; i < FAKE_ANSWERS_MAX; i++) {
        buf_release(&d->answers[i]);
        buf_release(&d->requests[i]);
    }
    snprintf(path, sizeof path, "%s/control.sock", d->home);
    unlink(path);
    rmdir(d->home);
}

static inline void fake_request(const struct fake *d, uint32_t at, struct control_request *out)
{
    assert_true(at < d->request_count);
    assert_int_equal(control_read_request(buf_bytes(&d->requests[at]), out), ST_OK);
}

#endif
