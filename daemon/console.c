#include "daemon/console.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/logger.h"
#include "daemon/report.h"
#include "daemon/transport.h"
#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/verb.h"

enum {
    BACKLOG = 16,
    CLIENTS_MAX = 64,
    READ_BYTES = 64 * KIB,
    WAIT_MS_DEFAULT = 60 * 1000,
    SYNC_MS_DEFAULT = 20 * 1000,
    WATCHER_BYTES_MAX = MIB, /* untaken rows of a watcher, who is then let go */
    SYNC_MS_MIN = 1000,      /* a link just asked for has this long to begin */
};

enum waiting { WAIT_NONE, WAIT_STATUS, WAIT_SYNC };

struct client {
    uv_pipe_t pipe;
    struct console *console;
    struct client *next;
    struct buf in;
    char author[IDENT_BYTES_MAX + 1];
    bool busy; /* a request is being answered */
    bool watching;
    bool closing;
    struct job *job; /* the request under way on the storage thread */
    enum waiting waiting;
    uint64_t since_ms, until_ms;
    char label[LABEL_BYTES_MAX + 1]; /* SYNC: only this one */
};

struct console {
    struct server *server;
    uv_pipe_t listener;
    char path[108];
    struct client *clients;
    uint32_t count;
    bool stopping;
    bool full;           /* a connection waits in libuv, which accepts no other before */
    struct client spare; /* for one that there is no memory for: taken and closed, so that libuv
                            goes on accepting */
    bool spare_used;
    uint8_t read_buffer[READ_BYTES];
    struct control_request request; /* of the message being looked at */
};

struct reply {
    uv_write_t request;
    struct buf data;
    struct client *client;
};

static void serve(struct client *c);
static void on_connection(uv_stream_t *listener, int status);

static void client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;
    struct console *k = c->console;
    struct client **at = &k->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    k->count--;
    buf_release(&c->in);
    if (c == &k->spare)
        k->spare_used = false;
    else
        mem_free(c);
    if (k->full && !k->stopping) {
        k->full = false;
        on_connection((uv_stream_t *)&k->listener, 0);
    }
}

static void drop(struct client *c)
{
    if (c->closing)
        return;
    c->closing = true;
    if (c->job != NULL)
        c->job->orphaned = true;
    uv_close((uv_handle_t *)&c->pipe, client_closed);
}

static void on_reply(uv_write_t *request, int status)
{
    struct reply *r = request->data;
    struct client *c = r->client;
    buf_release(&r->data);
    mem_free(r);
    if (status < 0)
        drop(c);
}

static void add_end(struct buf *out, enum status code, const char *text, const char *fix)
{
    struct control_answer end = {.kind = CONTROL_END,
                                 .code = bytes_of_text(status_word(code)),
                                 .text = bytes_of_text(text),
                                 .fix = bytes_of_text(fix),
                                 .exit = verb_exit(code)};
    control_write_end(&end, out);
}

/* One object of an answer; what memory was missing for fails the whole answer. */
static void add_row(struct buf *rows, const struct buf *json)
{
    rows->failed = rows->failed || json->failed;
    control_write_row(buf_bytes(json), rows);
}

/* Takes over what 'data' holds. An answer that there was no memory for is told as such: half of one
 * is none. */
static void reply(struct client *c, struct buf *data)
{
    if (data->failed) {
        buf_release(data);
        add_end(data, ST_NO_MEMORY, "out of memory: the answer is lost",
                "ask again; minga log shows whether a write was done");
    }
    struct reply *r = c->closing || data->failed ? NULL : mem_alloc(sizeof *r);
    if (r == NULL) {
        buf_release(data);
        drop(c);
        return;
    }
    r->data = *data;
    *data = (struct buf){0};
    r->client = c;
    r->request.data = r;
    uv_buf_t out = uv_buf_init((char *)r->data.data, (unsigned)r->data.count);
    if (uv_write(&r->request, (uv_stream_t *)&c->pipe, &out, 1, on_reply) != 0) {
        buf_release(&r->data);
        mem_free(r);
        drop(c);
    }
}

