#include "replicas/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { PATH_BYTES = 4096 + BACKUP_NAME_MAX + 2, NAMES_FIRST = 64 };

static enum status open_walk(const char *root, FTS **out, struct fault *f)
{
    char path[PATH_BYTES];
    char *roots[2] = {path, NULL};
    if ((size_t)snprintf(path, sizeof path, "%s", root) >= sizeof path)
        return fault_set(f, ST_TOO_LARGE, "the path of %.64s… is too long", root);
    *out = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    return *out != NULL ? ST_OK : fault_errno(f, errno, "cannot look into %s", root);
}

static enum status add_name(struct folder_names *n, uint32_t *capacity, const char *name)
{
    if (n->count == *capacity) {
        uint32_t more = *capacity > 0 ? 2 * *capacity : NAMES_FIRST;
        if (*capacity >= BACKUP_FILES_MAX)
            return ST_TOO_LARGE;
        void *fresh = mem_resize(n->list, more * sizeof n->list[0]);
        if (fresh == NULL)
            return ST_NO_MEMORY;
        n->list = fresh;
        *capacity = more;
    }
    memcpy(n->list[n->count++].text, name, strlen(name) + 1);
    return ST_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct folder_name *one = a, *other = b;
    return strcmp(one->text, other->text);
}

enum status folder_list(const char *root, bool (*wanted)(const char *name),
                        struct folder_names *out, struct fault *f)
{
    FTS *walk = NULL;
    uint32_t capacity = 0;
    size_t start = strlen(root) + 1;
    *out = (struct folder_names){.count = 0};
    enum status st = open_walk(root, &walk, f);
    if (st != ST_OK)
        return st;
    for (const FTSENT *e = fts_read(walk); e != NULL && st == ST_OK; e = fts_read(walk)) {
        const char *name = strlen(e->fts_path) > start ? e->fts_path + start : "";
        if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
            st = fault_errno(f, e->fts_errno, "cannot read %s", e->fts_path);
        else if (e->fts_info == FTS_F && backup_name_is_valid(bytes_of_text(name)) &&
                 (wanted == NULL || wanted(name)))
            st = add_name(out, &capacity, name);
    }
    fts_close(walk);
    if (st == ST_OK && out->count > 0)
        qsort(out->list, out->count, sizeof out->list[0], by_name);
    if (st == ST_TOO_LARGE)
        fault_set(f, st, "%s holds more than %d files", root, BACKUP_FILES_MAX);
    if (st != ST_OK)
        folder_names_release(out);
    return st;
}

void folder_names_release(struct folder_names *n)
{
    mem_free(n->list);
    *n = (struct folder_names){.count = 0};
}

enum status folder_make_for(const char *root, const char *name, struct fault *f)
{
    char path[PATH_BYTES];
    int used = snprintf(path, sizeof path, "%s/%s", root, name);
    CHECK(used > 0);
    if ((size_t)used >= sizeof path)
        return fault_set(f, ST_TOO_LARGE, "the path of %s is too long", name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0;
        if (!made && errno != EEXIST)
            return fault_errno(f, errno, "cannot make the folder %s", path);
        enum status st = made ? folder_sync_name(path, f) : ST_OK;
        if (st != ST_OK)
            return st;
        *slash = '/';
    }
    return ST_OK;
}

static enum status sync_one(const char *path, struct fault *f)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0;
    enum status st = failed ? fault_errno(f, errno, "cannot sync %s", path) : ST_OK;
    if (fd >= 0)
        close(fd);
    return st;
}

enum status folder_sync(const char *root, struct fault *f)
{
    FTS *walk = NULL;
    enum status st = open_walk(root, &walk, f);
    if (st != ST_OK)
        return st;
    for (const FTSENT *e = fts_read(walk); e != NULL && st == ST_OK; e = fts_read(walk))
        if (e->fts_info == FTS_DP || e->fts_info == FTS_F)
            st = sync_one(e->fts_path, f);
    fts_close(walk);
    return st;
}

enum status folder_sync_name(const char *path, struct fault *f)
{
    char folder[PATH_BYTES];
    size_t count = strlen(path);
    while (count > 1 && path[count - 1] == '/')
        count--;
    while (count > 0 && path[count - 1] != '/')
        count--;
    if (count + 2 > sizeof folder)
        return fault_set(f, ST_TOO_LARGE, "the path %s is too long", path);
    memcpy(folder, path, count);
    memcpy(folder + count, ".", 2); /* "a/b/." for "a/b/c", and "." for "c" */
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return ST_OK;
    bool failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP);
    enum status st = failed ? fault_errno(f, errno, "cannot sync %s", folder) : ST_OK;
    if (fd >= 0)
        close(fd);
    return st;
}

enum status folder_remove(const char *root, struct fault *f)
{
    FTS *walk = NULL;
    struct stat info;
    if (lstat(root, &info) != 0)
        return errno == ENOENT ? ST_OK : fault_errno(f, errno, "cannot look at %s", root);
    enum status st = open_walk(root, &walk, f);
    if (st != ST_OK)
        return st;
    for (const FTSENT *e = fts_read(walk); e != NULL && st == ST_OK; e = fts_read(walk))
        if (e->fts_info != FTS_D && remove(e->fts_path) != 0 && errno != ENOENT)
            st = fault_errno(f, errno, "cannot remove %s", e->fts_path);
    fts_close(walk);
    return st;
}
