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

/*
 * A walk over rows that we wrote ourselves: it trusts them to be canonical, checks bounds only, and
 * is several times faster than a reader that checks all: a list calls it a hundred thousand times.
 */
struct walk {
    const uint8_t *at, *end;
};

static bool walk_enter(struct walk *w, struct bytes json, uint8_t open)
{
    *w = (struct walk){NULL, NULL};
    if (json.count == 0 || json.data[0] != open)
        return false;
    *w = (struct walk){json.data + 1, json.data + json.count};
    return true;
}

/* A text with its quotes. */
static bool walk_text(struct walk *w, struct bytes *out)
{
    const uint8_t *start = w->at;
    if (w->at >= w->end || *w->at != '"')
        return false;
    for (w->at++; w->at < w->end && *w->at != '"'; w->at++)
        if (*w->at == '\\' && w->at + 1 < w->end)
            w->at++;
    if (w->at >= w->end)
        return false;
    w->at++;
    *out = (struct bytes){start, (size_t)(w->at - start)};
    return true;
}

/* Any value: a text, a list or an object with what is inside, or a run of plain characters. */
static bool walk_value(struct walk *w, struct bytes *out)
{
    const uint8_t *start = w->at;
    unsigned depth = 0;
    do {
        struct bytes text;
        uint8_t c = w->at < w->end ? *w->at : '\0';
        if (c == '"') {
            if (!walk_text(w, &text))
                return false;
        } else if (c == '\0' || (depth == 0 && (c == ',' || c == ']' || c == '}'))) {
            break;
        } else {
            depth += c == '[' || c == '{' ? 1 : 0;
            depth -= c == ']' || c == '}' ? 1 : 0;
            w->at++;
        }
    } while (depth > 0 || (w->at < w->end && *w->at != ',' && *w->at != ']' && *w->at != '}'));
    *out = (struct bytes){start, (size_t)(w->at - start)};
    return depth == 0 && out->count > 0;
}

static void walk_comma(struct walk *w)
{
    if (w->at < w->end && *w->at == ',')
        w->at++;
}

/* The next "name":value of an object that was entered; false: its end. */
static bool next_member(struct walk *w, struct bytes *name, struct bytes *value)
{
    walk_comma(w);
    if (!walk_text(w, name) || w->at >= w->end || *w->at != ':')
        return false;
    w->at++;
    return walk_value(w, value);
}

/* The next element of a list that was entered; false: its end. */
static bool next_element(struct walk *w, struct bytes *value)
{
    walk_comma(w);
    return w->at < w->end && *w->at != ']' && walk_value(w, value);
}

static bool find_member(struct bytes json, struct bytes name, struct bytes *out)
{
    struct walk w;
    struct bytes quoted;
    if (!walk_enter(&w, json, '{'))
        return false;
    while (next_member(&w, &quoted, out))
        if (quoted.count == name.count + 2 && memcmp(quoted.data + 1, name.data, name.count) == 0)
            return true;
    return false;
}

/* A value's text without quotes, folded, appended to 'out'. */
static void fold_value(struct bytes json, struct buf *out)
{
    if (json.count < 2 || json.data[0] != '"') {
        buf_add_bytes(out, json);
        return;
    }
    struct bytes text = {json.data + 1, json.count - 2};
    struct buf plain = {0};
    if (memchr(text.data, '\\', text.count) != NULL && json_take_text(json, &plain) == ST_OK)
        text = buf_bytes(&plain);
    fold_text(text, out);
    if (plain.failed)
        out->failed = true;
    buf_release(&plain);
}

static struct bytes argument(sqlite3_value *value)
{
    const uint8_t *text = sqlite3_value_text(value);
    return (struct bytes){text, text != NULL ? (size_t)sqlite3_value_bytes(value) : 0};
}

static bool is_number(struct bytes json)
{
    return json.count > 0 && (json.data[0] == '-' || (json.data[0] >= '0' && json.data[0] <= '9'));
}

