/*
 * import_kit: an import whose rows and rejects come out as text, one line each.
 */
#ifndef TESTS_IMPORT_KIT_H
#define TESTS_IMPORT_KIT_H

#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "replicas/import.h"
#include "replicas/op.h"

static const struct digest network = {{7}};

/* What came out of an import: one line a row. */
struct sunk {
    struct buf rows, rejects, left_out;
    uint32_t row_count, reject_count;
    enum status answer;
    uint8_t random;
    const char *type;
};

static inline enum status sink_row(void *user, const struct import_row *row)
{
    struct sunk *s = user;
    uint8_t id[RECORD_ID_BYTES];
    s->row_count++;
    if (row->has_id) {
        op_record_id(&network, bytes_of_text(s->type), row->key, id);
        assert_memory_equal(id, row->id, RECORD_ID_BYTES);
    }
    buf_add_format(&s->rows, "%llu %s %.*s", (unsigned long long)row->line,
                   row->has_id ? "id" : "-", (int)row->key.count,
                   row->key.count == 0 ? "" : (const char *)row->key.data);
    for (uint32_t i = 0; row->content.data == NULL && i < row->field_count; i++) {
        const struct import_field *field = &row->fields[i];
        struct bytes json = buf_bytes(&field->json);
        assert_true(field->field->kind == SCHEMA_SET ||
                    schema_check(field->field, json, NULL) != ST_BAD_VALUE);
        buf_add_format(&s->rows, " %s=%.*s", field->field->name, (int)json.count,
                       (const char *)json.data);
    }
    buf_add_text(&s->rows, row->content.data == NULL ? "" : " ");
    buf_add_bytes(&s->rows, row->content);
    buf_add_text(&s->rows, "\n");
    return s->answer;
}

static inline enum status sink_reject(void *user, uint64_t line, struct bytes raw, const char *why)
{
    struct sunk *s = user;
    s->reject_count++;
    buf_add_format(&s->rejects, "%llu [%.*s] %s\n", (unsigned long long)line, (int)raw.count,
                   raw.count == 0 ? "" : (const char *)raw.data, why);
    return ST_OK;
}

static inline void sink_left_out(void *user, const char *column)
{
    struct sunk *s = user;
    buf_add_format(&s->left_out, "%s ", column);
}

static inline void sink_entropy(void *user, void *out, size_t count)
{
    struct sunk *s = user;
    memset(out, ++s->random, count);
}

static inline void release(struct sunk *s)
{
    buf_release(&s->rows);
    buf_release(&s->rejects);
    buf_release(&s->left_out);
    *s = (struct sunk){0};
}

static inline enum status run(const struct schema *schema, const char *type,
                              const struct import_options *more, struct bytes content,
                              struct sunk *s, struct import_totals *totals, struct fault *f)
{
    struct import_options o = more != NULL ? *more : (struct import_options){0};
    struct import_sink sink = {s, sink_row, sink_reject, sink_left_out, sink_entropy};
    o.schema = schema;
    o.type = schema_type(schema, bytes_of_text(type));
    o.network = &network;
    o.writer = BYTES("santiago");
    assert_non_null(o.type);
    s->type = type;
    return import_csv(&o, content, &sink, totals, f);
}

static inline void expect_rows(const char *type, const char *csv, const char *rows,
                               const char *rejects)
{
    struct schema *schema = programme_schema();
    struct sunk s = {0};
    struct import_totals totals;
    struct fault f = {0};
    if (run(schema, type, NULL, bytes_of_text(csv), &s, &totals, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_string_equal(buf_text(&s.rows), rows);
    assert_string_equal(buf_text(&s.rejects), rejects);
    assert_int_equal(totals.rejected, s.reject_count);
    assert_int_equal(totals.rows, s.reject_count + s.row_count);
    release(&s);
    schema_free(schema);
}

static inline void expect_fault(const char *type, const struct import_options *more,
                                const char *csv, const char *text, const char *fix)
{
    struct schema *schema = programme_schema();
    struct sunk s = {0};
    struct import_totals totals;
    struct fault f = {0};
    assert_int_equal(run(schema, type, more, bytes_of_text(csv), &s, &totals, &f), ST_BAD_VALUE);
    if (strstr(f.text, text) == NULL || strstr(f.fix, fix) == NULL)
        fail_msg("%s (%s)", f.text, f.fix);
    assert_int_equal(s.row_count, 0);
    release(&s);
    schema_free(schema);
}

#endif
