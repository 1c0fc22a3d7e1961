#include "replicas/index_plain.h"

#include "proto/check.h"
#include "replicas/sql.h"

/* secure_delete holds for memory as well: what was read goes when it is dropped. */
static const char *const TABLES =
    "ATTACH ':memory:' AS plain; PRAGMA plain.secure_delete=ON;"
    "CREATE TABLE plain.row(id TEXT NOT NULL, type TEXT NOT NULL, fields TEXT NOT NULL,"
    " waiting INTEGER NOT NULL, PRIMARY KEY(id, type)) WITHOUT ROWID;"
    "CREATE INDEX plain.row_waiting ON row(type, id) WHERE waiting > 0;"
    "CREATE TABLE plain.stale(id TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY(id, type))"
    " WITHOUT ROWID;";

enum status index_plain_open(sqlite3 *db, struct index_plain *out, struct fault *f)
{
    *out = (struct index_plain){.db = db};
    const struct {
        sqlite3_stmt **statement;
        const char *text;
    } all[] = {
        {&out->mark, "INSERT OR IGNORE INTO plain.stale VALUES(?1, ?2)"},
        {&out->drop, "DELETE FROM plain.row WHERE id = ?1 AND type = ?2"},
        {&out->next, "SELECT id, type FROM plain.stale LIMIT 1"},
        {&out->put, "INSERT OR REPLACE INTO plain.row VALUES(?1, ?2, ?3, ?4)"},
        {&out->done, "DELETE FROM plain.stale WHERE id = ?1 AND type = ?2"},
    };
    enum status status = sql_run(db, TABLES, f);
    for (size_t i = 0; i < sizeof all / sizeof *all && status == ST_OK; i++)
        status = sql_prepare(db, all[i].text, all[i].statement, f);
    return status;
}

void index_plain_close(struct index_plain *p)
{
    sqlite3_finalize(p->mark);
    sqlite3_finalize(p->drop);
    sqlite3_finalize(p->next);
    sqlite3_finalize(p->put);
    sqlite3_finalize(p->done);
    *p = (struct index_plain){.db = NULL};
}

enum status index_plain_begin(struct index_plain *p, struct fault *f)
{
    if (p->begun)
        return ST_OK;
    enum status status = sql_run(p->db,
                                 "INSERT OR IGNORE INTO plain.stale"
                                 " SELECT id, type FROM record WHERE sealed > 0",
                                 f);
    p->begun = status == ST_OK;
    return status;
}

/* A statement whose first two parameters are an id and a type. */
static enum status run(sqlite3_stmt *statement, struct bytes id, struct bytes type, struct fault *f)
{
    bool row = false;
    enum status status = sql_bind(statement, 1, id, f);
    if (status == ST_OK)
        status = sql_bind(statement, 2, type, f);
    return status == ST_OK ? sql_step(statement, &row, f) : status;
}

enum status index_plain_mark(struct index_plain *p, struct bytes id, struct bytes type,
                             struct fault *f)
{
    if (!p->begun)
        return ST_OK;
    enum status status = run(p->drop, id, type, f);
    return status == ST_OK ? run(p->mark, id, type, f) : status;
}

enum status index_plain_again(struct index_plain *p, struct fault *f)
{
    return sql_run(p->db,
                   "INSERT OR IGNORE INTO plain.stale"
                   " SELECT id, type FROM plain.row WHERE waiting > 0",
                   f);
}

enum status index_plain_next(struct index_plain *p, struct index_id *out, bool *found_out,
                             struct fault *f)
{
    enum status status = sql_step(p->next, found_out, f);
    if (status != ST_OK || !*found_out)
        return status;
    struct bytes id = sql_column(p->next, 0), type = sql_column(p->next, 1);
    CHECK(id.count <= ENTRY_ID_TEXT && type.count <= NAME_BYTES_MAX);
    *out = (struct index_id){.type = ""};
    memcpy(out->id, id.data, id.count);
    memcpy(out->type, type.data, type.count);
    sqlite3_reset(p->next);
    return ST_OK;
}

enum status index_plain_put(struct index_plain *p, const struct index_id *id, struct bytes fields,
                            uint32_t waiting, struct fault *f)
{
    struct bytes text = bytes_of_text(id->id), type = bytes_of_text(id->type);
    enum status status = run(p->drop, text, type, f);
    if (status == ST_OK && fields.count > 0) {
        status = sql_bind(p->put, 3, fields, f);
        if (status == ST_OK) {
            sqlite3_bind_int64(p->put, 4, waiting);
            status = run(p->put, text, type, f);
        }
    }
    return status == ST_OK ? run(p->done, text, type, f) : status;
}

enum status index_plain_forget(struct index_plain *p, struct fault *f)
{
    if (p->db == NULL) /* the index is being made anew: there is nothing */
        return ST_OK;
    p->begun = false;
    return sql_run(p->db, "DELETE FROM plain.row; DELETE FROM plain.stale", f);
}