static void finish(struct client *c, struct buf *rows, enum status code, const char *text,
                   const char *fix)
{
    add_end(rows, code, text, fix);
    reply(c, rows);
    c->busy = false;
    c->waiting = WAIT_NONE;
}

static void refuse(struct client *c, enum status code, const char *text, const char *fix)
{
    struct buf rows = {0};
    finish(c, &rows, code, text, fix);
}

/* ---- verbs about links ---- */

static void list_peers(struct client *c)
{
    struct buf rows = {0}, json = {0};
    struct core_peer peer;
    for (uint32_t i = 0; core_peer(c->console->server->core, i, &peer); i++) {
        buf_reset(&json);
        report_peer(&peer, &json);
        add_row(&rows, &json);
    }
    buf_release(&json);
    finish(c, &rows, ST_OK, "", "");
}

/* peer add LABEL=HOST:PORT, peer remove LABEL: the configuration, then a reload. */
static void change_peers(struct client *c, const struct control_request *q, bool add)
{
    struct server *s = c->console->server;
    struct fault f = {0};
    char word[LABEL_BYTES_MAX + ADDRESS_BYTES_MAX + 2], key[LABEL_BYTES_MAX + 16];
    if (q->word_count != 2 || q->words[1].count >= sizeof word) {
        refuse(c, ST_USAGE,
               add ? "say which: minga peer add LABEL=HOST:PORT"
                   : "say which: minga peer remove LABEL",
               "");
        return;
    }
    memcpy(word, q->words[1].data, q->words[1].count);
    word[q->words[1].count] = '\0';
    char *equals = strchr(word, '=');
    if (equals != NULL)
        *equals = '\0';
    if (add != (equals != NULL) || !label_is_valid(bytes_of_text(word))) {
        refuse(c, ST_USAGE, add ? "a peer is added as LABEL=HOST:PORT" : "no such label",
               add ? "as in: minga peer add iquique=iquique.example.org:7717" : "");
        return;
    }
    snprintf(key, sizeof key, "peer.%.*s.address", LABEL_BYTES_MAX, word);
    enum status st = settings_set(s->config_path, key, add ? equals + 1 : NULL, &f);
    if (st == ST_OK)
        st = server_reload(s, &f);
    if (st == ST_OK)
        list_peers(c);
    else
        refuse(c, st == ST_BAD_CONFIG ? ST_USAGE : st, f.text, f.fix); /* what was typed is bad */
}

static uint64_t wait_ms(const struct control_request *q, uint64_t otherwise)
{
    struct bytes text = control_option(q, "timeout");
    uint64_t seconds = 0;
    for (size_t i = 0; i < text.count && i < 6; i++)
        seconds = text.data[i] >= '0' && text.data[i] <= '9'
                      ? seconds * 10 + (uint64_t)(text.data[i] - '0')
                      : seconds;
    return text.count > 0 ? seconds * 1000 : otherwise;
}

static void start_sync(struct client *c, const struct control_request *q)
{
    struct server *s = c->console->server;
    struct core_event event = {.kind = CORE_SYNC};
    c->label[0] = '\0';
    if (q->word_count > 0) {
        struct core_peer peer;
        bool known = false;
        for (uint32_t i = 0; core_peer(s->core, i, &peer); i++)
            known = known || bytes_equal_text(q->words[0], peer.label);
        if (!known) {
            refuse(c, ST_NOT_FOUND, "no office of that label is a member", "minga member list");
            return;
        }
        memcpy(c->label, q->words[0].data, q->words[0].count);
        c->label[q->words[0].count] = '\0';
        event.label = q->words[0];
    }
    c->waiting = WAIT_SYNC;
    c->since_ms = server_now_ms();
    c->until_ms = c->since_ms + wait_ms(q, SYNC_MS_DEFAULT);
    server_step(s, &event);
}

static bool may_write(const struct control_request *q)
{
    bool looks = q->word_count == 0 || bytes_equal(q->words[0], BYTES("list")) ||
                 bytes_equal(q->words[0], BYTES("show"));
    return verb_writes(q->verb) || (bytes_equal(q->verb, BYTES("member")) && !looks);
}

