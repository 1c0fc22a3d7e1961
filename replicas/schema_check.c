#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/json.h"
#include "replicas/object.h"
#include "replicas/schema.h"
#include "replicas/schema_text.h"

static enum status check_number(const struct schema_field *field, struct bytes value,
                                struct fault *f)
{
    int64_t n = 0;
    if (json_take_integer(value, &n) == ST_OK)
        return ST_OK;
    return schema_text_refuse(field, value, "no whole number", f);
}

static enum status check_string(const struct schema_field *field, struct bytes value,
                                struct fault *f)
{
    struct buf text = {0};
    enum status status = json_take_text(value, &text);
    if (status == ST_OK)
        status = buf_status(&text);
    if (status == ST_OK)
        status = schema_text_check(field, buf_bytes(&text), f);
    else if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory to check a value");
    else
        status = schema_text_refuse(field, value, "no text", f);
    buf_release(&text);
    return status;
}

/* {"file":"<hex>","list":"<hex>"}: nothing else, so that one file has one value. */
static enum status check_file(const struct schema_field *field, struct bytes value, struct fault *f)
{
    static const char *const names[] = {"file", "list"};
    uint8_t digest[DIGEST_BYTES];
    struct object o;
    struct bytes name, raw;
    size_t count = 0;
    bool fits = value.count > 0 && value.data[0] == '{';
    object_begin(&o, value);
    while (fits && object_next(&o, &name, &raw)) {
        fits = count < 2 && bytes_equal_text(name, names[count]) &&
               hex_decode(object_unquoted(raw), digest, sizeof digest) == ST_OK;
        count++;
    }
    if (fits && count == 2 && object_end(&o) == ST_OK)
        return ST_OK;
    return schema_text_refuse(field, value, "no file", f);
}

enum status schema_check(const struct schema_field *field, struct bytes value_json, struct fault *f)
{
    if (value_json.count > VALUE_BYTES_MAX)
        return fault_set(f, ST_BAD_VALUE, "%s: the value is longer than %u bytes", field->name,
                         (unsigned)VALUE_BYTES_MAX);
    if (bytes_equal_text(value_json, "null")) {
        if (!field->required && field->kind != SCHEMA_SET)
            return ST_OK;
        return fault_set(f, ST_BAD_VALUE, "%s: it cannot be empty", field->name);
    }
    switch (field->kind) {
    case SCHEMA_FILE:
        return check_file(field, value_json, f);
    case SCHEMA_INTEGER:
    case SCHEMA_AMOUNT:
        return check_number(field, value_json, f);
    case SCHEMA_BOOLEAN:
        if (bytes_equal_text(value_json, "true") || bytes_equal_text(value_json, "false"))
            return ST_OK;
        return schema_text_refuse(field, value_json, "neither true nor false", f);
    default:
        return check_string(field, value_json, f);
    }
}

static enum status check_ref(struct bytes raw, struct fault *f)
{
    struct buf text = {0};
    enum status status = json_take_text(raw, &text);
    bool fits = status == ST_OK && buf_status(&text) == ST_OK && text.count >= 1 &&
                text.count <= SCHEMA_REF_BYTES_MAX && bytes_are_utf8(buf_bytes(&text));
    buf_release(&text);
    if (status == ST_NO_MEMORY)
        return fault_set(f, status, "no memory to check a value");
    return fits ? ST_OK
                : fault_set(f, ST_BAD_VALUE, "ref: it is not a text of 1 to %d bytes",
                            SCHEMA_REF_BYTES_MAX);
}

/* One member of an entry's content. An entry has one spelling: what is empty is left out. */
static enum status check_member(const struct schema_type *type, struct bytes name,
                                struct bytes value, struct fault *f)
{
    const struct schema_field *field = schema_field(type, name);
    if (field == NULL) {
        int shown = name.count < NAME_BYTES_MAX ? (int)name.count : NAME_BYTES_MAX;
        return fault_set(f, ST_NOT_SCHEMA, "%s has no field \"%.*s\"", type->name, shown,
                         (const char *)name.data);
    }
    CHECK(field->class == SCHEMA_OPEN);
    if (bytes_equal_text(value, "null"))
        return fault_set(f, ST_BAD_VALUE, "%s: an entry leaves out what is empty", field->name);
    enum status status = schema_check(field, value, f);
    if (status == ST_OK && field->kind == SCHEMA_AMOUNT && value.data[0] == '-')
        status = schema_text_refuse(field, value, "below zero; a correction is a reversal", f);
    return status;
}

static enum status check_required(const struct schema_type *type, struct bytes content,
                                  struct fault *f)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        if (field->required && object_find(content, field->name).data == NULL)
            return fault_set(f, ST_BAD_VALUE, "%s: %s needs it", field->name, type->name);
    }
    return ST_OK;
}

/* What reverses an entry is numbered by it: a second one is the same entry. */
static enum status check_reverses(const struct schema_type *type, struct bytes content,
                                  struct fault *f)
{
    uint8_t id[ENTRY_ID_BYTES];
    struct bytes raw = object_find(content, type->reverses);
    CHECK(raw.data != NULL); /* check_required() */
    if (hex_decode(object_unquoted(raw), id, sizeof id) != ST_OK)
        return fault_set(f, ST_BAD_VALUE, "%s: it is not the id of an entry: 40 hex digits",
                         type->reverses);
    if (bytes_equal(raw, object_find(content, "ref")))
        return ST_OK;
    fault_set(f, ST_BAD_VALUE, "ref: that of a %s is the id of the entry it reverses", type->name);
    fault_fix(f, "leave the ref out: a %s gets it by itself", type->name);
    return ST_BAD_VALUE;
}

enum status schema_check_entry(const struct schema_type *type, struct bytes content_json,
                               struct fault *f)
{
    CHECK(type->entry);
    if (content_json.count > VALUE_BYTES_MAX)
        return fault_set(f, ST_BAD_VALUE, "the %s is longer than %u bytes", type->name,
                         (unsigned)VALUE_BYTES_MAX);
    if (json_check(content_json) != ST_OK || content_json.data[0] != '{')
        return fault_set(f, ST_BAD_VALUE, "the %s is no canonical JSON object", type->name);
    struct object o;
    struct bytes name, value;
    bool has_ref = false;
    enum status status = ST_OK;
    object_begin(&o, content_json);
    while (status == ST_OK && object_next(&o, &name, &value)) {
        bool is_ref = bytes_equal_text(name, "ref");
        has_ref = has_ref || is_ref;
        status = is_ref ? check_ref(value, f) : check_member(type, name, value, f);
    }
    if (status == ST_OK && !has_ref)
        status = fault_set(f, ST_BAD_VALUE, "the %s has no ref", type->name);
    if (status == ST_OK)
        status = check_required(type, content_json, f);
    return status == ST_OK && type->reverses[0] != '\0' ? check_reverses(type, content_json, f)
                                                        : status;
}
