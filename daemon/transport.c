#include "daemon/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum {
    BACKLOG = 64,
    READ_BYTES = 64 * KIB,
    ADDRESS_TEXT = 128,
    LINGER_MS = 3000,                    /* to send out what is left of a closed link */
    NOTSENT_LOWAT = 16 * KIB,            /* unsent bytes the kernel takes: lanes stay short */
    UNSENT_BYTES_MAX = 2 * WINDOW_BYTES, /* more waits for nobody who reads what was asked for */
    PENDING_MAX = LINKS_MAX + 3 * HALF_OPEN_MAX,
};

static const link_id accepted_bit = UINT32_C(1) << 31; /* links that we did not dial */

struct stream {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_getaddrinfo_t resolve;
    uv_shutdown_t shutdown;
    uv_timer_t linger;
    struct transport *transport;
    struct stream *next;
    link_id link;
    bool ending;  /* the core is done with it: no more calls */
    bool closing; /* uv_close() was called */
    bool resolving;
    bool untold; /* bytes wait here since the last word on it */
    int handles; /* still open in libuv */
    char why[ADDRESS_TEXT];
};

struct transport {
    uv_loop_t *loop;
    struct transport_handler handler;
    uv_tcp_t listener;
    bool listening, stopping;
    bool full;           /* a connection waits in libuv, which accepts no other before */
    struct stream spare; /* for one that there is no memory for: taken and closed, so that libuv
                            goes on accepting */
    bool spare_used;
    char address[ADDRESS_TEXT];
    struct stream *streams;
    uint32_t count, next_accepted;
    uint8_t read_buffer[READ_BYTES];
};

struct write {
    uv_write_t request;
    struct stream *stream;
    uint8_t data[];
};

enum status transport_create(uv_loop_t *loop, const struct transport_handler *handler,
                             struct transport **out)
{
    struct transport *t = mem_alloc(sizeof *t);
    if (t == NULL)
        return ST_NO_MEMORY;
    t->loop = loop;
    t->handler = *handler;
    *out = t;
    return ST_OK;
}

static struct stream *find(struct transport *t, link_id link)
{
    struct stream *s = t->streams;
    while (s != NULL && s->link != link)
        s = s->next;
    return s;
}

static void on_connection(uv_stream_t *listener, int status);

static void forget(struct stream *s)
{
    struct transport *t = s->transport;
    struct stream **at = &t->streams;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    t->count--;
    if (s == &t->spare)
        t->spare_used = false;
    else
        mem_free(s);
    if (t->full && !t->stopping) {
        t->full = false;
        on_connection((uv_stream_t *)&t->listener, 0);
    }
}

static void handle_closed(uv_handle_t *handle)
{
    struct stream *s = handle->data;
    struct transport *t = s->transport;
    if (--s->handles > 0 || s->resolving)
        return;
    link_id link = s->link;
    char why[ADDRESS_TEXT];
    bool tell = !s->ending && !t->stopping;
    memcpy(why, s->why, sizeof why);
    forget(s);
    if (tell)
        t->handler.closed(t->handler.context, link, why);
}

static void drop(struct stream *s, const char *why)
{
    if (s->closing)
        return;
    s->closing = true;
    snprintf(s->why, sizeof s->why, "%s", why);
    if (s->resolving)
        uv_cancel((uv_req_t *)&s->resolve);
    uv_close((uv_handle_t *)&s->linger, handle_closed);
    uv_close((uv_handle_t *)&s->tcp, handle_closed);
}

static struct stream *new_stream(struct transport *t, link_id link, bool spare)
{
    struct stream *s = t->count < PENDING_MAX ? mem_alloc(sizeof *s) : NULL;
    if (s == NULL && spare && t->count < PENDING_MAX && !t->spare_used) {
        t->spare_used = true;
        s = &t->spare;
        *s = (struct stream){.link = link};
    }
    if (s == NULL)
        return NULL;
    s->transport = t;
    s->link = link;
    uv_tcp_init(t->loop, &s->tcp);
    uv_timer_init(t->loop, &s->linger);
    s->handles = 2;
    s->tcp.data = s->linger.data = s->connect.data = s->resolve.data = s->shutdown.data = s;
    s->next = t->streams;
    t->streams = s;
    t->count++;
    return s;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct stream *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)s->transport->read_buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct stream *s = stream->data;
    struct transport *t = s->transport;
    if (s->closing)
        return;
    if (count < 0)
        drop(s, count == UV_EOF ? "the other side closed" : uv_strerror((int)count));
    else if (count > 0 && !s->ending)
        t->handler.data(t->handler.context, s->link,
                        (struct bytes){(const uint8_t *)buf->base, (size_t)count});
}

