#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/disk.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, NAMES_FIRST = 64 };

struct files {
    char *root;
    int folder;  /* the root, so that a rename of the home under a running daemon does no harm */
    bool failed; /* a sync failed: what the kernel shows is no longer what is on the disk */
};

struct disk_file {
    int descriptor;
    char name[DISK_NAME_BYTES];
};

/* Names come from this program only: one that leaves the home is a bug of ours. */
static void check_name(const char *name)
{
    size_t count = strlen(name);
    const char *slash = strchr(name, '/');
    CHECK(count < DISK_NAME_BYTES && name[0] != '/' && strstr(name, "..") == NULL);
    CHECK(slash == NULL || (strchr(slash + 1, '/') == NULL && slash[1] != '\0'));
}

static enum status refuse_failed(const struct files *s, struct fault *f)
{
    if (!s->failed)
        return ST_OK;
    enum status st =
        fault_set(f, ST_IO, "%s: an earlier sync failed, so its disk is not trusted", s->root);
    fault_fix(f, "check the disk, then start again");
    return st;
}

static enum status files_open(void *context, const char *name, bool create, struct disk_file **out,
                              struct fault *f)
{
    struct files *s = context;
    check_name(name);
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    struct disk_file *file = mem_alloc(sizeof *file);
    if (file == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s/%s: out of memory", s->root, name);
    int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
    file->descriptor = openat(s->folder, name, flags, FILE_MODE);
    if (file->descriptor < 0) {
        mem_free(file);
        if (errno == ENOENT && !create)
            return fault_set(f, ST_NOT_FOUND, "%s/%s: not found", s->root, name);
        return fault_errno(f, errno, "%s/%s: opening failed", s->root, name);
    }
    memcpy(file->name, name, strlen(name) + 1);
    *out = file;
    return ST_OK;
}

static void files_close(void *context, struct disk_file *file)
{
    (void)context;
    if (file == NULL)
        return;
    close(file->descriptor);
    mem_free(file);
}

static enum status files_size(void *context, struct disk_file *file, uint64_t *bytes_out,
                              struct fault *f)
{
    struct files *s = context;
    struct stat about;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    if (fstat(file->descriptor, &about) != 0)
        return fault_errno(f, errno, "%s/%s: asking its size failed", s->root, file->name);
    CHECK(about.st_size >= 0);
    *bytes_out = (uint64_t)about.st_size;
    return ST_OK;
}

static enum status files_read(void *context, struct disk_file *file, uint64_t offset, void *out,
                              size_t count, struct fault *f)
{
    struct files *s = context;
    uint8_t *at = out;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    while (count > 0) {
        ssize_t got = pread(file->descriptor, at, count, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_errno(f, errno, "%s/%s: reading at offset %llu failed", s->root,
                               file->name, (unsigned long long)offset);
        if (got == 0)
            return fault_set(f, ST_CORRUPT, "%s/%s ends at offset %llu, before its content does",
                             s->root, file->name, (unsigned long long)offset);
        at += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return ST_OK;
}

static enum status files_write(void *context, struct disk_file *file, uint64_t offset,
                               const void *data, size_t count, struct fault *f)
{
    struct files *s = context;
    const uint8_t *at = data;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    while (count > 0) {
        ssize_t put = pwrite(file->descriptor, at, count, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fault_errno(f, errno, "%s/%s: writing at offset %llu failed", s->root,
                               file->name, (unsigned long long)offset);
        at += put;
        count -= (size_t)put;
        offset += (uint64_t)put;
    }
    return ST_OK;
}

static enum status files_allocate(void *context, struct disk_file *file, uint64_t bytes,
                                  struct fault *f)
{
    struct files *s = context;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    int error = fallocate(file->descriptor, 0, 0, (off_t)bytes) == 0 ? 0 : errno;
    /* A file system that cannot reserve is slower, not wrong: the write itself will tell. */
    if (error == 0 || error == EOPNOTSUPP || error == ENOSYS || error == EINTR)
        return ST_OK;
    return fault_errno(f, error, "%s/%s: reserving %llu bytes failed", s->root, file->name,
                       (unsigned long long)bytes);
}

static enum status files_truncate(void *context, struct disk_file *file, uint64_t bytes,
                                  struct fault *f)
{
    struct files *s = context;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    if (ftruncate(file->descriptor, (off_t)bytes) != 0)
        return fault_errno(f, errno, "%s/%s: cutting it at %llu bytes failed", s->root, file->name,
                           (unsigned long long)bytes);
    return ST_OK;
}

/* After a failed fsync the kernel may call the lost pages clean: nothing here can be trusted. */
static enum status sync_failed(struct files *s, const char *name, int error, struct fault *f)
{
    s->failed = true;
    (void)fault_errno(f, error, "%s/%s: making it durable failed", s->root, name);
    if (f != NULL)
        f->code = ST_IO;
    fault_fix(f, "check the disk, then start again; nothing that was acknowledged is lost");
    return ST_IO;
}

static enum status files_sync(void *context, struct disk_file *file, struct fault *f)
{
    struct files *s = context;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    return fdatasync(file->descriptor) == 0 ? ST_OK : sync_failed(s, file->name, errno, f);
}

static enum status files_rename(void *context, const char *from, const char *to, struct fault *f)
{
    struct files *s = context;
    check_name(from);
    check_name(to);
    enum status st = refuse_failed(s, f);
    if (st != ST_OK || renameat(s->folder, from, s->folder, to) == 0)
        return st;
    if (errno == ENOENT)
        return fault_set(f, ST_NOT_FOUND, "%s/%s: not found", s->root, from);
    return fault_errno(f, errno, "%s/%s: renaming to %s failed", s->root, from, to);
}

static enum status files_remove(void *context, const char *name, struct fault *f)
{
    struct files *s = context;
    check_name(name);
    enum status st = refuse_failed(s, f);
    if (st != ST_OK || unlinkat(s->folder, name, 0) == 0)
        return st;
    if (errno == ENOENT)
        return fault_set(f, ST_NOT_FOUND, "%s/%s: not found", s->root, name);
    return fault_errno(f, errno, "%s/%s: removing failed", s->root, name);
}

static enum status files_make_folder(void *context, const char *name, struct fault *f)
{
    struct files *s = context;
    struct stat about;
    check_name(name);
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    bool made = mkdirat(s->folder, name, FOLDER_MODE) == 0;
    if (!made &&
        (errno != EEXIST || fstatat(s->folder, name, &about, 0) != 0 || !S_ISDIR(about.st_mode)))
        return fault_errno(f, errno, "%s/%s: making the folder failed", s->root, name);
    /* One that is there may have been made by a process that was killed before it synced it. */
    return fsync(s->folder) == 0 ? ST_OK : sync_failed(s, name, errno, f);
}

static int open_folder(const struct files *s, const char *name)
{
    check_name(name);
    return openat(s->folder, name[0] != '\0' ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum status files_sync_folder(void *context, const char *name, struct fault *f)
{
    struct files *s = context;
    enum status st = refuse_failed(s, f);
    if (st != ST_OK)
        return st;
    int folder = open_folder(s, name);
    if (folder < 0)
        return errno == ENOENT ? fault_set(f, ST_NOT_FOUND, "%s/%s: not found", s->root, name)
                               : fault_errno(f, errno, "%s/%s: opening failed", s->root, name);
    st = fsync(folder) == 0 ? ST_OK : sync_failed(s, name, errno, f);
    close(folder);
    return st;
}

struct names {
    char **items;
    size_t count, capacity;
};

static enum status names_add(struct names *n, const char *name)
{
    if (n->count == n->capacity) {
        size_t capacity = n->capacity > 0 ? n->capacity * 2 : NAMES_FIRST;
        char **items = mem_resize(n->items, capacity * sizeof *items);
        if (items == NULL)
            return ST_NO_MEMORY;
        n->items = items;
        n->capacity = capacity;
    }
    char *copy = mem_text(name, strlen(name));
    if (copy == NULL)
        return ST_NO_MEMORY;
    n->items[n->count++] = copy;
    return ST_OK;
}

static void names_release(struct names *n)
{
    for (size_t i = 0; i < n->count; i++)
        mem_free(n->items[i]);
    mem_free(n->items);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status read_names(const struct files *s, const char *folder, struct names *n,
                              struct fault *f)
{
    enum status st = ST_OK;
    int descriptor = open_folder(s, folder);
    DIR *entries = descriptor >= 0 ? fdopendir(descriptor) : NULL;
    if (entries == NULL) {
        int error = errno;
        if (descriptor >= 0)
            close(descriptor);
        if (error == ENOENT)
            return fault_set(f, ST_NOT_FOUND, "%s/%s: not found", s->root, folder);
        return fault_errno(f, error, "%s/%s: opening failed", s->root, folder);
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (entry == NULL) {
            if (errno != 0)
                st = fault_errno(f, errno, "%s/%s: listing failed", s->root, folder);
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        st = names_add(n, entry->d_name);
        if (st != ST_OK) {
            st = fault_set(f, st, "%s/%s: out of memory", s->root, folder);
            break;
        }
    }
    closedir(entries);
    return st;
}

static enum status files_list(void *context, const char *folder,
                              enum status (*each)(void *user, const char *name), void *user,
                              struct fault *f)
{
    struct files *s = context;
    struct names names = {0};
    enum status st = refuse_failed(s, f);
    if (st == ST_OK)
        st = read_names(s, folder, &names, f);
    if (st == ST_OK && names.count > 0)
        qsort(names.items, names.count, sizeof *names.items, compare_names);
    for (size_t i = 0; i < names.count && st == ST_OK; i++)
        st = each(user, names.items[i]);
    names_release(&names);
    return st;
}

static void files_free(void *context)
{
    struct files *s = context;
    if (s == NULL)
        return;
    if (s->folder >= 0)
        close(s->folder);
    mem_free(s->root);
    mem_free(s);
}

enum status disk_files(const char *root, struct disk *out, struct fault *f)
{
    CHECK(root != NULL && out != NULL);
    struct files *s = mem_alloc(sizeof *s);
    if (s == NULL)
        return fault_set(f, ST_NO_MEMORY, "%s: out of memory", root);
    s->folder = -1;
    s->root = mem_text(root, strlen(root));
    if (s->root == NULL) {
        files_free(s);
        return fault_set(f, ST_NO_MEMORY, "%s: out of memory", root);
    }
    s->folder = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->folder < 0) {
        int error = errno;
        files_free(s);
        if (error == ENOENT)
            return fault_set(f, ST_NOT_FOUND, "%s: not found", root);
        return fault_errno(f, error, "%s: opening the folder failed", root);
    }
    *out = (struct disk){
        .context = s,
        .open = files_open,
        .close = files_close,
        .size = files_size,
        .read = files_read,
        .write = files_write,
        .allocate = files_allocate,
        .truncate = files_truncate,
        .sync = files_sync,
        .rename = files_rename,
        .remove = files_remove,
        .make_folder = files_make_folder,
        .sync_folder = files_sync_folder,
        .list = files_list,
        .free = files_free,
    };
    return ST_OK;
}