/* A request for the storage thread; borrowed bytes are copied. */
static void submit(struct client *c, enum job_kind kind, struct bytes body)
{
    struct server *s = c->console->server;
    struct job *j = job_new(kind);
    if (j != NULL)
        buf_add_bytes(&j->data, body);
    if (j == NULL || buf_status(&j->data) != ST_OK) {
        job_free(j);
        refuse(c, ST_NO_MEMORY, status_text(ST_NO_MEMORY), "");
        return;
    }
    j->owner = c;
    j->writes = kind == JOB_VERB && may_write(&c->console->request);
    snprintf(j->author, sizeof j->author, "%s", c->author);
    snprintf(j->listen, sizeof j->listen, "%s", transport_address(s->transport));
    c->job = j;
    server_submit(s, j);
}

static void watch(struct client *c)
{
    struct buf rows = {0};
    c->watching = true;
    control_write_row(BYTES("{\"event\":\"watching\"}"), &rows);
    reply(c, &rows);
}

static void ask(struct client *c, struct bytes body)
{
    const struct control_request *q = &c->console->request;
    struct server *s = c->console->server;
    struct fault f = {0};
    struct bytes sub = q->word_count > 0 ? q->words[0] : (struct bytes){NULL, 0};
    c->busy = true;
    if (bytes_equal(q->verb, BYTES("status"))) {
        c->waiting = control_has(q, "wait") ? WAIT_STATUS : WAIT_NONE;
        c->since_ms = server_now_ms();
        c->until_ms = c->since_ms + wait_ms(q, WAIT_MS_DEFAULT);
        if (c->waiting == WAIT_NONE)
            submit(c, JOB_STATUS, (struct bytes){NULL, 0});
    } else if (bytes_equal(q->verb, BYTES("peer"))) {
        if (sub.count == 0 || bytes_equal(sub, BYTES("list")))
            list_peers(c);
        else
            change_peers(c, q, bytes_equal(sub, BYTES("add")));
    } else if (bytes_equal(q->verb, BYTES("sync"))) {
        start_sync(c, q);
    } else if (bytes_equal(q->verb, BYTES("watch"))) {
        watch(c);
    } else if (bytes_equal(q->verb, BYTES("reload"))) {
        enum status st = server_reload(s, &f);
        refuse(c, st, st == ST_OK ? "" : f.text, f.fix);
    } else if (verb_known(q->verb) || bytes_equal(q->verb, BYTES("checkpoint"))) {
        submit(c, JOB_VERB, body);
    } else {
        refuse(c, ST_USAGE, "the daemon knows no such command",
               "minga and mingad may be of different versions: minga --version");
    }
}

static void serve(struct client *c)
{
    while (!c->busy && !c->closing && !c->console->stopping) {
        struct bytes body;
        size_t used;
        enum status st = control_take(buf_bytes(&c->in), &body, &used);
        if (st == ST_AGAIN)
            break;
        if (st == ST_OK)
            st = control_read_request(body, &c->console->request);
        if (st != ST_OK) {
            refuse(c, st, "the request is malformed or too large", "");
            drop(c);
            return;
        }
        ask(c, body);
        buf_drop_front(&c->in, used);
    }
    console_check(c->console);
}

