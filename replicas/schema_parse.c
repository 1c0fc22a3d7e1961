#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "proto/mem.h"
#include "replicas/json.h"
#include "replicas/object.h"
#include "replicas/schema.h"
#include "replicas/schema_audit.h"
#include "replicas/schema_rules.h"

static_assert((int)SCHEMA_NAME_TEXT == (int)NAME_BYTES_MAX + 1, "a name and its NUL");

enum { RETENTION_DIGITS_MAX = 3 };

struct parse {
    struct fault *fault;
    const char *type, *field; /* where we are, for faults */
};

/* Puts type and field before what is wrong. */
static enum status in_place(const struct parse *p, enum status status)
{
    if (p->field != NULL)
        return fault_context(p->fault, status, "schema, type %s, field %s", p->type, p->field);
    if (p->type != NULL)
        return fault_context(p->fault, status, "schema, type %s", p->type);
    return fault_context(p->fault, status, "schema");
}

/* 'what' is wrong about a raw value, which is cut short for the fault. */
static enum status wrong(const struct parse *p, const char *what, struct bytes raw)
{
    int shown = raw.count < NAME_BYTES_MAX ? (int)raw.count : NAME_BYTES_MAX;
    (void)fault_set(p->fault, ST_NOT_SCHEMA, "%s: %.*s", what, shown,
                    raw.data == NULL ? "" : (const char *)raw.data);
    return in_place(p, ST_NOT_SCHEMA);
}

static bool copy_name(struct bytes name, char out[static SCHEMA_NAME_TEXT])
{
    if (!name_is_valid(name))
        return false;
    memcpy(out, name.data, name.count);
    out[name.count] = '\0';
    return true;
}

static enum status take_name(const struct parse *p, const char *what, struct bytes raw,
                             char out[static SCHEMA_NAME_TEXT])
{
    return copy_name(object_unquoted(raw), out) ? ST_OK : wrong(p, what, raw);
}

static enum status take_bool(const struct parse *p, const char *what, struct bytes raw, bool *out)
{
    *out = bytes_equal_text(raw, "true");
    return *out || bytes_equal_text(raw, "false") ? ST_OK : wrong(p, what, raw);
}

/* An object ('{') or a list ('[') of 1 to 'max', counted; 'what' says so of whatever is not. */
static enum status take_count(const struct parse *p, const char *what, struct bytes raw,
                              uint8_t bracket, uint32_t max, uint32_t *out)
{
    *out = 0;
    bool fits = raw.data != NULL && raw.data[0] == bracket && object_count(raw, out) == ST_OK &&
                *out > 0 && *out <= max;
    return fits ? ST_OK : wrong(p, what, raw);
}

/* "title": texts for people by language; kept in the charter for whoever shows them. */
static enum status check_title(const struct parse *p, struct bytes raw)
{
    struct object o;
    struct bytes language, text;
    object_begin(&o, raw);
    while (object_next(&o, &language, &text))
        if (!name_is_valid(language) || object_unquoted(text).data == NULL)
            return wrong(p, "a title is a text for each language, not", raw);
    return object_end(&o) == ST_OK ? ST_OK : wrong(p, "no title", raw);
}

static enum status take_kind(const struct parse *p, struct bytes raw, enum schema_kind *out)
{
    struct bytes text = object_unquoted(raw);
    for (int kind = SCHEMA_TEXT; kind <= SCHEMA_FILE; kind++) {
        if (bytes_equal_text(text, schema_kind_text((enum schema_kind)kind))) {
            *out = (enum schema_kind)kind;
            return ST_OK;
        }
    }
    return wrong(p, "no such kind", raw);
}

static enum status take_class(const struct parse *p, struct bytes raw, enum schema_class *out)
{
    static const char *const texts[] = {"open", "internal", "personal"};
    struct bytes text = object_unquoted(raw);
    for (int level = SCHEMA_OPEN; level <= SCHEMA_PERSONAL; level++) {
        if (bytes_equal_text(text, texts[level])) {
            *out = (enum schema_class)level;
            return ST_OK;
        }
    }
    return wrong(p, "no such class", raw);
}

