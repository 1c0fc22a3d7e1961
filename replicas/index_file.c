#include "replicas/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/sql.h"

enum {
    WAL_BYTES_MAX = 4 * MIB, /* what is left of the log after a great transaction */
    PATH_FILE_MAX = 4096,
    BUSY_MS = 2000,
};

static const char FORMAT[] = "3"; /* of the tables: a file of another one is built anew */

static const char *const TABLES =
    "CREATE TABLE IF NOT EXISTS record(id TEXT NOT NULL, type TEXT NOT NULL, fields TEXT NOT NULL,"
    " conflicts INTEGER NOT NULL, sealed INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX IF NOT EXISTS record_id ON record(id, type);"
    "CREATE INDEX IF NOT EXISTS record_type ON record(type, id);"
    "CREATE INDEX IF NOT EXISTS record_conflict ON record(type, id) WHERE conflicts > 0;"
    "CREATE INDEX IF NOT EXISTS record_sealed ON record(type, id) WHERE sealed > 0;"
    "CREATE TABLE IF NOT EXISTS place(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

/* Nobody else opens the file while the home is locked: so SQLite needs no locks of its parts, of
 * which one that cannot be given back would refuse every later question. */
static enum status set_up(sqlite3 *db, struct fault *f)
{
    char text[512];
    snprintf(text, sizeof text,
             "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
             "PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
             "PRAGMA temp_store=MEMORY;" /* what is sorted may be in clear */
             "PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0; PRAGMA cache_size=-%d;"
             "PRAGMA journal_size_limit=%u; PRAGMA busy_timeout=%d;",
             INDEX_FILE_CACHE_KIB, WAL_BYTES_MAX, BUSY_MS);
    enum status status = sql_run(db, text, f);
    if (status == ST_OK)
        status = sql_run(db, TABLES, f);
    return status;
}

/* 'out' takes the value; false where there is none. */
static enum status read_place(sqlite3 *db, const char *name, struct buf *out, bool *found_out,
                              struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    enum status status = sql_prepare(db, "SELECT value FROM place WHERE name = ?", &statement, f);
    if (status == ST_OK)
        status = sql_bind(statement, 1, bytes_of_text(name), f);
    if (status == ST_OK)
        status = sql_step(statement, found_out, f);
    if (status == ST_OK && *found_out) {
        buf_add_bytes(out, sql_column(statement, 0));
        status = buf_status(out);
    }
    sqlite3_finalize(statement);
    return status;
}

enum status index_file_mark(struct index_file *x, const char *name, const char *value,
                            struct fault *f)
{
    bool row = false;
    enum status status = sql_bind(x->mark, 1, bytes_of_text(name), f);
    if (status == ST_OK)
        status = sql_bind(x->mark, 2, bytes_of_text(value), f);
    return status == ST_OK ? sql_step(x->mark, &row, f) : status;
}

/*
 * What the planner should think of the tables, for good: a type has very many records, an id one.
 * Without this it would sort a whole type rather than walk along the index of a field.
 */
static const char *const STATISTICS =
    "ANALYZE; DELETE FROM sqlite_stat1;"
    "INSERT INTO sqlite_stat1 VALUES('record', 'record_id', '1000000 1 1'),"
    " ('record', 'record_type', '1000000 100000 1');"
    "ANALYZE sqlite_schema";

static enum status prepare(struct index_file *x, struct fault *f)
{
    enum status status = sql_prepare(x->db,
                                     "INSERT INTO record VALUES(?, ?, ?, ?, ?)"
                                     " ON CONFLICT(id, type)"
                                     " DO UPDATE SET fields = excluded.fields,"
                                     " conflicts = excluded.conflicts, sealed = excluded.sealed",
                                     &x->put, f);
    if (status == ST_OK)
        status = sql_prepare(x->db, "DELETE FROM record WHERE id = ? AND type = ?", &x->drop, f);
    if (status == ST_OK)
        status = sql_prepare(x->db, "INSERT OR REPLACE INTO place VALUES(?, ?)", &x->mark, f);
    return status;
}

static void disconnect(struct index_file *x)
{
    sqlite3_finalize(x->put);
    sqlite3_finalize(x->drop);
    sqlite3_finalize(x->mark);
    index_plain_close(&x->plain);
    sql_close(x->db);
    x->put = x->drop = x->mark = NULL;
    x->db = NULL;
}

static enum status read_places(struct index_file *x, struct fault *f)
{
    struct buf value = {0};
    bool found = false;
    enum status status = read_place(x->db, "format", &value, &found, f);
    if (status == ST_OK && found && !bytes_equal_text(buf_bytes(&value), FORMAT))
        status = fault_set(f, ST_CORRUPT, "the index has another format");
    else if (status == ST_OK && !found)
        status = sql_run(x->db, STATISTICS, f);
    buf_reset(&value);
    if (status == ST_OK)
        status = read_place(x->db, "tree", &value, &found, f);
    if (status == ST_OK && found) {
        x->placed = hex_decode(buf_bytes(&value), x->tree.id, OID_BYTES) == ST_OK;
        if (!x->placed)
            status = fault_set(f, ST_CORRUPT, "the index does not name a tree");
    }
    buf_release(&value);
    return status;
}

static enum status connect_file(struct index_file *x, struct fault *f)
{
    if (x->path != NULL) { /* SQLite's own files take this one's mode */
        int fd = open(x->path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (fd < 0)
            return fault_errno(f, errno, "%s", x->path);
        close(fd);
    }
    x->placed = false;
    enum status status = sql_open(x->path, &x->db, f);
    if (status == ST_OK)
        status = set_up(x->db, f);
    if (status == ST_OK)
        status = read_places(x, f);
    if (status == ST_OK)
        status = prepare(x, f);
    if (status == ST_OK)
        status = index_plain_open(x->db, &x->plain, f);
    if (status == ST_OK)
        status = index_file_mark(x, "format", FORMAT, f);
    return status;
}

static void remove_files(const struct index_file *x)
{
    if (x->path == NULL)
        return;
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[PATH_FILE_MAX];
        int used = snprintf(name, sizeof name, "%s%s", x->path, ends[i]);
        if (used > 0 && (size_t)used < sizeof name)
            (void)unlink(name); /* what stays is found damaged again, and said */
    }
}

enum status index_file_anew(struct index_file *x, struct fault *f)
{
    disconnect(x);
    remove_files(x);
    return connect_file(x, f);
}

enum status index_file_open(const char *path, struct index_file *out, struct fault *f)
{
    *out = (struct index_file){.db = NULL};
    if (path != NULL) {
        out->path = mem_text(path, strlen(path));
        if (out->path == NULL)
            return fault_set(f, ST_NO_MEMORY, "out of memory");
    }
    enum status status = connect_file(out, f);
    if (status == ST_CORRUPT)
        status = index_file_anew(out, f);
    if (status != ST_OK)
        index_file_close(out);
    return status;
}

void index_file_close(struct index_file *x)
{
    if (x == NULL)
        return;
    disconnect(x);
    mem_free(x->path);
    *x = (struct index_file){.db = NULL};
}

void index_file_cache(struct index_file *x, int kib)
{
    CHECK(kib >= INDEX_FILE_CACHE_KIB);
    char text[64];
    snprintf(text, sizeof text, "PRAGMA cache_size=-%d", kib);
    if (sqlite3_exec(x->db, text, NULL, NULL, NULL) == SQLITE_OK && kib == INDEX_FILE_CACHE_KIB)
        sqlite3_db_release_memory(x->db);
}
