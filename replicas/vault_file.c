#include "replicas/vault_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/sql.h"

enum {
    PATH_FILE_MAX = 4096,
    FORMAT = 2,            /* user_version: of the tables */
    FORMAT_BEFORE = 1,     /* without 'recent' */
    CACHE_KIB = 8192,      /* of pages */
    LOG_PAGES_MAX = 4096,  /* the log goes into the file at 16 MiB; it keeps its size, so that a
                              commit is one fdatasync without a change of size */
    IMAGE_BYTES_MIN = 512, /* room to begin with in memory */
    PAGE_LOG_BYTES = 4096 + 24,        /* a page in the log */
    WRITE_BYTES = 6 * PAGE_LOG_BYTES,  /* leaves that one write changes, and a split */
    BEGIN_BYTES = 64 * PAGE_LOG_BYTES, /* pages above them, and the end of the commit */
    SHARED_BYTES = CACHE_KIB * KIB,    /* many writes change the same pages */
    RESERVE_BYTES = 256 * KIB,         /* at once, so that it is rarely asked for */
};

#define APPLICATION "1835626081" /* "mina", application_id: whose file it is */

#define RECENT "CREATE TABLE recent(id INTEGER PRIMARY KEY, items BLOB NOT NULL);"

/* What items of one record and salt share stands once: new items then touch few pages. */
static const char *const TABLES =
    "BEGIN;"
    "CREATE TABLE owner(id INTEGER PRIMARY KEY, class INTEGER NOT NULL, type TEXT NOT NULL,"
    " record TEXT NOT NULL, salt BLOB NOT NULL);"
    "CREATE UNIQUE INDEX owner_salt ON owner(salt, record, type, class);"
    "CREATE INDEX owner_record ON owner(record, type);"
    "CREATE TABLE item(id INTEGER PRIMARY KEY, name BLOB NOT NULL, kind INTEGER NOT NULL,"
    " owner INTEGER NOT NULL, reader BLOB NOT NULL, bytes BLOB NOT NULL);"
    "CREATE UNIQUE INDEX item_name ON item(name);"
    "CREATE INDEX item_owner ON item(owner);" RECENT
    "CREATE TABLE want(files INTEGER NOT NULL, name BLOB NOT NULL, kind INTEGER NOT NULL,"
    " class INTEGER NOT NULL, type TEXT NOT NULL, record TEXT NOT NULL, salt BLOB NOT NULL,"
    " reader BLOB NOT NULL, PRIMARY KEY(files, name)) WITHOUT ROWID;"
    "CREATE TABLE refused(salt BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE mark(name TEXT PRIMARY KEY) WITHOUT ROWID;"
    "PRAGMA application_id=" APPLICATION "; PRAGMA user_version=2;"
    "COMMIT;";

static const char *const UPGRADE = "BEGIN;" RECENT "PRAGMA user_version=2; COMMIT;";

static_assert(FORMAT == 2, "as the tables set it");

enum status vault_file_damaged(const char *what, struct fault *f)
{
    enum status status = fault_set(f, ST_CORRUPT, "the vault is damaged: %s", what);
    fault_fix(f, "minga repair vault");
    return status;
}

/* Our statements are right and the file is ours: what is wrong with either is damage. */
static bool is_damage(const struct vault_file *v)
{
    switch (v->db != NULL ? sqlite3_errcode(v->db) & 0xff : SQLITE_OK) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
    case SQLITE_TOOBIG:
        return true;
    case SQLITE_READONLY: /* by its header, unless the file system says so */
        return v->path == NULL || access(v->path, W_OK) == 0;
    default:
        return false;
    }
}

enum status vault_file_tell(const struct vault_file *v, enum status code, struct fault *f)
{
    const char *text = v->db != NULL ? sqlite3_errmsg(v->db) : "it cannot be opened";
    if (code == ST_CORRUPT || is_damage(v))
        return vault_file_damaged(text, f);
    if (code == ST_LOCKED)
        return fault_set(f, code, "the vault is in use by another process");
    return fault_set(f, code, "the vault cannot be used: %s", text);
}

static enum status run(const struct vault_file *v, const char *text, struct fault *f)
{
    enum status status = sql_run(v->db, text, NULL);
    return status == ST_OK ? ST_OK : vault_file_tell(v, status, f);
}

/* The file's format; of anything else in its place, which is damage, none. */
static enum status read_format(const struct vault_file *v, int *out, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = sql_prepare(v->db,
                                     "SELECT user_version FROM pragma_user_version"
                                     " WHERE (SELECT application_id FROM pragma_application_id)"
                                     " = " APPLICATION,
                                     &statement, NULL);
    if (status == ST_OK)
        status = sql_step(statement, &row, NULL);
    *out = status == ST_OK && row ? sqlite3_column_int(statement, 0) : 0;
    if (status != ST_OK)
        status = vault_file_tell(v, status, f);
    sqlite3_finalize(statement);
    if (status == ST_OK && *out != FORMAT && *out != FORMAT_BEFORE)
        status = vault_file_damaged("it is no file of this format", f);
    return status;
}

