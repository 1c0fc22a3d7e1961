/*
 * siege: whoever wears a running daemon down without breaking a rule that ends the line at once.
 * usage:
 *
 *   siege WAY ADDRESS HOME VICTIM COUNT
 *
 * HOME is a member's, whose own daemon is stopped; VICTIM the label of who listens at ADDRESS.
 * Prints "holding" once COUNT lines were opened, goes on until standard input ends, opening again
 * what was closed, and prints what it did. Ways:
 *
 *   half    genuine first messages from as many addresses of 10.80.0.0/16, and nothing after
 *   drip    the same, a byte at a time, never to the end
 *   still   a member's whole handshakes, and nothing after
 *   greedy  a member that says the largest legal message of every kind, one after another
 */
#include <arpa/inet.h>
#include <git2.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/mem.h"
#include "tests/e2e/hostile/speak.h"

enum {
    LINES_MAX = 16384,
    HELLO_BYTES_MAX = 512,
    STRANGERS_FIRST = 0x0a500002, /* 10.80.0.2: before it stands the way out */
    TURN_MS = 5,                  /* between two rounds over all lines */
    AGAIN_MAX = 200,              /* lines opened again in one round */
    BYES = 32,
};

struct siege {
    struct attack attack;
    struct pollfd lines[LINES_MAX];
    size_t dripped[LINES_MAX]; /* bytes of the hello that were said */
    uint32_t count;
    uint8_t hello[HELLO_BYTES_MAX];
    size_t hello_bytes;
    uint64_t opened, closed, messages, bytes, byes[BYES];
};

static struct siege siege;

/* ---- many lines ---- */