static enum status take_choice(const struct parse *p, struct bytes raw, struct buf *scratch,
                               char out[static SCHEMA_NAME_TEXT])
{
    buf_reset(scratch);
    enum status status = json_take_text(raw, scratch);
    if (status == ST_NO_MEMORY || buf_status(scratch) != ST_OK)
        return ST_NO_MEMORY;
    if (status != ST_OK || scratch->count == 0 || scratch->count >= SCHEMA_NAME_TEXT ||
        memchr(scratch->data, 0, scratch->count) != NULL)
        return wrong(p, "a choice is a text of 1 to 64 bytes, not", raw);
    memcpy(out, scratch->data, scratch->count);
    out[scratch->count] = '\0';
    return ST_OK;
}

static bool chosen_before(const struct schema_field *field)
{
    const char *last = field->choices[field->choice_count];
    for (uint32_t i = 0; i < field->choice_count; i++)
        if (strcmp(field->choices[i], last) == 0)
            return true;
    return false;
}

static enum status take_choices(const struct parse *p, struct bytes raw, struct schema_field *field)
{
    uint32_t count;
    enum status status = take_count(p, "choices are a list of 1 to 256 texts, not", raw, '[',
                                    SCHEMA_CHOICES_MAX, &count);
    if (status != ST_OK)
        return status;
    field->choices = mem_array(count, sizeof field->choices[0]);
    if (field->choices == NULL)
        return ST_NO_MEMORY;
    struct buf scratch = {0};
    struct object o;
    struct bytes value;
    object_begin_list(&o, raw);
    while (status == ST_OK && object_next_element(&o, &value)) {
        CHECK(field->choice_count < count);
        status = take_choice(p, value, &scratch, field->choices[field->choice_count]);
        if (status == ST_OK && chosen_before(field))
            status = wrong(p, "a choice stands twice", value);
        if (status == ST_OK)
            field->choice_count++;
    }
    buf_release(&scratch);
    return status;
}

static enum status take_field_member(const struct parse *p, struct bytes name, struct bytes raw,
                                     struct schema_field *out, bool seen[static 2])
{
    if (bytes_equal_text(name, "kind")) {
        seen[0] = true;
        return take_kind(p, raw, &out->kind);
    }
    if (bytes_equal_text(name, "class")) {
        seen[1] = true;
        return take_class(p, raw, &out->class);
    }
    if (bytes_equal_text(name, "required"))
        return take_bool(p, "\"required\" is true or false, not", raw, &out->required);
    if (bytes_equal_text(name, "index"))
        return take_bool(p, "\"index\" is true or false, not", raw, &out->index);
    if (bytes_equal_text(name, "to"))
        return take_name(p, "\"to\" names no type", raw, out->to);
    if (bytes_equal_text(name, "currency"))
        return take_name(p, "\"currency\" names no field", raw, out->currency);
    if (bytes_equal_text(name, "choices"))
        return take_choices(p, raw, out);
    if (bytes_equal_text(name, "title"))
        return check_title(p, raw);
    if (bytes_equal_text(name, "is") && bytes_equal_text(raw, "\"writer\"")) {
        out->is_writer = true;
        return ST_OK;
    }
    return wrong(p, "a field has no such member", name);
}

static enum status take_field(struct parse *p, struct bytes name, struct bytes raw,
                              struct schema_field *out)
{
    p->field = NULL;
    if (!copy_name(name, out->name))
        return wrong(p, "no valid field name (a letter, then letters, digits and _)", name);
    p->field = out->name;
    bool seen[2] = {false, false};
    struct object o;
    struct bytes member, value;
    enum status status = ST_OK;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &member, &value))
        status = take_field_member(p, member, value, out, seen);
    if (status != ST_OK)
        return status;
    if (object_end(&o) != ST_OK)
        return wrong(p, "a field is an object, not", raw);
    if (!seen[0] || !seen[1])
        return wrong(p, "a field needs a kind and a class", raw);
    return ST_OK;
}

static enum status take_fields(struct parse *p, struct bytes raw, struct schema_type *type)
{
    uint32_t count;
    enum status status = take_count(p, "fields are an object of 1 to 256 fields, not", raw, '{',
                                    RECORD_FIELDS_MAX, &count);
    if (status != ST_OK)
        return status;
    type->fields = mem_array(count, sizeof *type->fields);
    if (type->fields == NULL)
        return ST_NO_MEMORY;
    struct object o;
    struct bytes name, value;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &name, &value)) {
        CHECK(type->field_count < count);
        /* Counted before it is read, so that a half-read field is freed too. */
        status = take_field(p, name, value, &type->fields[type->field_count++]);
    }
    p->field = NULL;
    return status;
}

