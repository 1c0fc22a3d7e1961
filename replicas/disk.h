/*
 * disk: the few file operations that the journal and the charter folder stand on, behind a table,
 * so that the simulator and the crash tests run the same code on a disk that tears and loses.
 *
 * A disk is one folder (the home). Names are relative, one level of folder at most ("journal/1").
 * The folder "" is the home itself. Nothing is durable before sync() (content) and sync_folder()
 * (a name made, renamed or removed).
 */
#ifndef REPLICAS_DISK_H
#define REPLICAS_DISK_H

#include "proto/bytes.h"
#include "replicas/fault.h"

enum { DISK_NAME_BYTES = 64 }; /* a relative name with its NUL */

struct disk_file; /* opaque to users */

struct disk {
    void *context;
    /* ST_NOT_FOUND where it is not there and create is false. */
    enum status (*open)(void *context, const char *name, bool create, struct disk_file **out,
                        struct fault *f);
    void (*close)(void *context, struct disk_file *file);
    enum status (*size)(void *context, struct disk_file *file, uint64_t *bytes_out,
                        struct fault *f);
    /* read(): exactly 'count' bytes at 'offset', or ST_CORRUPT where the file ends before. */
    enum status (*read)(void *context, struct disk_file *file, uint64_t offset, void *out,
                        size_t count, struct fault *f);
    enum status (*write)(void *context, struct disk_file *file, uint64_t offset, const void *data,
                         size_t count, struct fault *f);
    /* allocate(): reserve blocks so that later syncs need not update the size; may do nothing. */
    enum status (*allocate)(void *context, struct disk_file *file, uint64_t bytes, struct fault *f);
    enum status (*truncate)(void *context, struct disk_file *file, uint64_t bytes, struct fault *f);
    enum status (*sync)(void *context, struct disk_file *file, struct fault *f); /* fdatasync */
    enum status (*rename)(void *context, const char *from, const char *to, struct fault *f);
    enum status (*remove)(void *context, const char *name, struct fault *f);
    /* make_folder(): mode 0700; ST_OK where it is there already. Its name is durable on return. */
    enum status (*make_folder)(void *context, const char *name, struct fault *f);
    enum status (*sync_folder)(void *context, const char *name, struct fault *f);
    /* list(): names in a folder, in byte order, until 'each' returns anything but ST_OK, which
     * is then the result. Names may be added and removed from 'each'. */
    enum status (*list)(void *context, const char *folder,
                        enum status (*each)(void *user, const char *name), void *user,
                        struct fault *f);
    void (*free)(void *context);
};

/*
 * disk_files(): real files below 'root', mode 0600, never through a symbolic link of that name.
 * Any failed sync is final: ST_IO for ever after, for reading too. Its functions block.
 * Errors: ST_NOT_FOUND  no folder 'root'
 *         ST_IO         it cannot be opened
 *         ST_NO_MEMORY
 */
MUST_USE enum status disk_files(const char *root, struct disk *out, struct fault *f);

/* disk_release(): frees what is behind the table; every file of it must be closed. */
void disk_release(struct disk *d);

/* disk_readonly(): 'inner' (borrowed) for reading only: whatever would change it does nothing and
 * says ST_OK, so that recovery can look at a home that another process is using. */
void disk_readonly(struct disk *inner, struct disk *out);

/*
 * disk_put(): replace a whole small file atomically and durably: <name>.tmp, sync, rename, sync.
 * On error the old content stands, unless the last sync is what failed.
 * Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status disk_put(struct disk *d, const char *folder, const char *name,
                              struct bytes content, struct fault *f);
/*
 * disk_get(): a whole small file, appended to 'out'. On error 'out' holds what it held.
 * Errors: ST_NOT_FOUND, ST_IO, ST_CORRUPT (cut while being read), ST_NO_MEMORY
 *         ST_TOO_LARGE  over bytes_max
 */
MUST_USE enum status disk_get(struct disk *d, const char *name, size_t bytes_max, struct buf *out,
                              struct fault *f);

#endif