static void function_reads(sqlite3_context *context, int count, sqlite3_value **values)
{
    CHECK(count == 2);
    struct bytes json;
    int64_t number = 0;
    if (!find_member(argument(values[0]), argument(values[1]), &json))
        return; /* NULL */
    if (json.data[0] == '"') {
        struct buf out = {0};
        fold_value(json, &out);
        if (buf_status(&out) != ST_OK)
            sqlite3_result_error_nomem(context);
        else
            sqlite3_result_text(context, out.data != NULL ? (const char *)out.data : "",
                                (int)out.count, SQLITE_TRANSIENT);
        buf_release(&out);
    } else if (is_number(json) && json_take_integer(json, &number) == ST_OK) {
        sqlite3_result_int64(context, number);
    } else if (json.data[0] == 't' || json.data[0] == 'f') {
        sqlite3_result_int(context, json.data[0] == 't');
    }
}

static void function_has(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct bytes json;
    CHECK(count == 2);
    sqlite3_result_int(context, find_member(argument(values[0]), argument(values[1]), &json));
}

static bool folds_to(struct bytes json, struct bytes folded, bool part, struct buf *work)
{
    buf_reset(work);
    fold_value(json, work);
    struct bytes own = buf_bytes(work);
    if (!part)
        return bytes_equal(own, folded);
    return folded.count > 0 && own.count >= folded.count &&
           memmem(own.data, own.count, folded.data, folded.count) != NULL;
}

static bool list_holds(struct bytes list, struct bytes folded, bool part, struct buf *work)
{
    struct walk w;
    struct bytes value;
    bool found = false;
    if (!walk_enter(&w, list, '['))
        return false;
    while (!found && next_element(&w, &value))
        found = folds_to(value, folded, part, work);
    return found;
}

static void give_bool(sqlite3_context *context, bool found, struct buf *work)
{
    if (work->failed)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_int(context, found);
    buf_release(work);
}

static void function_holds(sqlite3_context *context, int count, sqlite3_value **values)
{
    CHECK(count == 3);
    struct bytes json;
    struct buf work = {0};
    bool found = find_member(argument(values[0]), argument(values[1]), &json) &&
                 json.data[0] == '[' && list_holds(json, argument(values[2]), false, &work);
    give_bool(context, found, &work);
}

static void function_found(sqlite3_context *context, int count, sqlite3_value **values)
{
    CHECK(count == 2);
    struct bytes folded = argument(values[1]), name, value;
    struct walk w;
    struct buf work = {0};
    bool found = false;
    bool entered = walk_enter(&w, argument(values[0]), '{');
    while (entered && !found && next_member(&w, &name, &value))
        found = value.data[0] == '[' ? list_holds(value, folded, true, &work)
                                     : folds_to(value, folded, true, &work);
    give_bool(context, found, &work);
}

enum status sql_open(const char *path, sqlite3 **out, struct fault *f)
{
    sqlite3 *db = NULL;
    int result = sqlite3_open_v2(path != NULL ? path : ":memory:", &db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                     SQLITE_OPEN_PRIVATECACHE,
                                 NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function(db, "reads", 2, FUNCTION_FLAGS, NULL, function_reads, NULL,
                                         NULL);
    if (result == SQLITE_OK)
        result =
            sqlite3_create_function(db, "has", 2, FUNCTION_FLAGS, NULL, function_has, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function(db, "holds", 3, FUNCTION_FLAGS, NULL, function_holds, NULL,
                                         NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function(db, "found", 2, FUNCTION_FLAGS, NULL, function_found, NULL,
                                         NULL);
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

enum status sql_bind_value(sqlite3_stmt *statement, int which, struct bytes json, struct buf *text,
                           struct fault *f)
{
    CHECK(json.count > 0);
    int64_t number = json.data[0] == 't' ? 1 : 0;
    buf_reset(text);
    if (json.data[0] == '"') {
        fold_value(json, text);
        enum status status = buf_status(text);
        return status == ST_OK ? sql_bind(statement, which, buf_bytes(text), f) : status;
    }
    if (is_number(json) && json_take_integer(json, &number) != ST_OK)
        return fault_set(f, ST_BAD_VALUE, "no value to compare with");
    int result = sqlite3_bind_int64(statement, which, number);
    return sql_status(sqlite3_db_handle(statement), result, f);
}

struct bytes sql_column(sqlite3_stmt *statement, int which)
{
    const uint8_t *text = sqlite3_column_text(statement, which);
    return (struct bytes){text, text != NULL ? (size_t)sqlite3_column_bytes(statement, which) : 0};
}