static void start_reading(struct stream *s)
{
    uv_os_fd_t fd;
    int lowat = NOTSENT_LOWAT;
    uv_tcp_nodelay(&s->tcp, 1);
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, sizeof lowat);
    uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
}

static void peer_text(const struct stream *s, char out[ADDRESS_TEXT])
{
    struct sockaddr_storage name;
    int bytes = sizeof name;
    out[0] = '\0';
    if (uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&name, &bytes) == 0)
        uv_ip_name((struct sockaddr *)&name, out, ADDRESS_TEXT);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct transport *t = listener->data;
    char address[ADDRESS_TEXT];
    if (status < 0)
        return;
    t->next_accepted = (t->next_accepted + 1) % accepted_bit;
    struct stream *s = new_stream(t, accepted_bit | t->next_accepted, true);
    if (s == NULL) {
        t->full = true; /* forget() goes on */
        return;
    }
    if (uv_accept(listener, (uv_stream_t *)&s->tcp) != 0 || s == &t->spare) {
        s->ending = true;
        drop(s, "");
        return;
    }
    peer_text(s, address);
    start_reading(s);
    t->handler.accepted(t->handler.context, s->link, address);
}

/* "host:port" or "[v6]:port" into its parts. */
static bool split(const char *address, char *host, size_t host_bytes, char *port, size_t port_bytes)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon != NULL ? (size_t)(colon - address) : 0;
    if (length >= 2 && address[0] == '[' && address[length - 1] == ']') {
        address++;
        length -= 2;
    }
    if (length == 0 || length >= host_bytes || strlen(colon + 1) >= port_bytes)
        return false;
    memcpy(host, address, length);
    host[length] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static void listening_address(struct transport *t, struct sockaddr *name)
{
    char host[ADDRESS_TEXT - 16] = "";
    uv_ip_name(name, host, sizeof host);
    bool six = name->sa_family == AF_INET6;
    unsigned port = ntohs(six ? ((struct sockaddr_in6 *)(void *)name)->sin6_port
                              : ((struct sockaddr_in *)(void *)name)->sin_port);
    snprintf(t->address, sizeof t->address, six ? "[%s]:%u" : "%s:%u", host, port);
}

enum status transport_listen(struct transport *t, const char *address, struct fault *f)
{
    char host[ADDRESS_TEXT], port[16];
    struct sockaddr_storage name;
    int bytes = sizeof name;
    if (!split(address, host, sizeof host, port, sizeof port))
        return fault_set(f, ST_USAGE, "\"%s\" is no address to listen on: use HOST:PORT", address);
    uv_getaddrinfo_t request;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int failed = uv_getaddrinfo(t->loop, &request, NULL, host, port, &hints);
    if (failed == 0) {
        uv_tcp_init(t->loop, &t->listener);
        t->listener.data = t;
        t->listening = true;
        failed = uv_tcp_bind(&t->listener, request.addrinfo->ai_addr, 0);
        uv_freeaddrinfo(request.addrinfo);
        if (failed == 0)
            failed = uv_listen((uv_stream_t *)&t->listener, BACKLOG, on_connection);
    }
    if (failed == 0)
        failed = uv_tcp_getsockname(&t->listener, (struct sockaddr *)&name, &bytes);
    if (failed == UV_EMFILE || failed == UV_ENOBUFS || failed == UV_ENOMEM) /* ours, not its */
        return fault_set(f, ST_IO, "cannot listen on %s: %s", address, uv_strerror(failed));
    if (failed != 0) {
        fault_set(f, ST_USAGE, "cannot listen on %s: %s", address, uv_strerror(failed));
        fault_fix(f, "set office.listen in the configuration to a free address");
        return ST_USAGE;
    }
    listening_address(t, (struct sockaddr *)&name);
    return ST_OK;
}

const char *transport_address(const struct transport *t)
{
    return t->address;
}

