/*
 * failing_vfs: SQLite's way to the disk, with the n-th write, sync or change of size failing, and
 * all behind it, as a full or broken disk does.
 */
#ifndef TESTS_FAILING_VFS_H
#define TESTS_FAILING_VFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

struct failing_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this one, in the same block */
};

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    sqlite3_io_methods methods;
    unsigned long left; /* until it fails; 0: never */
    int result;         /* what it then says */
    bool failed;
} failing;

static inline sqlite3_file *failing_real(sqlite3_file *file)
{
    return ((struct failing_file *)file)->real;
}

static inline int failing_now(void)
{
    if (failing.left == 0)
        return SQLITE_OK;
    if (failing.left > 1) {
        failing.left--;
        return SQLITE_OK;
    }
    failing.failed = true;
    return failing.result;
}

static inline int failing_close(sqlite3_file *file)
{
    return failing_real(file)->pMethods->xClose(failing_real(file));
}
static inline int failing_read(sqlite3_file *file, void *out, int count, sqlite3_int64 at)
{
    return failing_real(file)->pMethods->xRead(failing_real(file), out, count, at);
}
static inline int failing_write(sqlite3_file *file, const void *data, int count, sqlite3_int64 at)
{
    int result = failing_now();
    return result != SQLITE_OK
               ? result
               : failing_real(file)->pMethods->xWrite(failing_real(file), data, count, at);
}
static inline int failing_truncate(sqlite3_file *file, sqlite3_int64 count)
{
    int result = failing_now();
    return result != SQLITE_OK ? result
                               : failing_real(file)->pMethods->xTruncate(failing_real(file), count);
}
/* Never reaches the disk: no test can see the difference, and each would take long. */
static inline int failing_sync(sqlite3_file *file, int flags)
{
    (void)file, (void)flags;
    return failing_now();
}
static inline int failing_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return failing_real(file)->pMethods->xFileSize(failing_real(file), out);
}
static inline int failing_lock(sqlite3_file *file, int lock)
{
    return failing_real(file)->pMethods->xLock(failing_real(file), lock);
}
static inline int failing_unlock(sqlite3_file *file, int lock)
{
    return failing_real(file)->pMethods->xUnlock(failing_real(file), lock);
}
static inline int failing_reserved(sqlite3_file *file, int *out)
{
    return failing_real(file)->pMethods->xCheckReservedLock(failing_real(file), out);
}
static inline int failing_control(sqlite3_file *file, int op, void *argument)
{
    return failing_real(file)->pMethods->xFileControl(failing_real(file), op, argument);
}
static inline int failing_sector(sqlite3_file *file)
{
    return failing_real(file)->pMethods->xSectorSize(failing_real(file));
}
static inline int failing_traits(sqlite3_file *file)
{
    return failing_real(file)->pMethods->xDeviceCharacteristics(failing_real(file));
}

static inline int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                               int *flags_out)
{
    (void)vfs;
    struct failing_file *own = (struct failing_file *)file;
    own->real = (sqlite3_file *)(own + 1);
    int result = failing.real->xOpen(failing.real, name, own->real, flags, flags_out);
    own->base.pMethods = own->real->pMethods != NULL ? &failing.methods : NULL;
    return result;
}

static inline void failing_install(void)
{
    failing.real = sqlite3_vfs_find(NULL);
    failing.vfs = *failing.real;
    failing.vfs.zName = "failing";
    failing.vfs.szOsFile = (int)sizeof(struct failing_file) + failing.real->szOsFile;
    failing.vfs.xOpen = failing_open;
    failing.methods = (sqlite3_io_methods){1,
                                           failing_close,
                                           failing_read,
                                           failing_write,
                                           failing_truncate,
                                           failing_sync,
                                           failing_size,
                                           failing_lock,
                                           failing_unlock,
                                           failing_reserved,
                                           failing_control,
                                           failing_sector,
                                           failing_traits,
                                           NULL,
                                           NULL,
                                           NULL,
                                           NULL,
                                           NULL,
                                           NULL};
    sqlite3_vfs_register(&failing.vfs, 1);
}

static inline void failing_remove(void)
{
    sqlite3_vfs_unregister(&failing.vfs);
}

/* failing_at(): the n-th from now on fails with 'result', and all that follow; 0: none. */
static inline void failing_at(unsigned long n, int result)
{
    failing.left = n;
    failing.result = result;
    failing.failed = false;
}

#endif