/* A line from an address of its own; -1: none, now. */
static int open_from(const struct siege *s, uint32_t number)
{
    struct sockaddr_in to, from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(STRANGERS_FIRST + number % 0xfff0);
    if (!line_address(s->attack.address, &to))
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
                    connect(fd, (struct sockaddr *)&to, sizeof to) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The first message of a handshake, as bytes. */
static bool make_hello(struct siege *s)
{
    static struct line line;
    int pair[2];
    struct attack *a = &s->attack;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    bool said = line_hello(&line, pair[0], a->stranger.secret, &a->victim, &a->replica->network);
    ssize_t got = said ? read(pair[1], s->hello, sizeof s->hello) : 0;
    s->hello_bytes = got > 0 ? (size_t)got : 0;
    line_close(&line);
    close(pair[1]);
    return s->hello_bytes > 2;
}

static bool shake_still(struct siege *s, int fd)
{
    static struct line line;
    struct attack *a = &s->attack;
    bool done = line_hello(&line, fd, a->self->secret, &a->victim, &a->replica->network) &&
                line_shake(&line);
    squeeze_reader_free(line.reader);
    buf_release(&line.in);
    buf_release(&line.plain);
    return done;
}

enum way { HALF, DRIP, STILL, GREEDY, WAYS };
static const char *const way_names[WAYS] = {"half", "drip", "still", "greedy"};

static void open_line(struct siege *s, enum way way, uint32_t i)
{
    int fd = open_from(s, (uint32_t)s->opened);
    s->lines[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    s->dripped[i] = 0;
    if (fd < 0)
        return;
    s->opened++;
    if (way == HALF)
        (void)(make_hello(s) && line_put(fd, (struct bytes){s->hello, s->hello_bytes}));
    if (way == STILL)
        (void)shake_still(s, fd);
}

static void drip(struct siege *s, uint32_t i)
{
    if (s->lines[i].fd < 0 || s->dripped[i] + 1 >= s->hello_bytes)
        return;
    (void)line_put(s->lines[i].fd, (struct bytes){s->hello + s->dripped[i]++, 1});
}

/* Whether it was closed by the other side. */
static bool has_ended(struct pollfd *line)
{
    uint8_t dropped[4096];
    return (line->revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
           recv(line->fd, dropped, sizeof dropped, MSG_DONTWAIT) <= 0;
}

static bool is_over(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&in, 1, 0) > 0;
}

static void hold_lines(struct siege *s, enum way way)
{
    bool told = false;
    for (uint32_t i = 0; i < s->count; i++)
        s->lines[i].fd = -1;
    for (uint32_t turn = 0; !is_over(); turn++) {
        uint32_t again = 0;
        (void)poll(s->lines, s->count, TURN_MS);
        for (uint32_t i = 0; i < s->count; i++) {
            if (s->lines[i].fd >= 0 && has_ended(&s->lines[i])) {
                close(s->lines[i].fd);
                s->lines[i].fd = -1;
                s->closed++;
            }
            if (s->lines[i].fd < 0 && again < AGAIN_MAX) {
                open_line(s, way, i);
                again++;
            }
            if (way == DRIP)
                drip(s, i);
        }
        if (!told && s->opened >= s->count) {
            puts("holding");
            fflush(stdout);
            told = true;
        }
    }
}

/* ---- one that says too much ---- */

static void any_ids(struct oid *ids, uint32_t count)
{
    randombytes_buf(ids, count * sizeof *ids);
}

static bool say_item(struct siege *s, struct message *m)
{
    static struct buf frames[BATCH_ITEMS_MAX];
    struct replica *r = s->attack.replica;
    struct item item;
    uint32_t kept = 0;
    *m = (struct message){.kind = MESSAGE_ITEM};
    for (uint32_t node = 0; node < graph_count(r->graph) && kept < BATCH_ITEMS_MAX; node++) {
        buf_reset(&frames[kept]);
        if (replica_item(r, node, &frames[kept], &item, NULL) != ST_OK ||
            !msg_item_add(&m->item, (struct bytes){frames[kept].data + OID_BYTES,
                                                   frames[kept].count - OID_BYTES}))
            break;
        kept++;
    }
    return speak_say(&s->attack, m);
}

static bool say_charter(struct siege *s, struct message *m)
{
    const struct charter_chain *chain = &s->attack.replica->chain;
    const struct charter *newest = charter_newest(chain);
    *m = (struct message){.kind = MESSAGE_CHARTER};
    m->charter.version = newest->version;
    m->charter.hash = newest->hash;
    for (uint32_t i = 0; i < chain->count; i++)
        if (!msg_charter_add(&m->charter, buf_bytes(&chain->versions[i]->file)))
            break;
    return speak_say(&s->attack, m);
}

/* The largest of the kinds that anybody may say at any time, in turn. */
static bool say_next(struct siege *s, uint32_t turn)
{
    static struct message m;
    switch (turn % 6) {
    case 0:
        m = (struct message){.kind = MESSAGE_WANT, .want = {.id_count = WANT_IDS_MAX}};
        any_ids(m.want.ids, WANT_IDS_MAX);
        return speak_say(&s->attack, &m);
    case 1:
        m = (struct message){.kind = MESSAGE_SUMMARY, .summary = {.id_count = SUMMARY_IDS_MAX}};
        any_ids(m.summary.ids, SUMMARY_IDS_MAX);
        return speak_say(&s->attack, &m);
    case 2:
        return say_item(s, &m);
    case 3:
        return say_charter(s, &m);
    case 4:
        m = (struct message){.kind = MESSAGE_SEALED_WANT,
                             .sealed_want = {.wish_count = SEALED_NAMES_MAX}};
        for (uint32_t i = 0; i < SEALED_NAMES_MAX; i++)
            randombytes_buf(&m.sealed_want.wishes[i].name, DIGEST_BYTES);
        return speak_say(&s->attack, &m);
    default:
        m = (struct message){.kind = MESSAGE_PING};
        return speak_say(&s->attack, &m);
    }
}

/* What came meanwhile is read, so that the other side may write on. */
static bool hear_all(struct siege *s)
{
    struct line *l = &s->attack.line;
    struct pollfd in = {.fd = l->fd, .events = POLLIN};
    while (l->in.count > 0 || poll(&in, 1, 0) > 0) {
        enum status st = line_next(l, 1);
        if (st == ST_TIMEOUT)
            return true;
        if (st == ST_OK && l->message.kind == MESSAGE_BYE)
            s->byes[l->message.bye.code % BYES]++;
        if (st != ST_OK || l->message.kind == MESSAGE_BYE)
            return false;
    }
    return true;
}

static void say_much(struct siege *s)
{
    struct attack *a = &s->attack;
    puts("holding");
    fflush(stdout);
    while (!is_over()) {
        if (!speak_shake(a, a->self) || !speak_introduce(a)) {
            s->byes[a->line.message.kind == MESSAGE_BYE ? a->line.message.bye.code % BYES : 0]++;
        } else {
            s->opened++;
            for (uint32_t turn = 0; !is_over() && say_next(s, turn) && hear_all(s); turn++)
                s->messages++;
            s->closed++;
        }
        squeeze_writer_free(a->writer);
        a->writer = NULL;
        line_close(&a->line);
        (void)poll(NULL, 0, TURN_MS);
    }
}

int main(int count, char **words)
{
    struct rlimit files = {LINES_MAX + 256, LINES_MAX + 256};
    struct siege *s = &siege;
    if (count != 6 || sodium_init() < 0 || git_libgit2_init() < 0) {
        fputs("usage: siege WAY ADDRESS HOME VICTIM COUNT\n", stderr);
        return 2;
    }
    s->attack = (struct attack){.address = words[2], .home = words[3]};
    s->count = (uint32_t)strtoul(words[5], NULL, 10);
    if (s->count > LINES_MAX || setrlimit(RLIMIT_NOFILE, &files) != 0 ||
        !speak_begin(&s->attack, words[4]) || !make_hello(s)) {
        fputs("siege: it cannot begin\n", stderr);
        return 1;
    }
    for (int way = HALF; way < WAYS; way++)
        if (strcmp(words[1], way_names[way]) == 0) {
            if (way == GREEDY)
                say_much(s);
            else
                hold_lines(s, (enum way)way);
        }
    printf("opened %llu closed %llu messages %llu", (unsigned long long)s->opened,
           (unsigned long long)s->closed, (unsigned long long)s->messages);
    for (uint32_t code = 0; code < BYES; code++)
        if (s->byes[code] > 0)
            printf(" %s %llu", msg_bye_word(code), (unsigned long long)s->byes[code]);
    putchar('\n');
    git_libgit2_shutdown();
    return 0;
}
