/*
 * The calls of the C library that change files, with a note in the record. See trace.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/crash/trace.h"

static bool exists(int folder, const char *path)
{
    struct stat about;
    return fstatat(folder, path, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    struct trace_place place;
    bool ours = trace_is_on() && (flags & (O_CREAT | O_TRUNC | O_TMPFILE)) != 0 &&
                trace_place(folder, path, &place);
    if (ours && (flags & O_TMPFILE) == O_TMPFILE)
        trace_die("open with O_TMPFILE", path);
    bool there = ours && exists(folder, path);
    int got = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (ours && got >= 0 && !there)
        trace_made(&place, got, false);
    else if (ours && got >= 0 && (flags & O_TRUNC) != 0)
        trace_cut(trace_of(got), 0);
    return got;
}

#define MODE_OF(flags, last)                                                                       \
    mode_t mode = 0;                                                                               \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {                                                  \
        va_list rest;                                                                              \
        va_start(rest, last);                                                                      \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return open_at(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags, flags)
    return open_at(folder, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* ---- content ---- */

ssize_t write(int descriptor, const void *data, size_t count)
{
    uint32_t inode = trace_is_on() ? trace_of(descriptor) : TRACE_NONE;
    if (inode != TRACE_NONE && (fcntl(descriptor, F_GETFL) & O_APPEND) != 0)
        trace_die("write with O_APPEND", "");
    off_t at = inode != TRACE_NONE ? lseek(descriptor, 0, SEEK_CUR) : 0;
    ssize_t done = syscall(SYS_write, descriptor, data, count);
    if (inode != TRACE_NONE && done > 0)
        trace_written(inode, (uint64_t)at, data, (size_t)done);
    return done;
}

static ssize_t write_at(int descriptor, const void *data, size_t count, off_t at)
{
    uint32_t inode = trace_is_on() ? trace_of(descriptor) : TRACE_NONE;
    ssize_t done = syscall(SYS_pwrite64, descriptor, data, count, at);
    if (inode != TRACE_NONE && done > 0)
        trace_written(inode, (uint64_t)at, data, (size_t)done);
    return done;
}

ssize_t pwrite(int descriptor, const void *data, size_t count, off_t at)
{
    return write_at(descriptor, data, count, at);
}

ssize_t pwrite64(int descriptor, const void *data, size_t count, off_t at)
{
    return write_at(descriptor, data, count, at);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    ssize_t all = 0;
    if (!trace_is_on() || trace_of(descriptor) == TRACE_NONE)
        return syscall(SYS_writev, descriptor, parts, count);
    for (int i = 0; i < count; i++) {
        ssize_t done = write(descriptor, parts[i].iov_base, parts[i].iov_len);
        if (done < 0)
            return all > 0 ? all : done;
        all += done;
        if ((size_t)done < parts[i].iov_len)
            break;
    }
    return all;
}

static int cut(int descriptor, off_t size)
{
    int code = (int)syscall(SYS_ftruncate, descriptor, size);
    uint32_t inode = trace_is_on() ? trace_of(descriptor) : TRACE_NONE;
    if (code == 0 && inode != TRACE_NONE)
        trace_cut(inode, (uint64_t)size);
    return code;
}

int ftruncate(int descriptor, off_t size)
{
    return cut(descriptor, size);
}

int ftruncate64(int descriptor, off_t size)
{
    return cut(descriptor, size);
}

/* Reserving blocks may also lengthen the file. */
static int allocate(int descriptor, int mode, off_t at, off_t count)
{
    struct stat about;
    uint32_t inode = trace_is_on() ? trace_of(descriptor) : TRACE_NONE;
    if (inode != TRACE_NONE && mode != 0 && mode != FALLOC_FL_KEEP_SIZE)
        trace_die("fallocate with a mode", "");
    int code = (int)syscall(SYS_fallocate, descriptor, mode, at, count);
    if (code == 0 && inode != TRACE_NONE && mode == 0 && fstat(descriptor, &about) == 0 &&
        about.st_size == at + count)
        trace_cut(inode, (uint64_t)about.st_size);
    return code;
}

int fallocate(int descriptor, int mode, off_t at, off_t count)
{
    return allocate(descriptor, mode, at, count);
}

int fallocate64(int descriptor, int mode, off_t at, off_t count)
{
    return allocate(descriptor, mode, at, count);
}

static int synced(int code, int descriptor)
{
    uint32_t inode = trace_is_on() ? trace_of(descriptor) : TRACE_NONE;
    if (code == 0 && inode != TRACE_NONE)
        trace_synced(inode);
    return code;
}

int fsync(int descriptor)
{
    return synced((int)syscall(SYS_fsync, descriptor), descriptor);
}

int fdatasync(int descriptor)
{
    return synced((int)syscall(SYS_fdatasync, descriptor), descriptor);
}

/* It begins to write, and promises nothing. */
int sync_file_range(int descriptor, off_t at, off_t count, unsigned flags)
{
    return (int)syscall(SYS_sync_file_range, descriptor, at, count, flags);
}