static enum status set_up(const struct vault_file *v, struct fault *f)
{
    char text[512];
    int format = 0;
    /* Looked at before anything is written: a damaged file stays as it is. */
    enum status status = run(v, "PRAGMA locking_mode=EXCLUSIVE", f);
    if (status == ST_OK)
        status = read_format(v, &format, f);
    if (status != ST_OK)
        return status;
    snprintf(text, sizeof text,
             "PRAGMA journal_mode=%s; PRAGMA synchronous=FULL;"
             "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"
             "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-%d;"
             "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=-1;%s",
             v->path != NULL ? "WAL" : "MEMORY", CACHE_KIB, LOG_PAGES_MAX,
             /* an image is the pages written: only a commit may write any */
             v->path != NULL ? "" : "PRAGMA cache_spill=OFF;");
    status = run(v, text, f);
    return status == ST_OK && format == FORMAT_BEFORE ? run(v, UPGRADE, f) : status;
}

/* "<path><end>"; the path's length was checked when it was opened. */
static void name_beside(const char *path, const char *end, char out[static PATH_FILE_MAX])
{
    int used = snprintf(out, PATH_FILE_MAX, "%s%s", path, end);
    CHECK(used > 0 && used < PATH_FILE_MAX);
}

static enum status sync_folder_of(const char *path, struct fault *f)
{
    char folder[PATH_FILE_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status =
        fd >= 0 && fsync(fd) == 0 ? ST_OK : fault_errno(f, errno, "syncing %s failed", folder);
    if (fd >= 0)
        close(fd);
    return status;
}

/* An empty file, 0600, in place of whatever an end at a bad moment left under this name. */
static enum status make_empty(const char *path, struct fault *f)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return fault_errno(f, errno, "removing %s failed", path);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return fault_errno(f, errno, "making %s failed", path);
    close(fd);
    return ST_OK;
}

