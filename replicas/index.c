#include "replicas/index.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/fold.h"
#include "replicas/index_file.h"
#include "replicas/index_steps.h"
#include "replicas/reading.h"
#include "replicas/sql.h"
#include "replicas/tree.h"

enum {
    CACHE_BULK_KIB = 16384, /* while many rows change: a random id lands on any page */
    TIDY_EVERY = 1024,      /* records read between two tidyings of the store */
    BULK_ROWS = 4096,
};

struct index {
    struct index_file file;
    uint32_t charter; /* version whose indexes exist */
};

static enum status start_anew(struct index *ix, struct fault *f)
{
    ix->charter = 0;
    return index_file_anew(&ix->file, f);
}

enum status index_open(const char *path, struct index **out, struct fault *f)
{
    struct index *ix = mem_alloc(sizeof *ix);
    if (ix == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    enum status status = index_file_open(path, &ix->file, f);
    if (status != ST_OK) {
        mem_free(ix);
        return status;
    }
    *out = ix;
    return ST_OK;
}

void index_close(struct index *ix)
{
    if (ix == NULL)
        return;
    index_file_close(&ix->file);
    mem_free(ix);
}

struct index_plain *index_plain_part(struct index *ix)
{
    return &ix->file.plain;
}

/* ---- Writing rows ---- */

static uint32_t count_sealed(const struct record *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->field_count; i++)
        count += reading_is_sealed(record_reads(r, &r->fields[i])->json) ? 1 : 0;
    return count;
}

struct writer {
    struct index *index;
    struct store *store;
    struct buf fields;
};

static enum status put_row(struct writer *w, const struct index_step *step, const char *type,
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
        status = sql_bind(w->index->file.put, 1, bytes_of_text(step->id), f);
    if (status == ST_OK)
        status = sql_bind(w->index->file.put, 2, bytes_of_text(type), f);
    if (status == ST_OK)
        status = sql_bind(w->index->file.put, 3, buf_bytes(&w->fields), f);
    if (status == ST_OK) {
        uint32_t sealed = count_sealed(&record);
        sqlite3_bind_int64(w->index->file.put, 4, reading_conflicts(&record));
        sqlite3_bind_int64(w->index->file.put, 5, sealed);
        status = sql_step(w->index->file.put, &row, f);
        if (status == ST_OK && sealed > 0)
            status = index_plain_mark(&w->index->file.plain, bytes_of_text(step->id),
                                      bytes_of_text(type), f);
    }
    record_release(&record);
    return status;
}

static enum status drop_row(struct writer *w, const struct index_step *step, const char *type,
                            struct fault *f)
{
    bool row = false;
    enum status status = sql_bind(w->index->file.drop, 1, bytes_of_text(step->id), f);
    if (status == ST_OK)
        status = sql_bind(w->index->file.drop, 2, bytes_of_text(type), f);
    if (status == ST_OK)
        status = sql_step(w->index->file.drop, &row, f);
    if (status == ST_OK)
        status = index_plain_mark(&w->index->file.plain, bytes_of_text(step->id),
                                  bytes_of_text(type), f);
    return status;
}

