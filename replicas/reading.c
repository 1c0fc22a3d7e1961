#include "replicas/reading.h"

#include "proto/check.h"
#include "replicas/json.h"
#include "replicas/object.h"

bool reading_is_sealed(struct bytes json)
{
    return json.count > 0 && json.data[0] == '{';
}

void reading_text(struct bytes json, struct buf *out)
{
    if (json.count == 0 || bytes_equal_text(json, "null"))
        return;
    if (json.data[0] != '"') {
        buf_add_bytes(out, json);
        return;
    }
    size_t before = out->count;
    if (json_take_text(json, out) != ST_OK) {
        out->count = before;
        buf_add_bytes(out, json);
    }
}

static void add_name(struct buf *out, size_t start, struct bytes name)
{
    if (out->count > start + 1)
        buf_add_byte(out, ',');
    json_add_text(out, name);
    buf_add_byte(out, ':');
}

static void add_field(const struct record *r, const struct record_field *field,
                      reading_sealed_fn sealed, void *user, size_t start, struct buf *out)
{
    struct bytes json = record_reads(r, field)->json;
    if (bytes_equal_text(json, "null"))
        return;
    add_name(out, start, field->name);
    if (!reading_is_sealed(json))
        buf_add_bytes(out, json);
    else if (sealed != NULL)
        sealed(user, field->name, json, out);
    else
        buf_add_text(out, "null");
}

static void add_set(const struct record *r, const struct record_set *set, size_t start,
                    struct buf *out)
{
    add_name(out, start, set->name);
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < set->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        buf_add_bytes(out, r->elements[set->first + i].text);
    }
    buf_add_byte(out, ']');
}

void reading_fields(const struct record *r, struct buf *out)
{
    reading_fields_by(r, NULL, NULL, out);
}

void reading_fields_by(const struct record *r, reading_sealed_fn sealed, void *user,
                       struct buf *out)
{
    if (r->entry.count > 0) {
        buf_add_bytes(out, r->entry);
        return;
    }
    size_t start = out->count;
    buf_add_byte(out, '{');
    uint32_t f = 0, s = 0;
    while (f < r->field_count || s < r->set_count) {
        bool field_next =
            f < r->field_count &&
            (s >= r->set_count || bytes_compare(r->fields[f].name, r->sets[s].name) <= 0);
        if (field_next)
            add_field(r, &r->fields[f++], sealed, user, start, out);
        else
            add_set(r, &r->sets[s++], start, out);
    }
    CHECK(f == r->field_count && s == r->set_count);
    buf_add_byte(out, '}');
}

void reading_merge(struct bytes fields, struct bytes plain, struct buf *out)
{
    struct object all, read;
    struct bytes name, value, read_name = {0}, read_value = {0};
    if (plain.count == 0) {
        buf_add_bytes(out, fields);
        return;
    }
    object_begin(&all, fields);
    object_begin(&read, plain);
    bool more = object_next(&read, &read_name, &read_value), first = true;
    buf_add_byte(out, '{');
    while (object_next(&all, &name, &value)) { /* both ascend by name */
        bool same = more && bytes_equal(name, read_name);
        buf_add_format(out, "%s\"%.*s\":", first ? "" : ",", (int)name.count,
                       (const char *)name.data);
        buf_add_bytes(out, same ? read_value : value);
        more = same ? object_next(&read, &read_name, &read_value) : more;
        first = false;
    }
    buf_add_byte(out, '}');
}

uint32_t reading_conflicts(const struct record *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->field_count; i++)
        count += record_conflicts(r, &r->fields[i]) ? 1 : 0;
    return count;
}
