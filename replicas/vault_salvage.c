/*
 * vault_salvage: row by row, so that a page that does not read costs the rows on it and no others.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "proto/check.h"
#include "replicas/sql.h"
#include "replicas/vault.h"
#include "replicas/vault_query.h"
#include "replicas/vault_recent.h"

enum {
    BATCH_ITEMS = 256, /* of a commit */
    PAGE_ITEMS_MAX = 64,
    SALVAGE_PATH_MAX = 4096,
};

struct salvage {
    struct vault_file old;
    struct vault *fresh;
    uint64_t kept, lost;
};

/* What is no damage of the file: a person has to see to it. */
static bool is_local(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_FULL:
        /* "short read": the file ends too early, which is damage */
        return result != SQLITE_IOERR_SHORT_READ;
    default:
        return false;
    }
}

static enum status open_old(struct salvage *s, const char *path, struct fault *f)
{
    enum status status = sql_open(path, &s->old.db, f);
    if (status != ST_OK)
        return status;
    /* writable_schema: pages that a cut took away are no reason to read none of the others. */
    int result = sqlite3_exec(s->old.db,
                              "PRAGMA locking_mode=EXCLUSIVE; PRAGMA writable_schema=ON;"
                              "SELECT * FROM sqlite_schema",
                              NULL, NULL, NULL);
    if (result != SQLITE_OK && is_local(sqlite3_extended_errcode(s->old.db)))
        return vault_file_tell(&s->old, sql_status(s->old.db, result, NULL), f);
    return ST_OK;
}

/* One number from the old file; 0 where it does not say. */
static int64_t ask_old(const struct salvage *s, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;
    if (sqlite3_prepare_v2(s->old.db, text, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* Refused salts from one end until one does not read. */
static enum status keep_refused(struct salvage *s, const char *text, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    enum status status = ST_OK;
    if (sqlite3_prepare_v2(s->old.db, text, -1, &statement, NULL) != SQLITE_OK)
        return ST_OK;
    while (status == ST_OK && sqlite3_step(statement) == SQLITE_ROW) {
        const void *data = sqlite3_column_blob(statement, 0);
        struct seal_id salt;
        if (data == NULL || sqlite3_column_bytes(statement, 0) != SEAL_ID_BYTES)
            continue;
        memcpy(salt.id, data, SEAL_ID_BYTES);
        status = vault_refuse(s->fresh, &salt, f);
    }
    sqlite3_finalize(statement);
    return status;
}

/* An item, where it is what its name says; facts NULL: it does not read. */
static enum status keep_item(struct salvage *s, const struct vault_facts *facts, struct bytes item,
                             struct fault *f)
{
    enum status status = facts != NULL ? vault_put(s->fresh, facts, item, f) : ST_CORRUPT;
    switch (status) {
    case ST_OK:
        s->kept++;
        return s->kept % BATCH_ITEMS == 0 ? vault_commit(s->fresh, f) : ST_OK;
    case ST_CORRUPT:
    case ST_BAD_VALUE:
    case ST_TOO_LARGE:
        s->lost++;
        return ST_OK;
    case ST_NOT_ALLOWED: /* of a refused salt: not lost, gone */
        return ST_OK;
    default:
        return status;
    }
}

/* The row of the trees where 'statement' stands. */
static enum status keep_row(struct salvage *s, sqlite3_stmt *statement, struct fault *f)
{
    struct vault_facts facts;
    const uint8_t *data = sqlite3_column_blob(statement, 7);
    struct bytes item = {data, (size_t)sqlite3_column_bytes(statement, 7)};
    bool reads = data != NULL && vault_query_facts(statement, &facts, NULL) == ST_OK;
    return keep_item(s, reads ? &facts : NULL, item, f);
}

/* The row of 'recent' where it stands: what of it reads from its start. */
static enum status keep_recent(struct salvage *s, sqlite3_stmt *statement, struct fault *f)
{
    const uint8_t *data = sqlite3_column_blob(statement, 0);
    struct bytes rest = {data, data != NULL ? (size_t)sqlite3_column_bytes(statement, 0) : 0};
    enum status status = ST_OK;
    bool reads = true;
    while (rest.count > 0 && reads && status == ST_OK) {
        struct vault_facts facts;
        struct bytes item = {NULL, 0};
        reads = vault_recent_next(&rest, &facts, &item);
        status = keep_item(s, reads ? &facts : NULL, item, f);
    }
    return status;
}

typedef enum status (*keep_fn)(struct salvage *s, sqlite3_stmt *statement, struct fault *f);

/* Every row of a table: 'text' has the row's id for its parameter. */
static enum status keep_table(struct salvage *s, const char *last_text, const char *text,
                              keep_fn keep, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    enum status status = ST_OK;
    int64_t last = ask_old(s, last_text);
    if (last == 0) /* that page does not read: as many as there could be */
        last = PAGE_ITEMS_MAX * ask_old(s, "PRAGMA page_count");
    if (sqlite3_prepare_v2(s->old.db, text, -1, &statement, NULL) != SQLITE_OK)
        return ST_OK; /* not even the tables are known: nothing of it reads */
    for (int64_t id = 1; id <= last && status == ST_OK; id++) {
        sqlite3_reset(statement);
        sqlite3_bind_int64(statement, 1, id);
        int result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
            status = keep(s, statement, f);
        else if (result == SQLITE_NOMEM)
            status = fault_set(f, ST_NO_MEMORY, "out of memory");
        else if (result != SQLITE_DONE)
            s->lost++;
    }
    sqlite3_finalize(statement);
    return status;
}

static enum status copy(struct salvage *s, const char *path, const char *beside, struct fault *f)
{
    enum status status = open_old(s, path, f);
    if (status == ST_OK)
        status = vault_open(beside, (struct bytes){NULL, 0}, &s->fresh, f);
    /* Before the items: what was erased does not come back. */
    if (status == ST_OK)
        status = keep_refused(s, "SELECT salt FROM refused ORDER BY salt", f);
    if (status == ST_OK)
        status = keep_refused(s, "SELECT salt FROM refused ORDER BY salt DESC", f);
    if (status == ST_OK)
        status =
            keep_table(s, "SELECT coalesce(max(id), -1) FROM item",
                       "SELECT " VAULT_QUERY_FACTS ", bytes" VAULT_QUERY_HELD " WHERE item.id = ?1",
                       keep_row, f);
    if (status == ST_OK)
        status = keep_table(s, "SELECT coalesce(max(id), -1) FROM recent",
                            "SELECT items FROM recent WHERE id = ?1", keep_recent, f);
    return status == ST_OK ? vault_checkpoint(s->fresh, f) : status;
}

enum status vault_salvage(const char *path, uint64_t *kept_out, uint64_t *lost_out, struct fault *f)
{
    struct salvage s = {.old = {0}};
    struct stat info;
    char beside[SALVAGE_PATH_MAX];
    int used = snprintf(beside, sizeof beside, "%s.salvage", path);
    if (used < 0 || (size_t)used >= sizeof beside)
        return fault_set(f, ST_TOO_LARGE, "the path of the vault is too long");
    *kept_out = *lost_out = 0;
    if (stat(path, &info) != 0)
        return ST_OK; /* none is there: opening makes an empty one */
    vault_file_remove(beside);
    enum status status = copy(&s, path, beside, f);
    vault_close(s.fresh);
    sql_close(s.old.db);
    if (status == ST_OK)
        status = vault_file_replace(beside, path, f);
    if (status != ST_OK) {
        vault_file_remove(beside);
        return status;
    }
    *kept_out = s.kept;
    *lost_out = s.lost;
    return ST_OK;
}