/* ---- connections ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct client *c = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)c->console->read_buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct client *c = stream->data;
    if (count < 0) {
        drop(c);
        return;
    }
    buf_add(&c->in, buf->base, (size_t)count);
    if (buf_status(&c->in) != ST_OK || c->in.count > 2 * CONTROL_BYTES_MAX)
        drop(c);
    else
        serve(c);
}

/* The socket's peer must be our own user or root; its name becomes the author. */
static bool identify(struct client *c)
{
    struct ucred peer = {0};
    socklen_t bytes = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&c->pipe, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
        return false;
    if (peer.uid != geteuid() && peer.uid != 0) {
        logger_say(LOGGER_WARNING, "event=control_refused uid=%u", (unsigned)peer.uid);
        return false;
    }
    struct passwd entry, *found = NULL;
    char text[4096];
    if (getpwuid_r(peer.uid, &entry, text, sizeof text, &found) == 0 && found != NULL)
        snprintf(c->author, sizeof c->author, "%.40s <%.40s@%s>", found->pw_name, found->pw_name,
                 c->console->server->label);
    else
        snprintf(c->author, sizeof c->author, "uid-%u <uid-%u@%s>", (unsigned)peer.uid,
                 (unsigned)peer.uid, c->console->server->label);
    return true;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct console *k = listener->data;
    bool room = status == 0 && k->count < CLIENTS_MAX, refused = false;
    struct client *c = room ? mem_alloc(sizeof *c) : NULL;
    if (c == NULL && room && !k->spare_used) {
        c = &k->spare;
        *c = (struct client){.busy = false};
        k->spare_used = refused = true;
        logger_say(LOGGER_WARNING, "event=control_refused text=\"out of memory\"");
    }
    if (c == NULL) {
        k->full = status == 0; /* client_closed() goes on */
        return;
    }
    c->console = k;
    uv_pipe_init(&k->server->loop, &c->pipe, 0);
    c->pipe.data = c;
    c->next = k->clients;
    k->clients = c;
    k->count++;
    if (uv_accept(listener, (uv_stream_t *)&c->pipe) != 0 || refused || !identify(c)) {
        drop(c);
        return;
    }
    uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
}

