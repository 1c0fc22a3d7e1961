#include "replicas/import_row.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/op.h"

enum status import_row_init(struct import_row_maker *m, const struct schema_type *type,
                            const struct digest *network, uint32_t fields_max)
{
    *m = (struct import_row_maker){.type = type, .network = network, .capacity = fields_max};
    m->fields = mem_array(fields_max, sizeof *m->fields);
    return m->fields != NULL ? ST_OK : ST_NO_MEMORY;
}

void import_row_release(struct import_row_maker *m)
{
    for (uint32_t i = 0; m->fields != NULL && i < m->capacity; i++)
        buf_release(&m->fields[i].json);
    mem_free(m->fields);
    m->fields = NULL;
    buf_release(&m->content);
    buf_release(&m->scratch);
    elements_release(&m->elements);
}

void import_row_reset(struct import_row_maker *m)
{
    m->count = 0;
}

/* An id as it stands, or the id that the key of the other row derives. */
static enum status add_reference(struct import_row_maker *m, const struct schema_field *field,
                                 struct bytes cell, struct buf *out, struct fault *f)
{
    uint8_t id[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1];
    if (field->to_entry || cell.count == 0 || hex_decode(cell, id, RECORD_ID_BYTES) == ST_OK)
        return schema_value(field, cell, (struct bytes){NULL, 0}, out, f);
    op_record_id(m->network, bytes_of_text(field->to), cell, id);
    hex_encode(id, RECORD_ID_BYTES, hex);
    json_add_text(out, bytes_of_text(hex));
    return buf_status(out);
}

static struct bytes trimmed(struct bytes text)
{
    while (text.count > 0 && text.data[0] == ' ')
        text = (struct bytes){text.data + 1, text.count - 1};
    while (text.count > 0 && text.data[text.count - 1] == ' ')
        text.count--;
    return text;
}

static enum status add_set(struct import_row_maker *m, const struct schema_field *field,
                           struct bytes cell, struct buf *out, struct fault *f)
{
    elements_reset(&m->elements);
    while (cell.count > 0) {
        const uint8_t *mark = memchr(cell.data, ';', cell.count);
        size_t count = mark != NULL ? (size_t)(mark - cell.data) : cell.count;
        struct bytes one = trimmed((struct bytes){cell.data, count});
        size_t used = mark != NULL ? count + 1 : count;
        cell = (struct bytes){cell.data + used, cell.count - used};
        if (one.count == 0)
            continue;
        buf_reset(&m->scratch);
        enum status status = schema_value(field, one, (struct bytes){NULL, 0}, &m->scratch, f);
        if (status == ST_OK)
            status = elements_add(&m->elements, buf_bytes(&m->scratch));
        if (status == ST_TOO_LARGE)
            status =
                fault_set(f, ST_BAD_VALUE, "%s: more than %d elements", field->name, ELEMENTS_MAX);
        if (status != ST_OK)
            return status;
    }
    elements_write(&m->elements, out);
    return buf_status(out);
}

enum status import_row_add(struct import_row_maker *m, const struct schema_field *field,
                           struct bytes cell, struct bytes currency, struct fault *f)
{
    CHECK(m->count < m->capacity);
    CHECK(m->count == 0 || strcmp(m->fields[m->count - 1].field->name, field->name) < 0);
    if (cell.count == 0 && m->type->entry && !field->required)
        return ST_OK;
    struct import_field *out = &m->fields[m->count];
    enum status status;
    buf_reset(&out->json);
    if (field->kind == SCHEMA_SET)
        status = add_set(m, field, cell, &out->json, f);
    else if (field->kind == SCHEMA_REFERENCE)
        status = add_reference(m, field, cell, &out->json, f);
    else
        status = schema_value(field, cell, currency, &out->json, f);
    if (status != ST_OK)
        return status;
    out->field = field;
    out->filled = false;
    m->count++;
    return ST_OK;
}

enum status import_row_fill(struct import_row_maker *m, const struct schema_field *field,
                            struct bytes value, struct fault *f)
{
    uint32_t at = m->count;
    enum status status = import_row_add(m, field, value, (struct bytes){NULL, 0}, f);
    if (status == ST_OK && m->count > at)
        m->fields[at].filled = true;
    return status;
}

static void add_content_member(struct buf *out, const char *name, struct bytes json)
{
    buf_add_format(out, "%s\"%s\":", out->count == 1 ? "" : ",", name);
    buf_add_bytes(out, json);
}

static enum status make_content(struct import_row_maker *m, struct bytes ref, struct fault *f)
{
    bool placed = false;
    buf_reset(&m->scratch);
    json_add_text(&m->scratch, ref);
    buf_reset(&m->content);
    buf_add_byte(&m->content, '{');
    for (uint32_t i = 0; i < m->count; i++) {
        const char *name = m->fields[i].field->name;
        if (!placed && strcmp(name, "ref") > 0) {
            add_content_member(&m->content, "ref", buf_bytes(&m->scratch));
            placed = true;
        }
        add_content_member(&m->content, name, buf_bytes(&m->fields[i].json));
    }
    if (!placed)
        add_content_member(&m->content, "ref", buf_bytes(&m->scratch));
    buf_add_byte(&m->content, '}');
    if (buf_status(&m->scratch) != ST_OK || buf_status(&m->content) != ST_OK)
        return ST_NO_MEMORY;
    return schema_check_entry(m->type, buf_bytes(&m->content), f);
}

enum status import_row_finish(struct import_row_maker *m, struct bytes key, struct bytes ref,
                              struct import_row *out, struct fault *f)
{
    out->key = key;
    out->has_id = false;
    out->content = (struct bytes){NULL, 0};
    out->fields = m->fields;
    out->field_count = m->count;
    if (m->type->entry) {
        enum status status = make_content(m, ref, f);
        if (status == ST_OK)
            out->content = buf_bytes(&m->content);
        return status;
    }
    if (key.count > 0) {
        op_record_id(m->network, bytes_of_text(m->type->name), key, out->id);
        out->has_id = true;
    }
    return ST_OK;
}
