/*
 * Streams over loopback on a real loop; every wait is for a condition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/transport.h"
#include "proto/mem.h"

enum { CROWD = LINKS_MAX + 3 * HALF_OPEN_MAX + 30, LONG_BYTES = 3 * 1024 * 1024 };

/* One side: what its transport told. */
struct side {
    struct transport *transport;
    unsigned accepted, connected, closed, written;
    link_id last; /* accepted or connected */
    char address[64], why[128];
    struct buf in;
    bool refuse; /* close each accepted link at once, as the core does with too many */
};

struct bench {
    uv_loop_t loop;
    uv_timer_t limit;
    struct side a, b; /* a listens */
    char address[64];
};

static void on_accepted(void *context, link_id link, const char *address)
{
    struct side *s = context;
    s->accepted++;
    s->last = link;
    snprintf(s->address, sizeof s->address, "%s", address);
    if (s->refuse)
        transport_close(s->transport, link);
}

static void on_connected(void *context, link_id link)
{
    struct side *s = context;
    s->connected++;
    s->last = link;
}

static void on_data(void *context, link_id link, struct bytes data)
{
    struct side *s = context;
    (void)link;
    buf_add_bytes(&s->in, data);
}

static void on_written(void *context, link_id link, size_t unsent_bytes)
{
    struct side *s = context;
    (void)link, (void)unsent_bytes;
    s->written++;
}

static void on_closed(void *context, link_id link, const char *why)
{
    struct side *s = context;
    (void)link;
    s->closed++;
    snprintf(s->why, sizeof s->why, "%s", why);
}

static void on_limit(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("a condition never came true");
}

static void side_open(struct bench *t, struct side *s)
{
    struct transport_handler handler = {s,       on_accepted, on_connected,
                                        on_data, on_written,  on_closed};
    assert_int_equal(transport_create(&t->loop, &handler, &s->transport), ST_OK);
}

static int begin(void **state)
{
    struct bench *t = mem_alloc(sizeof *t);
    struct fault f = {0};
    uv_loop_init(&t->loop);
    uv_timer_init(&t->loop, &t->limit);
    uv_timer_start(&t->limit, on_limit, 60 * 1000, 0);
    uv_unref((uv_handle_t *)&t->limit);
    side_open(t, &t->a);
    side_open(t, &t->b);
    if (transport_listen(t->a.transport, "127.0.0.1:0", &f) != ST_OK)
        fail_msg("%s", f.text);
    snprintf(t->address, sizeof t->address, "%s", transport_address(t->a.transport));
    *state = t;
    return 0;
}

static int end(void **state)
{
    struct bench *t = *state;
    transport_stop(t->a.transport);
    transport_stop(t->b.transport);
    uv_close((uv_handle_t *)&t->limit, NULL);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    transport_free(t->a.transport);
    transport_free(t->b.transport);
    buf_release(&t->a.in);
    buf_release(&t->b.in);
    assert_int_equal(uv_loop_close(&t->loop), 0);
    mem_free(t);
    return 0;
}

#define UNTIL(t, condition)                                                                        \
    do {                                                                                           \
        while (!(condition))                                                                       \
            uv_run(&(t)->loop, UV_RUN_ONCE);                                                       \
    } while (0)

static void connect_both(struct bench *t)
{
    unsigned before = t->a.accepted;
    transport_connect(t->b.transport, 1, t->address);
    UNTIL(t, t->b.connected == 1 && t->a.accepted > before);
    assert_int_equal(t->b.last, 1);
    assert_true((t->a.last & UINT32_C(1) << 31) != 0);
    assert_string_equal(t->a.address, "127.0.0.1");
}

static void it_says_where_it_listens(void **state)
{
    struct bench *t = *state;
    struct fault f = {0};
    assert_memory_equal(t->address, "127.0.0.1:", 10);
    assert_true(strtoul(t->address + 10, NULL, 10) > 0); /* the port that 0 became */
    assert_string_equal(transport_address(t->b.transport), "");
    assert_int_equal(transport_listen(t->b.transport, t->address, &f), ST_USAGE); /* taken */
    assert_non_null(strstr(f.text, t->address));
    assert_non_null(strstr(f.fix, "office.listen"));
}

static void no_address_to_listen_on(void **state)
{
    struct bench *t = *state;
    struct fault f = {0};
    assert_int_equal(transport_listen(t->b.transport, "7717", &f), ST_USAGE);
    assert_int_equal(transport_listen(t->b.transport, ":7717", &f), ST_USAGE);
    assert_non_null(strstr(f.text, "HOST:PORT"));
}

static void bytes_go_both_ways(void **state)
{
    struct bench *t = *state;
    connect_both(t);
    transport_send(t->b.transport, 1, BYTES("there"));
    transport_send(t->a.transport, t->a.last, BYTES("and back"));
    UNTIL(t, t->a.in.count == 5 && t->b.in.count == 8);
    assert_memory_equal(t->a.in.data, "there", 5);
    assert_memory_equal(t->b.in.data, "and back", 8);
}

