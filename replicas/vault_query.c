#include "replicas/vault_query.h"

#include "proto/check.h"
#include "replicas/sql.h"

/* What other records than ?2 have of the salt ?1, besides (SALT = 2) the salt itself. */
#define OTHERS_HELD                                                                                \
    " FROM owner JOIN item ON owner = owner.id"                                                    \
    " WHERE salt = ?1 AND record <> ?2 AND kind <> 2"
#define OTHERS_WANTED " FROM want WHERE salt = ?1 AND record <> ?2 AND kind <> 2"
#define OF_RECORD "(SELECT id FROM owner WHERE salt = ?1 AND record = ?2)"

static_assert(VAULT_SALT == 2 && SCHEMA_PERSONAL == 2, "as the statements have it");

/* Where one has a name, a salt or a class for a parameter, that is its first. */
static const char *const TEXTS[VAULT_QUERIES] = {
    [VAULT_QUERY_BEGIN] = "BEGIN IMMEDIATE",
    [VAULT_QUERY_COMMIT] = "COMMIT",
    [VAULT_QUERY_FIND_OWNER] = "SELECT id FROM owner"
                               " WHERE salt = ?6 AND record = ?5 AND type = ?4 AND class = ?3",
    [VAULT_QUERY_ADD_OWNER] = "INSERT INTO owner(class, type, record, salt)"
                              " VALUES(?3, ?4, ?5, ?6)",
    [VAULT_QUERY_PUT] = "INSERT INTO item(name, kind, reader, bytes, owner)"
                        " VALUES(?1, ?2, ?7, ?8, ?9) ON CONFLICT(name) DO NOTHING",
    [VAULT_QUERY_PUT_RECENT] = "INSERT INTO recent(items) VALUES(?1)",
    [VAULT_QUERY_GET_RECENT] = "SELECT items FROM recent ORDER BY id",
    [VAULT_QUERY_DROP_RECENT] = "DELETE FROM recent",
    [VAULT_QUERY_GET] = "SELECT " VAULT_QUERY_FACTS ", bytes" VAULT_QUERY_HELD " WHERE name = ?1",
    [VAULT_QUERY_HAS] = "SELECT 1 FROM item WHERE name = ?1",
    [VAULT_QUERY_HAS_ANY] = "SELECT 1 FROM item LIMIT 1",
    [VAULT_QUERY_WANT] =
        "INSERT INTO want(" VAULT_QUERY_FACTS ", files) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [VAULT_QUERY_IS_WANTED] = "SELECT 1 FROM want WHERE files IN (0, 1) AND name = ?1",
    [VAULT_QUERY_WANTED] =
        "SELECT " VAULT_QUERY_FACTS " FROM want WHERE files IN (0, 1) AND name = ?1",
    [VAULT_QUERY_IS_BELOW] =
        "SELECT 1 FROM item JOIN owner ON owner = owner.id WHERE name = ?1 AND class < 2"
        " UNION ALL SELECT 1 FROM want WHERE files IN (0, 1) AND name = ?1 AND class < 2",
    [VAULT_QUERY_RAISE_WANT] = "UPDATE want SET class = 2 WHERE files IN (0, 1) AND name = ?1",
    [VAULT_QUERY_RAISE_ITEM] = "UPDATE item SET owner = ?9 WHERE name = ?1",
    [VAULT_QUERY_UNWANT] = "DELETE FROM want WHERE name = ?1 AND files = ?2",
    [VAULT_QUERY_WANTS] = "SELECT " VAULT_QUERY_FACTS " FROM want WHERE name > ?1 AND files = ?2"
                          " ORDER BY name LIMIT ?3",
    [VAULT_QUERY_COUNT_WANTS] = "SELECT files, count(*) FROM want GROUP BY files",
    [VAULT_QUERY_REFUSE] = "INSERT INTO refused VALUES(?1) ON CONFLICT DO NOTHING",
    [VAULT_QUERY_IS_REFUSED] = "SELECT 1 FROM refused WHERE salt = ?1",
    [VAULT_QUERY_ANY_REFUSED] = "SELECT 1 FROM refused LIMIT 1",
    [VAULT_QUERY_DROP_SALT] =
        "DELETE FROM item WHERE owner IN (SELECT id FROM owner WHERE salt = ?1)",
    [VAULT_QUERY_DISOWN_SALT] = "DELETE FROM owner WHERE salt = ?1",
    [VAULT_QUERY_UNWANT_SALT] = "DELETE FROM want WHERE salt = ?1",
    [VAULT_QUERY_IS_SHARED] = "SELECT 1" OTHERS_HELD " UNION ALL SELECT 1" OTHERS_WANTED " LIMIT 1",
    [VAULT_QUERY_DROP_RECORD] = "DELETE FROM item WHERE kind <> 2 AND owner IN " OF_RECORD,
    [VAULT_QUERY_HAND_ITEM] =
        "UPDATE item SET owner = coalesce((SELECT owner.id" OTHERS_HELD " LIMIT 1), owner)"
        " WHERE owner IN " OF_RECORD,
    [VAULT_QUERY_DISOWN_RECORD] = "DELETE FROM owner WHERE salt = ?1 AND record = ?2"
                                  " AND NOT EXISTS(SELECT 1 FROM item WHERE item.owner = owner.id)",
    [VAULT_QUERY_UNWANT_RECORD] = "DELETE FROM want WHERE salt = ?1 AND record = ?2 AND kind <> 2",
    [VAULT_QUERY_HAND_WANT] =
        "UPDATE want SET (class, type, record) = (SELECT class, type, record" OTHERS_HELD
        " UNION ALL SELECT class, type, record" OTHERS_WANTED " LIMIT 1)"
        " WHERE salt = ?1 AND record = ?2",
    [VAULT_QUERY_DROP_CLASS] =
        "DELETE FROM item WHERE owner IN (SELECT id FROM owner WHERE class = ?1)",
    [VAULT_QUERY_DISOWN_CLASS] = "DELETE FROM owner WHERE class = ?1",
    [VAULT_QUERY_UNWANT_CLASS] = "DELETE FROM want WHERE class = ?1",
    [VAULT_QUERY_SET_MARK] = "INSERT INTO mark VALUES('rewrite') ON CONFLICT DO NOTHING",
    [VAULT_QUERY_HAS_MARK] = "SELECT 1 FROM mark WHERE name = 'rewrite'",
    [VAULT_QUERY_DROP_MARK] = "DELETE FROM mark WHERE name = 'rewrite'",
};