static void on_connect(uv_connect_t *request, int status)
{
    struct stream *s = request->data;
    struct transport *t = s->transport;
    if (s->closing)
        return;
    if (status < 0) {
        drop(s, uv_strerror(status));
        return;
    }
    start_reading(s);
    t->handler.connected(t->handler.context, s->link);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct stream *s = request->data;
    s->resolving = false;
    if (s->closing) {
        if (s->handles == 0) {
            s->handles = 1; /* the last of the three to end tells */
            handle_closed((uv_handle_t *)&s->tcp);
        }
    } else if (status < 0) {
        drop(s, uv_strerror(status));
    } else {
        int failed = uv_tcp_connect(&s->connect, &s->tcp, found->ai_addr, on_connect);
        if (failed != 0)
            drop(s, uv_strerror(failed));
    }
    uv_freeaddrinfo(found);
}

void transport_connect(struct transport *t, link_id link, const char *address)
{
    char host[ADDRESS_BYTES_MAX + 1], port[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct stream *s = new_stream(t, link, false);
    CHECK((link & accepted_bit) == 0);
    if (s == NULL)
        return; /* out of streams: the core's own timer gives up */
    if (!split(address, host, sizeof host, port, sizeof port)) {
        drop(s, "no address");
        return;
    }
    s->resolving = true;
    int failed = uv_getaddrinfo(t->loop, &s->resolve, on_resolved, host, port, &hints);
    if (failed != 0) {
        s->resolving = false;
        drop(s, uv_strerror(failed));
    }
}

static void on_write(uv_write_t *request, int status)
{
    struct write *w = request->data;
    struct stream *s = w->stream;
    struct transport *t = s->transport;
    mem_free(w);
    if (s->closing)
        return;
    if (status < 0)
        drop(s, uv_strerror(status));
    else if (!s->ending)
        t->handler.written(t->handler.context, s->link,
                           uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp));
}

void transport_send(struct transport *t, link_id link, struct bytes data)
{
    struct stream *s = find(t, link);
    if (s == NULL || s->closing || s->ending || data.count == 0)
        return;
    /* What the kernel takes at once needs no copy. */
    if (uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) == 0) {
        uv_buf_t now = uv_buf_init((char *)(uintptr_t)data.data, (unsigned)data.count);
        int sent = uv_try_write((uv_stream_t *)&s->tcp, &now, 1);
        if (sent > 0) {
            data.data += sent;
            data.count -= (size_t)sent;
        }
        if (data.count == 0)
            return;
    }
    if (uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp) + data.count > UNSENT_BYTES_MAX) {
        drop(s, "the other side does not read");
        return;
    }
    struct write *w = mem_alloc(sizeof *w + data.count);
    if (w == NULL) {
        drop(s, "out of memory");
        return;
    }
    memcpy(w->data, data.data, data.count);
    w->stream = s;
    w->request.data = w;
    uv_buf_t buf = uv_buf_init((char *)w->data, (unsigned)data.count);
    int failed = uv_write(&w->request, (uv_stream_t *)&s->tcp, &buf, 1, on_write);
    if (failed != 0) {
        mem_free(w);
        drop(s, uv_strerror(failed));
    }
    s->untold = true;
}

bool transport_take_unsent(struct transport *t, link_id *link_out, size_t *bytes_out)
{
    for (struct stream *s = t->streams; s != NULL; s = s->next) {
        if (!s->untold)
            continue;
        s->untold = false;
        if (s->closing || s->ending)
            continue;
        *link_out = s->link;
        *bytes_out = uv_stream_get_write_queue_size((uv_stream_t *)&s->tcp);
        return true;
    }
    return false;
}

static void on_lingered(uv_timer_t *timer)
{
    drop(timer->data, "");
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)status;
    drop(request->data, "");
}

void transport_close(struct transport *t, link_id link)
{
    struct stream *s = find(t, link);
    if (s == NULL || s->ending)
        return;
    s->ending = true;
    if (s->closing)
        return;
    if (uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, on_shutdown) != 0)
        drop(s, "");
    else
        uv_timer_start(&s->linger, on_lingered, LINGER_MS, 0);
}

void transport_stop(struct transport *t)
{
    t->stopping = true;
    if (t->listening)
        uv_close((uv_handle_t *)&t->listener, NULL);
    t->listening = false;
    for (struct stream *s = t->streams; s != NULL; s = s->next)
        drop(s, "");
}

void transport_free(struct transport *t)
{
    if (t == NULL)
        return;
    CHECK(t->streams == NULL);
    mem_free(t);
}
