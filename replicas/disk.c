#include "replicas/disk.h"

#include <stdio.h>

#include "proto/check.h"

static void join_path(char out[static DISK_NAME_BYTES], const char *folder, const char *name,
                      const char *ending)
{
    int used = snprintf(out, DISK_NAME_BYTES, "%s%s%s%s", folder, folder[0] != '\0' ? "/" : "",
                        name, ending);
    CHECK(used > 0 && used < DISK_NAME_BYTES);
}

void disk_release(struct disk *d)
{
    if (d == NULL)
        return;
    if (d->free != NULL)
        d->free(d->context);
    *d = (struct disk){0};
}

/* A file of that name and no other content, durable as to its bytes; its name is not yet. */
static enum status write_whole(struct disk *d, const char *path, struct bytes content,
                               struct fault *f)
{
    struct disk_file *file = NULL;
    enum status st = d->open(d->context, path, true, &file, f);
    if (st != ST_OK)
        return st;
    st = d->truncate(d->context, file, 0, f); /* a temporary file may be left from before a crash */
    if (st == ST_OK && content.count > 0)
        st = d->write(d->context, file, 0, content.data, content.count, f);
    if (st == ST_OK)
        st = d->sync(d->context, file, f);
    d->close(d->context, file);
    return st;
}

enum status disk_put(struct disk *d, const char *folder, const char *name, struct bytes content,
                     struct fault *f)
{
    CHECK(d != NULL && d->write != NULL);
    char path[DISK_NAME_BYTES];
    char temporary[DISK_NAME_BYTES];
    join_path(path, folder, name, "");
    join_path(temporary, folder, name, ".tmp");
    enum status st = write_whole(d, temporary, content, f);
    if (st == ST_OK)
        st = d->rename(d->context, temporary, path, f);
    if (st == ST_OK)
        return d->sync_folder(d->context, folder, f);
    /* The first fault is the one to tell; a temporary file that stays is overwritten next time. */
    (void)!d->remove(d->context, temporary, NULL);
    return st;
}

enum status disk_get(struct disk *d, const char *name, size_t bytes_max, struct buf *out,
                     struct fault *f)
{
    CHECK(d != NULL && out != NULL);
    struct disk_file *file = NULL;
    uint64_t bytes = 0;
    enum status st = d->open(d->context, name, false, &file, f);
    if (st != ST_OK)
        return st;
    st = d->size(d->context, file, &bytes, f);
    if (st == ST_OK && bytes > bytes_max)
        st = fault_set(f, ST_TOO_LARGE, "%s has %llu bytes, more than %zu", name,
                       (unsigned long long)bytes, bytes_max);
    if (st == ST_OK && bytes > 0) {
        uint8_t *room = buf_reserve(out, (size_t)bytes);
        st = room != NULL ? d->read(d->context, file, 0, room, (size_t)bytes, f)
                          : fault_set(f, ST_NO_MEMORY, "%s: out of memory", name);
        if (st == ST_OK)
            out->count += (size_t)bytes;
    }
    d->close(d->context, file);
    return st;
}