enum status vault_query_told(const struct vault_queries *q, enum status status, struct fault *f)
{
    return status == ST_OK ? ST_OK : vault_file_tell(&q->file, status, f);
}

static void finalize(struct vault_queries *q)
{
    for (unsigned i = 0; i < VAULT_QUERIES; i++) {
        sqlite3_finalize(q->statements[i]);
        q->statements[i] = NULL;
    }
}

static enum status prepare(struct vault_queries *q, struct fault *f)
{
    enum status status = ST_OK;
    for (unsigned i = 0; i < VAULT_QUERIES && status == ST_OK; i++) {
        int result = sqlite3_prepare_v3(q->file.db, TEXTS[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &q->statements[i], NULL);
        status = vault_query_told(q, sql_status(q->file.db, result, NULL), f);
    }
    if (status != ST_OK)
        finalize(q);
    return status;
}

enum status vault_query_open(const char *path, struct bytes image, struct vault_queries *out,
                             struct fault *f)
{
    *out = (struct vault_queries){.file = {0}};
    enum status status = vault_file_open(path, image, &out->file, f);
    if (status == ST_OK)
        status = prepare(out, f);
    if (status != ST_OK)
        vault_query_close(out);
    return status;
}

void vault_query_close(struct vault_queries *q)
{
    finalize(q);
    vault_file_close(&q->file);
}

enum status vault_query_ready(struct vault_queries *q, struct fault *f)
{
    enum status status = ST_OK;
    if (q->file.db == NULL)
        status = vault_file_again(&q->file, f);
    if (status == ST_OK && q->statements[0] == NULL)
        status = prepare(q, f);
    return status;
}

enum status vault_query_rewrite(struct vault_queries *q, struct fault *f)
{
    finalize(q);
    enum status status = vault_file_rewrite(&q->file, f);
    return status == ST_OK ? vault_query_ready(q, f) : status;
}

bool vault_query_is_open(const struct vault_queries *q)
{
    return q->file.db != NULL && sqlite3_get_autocommit(q->file.db) == 0;
}

void vault_query_rollback(struct vault_queries *q)
{
    /* After some errors SQLite has rolled back by itself. */
    if (!vault_query_is_open(q))
        return;
    for (unsigned i = 0; i < VAULT_QUERIES; i++)
        sqlite3_reset(q->statements[i]);
    (void)sqlite3_exec(q->file.db, "ROLLBACK", NULL, NULL, NULL);
}

enum status vault_query_take(struct vault_queries *q, enum vault_query which, sqlite3_stmt **out,
                             struct fault *f)
{
    enum status status = vault_query_ready(q, f);
    if (status != ST_OK)
        return status;
    sqlite3_reset(q->statements[which]);
    sqlite3_clear_bindings(q->statements[which]);
    *out = q->statements[which];
    return ST_OK;
}

enum status vault_query_step(const struct vault_queries *q, sqlite3_stmt *statement, bool *row_out,
                             struct fault *f)
{
    return vault_query_told(q, sql_step(statement, row_out, NULL), f);
}

int vault_query_bind_blob(sqlite3_stmt *statement, int which, const void *data, size_t count)
{
    CHECK(count <= SEAL_ITEM_BYTES_MAX);
    return sqlite3_bind_blob(statement, which, count > 0 ? data : "", (int)count, SQLITE_STATIC);
}

int vault_query_bind_owner(sqlite3_stmt *statement, const struct vault_facts *facts)
{
    int failed = sqlite3_bind_int(statement, 3, (int)facts->class);
    failed |= sqlite3_bind_text(statement, 4, facts->type, -1, SQLITE_STATIC);
    failed |= sqlite3_bind_text(statement, 5, facts->record, -1, SQLITE_STATIC);
    failed |= vault_query_bind_blob(statement, 6, facts->salt.id, SEAL_ID_BYTES);
    return failed;
}

int vault_query_bind_facts(sqlite3_stmt *statement, const struct vault_facts *facts)
{
    static const struct key nobody;
    bool none = memcmp(facts->reader.id, nobody.id, KEY_BYTES) == 0;
    int failed = vault_query_bind_blob(statement, 1, facts->name.id, DIGEST_BYTES);
    failed |= sqlite3_bind_int(statement, 2, (int)facts->kind);
    failed |= vault_query_bind_owner(statement, facts);
    failed |= vault_query_bind_blob(statement, 7, facts->reader.id, none ? 0 : KEY_BYTES);
    return failed;
}

enum status vault_query_bound(int failed, struct fault *f)
{
    return failed == 0 ? ST_OK : fault_set(f, ST_NO_MEMORY, "out of memory");
}

static bool read_blob(sqlite3_stmt *statement, int column, void *out, size_t count)
{
    const void *data = sqlite3_column_blob(statement, column);
    bool fits = data != NULL && (size_t)sqlite3_column_bytes(statement, column) == count;
    if (fits)
        memcpy(out, data, count);
    return fits;
}

static bool read_text(sqlite3_stmt *statement, int column, char *out, size_t bytes)
{
    struct bytes text = sql_column(statement, column);
    bool fits = text.data != NULL && text.count < bytes;
    if (fits) {
        memcpy(out, text.data, text.count);
        out[text.count] = '\0';
    }
    return fits;
}

enum status vault_query_facts(sqlite3_stmt *statement, struct vault_facts *out, struct fault *f)
{
    int kind = sqlite3_column_int(statement, 1), class = sqlite3_column_int(statement, 2);
    *out = (struct vault_facts){.kind = (enum vault_kind)kind, .class = (enum schema_class) class};
    bool sound = kind >= VAULT_VALUE && kind <= VAULT_DISCLOSURE &&
                 (class == SCHEMA_INTERNAL || class == SCHEMA_PERSONAL) &&
                 read_blob(statement, 0, out->name.id, DIGEST_BYTES) &&
                 read_text(statement, 3, out->type, sizeof out->type) &&
                 read_text(statement, 4, out->record, sizeof out->record) &&
                 read_blob(statement, 5, out->salt.id, SEAL_ID_BYTES) &&
                 (sqlite3_column_bytes(statement, 6) == 0 ||
                  read_blob(statement, 6, out->reader.id, KEY_BYTES));
    return sound ? ST_OK : vault_file_damaged("a row of it is none of ours", f);
}

enum status vault_query_ask(struct vault_queries *q, enum vault_query which, struct bytes blob,
                            bool *out, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    enum status status = vault_query_take(q, which, &statement, f);
    if (status == ST_OK && blob.count > 0)
        status = vault_query_bound(vault_query_bind_blob(statement, 1, blob.data, blob.count), f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, out, f);
    sqlite3_reset(statement);
    return status;
}

enum status vault_query_change(struct vault_queries *q, enum vault_query which, struct bytes blob,
                               int number, uint64_t *count_out, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row;
    int failed = 0;
    enum status status = vault_query_take(q, which, &statement, f);
    if (status == ST_OK && blob.count > 0)
        failed = vault_query_bind_blob(statement, 1, blob.data, blob.count);
    else if (status == ST_OK && sqlite3_bind_parameter_count(statement) > 0)
        failed = sqlite3_bind_int(statement, 1, number);
    if (status == ST_OK)
        status = vault_query_bound(failed, f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    if (status == ST_OK)
        *count_out = (uint64_t)sqlite3_changes64(q->file.db);
    return status;
}

enum status vault_query_of_record(struct vault_queries *q, enum vault_query which,
                                  const struct seal_id *salt, const char *record,
                                  uint64_t *count_out, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = vault_query_take(q, which, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_blob(statement, 1, salt->id, SEAL_ID_BYTES) |
                                       sqlite3_bind_text(statement, 2, record, -1, SQLITE_STATIC),
                                   f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    if (status == ST_OK)
        *count_out =
            sqlite3_stmt_readonly(statement) ? row : (uint64_t)sqlite3_changes64(q->file.db);
    sqlite3_reset(statement);
    return status;
}

enum status vault_query_count_wants(struct vault_queries *q, uint64_t out[static 2],
                                    struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = vault_query_take(q, VAULT_QUERY_COUNT_WANTS, &statement, f);
    out[0] = out[1] = 0;
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    while (status == ST_OK && row) {
        out[sqlite3_column_int(statement, 0) != 0] += (uint64_t)sqlite3_column_int64(statement, 1);
        status = vault_query_step(q, statement, &row, f);
    }
    return status;
}

enum status vault_query_owner(struct vault_queries *q, const struct vault_facts *facts,
                              int64_t *out, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    enum status status = vault_query_take(q, VAULT_QUERY_FIND_OWNER, &statement, f);
    if (status == ST_OK)
        status = vault_query_bound(vault_query_bind_owner(statement, facts), f);
    if (status == ST_OK)
        status = vault_query_step(q, statement, &row, f);
    int64_t found = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    if (status == ST_OK && !row) {
        status = vault_query_take(q, VAULT_QUERY_ADD_OWNER, &statement, f);
        if (status == ST_OK)
            status = vault_query_bound(vault_query_bind_owner(statement, facts), f);
        if (status == ST_OK)
            status = vault_query_step(q, statement, &row, f);
        if (status == ST_OK)
            found = sqlite3_last_insert_rowid(q->file.db);
    }
    if (status == ST_OK)
        *out = found;
    return status;
}