static enum status write_rows(struct index *ix, struct store *store,
                              const struct index_steps *steps, struct fault *f)
{
    struct writer w = {.index = ix, .store = store};
    enum status status = ST_OK;
    for (size_t i = 0; status == ST_OK && i < steps->count; i++) {
        const struct index_step *step = &steps->list[i];
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
    return sql_run(ix->file.db, text, f);
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

static enum status write_moved(struct index *ix, struct store *store,
                               const struct index_steps *steps, const struct oid *state,
                               const struct charter *newest, struct fault *f)
{
    char hex[OID_TEXT + 1];
    hex_encode(state->id, OID_BYTES, hex);
    enum status status = sql_run(ix->file.db, "BEGIN IMMEDIATE", f);
    if (status == ST_OK)
        status = write_rows(ix, store, steps, f);
    if (status == ST_OK && ix->charter != newest->version)
        status = add_indexes(ix, newest, f);
    if (status == ST_OK)
        status = index_file_mark(&ix->file, "tree", hex, f);
    if (status == ST_OK)
        status = sql_run(ix->file.db, "COMMIT", f);
    if (status != ST_OK)
        (void)sqlite3_exec(ix->file.db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum status move(struct index *ix, struct store *store, const struct oid *state,
                        const struct charter *newest, struct fault *f)
{
    if (ix->file.placed && oid_equal(&ix->file.tree, state) && ix->charter == newest->version)
        return ST_OK;
    struct index_steps steps = {0};
    struct oid from;
    tree_empty(&from);
    enum status status = ST_NOT_FOUND;
    if (ix->file.placed) {
        status = tree_diff(store, &ix->file.tree, state, index_steps_add, &steps, f);
        if (status == ST_NOT_FOUND || status == ST_CORRUPT) {
            status = start_anew(ix, f); /* it stands at a tree that was never kept */
            index_steps_release(&steps);
            if (status == ST_OK)
                status = ST_NOT_FOUND;
        }
    }
    if (status == ST_NOT_FOUND)
        status = tree_diff(store, &from, state, index_steps_add, &steps, f);
    store_tidy(store);
    bool bulk = steps.count > BULK_ROWS;
    if (bulk)
        index_file_cache(&ix->file, CACHE_BULK_KIB);
    if (status == ST_OK)
        status = write_moved(ix, store, &steps, state, newest, f);
    if (bulk)
        index_file_cache(&ix->file, INDEX_FILE_CACHE_KIB);
    index_steps_release(&steps);
    if (status == ST_OK) {
        ix->file.tree = *state;
        ix->file.placed = true;
        ix->charter = newest->version;
    }
    return status;
}

enum status index_update(struct index *ix, struct store *store, const struct oid *state,
                         const struct charter *newest, struct fault *f)
{
    CHECK(newest != NULL && newest->version > 0);
    /* A full disk may have stopped a file that was being made anew: now is another try. */
    enum status status = ix->file.mark != NULL ? ST_OK : start_anew(ix, f);
    if (status == ST_OK)
        status = move(ix, store, state, newest, f);
    int result = sqlite3_errcode(ix->file.db) & 0xff;
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
            .sealed = (uint32_t)sqlite3_column_int64(statement, 4),
        };
        if (sqlite3_column_type(statement, 5) == SQLITE_TEXT)
            row.plain = sql_column(statement, 5);
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
    enum status status = sql_prepare(ix->file.db,
                                     "SELECT id, type, '', 0, 0, NULL FROM record WHERE id >= ?1"
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

#define COLUMNS                                                                                    \
    "SELECT record.id, record.type, record.fields, record.conflicts, record.sealed, p.fields"
#define JOINED                                                                                     \
    " FROM record LEFT JOIN plain.row AS p ON record.sealed > 0 AND p.id = record.id"              \
    " AND p.type = record.type"

static bool asks_sealed(const struct index_query *q)
{
    bool sealed = q->sort != NULL && q->sort_sealed;
    for (uint32_t i = 0; i < q->filter_count; i++)
        sealed = sealed || q->filters[i].sealed;
    return sealed;
}

static void add_where(const struct index_query *q, bool plain, struct buf *sql)
{
    if (plain)
        buf_add_text(sql, JOINED);
    else
        buf_add_text(sql, " FROM record");
    buf_add_format(sql, " WHERE record.type = '%s'", q->type);
    for (uint32_t i = 0; i < q->filter_count; i++) {
        const struct index_filter *filter = &q->filters[i];
        const char *from = filter->sealed ? "p" : "record";
        CHECK(name_is_valid(bytes_of_text(filter->field)));
        if (bytes_equal_text(filter->json, "null") && filter->sealed)
            buf_add_format(sql, " AND NOT has(record.fields, '%s')", filter->field);
        else if (bytes_equal_text(filter->json, "null"))
            buf_add_format(sql, " AND reads(record.fields, '%s') IS NULL", filter->field);
        else if (filter->set)
            buf_add_format(sql, " AND holds(record.fields, '%s', ?%u)", filter->field, i + 1);
        else
            buf_add_format(sql, " AND reads(%s.fields, '%s') = ?%u", from, filter->field, i + 1);
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
        status = sql_prepare(ix->file.db, buf_text(&out->sql), &out->statement, f);
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
    bool plain = q->plain || asks_sealed(q);
    if (plain)
        buf_add_text(&question.sql, COLUMNS);
    else
        buf_add_text(&question.sql, "SELECT id, type, fields, conflicts, sealed, NULL");
    add_where(q, plain, &question.sql);
    if (q->sort != NULL) {
        CHECK(name_is_valid(bytes_of_text(q->sort)));
        buf_add_format(&question.sql, " ORDER BY reads(%s.fields, '%s') %s, record.id %s",
                       q->sort_sealed ? "p" : "record", q->sort, way, way);
    } else {
        buf_add_format(&question.sql, " ORDER BY record.id %s", way);
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
    add_where(q, asks_sealed(q), &question.sql);
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
        status = sql_prepare(ix->file.db,
                             COLUMNS JOINED " WHERE found(record.fields, ?1) OR found(p.fields, ?1)"
                                            " ORDER BY record.type, record.id LIMIT ?2",
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
    enum status status = sql_prepare(ix->file.db,
                                     "SELECT id, type, fields, conflicts, sealed, NULL"
                                     " FROM record WHERE conflicts > 0 ORDER BY type, id",
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
    enum status status = sql_prepare(ix->file.db,
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
