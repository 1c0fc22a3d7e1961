#include "cli/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/language.h"
#include "cli/network.h"
#include "cli/output.h"
#include "cli/place.h"

enum { ARGUMENTS_MAX = 14, SECRET_DESCRIPTOR = 3, READ_BYTES = 4096, SAID_BYTES_MAX = 1024 * 1024 };

extern char **environ;

struct child {
    pid_t pid;
    int out[2], err[2], secret[2]; /* pipes; -1: closed */
    bool told;                     /* that admins have to approve */
    struct buf said, complained;
};

static void shut(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

static enum status start(struct child *child, const struct pair_options *o, struct fault *f)
{
    char program[HOME_PATH_MAX];
    place_program("mingad", program);
    const char *list[ARGUMENTS_MAX] = {program, "--home", o->home, "--join", o->link};
    size_t count = 5;
    if (o->listen != NULL) {
        list[count++] = "--listen";
        list[count++] = o->listen;
    }
    if (o->timeout != NULL) {
        list[count++] = "--timeout";
        list[count++] = o->timeout;
    }
    if (o->passphrase.count > 0) {
        list[count++] = "--passphrase-file";
        list[count++] = "/dev/fd/3";
    }
    char *argv[ARGUMENTS_MAX + 1] = {NULL};
    for (size_t i = 0; i < count; i++)
        memcpy(&argv[i], &list[i], sizeof argv[i]); /* posix_spawn() leaves them as they are */
    if (pipe2(child->out, O_CLOEXEC) != 0 || pipe2(child->err, O_CLOEXEC) != 0 ||
        pipe2(child->secret, O_CLOEXEC) != 0)
        return fault_errno(f, errno, tr("cannot make a pipe"));
    /* It fits into the pipe whole. */
    ssize_t put = write(child->secret[1], o->passphrase.data, o->passphrase.count);
    if (put < 0 || (size_t)put != o->passphrase.count)
        return fault_errno(f, errno, tr("cannot make a pipe"));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, child->out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, child->err[1], STDERR_FILENO);
    if (o->passphrase.count > 0)
        posix_spawn_file_actions_adddup2(&actions, child->secret[0], SECRET_DESCRIPTOR);
    int error = posix_spawnp(&child->pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    shut(&child->out[1]);
    shut(&child->err[1]);
    shut(&child->secret[0]);
    shut(&child->secret[1]);
    if (error == 0)
        return ST_OK;
    fault_errno(f, error, tr("cannot run %s"), program);
    fault_fix(f, tr("install mingad beside minga, or in a folder of PATH"));
    return ST_IO;
}

/* What is there of one pipe; closes it at its end. */
static void take(int *descriptor, struct buf *into)
{
    uint8_t *room = buf_reserve(into, READ_BYTES);
    ssize_t got = room != NULL ? read(*descriptor, room, READ_BYTES) : 0;
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0 || into->count > SAID_BYTES_MAX) {
        shut(descriptor);
        return;
    }
    into->count += (size_t)got;
}

/* Once: what the joiner waits for may take days. */
static void tell_proposed(const struct call *c, struct child *child)
{
    static const char mark[] = "{\"proposed\":true}\n";
    if (child->told || child->said.count == 0 ||
        memmem(child->said.data, child->said.count, mark, sizeof mark - 1) == NULL)
        return;
    child->told = true;
    call_say(c, "%s",
             tr("The inviter has proposed this office; now other admins of the network have to "
                "approve it (minga member approve). Waiting for them..."));
}

static void listen_to(const struct call *c, struct child *child)
{
    while (child->out[0] >= 0 || child->err[0] >= 0) {
        struct pollfd polled[2] = {{.fd = child->out[0], .events = POLLIN},
                                   {.fd = child->err[0], .events = POLLIN}};
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[0].revents != 0) {
            take(&child->out[0], &child->said);
            tell_proposed(c, child);
        }
        if (polled[1].revents != 0)
            take(&child->err[0], &child->complained);
    }
}

static int wait_for(pid_t pid)
{
    int state = 0;
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(state) ? WEXITSTATUS(state) : CALL_FAILED;
}

/* The last line that begins with '{', parsed; NULL: none. With -v the others are shown. */
static json_t *find_object(const struct call *c, struct bytes text)
{
    json_t *found = NULL;
    while (text.count > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.count);
        size_t bytes = end != NULL ? (size_t)(end - text.data) : text.count;
        struct bytes line = {text.data, bytes};
        json_t *object = bytes > 1 && line.data[0] == '{'
                             ? json_loadb((const char *)line.data, bytes, 0, NULL)
                             : NULL;
        if (object != NULL) {
            json_decref(found);
            found = object;
        } else if (c->verbose && !c->json) {
            output_line(stderr, "%.*s", (int)bytes, (const char *)line.data);
        }
        bytes += end != NULL ? 1 : 0;
        text = (struct bytes){text.data + bytes, text.count - bytes};
    }
    return found;
}

/* The name that the network gave itself stands in the charter that was received. */
static void name_network(const struct call *c, json_t *row)
{
    json_t *charter = network_charter(c->home);
    json_t *name = json_object_get(charter, "network");
    if (name != NULL)
        (void)json_object_set(row, "network", name);
    json_decref(charter);
}

static int tell(const struct call *c, struct child *child, int exit)
{
    json_t *error = find_object(c, buf_bytes(&child->complained));
    json_t *row = find_object(c, buf_bytes(&child->said));
    if (exit != CALL_DONE && error != NULL) {
        call_end(c, output_text(error, "error"), output_text(error, "text"),
                 output_text(error, "fix"), exit);
    } else if (exit != CALL_DONE || row == NULL) {
        exit = exit != CALL_DONE ? exit : CALL_FAILED;
        call_end(c, "failed", tr("mingad ended without saying why"),
                 tr("run it again with -v to see its messages"), exit);
    } else if (c->json) {
        name_network(c, row);
        buf_reset(&child->said);
        output_value(row, &child->said);
        call_row(c, buf_bytes(&child->said));
    } else {
        name_network(c, row);
        output_line(stdout, "%s %s", tr("network"), output_text(row, "network"));
        output_line(stdout, "%s %s (%s)", tr("office"), output_text(row, "office"),
                    output_text(row, "role"));
        output_line(stdout, "%s %s", tr("fingerprint"), output_text(row, "fingerprint"));
    }
    json_decref(error);
    json_decref(row);
    return exit;
}

int pair_run(const struct call *c, const struct pair_options *o)
{
    struct fault f = {0};
    struct child child = {.out = {-1, -1}, .err = {-1, -1}, .secret = {-1, -1}};
    enum status st = start(&child, o, &f);
    int exit = CALL_FAILED;
    if (st == ST_OK) {
        listen_to(c, &child);
        exit = tell(c, &child, wait_for(child.pid));
    } else {
        exit = call_fail(c, &f);
    }
    for (int i = 0; i < 2; i++) {
        shut(&child.out[i]);
        shut(&child.err[i]);
        shut(&child.secret[i]);
    }
    buf_release(&child.said);
    buf_release(&child.complained);
    return exit;
}
