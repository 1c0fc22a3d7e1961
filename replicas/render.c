#include "replicas/render.h"

#include <stdio.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/reading.h"
#include "replicas/reveal.h"

enum { SHORT_ID_DIGITS = 6 };

static void copy_text(char *out, size_t bytes, struct bytes text)
{
    size_t count = text.count < bytes - 1 ? text.count : bytes - 1;
    if (count > 0)
        memcpy(out, text.data, count);
    out[count] = '\0';
}

enum status render_change(struct replica *r, const struct record *record,
                          const struct change *change, struct render_change *out, struct fault *f)
{
    struct render_change v = {0};
    const struct record_seen *seen = record_seen(record, change);
    if (seen != NULL) {
        v.height = seen->height;
        copy_text(v.office, sizeof v.office, seen->label);
    }
    struct graph *graph = replica_graph(r);
    uint32_t node = graph_find_change(graph, change);
    enum status status = ST_OK;
    if (node != GRAPH_NONE) {
        const struct graph_node *n = graph_node(graph, node);
        hex_encode(n->id.id, OID_BYTES, v.commit);
        words_time(n->time, v.time);
        copy_text(v.office, sizeof v.office, bytes_of_text(graph_key(graph, n->key)->label));
        struct buf bytes = {0};
        struct item item;
        status = replica_item(r, node, &bytes, &item, f);
        if (status == ST_OK)
            copy_text(v.author, sizeof v.author, item.author);
        buf_release(&bytes);
    }
    if (status == ST_OK)
        *out = v;
    return status;
}

struct bytes render_author_name(const char *author)
{
    struct bytes whole = bytes_of_text(author);
    const char *mail = strstr(author, " <");
    return mail != NULL ? (struct bytes){whole.data, (size_t)(mail - author)} : whole;
}

void render_text(struct buf *out, const char *text)
{
    json_add_text(out, bytes_of_text(text));
}

/* Whether the change of value a comes before that of b, by (height, label, id). */
static bool before(const struct record *record, uint32_t a, uint32_t b)
{
    const struct change *one = &record->values[a].change, *other = &record->values[b].change;
    const struct record_seen *x = record_seen(record, one), *y = record_seen(record, other);
    CHECK(x != NULL && y != NULL);
    if (x->height != y->height)
        return x->height < y->height;
    int labels = bytes_compare(x->label, y->label);
    return labels != 0 ? labels < 0 : change_compare(one, other) < 0;
}

void render_order(const struct record *record, const struct record_field *field, uint32_t *out)
{
    for (uint32_t i = 0; i < field->count; i++) {
        uint32_t at = i;
        for (; at > 0 && before(record, field->first + i, out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = field->first + i;
    }
}

static enum status add_value(struct replica *r, const struct record *record, struct bytes field,
                             const struct record_value *value, struct buf *out, struct fault *f)
{
    struct render_change by;
    enum sealed_state state = SEALED_READ;
    enum status status = render_change(r, record, &value->change, &by, f);
    if (status != ST_OK)
        return status;
    buf_add_text(out, "{\"value\":");
    status = reveal_value(r, record, field, value->json, out, &state, f);
    if (status != ST_OK)
        return status;
    if (state != SEALED_READ)
        buf_add_format(out, ",\"sealed\":\"%s\"", sealed_state_text(state));
    buf_add_text(out, ",\"office\":");
    render_text(out, by.office);
    buf_add_text(out, ",\"author\":");
    render_text(out, by.author);
    buf_add_text(out, ",\"time\":");
    render_text(out, by.time);
    buf_add_text(out, ",\"commit\":");
    render_text(out, by.commit);
    buf_add_byte(out, '}');
    return ST_OK;
}

enum status render_values(struct replica *r, const struct record *record,
                          const struct record_field *field, struct buf *out, struct fault *f)
{
    uint32_t *order = mem_array(field->count, sizeof *order);
    if (order == NULL)
        return fault_set(f, ST_NO_MEMORY, "out of memory");
    render_order(record, field, order);
    enum status status = ST_OK;
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < field->count && status == ST_OK; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        status = add_value(r, record, field->name, &record->values[order[i]], out, f);
    }
    buf_add_byte(out, ']');
    mem_free(order);
    return status;
}

/* "fields" as they can be read here, and why some cannot. */
static enum status add_fields(struct replica *r, const struct record *record, struct buf *out,
                              struct fault *f)
{
    struct buf words = {0};
    buf_add_text(out, ",\"fields\":");
    enum status status = reveal_fields(r, record, out, &words, f);
    if (status == ST_OK && words.count > 2) {
        buf_add_text(out, ",\"sealed\":");
        buf_add_bytes(out, buf_bytes(&words));
    }
    buf_release(&words);
    return status;
}

enum status render_record(struct replica *r, const struct record *record, struct buf *out,
                          struct fault *f)
{
    buf_add_text(out, "\"id\":");
    json_add_text(out, record->id);
    buf_add_text(out, ",\"type\":");
    json_add_text(out, record->type);
    enum status status = add_fields(r, record, out, f);
    buf_add_text(out, ",\"conflicts\":{");
    bool first = true;
    for (uint32_t i = 0; i < record->field_count && status == ST_OK; i++) {
        const struct record_field *field = &record->fields[i];
        if (!record_conflicts(record, field))
            continue;
        if (!first)
            buf_add_byte(out, ',');
        first = false;
        json_add_text(out, field->name);
        buf_add_byte(out, ':');
        status = render_values(r, record, field, out, f);
    }
    buf_add_byte(out, '}');
    return status == ST_OK ? buf_status(out) : status;
}

void render_name(struct replica *r, const struct record *record, struct buf *out)
{
    const struct charter *newest = charter_newest(replica_charters(r));
    const struct schema_type *type = schema_type(newest->schema, record->type);
    size_t start = out->count;
    if (record->entry.count > 0) {
        /* An import's key; what a command made is random digits, which nobody calls it by. */
        if (schema_entry_text(record->entry, "ref", out) && out->count - start == RECORD_ID_TEXT)
            out->count = start;
    } else if (type != NULL && type->key[0] != '\0') {
        const struct record_field *key = record_field(record, bytes_of_text(type->key));
        if (key != NULL)
            reading_text(record_reads(record, key)->json, out);
    }
    if (out->count == start) {
        CHECK(record->id.count >= SHORT_ID_DIGITS);
        buf_add(out, record->id.data, SHORT_ID_DIGITS);
    }
}