/* A socket file nobody answers on is a dead daemon's. */
static enum status sweep(const char *path, struct fault *f)
{
    struct sockaddr_un {
        sa_family_t family;
        char path[108];
    } address = {.family = AF_UNIX};
    snprintf(address.path, sizeof address.path, "%s", path);
    struct stat about;
    if (lstat(path, &about) != 0)
        return errno == ENOENT ? ST_OK : fault_errno(f, errno, "cannot look at %s", path);
    if (!S_ISSOCK(about.st_mode))
        return fault_set(f, ST_BAD_CONFIG, "%s is no socket, and is in the way of ours", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_errno(f, errno, "cannot make a socket");
    int connected = connect(fd, (struct sockaddr *)(void *)&address, sizeof address);
    close(fd);
    if (connected == 0)
        return fault_set(f, ST_LOCKED, "another daemon answers on %s", path);
    unlink(path);
    return ST_OK;
}

/* The folder of the socket, 0700, where it is missing. */
static enum status make_folder(const char *path, struct fault *f)
{
    char folder[HOME_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int bytes = slash != NULL ? (int)(slash - path) : 0;
    if (bytes == 0)
        return ST_OK;
    snprintf(folder, sizeof folder, "%.*s", bytes, path);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fault_errno(f, errno, "cannot make the folder %s", folder);
    return ST_OK;
}

enum status console_create(struct server *server, const char *path, struct console **out,
                           struct fault *f)
{
    struct console *k = mem_alloc(sizeof *k);
    if (k == NULL)
        return ST_NO_MEMORY;
    k->server = server;
    if (strlen(path) >= sizeof k->path) {
        mem_free(k);
        return fault_set(f, ST_TOO_LARGE,
                         "the path of the control socket is longer than 107 bytes");
    }
    memcpy(k->path, path, strlen(path) + 1);
    enum status st = make_folder(path, f);
    if (st == ST_OK)
        st = sweep(path, f);
    if (st != ST_OK) {
        mem_free(k);
        return st;
    }
    mode_t mask = umask(0177); /* 0600 from the first moment */
    uv_pipe_init(&server->loop, &k->listener, 0);
    k->listener.data = k;
    int failed = uv_pipe_bind(&k->listener, path);
    umask(mask);
    if (failed == 0)
        failed = uv_listen((uv_stream_t *)&k->listener, BACKLOG, on_connection);
    *out = k; /* the handle is in the loop: console_stop() closes it, on failure too */
    return failed == 0 ? ST_OK
                       : fault_set(f, ST_IO, "cannot listen on %s: %s", path, uv_strerror(failed));
}

void console_finished(struct console *k, struct job *j)
{
    struct client *c = j->owner;
    struct buf rows = {0}, json = {0};
    if (j->orphaned) {
        job_free(j);
        return;
    }
    c->job = NULL;
    if (j->kind == JOB_VERB) {
        reply(c, &j->rows);
        c->busy = false;
    } else if (j->status != ST_OK) {
        refuse(c, j->status, j->fault.text[0] != '\0' ? j->fault.text : status_text(j->status),
               j->fault.fix);
    } else {
        report_status(k->server, j, &json);
        add_row(&rows, &json);
        buf_release(&json);
        finish(c, &rows, ST_OK, "", "");
    }
    job_free(j);
    serve(c);
}

static void tell_watchers(struct console *k, struct bytes json)
{
    for (struct client *c = k->clients; c != NULL; c = c->next) {
        struct buf row = {0};
        if (!c->watching || c->closing)
            continue;
        if (uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe) > WATCHER_BYTES_MAX) {
            drop(c);
            continue;
        }
        control_write_row(json, &row);
        reply(c, &row);
    }
}

void console_news(struct console *k, const struct job *news)
{
    for (uint32_t i = 0; i < news->commit_count; i++) {
        struct buf json = {0};
        char hex[OID_TEXT + 1];
        hex_encode(news->commits[i].id.id, OID_BYTES, hex);
        buf_add_format(&json, "{\"event\":\"commit\",\"office\":\"%s\",\"commit\":\"%s\"}",
                       news->commits[i].label, hex);
        if (buf_status(&json) == ST_OK)
            tell_watchers(k, buf_bytes(&json));
        buf_release(&json);
    }
}

void console_link(struct console *k, const char *text)
{
    struct buf json = {0};
    buf_add_text(&json, "{\"event\":\"link\",\"text\":");
    json_add_text(&json, bytes_of_text(text));
    buf_add_text(&json, "}");
    if (buf_status(&json) == ST_OK)
        tell_watchers(k, buf_bytes(&json));
    buf_release(&json);
}

static void check_status(struct client *c, uint64_t now)
{
    bool connecting;
    bool synced = report_synced(c->console->server, &connecting);
    if (synced && !connecting) {
        c->waiting = WAIT_NONE;
        submit(c, JOB_STATUS, (struct bytes){NULL, 0});
    } else if (now >= c->until_ms) {
        refuse(c, ST_TIMEOUT, "not every connected office holds everything yet",
               "minga peer shows who is behind; it goes on by itself");
    }
}

static void check_sync(struct client *c, uint64_t now)
{
    struct buf json = {0}, rows = {0};
    bool complete;
    uint32_t failed;
    report_sync(c->console->server, bytes_of_text(c->label), &json, &complete, &failed);
    bool fresh = now < c->since_ms + SYNC_MS_MIN && failed > 0;
    if ((complete && !fresh) || now >= c->until_ms) {
        add_row(&rows, &json);
        if (failed > 0)
            finish(c, &rows, ST_UNREACHABLE, "not every office was reached",
                   "nothing is lost: it goes on by itself; minga peer shows why");
        else
            finish(c, &rows, ST_OK, "", "");
    }
    buf_release(&json);
    buf_release(&rows);
}

void console_check(struct console *k)
{
    uint64_t now = server_now_ms();
    for (struct client *c = k->clients; c != NULL; c = c->next) {
        if (c->closing)
            continue;
        if (c->waiting == WAIT_STATUS)
            check_status(c, now);
        else if (c->waiting == WAIT_SYNC)
            check_sync(c, now);
    }
}

uint64_t console_deadline_ms(const struct console *k)
{
    uint64_t first = UINT64_MAX, now = server_now_ms();
    for (const struct client *c = k->clients; c != NULL; c = c->next) {
        uint64_t next = c->waiting == WAIT_SYNC && now < c->since_ms + SYNC_MS_MIN
                            ? c->since_ms + SYNC_MS_MIN
                            : c->until_ms;
        if (c->waiting != WAIT_NONE && next < first)
            first = next;
    }
    return first;
}

void console_stop(struct console *k)
{
    k->stopping = true;
    unlink(k->path);
    uv_close((uv_handle_t *)&k->listener, NULL);
    for (struct client *c = k->clients; c != NULL; c = c->next)
        drop(c);
}

void console_free(struct console *k)
{
    if (k == NULL)
        return;
    CHECK(k->clients == NULL);
    mem_free(k);
}