static enum status take_writers(const struct parse *p, struct bytes raw, unsigned *out)
{
    struct object o;
    struct bytes value;
    object_begin_list(&o, raw);
    while (object_next_element(&o, &value)) {
        if (bytes_equal_text(value, "\"office\""))
            *out |= SCHEMA_OFFICE;
        else if (bytes_equal_text(value, "\"treasurer\""))
            *out |= SCHEMA_TREASURER;
        else if (bytes_equal_text(value, "\"auditor\""))
            *out |= SCHEMA_AUDITOR;
        else
            return wrong(p, "writers are office, treasurer, auditor, not", value);
    }
    return object_end(&o) == ST_OK && *out != 0 ? ST_OK : wrong(p, "no list of writers", raw);
}

/* {"field":"office"}: the name in it. */
static bool take_field_name(struct bytes raw, char out[static SCHEMA_NAME_TEXT])
{
    uint32_t count = 0;
    return raw.count > 0 && raw.data[0] == '{' && object_count(raw, &count) == ST_OK &&
           count == 1 && copy_name(object_unquoted(object_find(raw, "field")), out);
}

static enum status take_posting_member(const struct parse *p, struct bytes name, struct bytes raw,
                                       struct schema_posting *out, bool *account)
{
    if (bytes_equal_text(name, "account")) {
        *account = true;
        if (bytes_equal_text(raw, "\"writer\"") || take_field_name(raw, out->account_field))
            return ST_OK;
        return wrong(p, "an account is \"writer\" or {\"field\":…}, not", raw);
    }
    if (bytes_equal_text(name, "line")) {
        if (copy_name(object_unquoted(raw), out->line) || take_field_name(raw, out->line_field))
            return ST_OK;
        return wrong(p, "a line is a name or {\"field\":…}, not", raw);
    }
    if (bytes_equal_text(name, "amount"))
        return take_name(p, "\"amount\" names no field", raw, out->amount_field);
    if (bytes_equal_text(name, "currency"))
        return take_name(p, "\"currency\" names no field", raw, out->currency_field);
    if (bytes_equal_text(name, "sign")) {
        out->sign = bytes_equal_text(raw, "1") ? 1 : bytes_equal_text(raw, "-1") ? -1 : 0;
        return out->sign != 0 ? ST_OK : wrong(p, "a sign is 1 or -1, not", raw);
    }
    return wrong(p, "a posting has no such member", name);
}

static enum status take_posting(const struct parse *p, struct bytes raw, struct schema_posting *out)
{
    memcpy(out->amount_field, "amount", sizeof "amount");
    memcpy(out->currency_field, "currency", sizeof "currency");
    bool account = false;
    struct object o;
    struct bytes name, value;
    enum status status = ST_OK;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &name, &value))
        status = take_posting_member(p, name, value, out, &account);
    if (status != ST_OK)
        return status;
    if (object_end(&o) != ST_OK || !account || out->sign == 0 ||
        (out->line[0] == '\0') == (out->line_field[0] == '\0'))
        return wrong(p, "a posting needs account, line and sign", raw);
    return ST_OK;
}

static enum status take_postings(const struct parse *p, struct bytes raw, struct schema_type *type)
{
    struct object o;
    struct bytes value;
    enum status status = ST_OK;
    object_begin_list(&o, raw);
    while (status == ST_OK && object_next_element(&o, &value)) {
        if (type->posting_count == SCHEMA_POSTINGS_MAX)
            return wrong(p, "more than 4 postings", raw);
        status = take_posting(p, value, &type->postings[type->posting_count++]);
    }
    if (status != ST_OK)
        return status;
    return object_end(&o) == ST_OK ? ST_OK : wrong(p, "no list of postings", raw);
}

static enum status take_key(const struct parse *p, struct bytes raw, struct schema_type *type)
{
    struct bytes text = object_unquoted(raw);
    if (text.count == 0 || text.count >= SCHEMA_NAME_TEXT)
        return wrong(p, "a key is 1 to 64 bytes of column names, not", raw);
    memcpy(type->key, text.data, text.count);
    type->key[text.count] = '\0';
    return ST_OK;
}

