#include "tests/bench/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 * KIB, TRY_MS = 2, ARGUMENTS_MAX = 32 };

extern char **environ;

void line_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    exit(1);
}

double line_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void line_open(struct line *l, const char *socket_path, unsigned wait_s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    double until = line_seconds() + wait_s;
    *l = (struct line){.descriptor = -1};
    if (strlen(socket_path) >= sizeof address.sun_path)
        line_fail("the path %s is too long", socket_path);
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    for (;;) {
        l->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(l->descriptor, (struct sockaddr *)(void *)&address, sizeof address) == 0)
            return;
        int error = errno;
        close(l->descriptor);
        if (line_seconds() > until)
            line_fail("%s: %s", socket_path, strerror(error));
        poll(NULL, 0, TRY_MS);
    }
}

void line_close(struct line *l)
{
    close(l->descriptor);
    buf_release(&l->in);
}

static void write_all(struct line *l, const struct buf *out)
{
    for (size_t at = 0; at < out->count;) {
        ssize_t sent = send(l->descriptor, out->data + at, out->count - at, MSG_NOSIGNAL);
        if (sent <= 0)
            line_fail("the daemon does not read: %s", strerror(errno));
        at += (size_t)sent;
    }
}

void line_send_option(struct line *l, const char *const *words, const char *name,
                      struct bytes value)
{
    static struct control_request q;
    struct buf out = {0};
    q = (struct control_request){.verb = bytes_of_text(words[0])};
    for (size_t i = 1; words[i] != NULL; i++) {
        const char *equals = strchr(words[i], '=');
        if (strncmp(words[i], "--", 2) != 0) {
            q.words[q.word_count++] = bytes_of_text(words[i]);
            continue;
        }
        const char *option = words[i] + 2;
        size_t bytes = equals != NULL ? (size_t)(equals - option) : strlen(option);
        q.options[q.option_count++] =
            (struct control_option){.name = {(const uint8_t *)option, bytes},
                                    .value = bytes_of_text(equals != NULL ? equals + 1 : "")};
    }
    if (name != NULL)
        q.options[q.option_count++] =
            (struct control_option){.name = bytes_of_text(name), .value = value};
    control_write_request(&q, &out);
    if (buf_status(&out) != ST_OK)
        line_fail("the request %s does not fit a message", words[0]);
    write_all(l, &out);
    buf_release(&out);
}

void line_send(struct line *l, const char *const *words)
{
    line_send_option(l, words, NULL, (struct bytes){NULL, 0});
}

void line_message(struct line *l, struct control_answer *out)
{
    buf_drop_front(&l->in, l->used);
    l->used = 0;
    for (;;) {
        struct bytes body;
        enum status st = control_take(buf_bytes(&l->in), &body, &l->used);
        if (st == ST_OK)
            st = control_read_answer(body, out);
        if (st == ST_OK)
            return;
        if (st != ST_AGAIN)
            line_fail("the daemon's answer makes no sense");
        uint8_t *room = buf_reserve(&l->in, READ_BYTES);
        ssize_t got = room != NULL ? recv(l->descriptor, room, READ_BYTES, 0) : -1;
        if (got <= 0)
            line_fail("the daemon is gone");
        l->in.count += (size_t)got;
    }
}

void line_answer(struct line *l)
{
    struct control_answer a;
    for (;;) {
        line_message(l, &a);
        if (a.kind == CONTROL_END)
            break;
        size_t count = a.row.count < sizeof l->row - 1 ? a.row.count : sizeof l->row - 1;
        memcpy(l->row, a.row.data, count);
        l->row[count] = '\0';
    }
    if (a.exit != 0)
        line_fail("the daemon says: %.*s", (int)a.text.count, (const char *)a.text.data);
}

void line_commits(struct line *l, unsigned count, const char *commit)
{
    struct control_answer a;
    while (count > 0) {
        line_message(l, &a);
        if (a.kind != CONTROL_ROW)
            line_fail("the daemon stopped telling");
        if (memmem(a.row.data, a.row.count, "\"event\":\"commit\"", 16) == NULL)
            continue;
        if (commit == NULL)
            count--;
        else if (memmem(a.row.data, a.row.count, commit, strlen(commit)) != NULL)
            return;
    }
}

void line_text(const struct line *l, const char *name, char *out, size_t out_bytes)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(l->row, wanted);
    if (at == NULL)
        line_fail("the daemon's answer has no \"%s\": %s", name, l->row);
    at += strlen(wanted);
    at += *at == '"' ? 1 : 0;
    snprintf(out, out_bytes, "%.*s", (int)strcspn(at, "\",}"), at);
}

void line_run(const char *const *words)
{
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int state = 0;
    for (size_t i = 0; words[i] != NULL && i < ARGUMENTS_MAX; i++)
        memcpy(&argv[i], &words[i], sizeof argv[i]); /* posix_spawn() leaves them as they are */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int error = posix_spawnp(&pid, words[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        line_fail("%s: %s", words[0], strerror(error));
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        line_fail("%s %s failed", words[0], words[1] != NULL ? words[1] : "");
}

void line_report(const struct line_result *r)
{
    const char *machine = getenv("BENCH_MACHINE");
    printf("{\"what\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"", r->what, r->value, r->unit);
    if (r->peer != NULL)
        printf(",\"peer\":\"%s\",\"peer_value\":%.4g,\"ratio\":%.3g", r->peer, r->peer_value,
               r->ratio);
    if (r->bar != NULL)
        printf(",\"bar\":\"%s\",\"met\":%s", r->bar, r->met ? "true" : "false");
    printf(",\"machine\":\"%s\"}\n", machine != NULL ? machine : "");
    fflush(stdout);
}

static int by_value(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

double line_share(double *values, size_t count, double share)
{
    qsort(values, count, sizeof *values, by_value);
    size_t at = (size_t)(share * (double)count);
    return values[at < count ? at : count - 1];
}