/* More than any buffer on the way: whole, in order, and the sender hears how it goes. */
static void much_at_once(void **state)
{
    struct bench *t = *state;
    uint8_t *data = mem_alloc(LONG_BYTES);
    for (size_t i = 0; i < LONG_BYTES; i++)
        data[i] = (uint8_t)(i * 2654435761u >> 16);
    connect_both(t);
    transport_send(t->b.transport, 1, (struct bytes){data, LONG_BYTES});
    transport_close(t->b.transport, 1); /* what was sent goes out first */
    UNTIL(t, t->a.closed == 1);
    assert_int_equal(t->a.in.count, LONG_BYTES);
    assert_memory_equal(t->a.in.data, data, LONG_BYTES);
    assert_string_equal(t->a.why, "the other side closed");
    assert_int_equal(t->b.closed, 0); /* who closes is not told */
    mem_free(data);
}

/* Who asks and asks, and never reads the answers, is let go before they fill the memory. */
static void who_does_not_read(void **state)
{
    enum { SENDS_MAX = 256 };
    struct bench *t = *state;
    uint8_t *data = mem_alloc(MIB);
    assert_non_null(data);
    struct sockaddr_in name = {.sin_family = AF_INET};
    name.sin_port = htons((uint16_t)strtoul(strrchr(t->address, ':') + 1, NULL, 10));
    inet_pton(AF_INET, "127.0.0.1", &name.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    UNTIL(t, t->a.accepted == 1);
    for (int i = 0; i < SENDS_MAX && t->a.closed == 0; i++) {
        transport_send(t->a.transport, t->a.last, (struct bytes){data, MIB});
        uv_run(&t->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(t->a.closed, 1);
    assert_string_equal(t->a.why, "the other side does not read");
    close(fd);
    mem_free(data);
}

static void what_waits_is_told_once(void **state)
{
    struct bench *t = *state;
    uint8_t *data = mem_alloc(4 * MIB);
    link_id link = 0;
    size_t bytes = 0;
    assert_non_null(data);
    connect_both(t);
    assert_false(transport_take_unsent(t->a.transport, &link, &bytes));
    transport_send(t->a.transport, t->a.last, (struct bytes){data, 4 * MIB}); /* b has no turn */
    assert_true(transport_take_unsent(t->a.transport, &link, &bytes));
    assert_int_equal(link, t->a.last);
    assert_true(bytes > 0 && bytes < 4 * MIB);
    assert_false(transport_take_unsent(t->a.transport, &link, &bytes));
    UNTIL(t, t->a.written > 0);
    transport_send(t->a.transport, t->a.last, BYTES("a little goes at once"));
    assert_false(transport_take_unsent(t->a.transport, &link, &bytes));
    mem_free(data);
}

static void a_link_that_is_unknown_is_ignored(void **state)
{
    struct bench *t = *state;
    transport_send(t->b.transport, 77, BYTES("x"));
    transport_close(t->b.transport, 77);
    assert_int_equal(t->b.closed, 0);
}

static void nobody_there(void **state)
{
    struct bench *t = *state;
    transport_connect(t->b.transport, 1, "127.0.0.1:1");
    UNTIL(t, t->b.closed == 1);
    assert_string_equal(t->b.why, "connection refused");
    transport_connect(t->b.transport, 2, "no-port");
    UNTIL(t, t->b.closed == 2);
    assert_string_equal(t->b.why, "no address");
    assert_int_equal(t->b.connected, 0);
}

static void a_stop_tells_nobody(void **state)
{
    struct bench *t = *state;
    connect_both(t);
    transport_connect(t->b.transport, 2, t->address); /* under way */
    transport_stop(t->b.transport);
    UNTIL(t, t->a.closed == 1);
    assert_int_equal(t->b.closed, 0);
}

/* More connections at once than there are streams: none is lost, and new ones are taken after. */
static void a_crowd_does_not_end_the_listener(void **state)
{
    struct bench *t = *state;
    static int fds[CROWD];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    to.sin_port = htons((uint16_t)strtoul(strrchr(t->address, ':') + 1, NULL, 10));
    t->a.refuse = true;
    for (int i = 0; i < CROWD; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(fds[i] >= 0);
        (void)connect(fds[i], (struct sockaddr *)&to, sizeof to);
        if (i % 32 == 31) /* the system's own queue is short */
            uv_run(&t->loop, UV_RUN_NOWAIT);
    }
    UNTIL(t, t->a.accepted == CROWD);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    t->a.refuse = false;
    connect_both(t);
    transport_send(t->b.transport, 1, BYTES("still"));
    UNTIL(t, t->a.in.count == 5);
}

/* They are kept until they close: the rest wait in the queue, and are taken then. */
static void a_full_house_opens_again(void **state)
{
    struct bench *t = *state;
    static int fds[CROWD];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    to.sin_port = htons((uint16_t)strtoul(strrchr(t->address, ':') + 1, NULL, 10));
    for (int i = 0; i < CROWD; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fds[i], (struct sockaddr *)&to, sizeof to);
        if (i % 32 == 31)
            uv_run(&t->loop, UV_RUN_NOWAIT);
    }
    UNTIL(t, t->a.accepted == LINKS_MAX + 3 * HALF_OPEN_MAX);
    for (int i = 0; i < CROWD; i++)
        close(fds[i]);
    UNTIL(t, t->a.accepted == CROWD && t->a.closed == CROWD);
    connect_both(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_says_where_it_listens),
        TEST(no_address_to_listen_on),
        TEST(bytes_go_both_ways),
        TEST(much_at_once),
        TEST(who_does_not_read),
        TEST(what_waits_is_told_once),
        TEST(a_link_that_is_unknown_is_ignored),
        TEST(nobody_there),
        TEST(a_stop_tells_nobody),
        TEST(a_crowd_does_not_end_the_listener),
        TEST(a_full_house_opens_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
