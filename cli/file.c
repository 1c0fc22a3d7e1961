#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/language.h"

enum { READ_BYTES = 64 * 1024 };

static const char advice[] = trn("check the name and the folder: ls -l shows what is there");

enum status file_missing(const char *path, struct fault *f)
{
    fault_set(f, ST_NOT_FOUND, tr("there is no file %s"), path);
    fault_fix(f, "%s", tr(advice));
    return ST_NOT_FOUND;
}

enum status file_unread(int error, const char *path, struct fault *f)
{
    enum status st = fault_errno(f, error, tr("cannot read %s"), path);
    fault_fix(f, "%s", tr(advice));
    return st;
}

static enum status read_all(int descriptor, const char *path, size_t bytes_max, struct buf *out,
                            struct fault *f)
{
    size_t before = out->count;
    for (;;) {
        uint8_t *room = buf_reserve(out, READ_BYTES);
        if (room == NULL)
            return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
        ssize_t got = read(descriptor, room, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_unread(errno, path, f);
        if (got == 0)
            return ST_OK;
        out->count += (size_t)got;
        if (out->count - before > bytes_max)
            return fault_set(f, ST_TOO_LARGE, tr("%s is over %zu bytes"), path, bytes_max);
    }
}

enum status file_read(const char *path, size_t bytes_max, struct buf *out, struct fault *f)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, tr("standard input"), bytes_max, out, f);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT)
        return file_missing(path, f);
    if (descriptor < 0)
        return fault_errno(f, errno, tr("cannot open %s"), path);
    enum status st = read_all(descriptor, path, bytes_max, out, f);
    close(descriptor);
    return st;
}

enum status file_write(const char *path, struct bytes content, struct fault *f)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return fault_errno(f, errno, tr("cannot open %s"), path);
    while (content.count > 0) {
        ssize_t put = write(descriptor, content.data, content.count);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            break;
        content = (struct bytes){content.data + put, content.count - (size_t)put};
    }
    int error = errno;
    if (close(descriptor) != 0 && content.count == 0)
        return fault_errno(f, errno, tr("cannot write %s"), path);
    return content.count == 0 ? ST_OK : fault_errno(f, error, tr("cannot write %s"), path);
}

enum status file_check_utf8(struct bytes content, uint64_t first_line, const char *path,
                            struct fault *f)
{
    if (bytes_are_utf8(content))
        return ST_OK;
    uint64_t line = first_line;
    while (content.count > 0) {
        const uint8_t *end = memchr(content.data, '\n', content.count);
        size_t bytes = end != NULL ? (size_t)(end - content.data) + 1 : content.count;
        if (!bytes_are_utf8((struct bytes){content.data, bytes}))
            break;
        content = (struct bytes){content.data + bytes, content.count - bytes};
        line++;
    }
    fault_set(f, ST_BAD_VALUE, tr("line %llu of %s is not UTF-8 text"), (unsigned long long)line,
              path);
    fault_fix(f, tr("save it as UTF-8, or convert it: iconv -f latin1 -t utf8 FILE > NEW"));
    return ST_BAD_VALUE;
}
