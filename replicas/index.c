#include "replicas/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/fold.h"
#include "replicas/reading.h"
#include "replicas/sql.h"
#include "replicas/tree.h"

enum {
    CACHE_KIB = 4096,        /* pages kept in memory */
    CACHE_BULK_KIB = 16384,  /* while many rows change: a random id lands on any page */
    WAL_BYTES_MAX = 4 * MIB, /* what is left of the log after a great transaction */
    TIDY_EVERY = 1024,       /* records read between two tidyings of the store */
    BULK_ROWS = 4096,
    PATH_FILE_MAX = 4096,
    BUSY_MS = 2000,
};

static const char FORMAT[] = "2"; /* of the tables: a file of another one is built anew */

struct index {
    sqlite3 *db;
    sqlite3_stmt *put, *drop, *mark; /* kept: to prepare them costs more than a row */
    char *path;                      /* NULL: in memory */
    struct oid tree;
    bool placed;      /* 'tree' holds the rows; false: none were ever written */
    uint32_t charter; /* version whose indexes exist */
};

/* ---- The file ---- */

static const char *const TABLES =
    "CREATE TABLE IF NOT EXISTS record(id TEXT NOT NULL, type TEXT NOT NULL, fields TEXT NOT NULL,"
    " conflicts INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX IF NOT EXISTS record_id ON record(id, type);"
    "CREATE INDEX IF NOT EXISTS record_type ON record(type, id);"
    "CREATE INDEX IF NOT EXISTS record_conflict ON record(type, id) WHERE conflicts > 0;"
    "CREATE TABLE IF NOT EXISTS place(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