/* "5y", "18m", "90d" */
static enum status take_retention(const struct parse *p, struct bytes raw,
                                  struct schema_retention *out)
{
    struct bytes text = object_unquoted(raw);
    uint32_t count = 0;
    size_t digits = 0;
    for (; digits < text.count && digits < RETENTION_DIGITS_MAX; digits++) {
        uint8_t c = text.data[digits];
        if (c < '0' || c > '9' || (c == '0' && count == 0))
            break;
        count = count * 10 + (uint32_t)(c - '0');
    }
    if (count == 0 || text.count != digits + 1 || memchr("ymd", text.data[digits], 3) == NULL)
        return wrong(p, "a retention is as \"5y\", \"18m\" or \"90d\", not", raw);
    *out = (struct schema_retention){count, (char)text.data[digits]};
    return ST_OK;
}

static enum status take_type_member(struct parse *p, struct bytes name, struct bytes raw,
                                    struct schema_type *out, bool *shape)
{
    if (bytes_equal_text(name, "shape")) {
        *shape = true;
        out->entry = bytes_equal_text(raw, "\"entry\"");
        if (out->entry || bytes_equal_text(raw, "\"record\""))
            return ST_OK;
        return wrong(p, "a shape is record or entry, not", raw);
    }
    if (bytes_equal_text(name, "writers"))
        return take_writers(p, raw, &out->writers);
    if (bytes_equal_text(name, "title"))
        return check_title(p, raw);
    if (bytes_equal_text(name, "key"))
        return take_key(p, raw, out);
    if (bytes_equal_text(name, "fields"))
        return take_fields(p, raw, out);
    if (bytes_equal_text(name, "postings"))
        return take_postings(p, raw, out);
    if (bytes_equal_text(name, "retention"))
        return take_retention(p, raw, &out->retention);
    if (bytes_equal_text(name, "reverses"))
        return take_name(p, "\"reverses\" names no field", raw, out->reverses);
    return wrong(p, "a type has no such member", name);
}

static enum status take_type(struct parse *p, struct bytes name, struct bytes raw,
                             struct schema_type *out)
{
    p->type = NULL;
    if (!copy_name(name, out->name))
        return wrong(p, "no valid type name (a letter, then letters, digits and _)", name);
    p->type = out->name;
    bool shape = false;
    struct object o;
    struct bytes member, value;
    enum status status = ST_OK;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &member, &value))
        status = take_type_member(p, member, value, out, &shape);
    if (status != ST_OK)
        return status;
    if (object_end(&o) != ST_OK || !shape || out->writers == 0 || out->field_count == 0)
        return wrong(p, "a type needs shape, writers and fields", (struct bytes){NULL, 0});
    return ST_OK;
}

static enum status take_types(struct parse *p, struct bytes raw, struct schema *s)
{
    uint32_t count;
    enum status status = take_count(p, "it needs an object \"types\" of 1 to 256 types, not", raw,
                                    '{', SCHEMA_TYPES_MAX, &count);
    if (status != ST_OK)
        return status;
    s->types = mem_array(count, sizeof *s->types);
    if (s->types == NULL)
        return ST_NO_MEMORY;
    struct object o;
    struct bytes name, value;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &name, &value)) {
        CHECK(s->type_count < count);
        status = take_type(p, name, value, &s->types[s->type_count++]);
    }
    p->type = NULL;
    return status;
}

static enum status take_schema(struct parse *p, struct bytes json, struct schema *s)
{
    struct bytes audit = object_find(json, "audit");
    uint32_t members = 0, known = audit.data != NULL ? 2 : 1;
    if (json.data[0] != '{' || object_count(json, &members) != ST_OK || members != known)
        return wrong(p, "it is one object with \"types\" and perhaps \"audit\", not", json);
    s->audit = schema_audit_default;
    enum status status = take_types(p, object_find(json, "types"), s);
    if (status == ST_OK && audit.data != NULL)
        status = schema_audit_parse(audit, &s->audit, p->fault);
    return status == ST_OK ? schema_rules(s, p->fault) : status;
}

enum status schema_parse(struct bytes json, struct schema **out, struct fault *f)
{
    struct parse p = {.fault = f};
    struct schema *s = NULL;
    *out = NULL;
    enum status status = json_check(json);
    if (status != ST_OK)
        return fault_set(f, ST_MALFORMED, "the schema is not canonical JSON");
    s = mem_alloc(sizeof *s);
    if (s == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory for the schema");
    status = take_schema(&p, json, s);
    if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory for the schema");
    if (status == ST_OK) {
        *out = s;
        s = NULL;
    }
    schema_free(s);
    return status;
}
