#include "replicas/sql.h"

#include <limits.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/fold.h"
#include "replicas/json.h"

enum { FUNCTION_FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };

static enum status code_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ST_CORRUPT;
    case SQLITE_FULL:
        return ST_DISK_FULL;
    case SQLITE_NOMEM:
        return ST_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ST_LOCKED;
    default:
        return ST_IO;
    }
}

enum status sql_status(sqlite3 *db, int result, struct fault *f)
{
    if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE)
        return ST_OK;
    const char *text = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(result);
    enum status code = fault_set(f, code_of(result), "the index: %s", text);
    if (code == ST_CORRUPT)
        fault_fix(f, "minga repair index");
    return code;
}

static void function_fold(sqlite3_context *context, int count, sqlite3_value **values)
{
    CHECK(count == 1);
    if (sqlite3_value_type(values[0]) != SQLITE_TEXT) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    const uint8_t *text = sqlite3_value_text(values[0]);
    struct buf out = {0};
    fold_text((struct bytes){text, (size_t)sqlite3_value_bytes(values[0])}, &out);
    if (buf_status(&out) != ST_OK)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, out.data != NULL ? (const char *)out.data : "",
                            (int)out.count, SQLITE_TRANSIENT);
    buf_release(&out);
}

/* The next string or number of an object of values and lists of values; names are passed over. */
static bool next_value(struct json_reader *r, bool *in_list, struct bytes *out)
{
    for (;;) {
        if (r->status != ST_OK || r->at >= r->end)
            return false;
        if (*in_list && json_read_try(r, "]")) {
            *in_list = false;
            continue;
        }
        if (json_read_try(r, "}"))
            return false;
        if (json_read_try(r, ","))
            continue;
        if (!*in_list) {
            (void)json_read_text(r);
            json_read_literal(r, ":");
            if (json_read_try(r, "[")) {
                *in_list = true;
                continue;
            }
        }
        *out = json_read_value(r);
        return r->status == ST_OK;
    }
}

static bool holds(struct bytes json, struct bytes folded, struct buf *plain, struct buf *work)
{
    buf_reset(plain);
    buf_reset(work);
    struct bytes text = json;
    if (json.count >= 2 && json.data[0] == '"') {
        text = (struct bytes){json.data + 1, json.count - 2};
        if (memchr(text.data, '\\', text.count) != NULL && json_take_text(json, plain) == ST_OK)
            text = buf_bytes(plain);
    }
    fold_text(text, work);
    return work->count >= folded.count && folded.count > 0 &&
           memmem(work->data, work->count, folded.data, folded.count) != NULL;
}

static void function_found(sqlite3_context *context, int count, sqlite3_value **values)
{
    CHECK(count == 2);
    const uint8_t *json = sqlite3_value_text(values[0]);
    const uint8_t *text = sqlite3_value_text(values[1]);
    if (json == NULL || text == NULL) {
        sqlite3_result_int(context, 0);
        return;
    }
    struct bytes folded = {text, (size_t)sqlite3_value_bytes(values[1])};
    struct json_reader r;
    json_read(&r, (struct bytes){json, (size_t)sqlite3_value_bytes(values[0])});
    json_read_literal(&r, "{");
    struct buf plain = {0}, work = {0};
    struct bytes value;
    bool in_list = false, found = false;
    while (!found && next_value(&r, &in_list, &value))
        found = holds(value, folded, &plain, &work);
    if (plain.failed || work.failed)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int(context, found);
    buf_release(&plain);
    buf_release(&work);
}

enum status sql_open(const char *path, sqlite3 **out, struct fault *f)
{
    sqlite3 *db = NULL;
    int result = sqlite3_open_v2(path != NULL ? path : ":memory:", &db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                     SQLITE_OPEN_PRIVATECACHE,
                                 NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function(db, "fold", 1, FUNCTION_FLAGS, NULL, function_fold, NULL,
                                         NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function(db, "found", 2, FUNCTION_FLAGS, NULL, function_found,
                                         NULL, NULL);
    enum status status = sql_status(db, result, f);
    if (status != ST_OK) {
        sqlite3_close(db);
        return status;
    }
    *out = db;
    return ST_OK;
}

void sql_close(sqlite3 *db)
{
    int result = sqlite3_close(db);
    CHECK(result == SQLITE_OK); /* else a statement was left open: ours to finalize */
}

enum status sql_run(sqlite3 *db, const char *text, struct fault *f)
{
    return sql_status(db, sqlite3_exec(db, text, NULL, NULL, NULL), f);
}

enum status sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out, struct fault *f)
{
    return sql_status(db, sqlite3_prepare_v2(db, text, -1, out, NULL), f);
}

enum status sql_step(sqlite3_stmt *statement, bool *row_out, struct fault *f)
{
    int result = sqlite3_step(statement);
    *row_out = result == SQLITE_ROW;
    enum status status = sql_status(sqlite3_db_handle(statement), result, f);
    if (!*row_out)
        sqlite3_reset(statement);
    return status;
}

enum status sql_bind(sqlite3_stmt *statement, int which, struct bytes text, struct fault *f)
{
    CHECK(text.count <= INT_MAX);
    int result = sqlite3_bind_text(statement, which, text.count > 0 ? (const char *)text.data : "",
                                   (int)text.count, SQLITE_STATIC);
    return sql_status(sqlite3_db_handle(statement), result, f);
}

struct bytes sql_column(sqlite3_stmt *statement, int which)
{
    const uint8_t *text = sqlite3_column_text(statement, which);
    return (struct bytes){text, text != NULL ? (size_t)sqlite3_column_bytes(statement, which) : 0};
}