static enum status set_up(sqlite3 *db, struct fault *f)
{
    char text[512];
    snprintf(text, sizeof text,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
             "PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0; PRAGMA cache_size=-%d;"
             "PRAGMA journal_size_limit=%u; PRAGMA busy_timeout=%d;",
             CACHE_KIB, WAL_BYTES_MAX, BUSY_MS);
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

static enum status write_place(struct index *ix, const char *name, const char *value,
                               struct fault *f)
{
    bool row = false;
    enum status status = sql_bind(ix->mark, 1, bytes_of_text(name), f);
    if (status == ST_OK)
        status = sql_bind(ix->mark, 2, bytes_of_text(value), f);
    return status == ST_OK ? sql_step(ix->mark, &row, f) : status;
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

static enum status prepare(struct index *ix, struct fault *f)
{
    enum status status = sql_prepare(ix->db,
                                     "INSERT INTO record VALUES(?, ?, ?, ?) ON CONFLICT(id, type)"
                                     " DO UPDATE SET fields = excluded.fields,"
                                     " conflicts = excluded.conflicts",
                                     &ix->put, f);
    if (status == ST_OK)
        status = sql_prepare(ix->db, "DELETE FROM record WHERE id = ? AND type = ?", &ix->drop, f);
    if (status == ST_OK)
        status = sql_prepare(ix->db, "INSERT OR REPLACE INTO place VALUES(?, ?)", &ix->mark, f);
    return status;
}

static void disconnect(struct index *ix)
{
    sqlite3_finalize(ix->put);
    sqlite3_finalize(ix->drop);
    sqlite3_finalize(ix->mark);
    sql_close(ix->db);
    ix->put = ix->drop = ix->mark = NULL;
    ix->db = NULL;
}

static enum status read_places(struct index *ix, struct fault *f)
{
    struct buf value = {0};
    bool found = false;
    enum status status = read_place(ix->db, "format", &value, &found, f);
    if (status == ST_OK && found && !bytes_equal_text(buf_bytes(&value), FORMAT))
        status = fault_set(f, ST_CORRUPT, "the index has another format");
    else if (status == ST_OK && !found)
        status = sql_run(ix->db, STATISTICS, f);
    buf_reset(&value);
    if (status == ST_OK)
        status = read_place(ix->db, "tree", &value, &found, f);
    if (status == ST_OK && found) {
        ix->placed = hex_decode(buf_bytes(&value), ix->tree.id, OID_BYTES) == ST_OK;
        if (!ix->placed)
            status = fault_set(f, ST_CORRUPT, "the index does not name a tree");
    }
    buf_release(&value);
    return status;
}

static enum status connect_file(struct index *ix, struct fault *f)
{
    if (ix->path != NULL) { /* SQLite's own files take this one's mode */
        int fd = open(ix->path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (fd < 0)
            return fault_errno(f, errno, "%s", ix->path);
        close(fd);
    }
    ix->placed = false;
    ix->charter = 0;
    enum status status = sql_open(ix->path, &ix->db, f);
    if (status == ST_OK)
        status = set_up(ix->db, f);
    if (status == ST_OK)
        status = read_places(ix, f);
    if (status == ST_OK)
        status = prepare(ix, f);
    if (status == ST_OK)
        status = write_place(ix, "format", FORMAT, f);
    return status;
}

static void remove_files(const struct index *ix)
{
    if (ix->path == NULL)
        return;
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[PATH_FILE_MAX];
        int used = snprintf(name, sizeof name, "%s%s", ix->path, ends[i]);
        if (used > 0 && (size_t)used < sizeof name)
            (void)unlink(name); /* what stays is found damaged again, and said */
    }
}

static enum status start_anew(struct index *ix, struct fault *f)
{
    disconnect(ix);
    remove_files(ix);
    return connect_file(ix, f);
}

enum status index_open(const char *path, struct index **out, struct fault *f)
{
    struct index *ix = mem_alloc(sizeof *ix);
    if (ix == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    enum status status = ST_OK;
    if (path != NULL) {
        struct bytes text = bytes_of_text(path);
        ix->path = mem_text(path, text.count);
        if (ix->path == NULL)
            status = fault_set(f, ST_NO_MEMORY, "out of memory");
    }
    if (status == ST_OK)
        status = connect_file(ix, f);
    if (status == ST_CORRUPT)
        status = start_anew(ix, f);
    if (status != ST_OK) {
        index_close(ix);
        return status;
    }
    *out = ix;
    return ST_OK;
}

void index_close(struct index *ix)
{
    if (ix == NULL)
        return;
    disconnect(ix);
    mem_free(ix->path);
    mem_free(ix);
}

/* ---- What changed ---- */

struct step {        /* one record to write or to remove */
    struct oid blob; /* zero: gone */
    uint32_t type;   /* in steps.types */
    char id[ENTRY_ID_TEXT + 1];
};

struct steps {
    struct step *list;
    size_t count, capacity;
    char (*types)[NAME_BYTES_MAX + 1];
    uint32_t type_count;
};

static void steps_release(struct steps *s)
{
    mem_free(s->list);
    mem_free(s->types);
    *s = (struct steps){0};
}

static enum status type_number(struct steps *s, struct bytes type, uint32_t *out)
{
    for (uint32_t i = s->type_count; i-- > 0;) {
        if (bytes_equal_text(type, s->types[i])) {
            *out = i;
            return ST_OK;
        }
    }
    void *grown = mem_resize(s->types, (s->type_count + 1) * sizeof *s->types);
    if (grown == NULL)
        return ST_NO_MEMORY;
    s->types = grown;
    memcpy(s->types[s->type_count], type.data, type.count);
    s->types[s->type_count][type.count] = '\0';
    *out = s->type_count++;
    return ST_OK;
}

/* "records/<type>/h/h/h/<id>.json"; false: no record's path. */
static bool split_path(const char *path, struct bytes *type_out, struct bytes *id_out)
{
    static const char start[] = "records/", end[] = ".json";
    if (strncmp(path, start, sizeof start - 1) != 0)
        return false;
    const char *type = path + sizeof start - 1;
    const char *slash = strchr(type, '/'), *last = strrchr(path, '/');
    if (slash == NULL || last == NULL || last <= slash)
        return false;
    struct bytes file = bytes_of_text(last + 1);
    if (file.count <= sizeof end - 1)
        return false;
    *type_out = (struct bytes){(const uint8_t *)type, (size_t)(slash - type)};
    *id_out = (struct bytes){file.data, file.count - (sizeof end - 1)};
    return name_is_valid(*type_out) &&
           (id_out->count == RECORD_ID_TEXT || id_out->count == ENTRY_ID_TEXT);
}

static enum status add_step(void *user, const char *path, const struct oid *a, const struct oid *b)
{
    (void)a;
    struct steps *s = user;
    struct bytes type, id;
    if (!split_path(path, &type, &id))
        return ST_OK; /* accounts, charters: not rows */
    if (s->count == s->capacity) {
        size_t capacity = s->capacity > 0 ? 2 * s->capacity : 64;
        void *grown = mem_resize(s->list, capacity * sizeof *s->list);
        if (grown == NULL)
            return ST_NO_MEMORY;
        s->list = grown;
        s->capacity = capacity;
    }
    struct step *step = &s->list[s->count];
    step->blob = *b;
    memcpy(step->id, id.data, id.count);
    step->id[id.count] = '\0';
    enum status status = type_number(s, type, &step->type);
    if (status == ST_OK)
        s->count++;
    return status;
}

/* ---- Writing rows ---- */

struct writer {
    struct index *index;
    struct store *store;
    struct buf fields;
};

static enum status put_row(struct writer *w, const struct step *step, const char *type,
                           struct fault *f)
{
    struct bytes data;
    struct record record = {0};
    bool row = false;
    enum status status = store_read(w->store, &step->blob, STORE_BLOB, &data, f);
    if (status == ST_OK) {
        status = record_parse(data, &record);
        if (status != ST_OK) /* whoever wrote it was checked: these bytes are damaged */
            return fault_set(f, status == ST_NO_MEMORY ? status : ST_CORRUPT, "record %s: %s",
                             step->id, status_text(status));
    }
    if (status == ST_OK) {
        buf_reset(&w->fields);
        reading_fields(&record, &w->fields);
        status = buf_status(&w->fields);
    }
    if (status == ST_OK)
        status = sql_bind(w->index->put, 1, bytes_of_text(step->id), f);
    if (status == ST_OK)
        status = sql_bind(w->index->put, 2, bytes_of_text(type), f);
    if (status == ST_OK)
        status = sql_bind(w->index->put, 3, buf_bytes(&w->fields), f);
    if (status == ST_OK) {
        sqlite3_bind_int64(w->index->put, 4, reading_conflicts(&record));
        status = sql_step(w->index->put, &row, f);
    }
    record_release(&record);
    return status;
}

static enum status drop_row(struct writer *w, const struct step *step, const char *type,
                            struct fault *f)
{
    bool row = false;
    enum status status = sql_bind(w->index->drop, 1, bytes_of_text(step->id), f);
    if (status == ST_OK)
        status = sql_bind(w->index->drop, 2, bytes_of_text(type), f);
    if (status == ST_OK)
        status = sql_step(w->index->drop, &row, f);
    return status;
}

static enum status write_rows(struct index *ix, struct store *store, const struct steps *steps,
                              struct fault *f)
{
    struct writer w = {.index = ix, .store = store};
    enum status status = ST_OK;
    for (size_t i = 0; status == ST_OK && i < steps->count; i++) {
        const struct step *step = &steps->list[i];
        const char *type = steps->types[step->type];
        status =
            oid_is_zero(&step->blob) ? drop_row(&w, step, type, f) : put_row(&w, step, type, f);
        if (i % TIDY_EVERY == TIDY_EVERY - 1)
            store_tidy(store);
    }
    buf_release(&w.fields);
    return status;
}

/* ---- The schema's indexes ---- */

static enum status add_field_index(struct index *ix, const char *type, const char *field,
                                   struct fault *f)
{
    CHECK(name_is_valid(bytes_of_text(type)) && name_is_valid(bytes_of_text(field)));
    char text[4 * NAME_BYTES_MAX + 256];
    snprintf(text, sizeof text,
             "CREATE INDEX IF NOT EXISTS \"by:%s.%s\" ON record"
             "(reads(fields, '%s'), id) WHERE type = '%s'",
             type, field, field, type);
    return sql_run(ix->db, text, f);
}

static enum status add_indexes(struct index *ix, const struct charter *newest, struct fault *f)
{
    enum status status = ST_OK;
    for (uint32_t t = 0; t < newest->schema->type_count && status == ST_OK; t++) {
        const struct schema_type *type = &newest->schema->types[t];
        for (uint32_t i = 0; i < type->field_count && status == ST_OK; i++) {
            const struct schema_field *field = &type->fields[i];
            bool wanted = field->index || strcmp(field->name, type->key) == 0;
            if (wanted && field->kind != SCHEMA_SET && field->class == SCHEMA_OPEN)
                status = add_field_index(ix, type->name, field->name, f);
        }
        if (status == ST_OK && type->entry)
            status = add_field_index(ix, type->name, "ref", f);
    }
    return status;
}

/* ---- Moving ---- */

static void set_cache(struct index *ix, int kib)
{
    char text[64];
    snprintf(text, sizeof text, "PRAGMA cache_size=-%d", kib);
    if (sqlite3_exec(ix->db, text, NULL, NULL, NULL) == SQLITE_OK && kib == CACHE_KIB)
        sqlite3_db_release_memory(ix->db);
}

static enum status write_moved(struct index *ix, struct store *store, const struct steps *steps,
                               const struct oid *state, const struct charter *newest,
                               struct fault *f)
{
    char hex[OID_TEXT + 1];
    hex_encode(state->id, OID_BYTES, hex);
    enum status status = sql_run(ix->db, "BEGIN IMMEDIATE", f);
    if (status == ST_OK)
        status = write_rows(ix, store, steps, f);
    if (status == ST_OK && ix->charter != newest->version)
        status = add_indexes(ix, newest, f);
    if (status == ST_OK)
        status = write_place(ix, "tree", hex, f);
    if (status == ST_OK)
        status = sql_run(ix->db, "COMMIT", f);
    if (status != ST_OK)
        (void)sqlite3_exec(ix->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum status move(struct index *ix, struct store *store, const struct oid *state,
                        const struct charter *newest, struct fault *f)
{
    if (ix->placed && oid_equal(&ix->tree, state) && ix->charter == newest->version)
        return ST_OK;
    struct steps steps = {0};
    struct oid from;
    tree_empty(&from);
    enum status status = ST_NOT_FOUND;
    if (ix->placed) {
        status = tree_diff(store, &ix->tree, state, add_step, &steps, f);
        if (status == ST_NOT_FOUND || status == ST_CORRUPT) {
            status = start_anew(ix, f); /* it stands at a tree that was never kept */
            steps_release(&steps);
            if (status == ST_OK)
                status = ST_NOT_FOUND;
        }
    }
    if (status == ST_NOT_FOUND)
        status = tree_diff(store, &from, state, add_step, &steps, f);
    store_tidy(store);
    bool bulk = steps.count > BULK_ROWS;
    if (bulk)
        set_cache(ix, CACHE_BULK_KIB);
    if (status == ST_OK)
        status = write_moved(ix, store, &steps, state, newest, f);
    if (bulk)
        set_cache(ix, CACHE_KIB);
    steps_release(&steps);
    if (status == ST_OK) {
        ix->tree = *state;
        ix->placed = true;
        ix->charter = newest->version;
    }
    return status;
}

enum status index_update(struct index *ix, struct store *store, const struct oid *state,
                         const struct charter *newest, struct fault *f)
{
    CHECK(newest != NULL && newest->version > 0);
    /* A full disk may have stopped a file that was being made anew: now is another try. */
    enum status status = ix->mark != NULL ? ST_OK : start_anew(ix, f);
    if (status == ST_OK)
        status = move(ix, store, state, newest, f);
    int result = sqlite3_errcode(ix->db) & 0xff;
    if (status == ST_CORRUPT && (result == SQLITE_CORRUPT || result == SQLITE_NOTADB)) {
        status = start_anew(ix, f);
        if (status == ST_OK)
            status = move(ix, store, state, newest, f);
    }
    return status;
}

enum status index_rebuild(struct index *ix, struct store *store, const struct oid *state,
                          const struct charter *newest, struct fault *f)
{
    enum status status = start_anew(ix, f);
    return status == ST_OK ? index_update(ix, store, state, newest, f) : status;
}

/* ---- Questions ---- */

static enum status each_row(sqlite3_stmt *statement, index_row_fn each, void *user, struct fault *f)
{
    for (;;) {
        bool there = false;
        enum status status = sql_step(statement, &there, f);
        if (status != ST_OK || !there)
            return status;
        struct index_row row = {
            .id = sql_column(statement, 0),
            .type = sql_column(statement, 1),
            .fields = sql_column(statement, 2),
            .conflicts = (uint32_t)sqlite3_column_int64(statement, 3),
        };
        status = each(user, &row);
        if (status != ST_OK)
            return status;
    }
}

struct found_ids {
    struct index_id *out;
    uint32_t max, count;
};

static enum status take_id(void *user, const struct index_row *row)
{
    struct found_ids *found = user;
    CHECK(found->count < found->max);
    if (row->id.count > ENTRY_ID_TEXT || row->type.count > NAME_BYTES_MAX)
        return ST_CORRUPT;
    struct index_id *id = &found->out[found->count++];
    memcpy(id->id, row->id.data, row->id.count);
    id->id[row->id.count] = '\0';
    memcpy(id->type, row->type.data, row->type.count);
    id->type[row->type.count] = '\0';
    return ST_OK;
}

enum status index_find_id(struct index *ix, struct bytes prefix, struct index_id *out, uint32_t max,
                          uint32_t *count_out, struct fault *f)
{
    struct found_ids found = {.out = out, .max = max};
    *count_out = 0;
    sqlite3_stmt *statement = NULL;
    /* 'g' is above every hex digit: the range holds the ids that begin with the prefix. */
    enum status status = sql_prepare(ix->db,
                                     "SELECT id, type, '', 0 FROM record WHERE id >= ?1"
                                     " AND id < ?1 || 'g' ORDER BY id LIMIT ?2",
                                     &statement, f);
    if (status == ST_OK)
        status = sql_bind(statement, 1, prefix, f);
    if (status == ST_OK) {
        sqlite3_bind_int64(statement, 2, max);
        status = each_row(statement, take_id, &found, f);
    }
    sqlite3_finalize(statement);
    if (status == ST_OK)
        *count_out = found.count;
    return status;
}

static void add_where(const struct index_query *q, struct buf *sql)
{
    buf_add_format(sql, " FROM record WHERE type = '%s'", q->type);
    for (uint32_t i = 0; i < q->filter_count; i++) {
        const struct index_filter *filter = &q->filters[i];
        CHECK(name_is_valid(bytes_of_text(filter->field)));
        if (bytes_equal_text(filter->json, "null"))
            buf_add_format(sql, " AND reads(fields, '%s') IS NULL", filter->field);
        else if (filter->set)
            buf_add_format(sql, " AND holds(fields, '%s', ?%u)", filter->field, i + 1);
        else
            buf_add_format(sql, " AND reads(fields, '%s') = ?%u", filter->field, i + 1);
    }
}

/* A question under way: its statement borrows the folded texts that it is bound to. */
struct question {
    sqlite3_stmt *statement;
    struct buf sql, texts[INDEX_FILTERS_MAX];
};

static enum status ask(struct index *ix, const struct index_query *q, struct question *out,
                       struct fault *f)
{
    enum status status = buf_status(&out->sql);
    if (status == ST_OK)
        status = sql_prepare(ix->db, buf_text(&out->sql), &out->statement, f);
    for (uint32_t i = 0; i < q->filter_count && status == ST_OK; i++)
        if (!bytes_equal_text(q->filters[i].json, "null"))
            status =
                sql_bind_value(out->statement, (int)i + 1, q->filters[i].json, &out->texts[i], f);
    return status;
}

static void question_release(struct question *q)
{
    sqlite3_finalize(q->statement);
    buf_release(&q->sql);
    for (uint32_t i = 0; i < INDEX_FILTERS_MAX; i++)
        buf_release(&q->texts[i]);
}

enum status index_list(struct index *ix, const struct index_query *q, index_row_fn each, void *user,
                       struct fault *f)
{
    CHECK(q->filter_count <= INDEX_FILTERS_MAX && name_is_valid(bytes_of_text(q->type)));
    struct question question = {0};
    const char *way = q->descending ? "DESC" : "ASC";
    buf_add_text(&question.sql, "SELECT id, type, fields, conflicts");
    add_where(q, &question.sql);
    if (q->sort != NULL) {
        CHECK(name_is_valid(bytes_of_text(q->sort)));
        buf_add_format(&question.sql, " ORDER BY reads(fields, '%s') %s, id %s", q->sort, way, way);
    } else {
        buf_add_format(&question.sql, " ORDER BY id %s", way);
    }
    if (q->limit > 0)
        buf_add_format(&question.sql, " LIMIT %llu", (unsigned long long)q->limit);
    enum status status = ask(ix, q, &question, f);
    if (status == ST_OK)
        status = each_row(question.statement, each, user, f);
    question_release(&question);
    return status;
}

static enum status one_number(sqlite3_stmt *statement, int columns, uint64_t *out, struct fault *f)
{
    bool row = false;
    enum status status = sql_step(statement, &row, f);
    for (int i = 0; i < columns && status == ST_OK; i++)
        out[i] = row ? (uint64_t)sqlite3_column_int64(statement, i) : 0;
    return status;
}

enum status index_count(struct index *ix, const struct index_query *q, uint64_t *count_out,
                        struct fault *f)
{
    CHECK(q->filter_count <= INDEX_FILTERS_MAX && name_is_valid(bytes_of_text(q->type)));
    struct question question = {0};
    buf_add_text(&question.sql, "SELECT count(*)");
    add_where(q, &question.sql);
    enum status status = ask(ix, q, &question, f);
    if (status == ST_OK)
        status = one_number(question.statement, 1, count_out, f);
    question_release(&question);
    return status;
}

enum status index_search(struct index *ix, struct bytes text, uint64_t limit, index_row_fn each,
                         void *user, struct fault *f)
{
    struct buf folded = {0};
    fold_text(text, &folded);
    sqlite3_stmt *statement = NULL;
    enum status status = buf_status(&folded);
    if (status == ST_OK)
        status = sql_prepare(ix->db,
                             "SELECT id, type, fields, conflicts FROM record"
                             " WHERE found(fields, ?1) ORDER BY type, id LIMIT ?2",
                             &statement, f);
    if (status == ST_OK)
        status = sql_bind(statement, 1, buf_bytes(&folded), f);
    if (status == ST_OK) {
        sqlite3_bind_int64(statement, 2, limit > 0 && limit < INT64_MAX ? (int64_t)limit : -1);
        status = each_row(statement, each, user, f);
    }
    sqlite3_finalize(statement);
    buf_release(&folded);
    return status;
}

enum status index_conflicted(struct index *ix, index_row_fn each, void *user, struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    enum status status = sql_prepare(ix->db,
                                     "SELECT id, type, fields, conflicts FROM record"
                                     " WHERE conflicts > 0 ORDER BY type, id",
                                     &statement, f);
    if (status == ST_OK)
        status = each_row(statement, each, user, f);
    sqlite3_finalize(statement);
    return status;
}

enum status index_totals(struct index *ix, uint64_t *records_out, uint64_t *conflicted_out,
                         struct fault *f)
{
    sqlite3_stmt *statement = NULL;
    uint64_t totals[2] = {0, 0};
    enum status status = sql_prepare(ix->db,
                                     "SELECT (SELECT count(*) FROM record),"
                                     " (SELECT count(*) FROM record WHERE conflicts > 0)",
                                     &statement, f);
    if (status == ST_OK)
        status = one_number(statement, 2, totals, f);
    sqlite3_finalize(statement);
    if (status == ST_OK) {
        *records_out = totals[0];
        *conflicted_out = totals[1];
    }
    return status;
}
