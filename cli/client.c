#include "cli/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/language.h"
#include "proto/mem.h"

enum { READ_BYTES = 64 * KIB };

struct client {
    int descriptor;
    struct buf in;
    size_t used; /* of 'in', by answers already taken */
};

enum status client_adopt(int descriptor, struct client **out, struct fault *f)
{
    struct client *c = mem_alloc(sizeof *c);
    if (c == NULL) {
        close(descriptor);
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    }
    c->descriptor = descriptor;
    *out = c;
    return ST_OK;
}

static enum status connect_fault(const char *path, int error, struct fault *f)
{
    if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
        return fault_set(f, ST_NO_DAEMON, tr("the daemon is not running (no answer at %s)"), path);
    if (error != EACCES && error != EPERM)
        return fault_errno(f, error, tr("cannot reach the daemon at %s"), path);
    fault_set(f, ST_NOT_ALLOWED, tr("the control socket %s is another user's"), path);
    fault_fix(f, tr("work as the user that the daemon runs as"));
    return ST_NOT_ALLOWED;
}

enum status client_open(const char *path, struct client **out, struct fault *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t bytes = strlen(path);
    if (bytes >= sizeof address.sun_path)
        return fault_set(f, ST_TOO_LARGE, tr("the path of the control socket is too long: %s"),
                         path);
    memcpy(address.sun_path, path, bytes + 1);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return fault_errno(f, errno, tr("cannot make a socket"));
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(descriptor);
        return connect_fault(path, error, f);
    }
    return client_adopt(descriptor, out, f);
}

void client_close(struct client *c)
{
    if (c == NULL)
        return;
    close(c->descriptor);
    buf_release(&c->in);
    mem_free(c);
}

static enum status gone(struct fault *f)
{
    fault_set(f, ST_CLOSED, tr("the daemon went away before it had answered"));
    fault_fix(f,
              tr("see its messages; after a restart `minga log` shows whether a write was done"));
    return ST_CLOSED;
}

static enum status send_all(struct client *c, struct bytes data, struct fault *f)
{
    while (data.count > 0) {
        ssize_t sent = send(c->descriptor, data.data, data.count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
            return gone(f);
        if (sent < 0)
            return fault_errno(f, errno, tr("cannot write to the daemon"));
        data = (struct bytes){data.data + sent, data.count - (size_t)sent};
    }
    return ST_OK;
}

/* The next answer; borrows from c->in until the next call. */
static enum status next(struct client *c, struct control_answer *out, struct fault *f)
{
    buf_drop_front(&c->in, c->used);
    c->used = 0;
    for (;;) {
        struct bytes body;
        enum status st = control_take(buf_bytes(&c->in), &body, &c->used);
        if (st == ST_OK)
            st = control_read_answer(body, out);
        if (st == ST_OK)
            return ST_OK;
        if (st != ST_AGAIN) {
            fault_set(f, ST_PROTOCOL, tr("the daemon's answer makes no sense: %s"),
                      language_text(status_text(st)));
            fault_fix(f, tr("use minga and mingad of one version"));
            return ST_PROTOCOL;
        }
        uint8_t *room = buf_reserve(&c->in, READ_BYTES);
        if (room == NULL)
            return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        ssize_t got = recv(c->descriptor, room, READ_BYTES, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return gone(f);
        if (got < 0 && errno != EINTR)
            return fault_errno(f, errno, tr("cannot read from the daemon"));
        c->in.count += got > 0 ? (size_t)got : 0;
    }
}

static void copy_text(struct bytes from, char *out, size_t room)
{
    size_t count = from.count < room ? from.count : room - 1;
    while (count < from.count && count > 0 && (from.data[count] & 0xc0) == 0x80)
        count--; /* never half a character */
    if (count > 0)
        memcpy(out, from.data, count);
    out[count] = '\0';
}

static enum status encode(const struct control_request *request, struct buf *out, struct fault *f)
{
    bool text = bytes_are_utf8(request->verb);
    for (uint32_t i = 0; i < request->word_count; i++)
        text = text && bytes_are_utf8(request->words[i]);
    for (uint32_t i = 0; i < request->option_count; i++)
        text = text && bytes_are_utf8(request->options[i].value);
    if (!text)
        return fault_set(f, ST_BAD_VALUE, tr("a word of this command is not UTF-8 text"));
    control_write_request(request, out);
    if (buf_status(out) == ST_OK)
        return ST_OK;
    return fault_set(f, ST_TOO_LARGE, tr("the command is over %u bytes"),
                     (unsigned)CONTROL_BYTES_MAX);
}

enum status client_run(struct client *c, const struct control_request *request,
                       void (*row)(void *user, struct bytes json), void *user,
                       struct client_end *end, struct fault *f)
{
    struct buf message = {0};
    struct control_answer answer = {.kind = CONTROL_ROW};
    enum status st = encode(request, &message, f);
    if (st == ST_OK)
        st = send_all(c, buf_bytes(&message), f);
    buf_release(&message);
    while (st == ST_OK) {
        st = next(c, &answer, f);
        if (st != ST_OK || answer.kind == CONTROL_END)
            break;
        if (answer.row.count < 2 || answer.row.data[0] != '{')
            st = fault_set(f, ST_PROTOCOL, tr("the daemon sent a row that is no object"));
        else
            row(user, answer.row);
    }
    if (st != ST_OK)
        return st;
    copy_text(answer.code, end->code, sizeof end->code);
    copy_text(answer.text, end->text, sizeof end->text);
    copy_text(answer.fix, end->fix, sizeof end->fix);
    end->exit = (int)answer.exit;
    return ST_OK;
}