/* A whole new file takes its place, durably. */
static enum status put_in_place(const char *from, const char *to, struct fault *f)
{
    int fd = open(from, O_RDWR | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 || rename(from, to) != 0;
    enum status status = failed ? fault_errno(f, errno, "writing %s failed", to) : ST_OK;
    if (fd >= 0)
        close(fd);
    return status == ST_OK ? sync_folder_of(to, f) : status;
}

static enum status make_file(const char *path, struct fault *f)
{
    char fresh[PATH_FILE_MAX];
    struct vault_file file = {0};
    name_beside(path, ".new", fresh);
    enum status status = make_empty(fresh, f);
    if (status != ST_OK)
        return status;
    status = sql_open(fresh, &file.db, NULL);
    if (status == ST_OK)
        status = sql_run(file.db, "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=FULL", NULL);
    if (status == ST_OK)
        status = sql_run(file.db, TABLES, NULL);
    if (status != ST_OK)
        status = vault_file_tell(&file, status, f);
    sql_close(file.db);
    if (status == ST_OK)
        status = put_in_place(fresh, path, f);
    if (status != ST_OK)
        (void)unlink(fresh);
    return status;
}

static enum status connect_file(struct vault_file *v, struct fault *f)
{
    struct stat info;
    if (lstat(v->path, &info) != 0 && errno != ENOENT)
        return fault_errno(f, errno, "%s", v->path);
    enum status status = lstat(v->path, &info) == 0 ? ST_OK : make_file(v->path, f);
    if (status != ST_OK)
        return status;
    status = sql_open(v->path, &v->db, NULL);
    if (status != ST_OK)
        return fault_set(f, status, "the vault %s cannot be opened", v->path);
    return set_up(v, f);
}

static enum status connect_memory(struct vault_file *v, struct bytes image, struct fault *f)
{
    enum status status = sql_open(NULL, &v->db, f);
    if (status != ST_OK)
        return status;
    sqlite3_int64 count = (sqlite3_int64)image.count;
    sqlite3_int64 room = count > IMAGE_BYTES_MIN ? count : IMAGE_BYTES_MIN;
    uint8_t *copy = sqlite3_malloc64((sqlite3_uint64)room);
    if (copy == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    if (count > 0)
        memcpy(copy, image.data, image.count);
    int result =
        sqlite3_deserialize(v->db, "main", copy, count, room,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
    status = sql_status(v->db, result, NULL);
    if (status != ST_OK)
        return vault_file_tell(v, status, f);
    status = count == 0 ? run(v, TABLES, f) : ST_OK;
    return status == ST_OK ? set_up(v, f) : status;
}

/* Blocks of the log up to 'end'; its size stays. */
static enum status reserve_to(const char *log, uint64_t end, struct fault *f)
{
    int fd = open(log, O_RDWR | O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)end) != 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error == ENOSPC || error == EDQUOT
               ? fault_errno(f, error, "making room for the vault failed")
               : ST_OK;
}

enum status vault_file_reserve(struct vault_file *v, bool first, uint64_t bytes, struct fault *f)
{
    char log[PATH_FILE_MAX];
    struct stat info;
    if (v->path == NULL)
        return ST_OK;
    name_beside(v->path, "-wal", log);
    if (first) {
        v->begun_at = stat(log, &info) == 0 ? (uint64_t)info.st_size : 0;
        v->brought = v->changed = 0;
    }
    uint64_t brought = v->brought + bytes + bytes / 64;
    uint64_t changed = v->changed + WRITE_BYTES;
    changed = changed < SHARED_BYTES ? changed : SHARED_BYTES;
    uint64_t end = v->begun_at + BEGIN_BYTES + brought + changed;
    if (end > v->reserved) {
        end += RESERVE_BYTES;
        enum status status = reserve_to(log, end, f);
        if (status != ST_OK)
            return status;
        v->reserved = end;
    }
    v->brought = brought;
    v->changed = changed;
    return ST_OK;
}

enum status vault_file_again(struct vault_file *v, struct fault *f)
{
    CHECK(v->db == NULL && v->path != NULL);
    enum status status = connect_file(v, f);
    if (status != ST_OK) {
        sql_close(v->db);
        v->db = NULL;
    }
    return status;
}

enum status vault_file_open(const char *path, struct bytes image, struct vault_file *out,
                            struct fault *f)
{
    *out = (struct vault_file){0};
    enum status status = ST_OK;
    if (path != NULL) {
        if (strlen(path) + sizeof ".new" > PATH_FILE_MAX)
            return fault_set(f, ST_TOO_LARGE, "the path of the vault is too long");
        out->path = mem_text(path, strlen(path));
        if (out->path == NULL)
            return fault_set(f, ST_NO_MEMORY, "out of memory");
        status = connect_file(out, f);
    } else {
        status = connect_memory(out, image, f);
    }
    if (status != ST_OK)
        vault_file_close(out);
    return status;
}

void vault_file_close(struct vault_file *v)
{
    sql_close(v->db);
    mem_free(v->path);
    *v = (struct vault_file){0};
}

enum status vault_file_image(struct vault_file *v, struct buf *out, struct fault *f)
{
    CHECK(v->path == NULL);
    sqlite3_int64 count = 0;
    uint8_t *data = sqlite3_serialize(v->db, "main", &count, 0);
    if (data == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    buf_add(out, data, (size_t)count);
    sqlite3_free(data);
    return buf_status(out);
}

enum status vault_file_checkpoint(struct vault_file *v, bool cut, struct fault *f)
{
    int mode = cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
    int result = sqlite3_wal_checkpoint_v2(v->db, NULL, mode, NULL, NULL);
    enum status status = sql_status(v->db, result, NULL);
    v->reserved = cut ? 0 : v->reserved;
    return status == ST_OK ? ST_OK : vault_file_tell(v, status, f);
}

static enum status copy_to(const struct vault_file *v, const char *path, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = sql_prepare(v->db, "VACUUM INTO ?", &statement, NULL);
    if (status == ST_OK)
        status = sql_bind(statement, 1, bytes_of_text(path), NULL);
    if (status == ST_OK)
        status = sql_step(statement, &row, NULL);
    /* SQLite says of a target that cannot be opened or read what it says of a damaged file. */
    bool target = status != ST_OK && strstr(sqlite3_errmsg(v->db), path) != NULL;
    if (status == ST_CORRUPT && !target)
        status = vault_file_tell(v, status, f);
    else if (status != ST_OK)
        status = fault_set(f, target ? ST_IO : status, "the vault cannot be copied to %s: %s", path,
                           sqlite3_errmsg(v->db));
    sqlite3_finalize(statement);
    return status;
}

enum status vault_file_copy(const struct vault_file *v, const char *path, struct fault *f)
{
    enum status status = make_empty(path, f);
    return status == ST_OK ? copy_to(v, path, f) : status;
}

enum status vault_file_rewrite(struct vault_file *v, struct fault *f)
{
    if (v->path == NULL)
        return run(v, "VACUUM", f);
    char fresh[PATH_FILE_MAX];
    name_beside(v->path, ".new", fresh);
    /* An empty log: closing then leaves none that could be taken for the new file's. */
    enum status status = vault_file_checkpoint(v, true, f);
    if (status == ST_OK)
        status = make_empty(fresh, f);
    if (status == ST_OK)
        status = copy_to(v, fresh, f);
    if (status == ST_OK) {
        sql_close(v->db);
        v->db = NULL;
        status = put_in_place(fresh, v->path, f);
        enum status again = vault_file_again(v, status == ST_OK ? f : NULL);
        status = status == ST_OK ? again : status;
    }
    if (status != ST_OK)
        (void)unlink(fresh);
    return status;
}

static void remove_beside(const char *path, const char *end)
{
    char name[PATH_FILE_MAX];
    int used = snprintf(name, sizeof name, "%s%s", path, end);
    if (used > 0 && (size_t)used < sizeof name)
        (void)unlink(name);
}

void vault_file_remove(const char *path)
{
    remove_beside(path, "");
    remove_beside(path, "-wal");
    remove_beside(path, "-shm");
}

enum status vault_file_replace(const char *from, const char *path, struct fault *f)
{
    /* First the log: it must never be taken for the new file's. */
    remove_beside(path, "-wal");
    remove_beside(path, "-shm");
    return put_in_place(from, path, f);
}