static void *map(void *where, size_t count, int protection, int flags, int descriptor, off_t at)
{
    if (descriptor >= 0 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) {
        uint32_t inode = trace_is_on() ? trace_of(descriptor) : TRACE_NONE;
        if (inode != TRACE_NONE && !trace_is_unknown(inode))
            trace_die("mmap for writing", "");
    }
    return (void *)syscall(SYS_mmap, where, count, protection, flags, descriptor, at);
}

void *mmap(void *where, size_t count, int protection, int flags, int descriptor, off_t at)
{
    return map(where, count, protection, flags, descriptor, at);
}

void *mmap64(void *where, size_t count, int protection, int flags, int descriptor, off_t at)
{
    return map(where, count, protection, flags, descriptor, at);
}

/* ---- names ---- */

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    struct trace_place a, b;
    bool on = trace_is_on();
    bool out = on && trace_place(from_folder, from, &a);
    bool in = on && trace_place(to_folder, to, &b);
    if (out != in)
        trace_die("rename out of the folder or into it", from);
    int code = (int)syscall(SYS_renameat, from_folder, from, to_folder, to);
    if (code == 0 && out)
        trace_renamed(&a, &b);
    return code;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int folder, const char *path, int flags)
{
    struct trace_place place;
    bool ours = trace_is_on() && trace_place(folder, path, &place);
    int code = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (code == 0 && ours)
        trace_removed(&place);
    return code;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return -1;
    return unlinkat(AT_FDCWD, path, S_ISDIR(about.st_mode) ? AT_REMOVEDIR : 0);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    struct trace_place place;
    bool ours = trace_is_on() && trace_place(folder, path, &place);
    int code = (int)syscall(SYS_mkdirat, folder, path, mode);
    if (code != 0 || !ours)
        return code;
    int made = (int)syscall(SYS_openat, folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (made < 0)
        trace_die("mkdir", path);
    trace_made(&place, made, true);
    close(made);
    return 0;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    struct trace_place a, b;
    bool on = trace_is_on();
    bool out = on && trace_place(from_folder, from, &a);
    bool in = on && trace_place(to_folder, to, &b);
    if (out != in)
        trace_die("link out of the folder or into it", from);
    int code = (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    if (code == 0 && out)
        trace_linked(&a, &b);
    return code;
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* libgit2 makes one to see whether it can, and removes it. In an image it is an empty file. */
int symlinkat(const char *to, int folder, const char *path)
{
    struct trace_place place;
    bool ours = trace_is_on() && trace_place(folder, path, &place);
    int code = (int)syscall(SYS_symlinkat, to, folder, path);
    if (code != 0 || !ours)
        return code;
    int made = (int)syscall(SYS_openat, folder, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (made < 0)
        trace_die("symlink", path);
    trace_made(&place, made, false);
    close(made);
    return 0;
}

int symlink(const char *to, const char *path)
{
    return symlinkat(to, AT_FDCWD, path);
}

/* The library's own would open the file where nobody sees it. */
int mkostemp(char *path, int flags)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz";
    static unsigned count;
    char *end = path + strlen(path) - 6;
    for (;;) {
        unsigned number = (unsigned)getpid() * 7919 + count++;
        for (int i = 0; i < 6; i++, number /= 26)
            end[i] = digits[number % 26];
        int got = open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
        if (got >= 0 || errno != EEXIST)
            return got;
    }
}

int mkstemp(char *path)
{
    return mkostemp(path, 0);
}

/* ---- what no event stands for ---- */

static int refuse(const char *what, int folder, const char *path)
{
    struct trace_place place;
    if (trace_is_on() && trace_place(folder, path, &place))
        trace_die(what, path);
    errno = ENOSYS;
    return -1;
}

static int refuse_open(const char *what, int descriptor)
{
    if (trace_is_on() && trace_of(descriptor) != TRACE_NONE)
        trace_die(what, "");
    errno = ENOSYS;
    return -1;
}

int truncate(const char *path, off_t size)
{
    (void)size;
    return refuse("truncate", AT_FDCWD, path);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    (void)to_folder, (void)to, (void)flags;
    return refuse("renameat2", from_folder, from);
}

ssize_t copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t count, unsigned flags)
{
    (void)in, (void)in_at, (void)out_at, (void)count, (void)flags;
    return refuse_open("copy_file_range", out);
}

ssize_t sendfile(int out, int in, off_t *at, size_t count)
{
    (void)in, (void)at, (void)count;
    return refuse_open("sendfile", out);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t at)
{
    (void)parts, (void)count, (void)at;
    return refuse_open("pwritev", descriptor);
}

int posix_fallocate(int descriptor, off_t at, off_t count)
{
    (void)at, (void)count;
    return refuse_open("posix_fallocate", descriptor);
}

int syncfs(int descriptor)
{
    return refuse_open("syncfs", descriptor);
}
