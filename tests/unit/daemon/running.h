/*
 * running: a whole server on a home of its own, in a thread of the test's process, and clients of
 * its control socket. Every wait is for an answer.
 */
#ifndef TESTS_RUNNING_H
#define TESTS_RUNNING_H

#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/logger.h"
#include "daemon/server.h"
#include "proto/control.h"
#include "proto/mem.h"

struct running {
    struct homes *homes; /* a is the server's, closed; b is open */
    char socket_path[108];
    pthread_t thread;
    enum status ended;
    struct fault fault;
    bool started;
};

struct caller {
    int fd;
    struct buf in;
    json_t *rows; /* of the last answer */
    char code[32], text[512], fix[512];
    uint32_t exit;
};

static inline void *running_thread(void *user)
{
    struct running *r = user;
    struct server_options o = {.home = r->homes->a.home, .socket_path = r->socket_path};
    r->ended = server_run(&o, &r->fault);
    return NULL;
}

static inline bool caller_open(struct caller *c, const struct running *r)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    *c =
        (struct caller){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .rows = json_array()};
    assert_true(c->fd >= 0);
    memcpy(to.sun_path, r->socket_path, strlen(r->socket_path));
    return connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static inline void caller_close(struct caller *c)
{
    close(c->fd);
    buf_release(&c->in);
    json_decref(c->rows);
    *c = (struct caller){.fd = -1};
}

static inline void caller_put(struct caller *c, struct bytes data)
{
    assert_int_equal(send(c->fd, data.data, data.count, MSG_NOSIGNAL), data.count);
}

static inline void caller_text(char *out, size_t room, struct bytes text)
{
    snprintf(out, room, "%.*s", (int)text.count, (const char *)text.data);
}

/* One row or the end into c; false: the other side has closed. */
static inline bool caller_next(struct caller *c, enum control_kind *kind)
{
    struct bytes body;
    size_t used;
    struct control_answer a;
    enum status st;
    while ((st = control_take(buf_bytes(&c->in), &body, &used)) == ST_AGAIN) {
        uint8_t some[4096];
        ssize_t got = recv(c->fd, some, sizeof some, 0);
        if (got <= 0)
            return false;
        buf_add(&c->in, some, (size_t)got);
    }
    assert_int_equal(st, ST_OK);
    assert_int_equal(control_read_answer(body, &a), ST_OK);
    *kind = a.kind;
    if (a.kind == CONTROL_ROW) {
        json_error_t error;
        json_t *row = json_loadb((const char *)a.row.data, a.row.count, 0, &error);
        if (row == NULL)
            fail_msg("%s: %.*s", error.text, (int)a.row.count, (const char *)a.row.data);
        json_array_append_new(c->rows, row);
    } else {
        caller_text(c->code, sizeof c->code, a.code);
        caller_text(c->text, sizeof c->text, a.text);
        caller_text(c->fix, sizeof c->fix, a.fix);
        c->exit = a.exit;
    }
    buf_drop_front(&c->in, used);
    return true;
}

static inline void caller_say(struct caller *c, const char *verb, const char *first,
                              const char *second)
{
    struct control_request q = {.verb = bytes_of_text(verb)};
    struct buf wire = {0};
    if (first != NULL)
        q.words[q.word_count++] = bytes_of_text(first);
    if (second != NULL)
        q.words[q.word_count++] = bytes_of_text(second);
    control_write_request(&q, &wire);
    caller_put(c, buf_bytes(&wire));
    buf_release(&wire);
}

/* A request and its whole answer; its exit code. */
static inline uint32_t caller_ask(struct caller *c, const char *verb, const char *first,
                                  const char *second)
{
    enum control_kind kind = CONTROL_ROW;
    json_array_clear(c->rows);
    caller_say(c, verb, first, second);
    while (kind != CONTROL_END)
        if (!caller_next(c, &kind))
            fail_msg("%s: the daemon closed", verb);
    return c->exit;
}

static inline json_t *caller_row(const struct caller *c, size_t n, const char *member)
{
    return json_object_get(json_array_get(c->rows, n), member);
}

static inline void running_config(struct running *r, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/config", r->homes->a.home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline int running_begin(void **state)
{
    struct running *r = mem_alloc(sizeof *r);
    struct fault f = {0};
    struct caller c;
    homes_setup((void **)&r->homes);
    home_carry(&r->homes->a, &r->homes->b);
    assert_int_equal(replica_close(r->homes->a.replica, &f), ST_OK);
    r->homes->a.replica = NULL;
    snprintf(r->socket_path, sizeof r->socket_path, "%s/socket", r->homes->a.folder);
    running_config(r, "[office]\nlisten = 127.0.0.1:0\n[log]\nlevel = error\n");
    logger_set_level(LOGGER_ERROR);
    assert_int_equal(pthread_create(&r->thread, NULL, running_thread, r), 0);
    r->started = true;
    for (bool up = false; !up;) { /* until it answers */
        up = caller_open(&c, r);
        if (up)
            assert_int_equal(caller_ask(&c, "status", NULL, NULL), 0);
        caller_close(&c);
        sched_yield();
    }
    *state = r;
    return 0;
}

/* SIGTERM, as a person or systemd stops it. */
static inline void running_stop(struct running *r)
{
    if (!r->started)
        return;
    r->started = false;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
}

static inline int running_end(void **state)
{
    struct running *r = *state;
    void *homes = r->homes;
    running_stop(r);
    homes_teardown(&homes);
    mem_free(r);
    return 0;
}

#endif
