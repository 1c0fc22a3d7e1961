#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/import.h"
#include "replicas/import_row.h"
#include "replicas/json.h"
#include "replicas/nearest.h"
#include "replicas/object.h"
#include "replicas/op.h"

enum { CELLS_OF_ROW_MAX = 48, CURRENCY_LETTERS = 3 };

struct cell {
    char name[SCHEMA_NAME_TEXT];
    struct buf text;
};

/* One row under way: cells by field, ascending. */
struct sheet {
    struct cell cells[CELLS_OF_ROW_MAX];
    uint32_t count;
};

struct programme {
    const struct schema *schema;
    const struct digest *network;
    struct bytes writer;
    enum status (*row)(void *user, const struct schema_type *type, const struct import_row *row);
    void *user;
    struct fault *fault;
    struct buf title;
    struct sheet programme, grant, exchange;
    bool has_grant, has_exchange;
};

static void release_sheet(struct sheet *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        buf_release(&s->cells[i].text);
    s->count = 0;
}

static enum status wrong(struct programme *p, const char *member, const char *why)
{
    return fault_set(p->fault, ST_BAD_VALUE, "programme: \"%s\": %s", member, why);
}

/* A new cell at its place, its name made of two parts. */
static enum status put(struct programme *p, struct sheet *s, const char *before, const char *name,
                       struct buf **out)
{
    char whole[2 * SCHEMA_NAME_TEXT];
    int used = snprintf(whole, sizeof whole, "%s%s", before, name);
    if (used <= 0 || used >= SCHEMA_NAME_TEXT || !name_is_valid(bytes_of_text(whole)))
        return wrong(p, name, "no valid name");
    uint32_t at = s->count;
    while (at > 0 && strcmp(s->cells[at - 1].name, whole) > 0)
        at--;
    if (at > 0 && strcmp(s->cells[at - 1].name, whole) == 0)
        return wrong(p, whole, "it is there twice");
    if (s->count == CELLS_OF_ROW_MAX)
        return wrong(p, whole, "too many members");
    memmove(&s->cells[at + 1], &s->cells[at], (s->count - at) * sizeof s->cells[0]);
    s->cells[at] = (struct cell){0};
    memcpy(s->cells[at].name, whole, (size_t)used + 1);
    s->count++;
    *out = &s->cells[at].text;
    return ST_OK;
}

/* A string or a whole number as a person would type it. */
static enum status add_text(struct programme *p, const char *member, struct bytes raw,
                            struct buf *out)
{
    int64_t n = 0;
    if (json_take_integer(raw, &n) == ST_OK)
        buf_add_bytes(out, raw);
    else if (raw.count > 0 && raw.data[0] == '"' && json_take_text(raw, out) == ST_NO_MEMORY)
        return ST_NO_MEMORY;
    else if (raw.count == 0 || raw.data[0] != '"')
        return wrong(p, member, "it is no text and no whole number");
    return buf_status(out);
}

static enum status put_value(struct programme *p, struct sheet *s, const char *before,
                             const char *name, struct bytes raw)
{
    struct buf *text = NULL;
    if (raw.data == NULL || bytes_equal_text(raw, "null"))
        return ST_OK;
    enum status status = put(p, s, before, name, &text);
    return status == ST_OK ? add_text(p, name, raw, text) : status;
}

/* A list of texts: the elements of a set, as a cell of a CSV file has them. */
static enum status put_list(struct programme *p, struct sheet *s, const char *name,
                            struct bytes raw)
{
    struct object o;
    struct bytes value;
    struct buf *text = NULL;
    enum status status = put(p, s, "", name, &text);
    object_begin_list(&o, raw);
    while (status == ST_OK && object_next_element(&o, &value)) {
        if (memchr(value.data, ';', value.count) != NULL)
            return wrong(p, name, "an element cannot hold \";\"");
        if (text->count > 0)
            buf_add_byte(text, ';');
        status = add_text(p, name, value, text);
    }
    if (status == ST_OK && object_end(&o) != ST_OK)
        status = wrong(p, name, "it is no list");
    return status;
}

/* [first, second] under two names. */
static enum status put_pair(struct programme *p, struct sheet *s, const char *member,
                            const char *first, const char *second, struct bytes raw)
{
    struct object o;
    struct bytes value;
    enum status status = ST_OK;
    uint32_t count = 0;
    object_begin_list(&o, raw);
    while (status == ST_OK && object_next_element(&o, &value)) {
        if (count == 2)
            return wrong(p, member, "it is a list of two");
        status = put_value(p, s, "", count == 0 ? first : second, value);
        count++;
    }
    if (status == ST_OK && (object_end(&o) != ST_OK || count != 2))
        status = wrong(p, member, "it is a list of two");
    return status;
}

/* Each member of an object under its own name, 'before' in front. */
static enum status put_object(struct programme *p, struct sheet *s, const char *member,
                              const char *before, struct bytes raw)
{
    struct object o;
    struct bytes name, value;
    char text[SCHEMA_NAME_TEXT];
    enum status status = ST_OK;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &name, &value)) {
        if (!name_is_valid(name))
            return wrong(p, member, "a member has no valid name");
        memcpy(text, name.data, name.count);
        text[name.count] = '\0';
        status = put_value(p, s, before, text, value);
    }
    if (status == ST_OK && object_end(&o) != ST_OK)
        status = wrong(p, member, "it is no object");
    return status;
}

/* "lines_clp": the amounts of the lines, in the currency that the name ends with. */
static enum status put_lines(struct programme *p, struct bytes name, struct bytes raw)
{
    struct buf *text = NULL;
    const uint8_t *letters = name.data + name.count - CURRENCY_LETTERS;
    enum status status = put(p, &p->programme, "", "lines_currency", &text);
    for (int i = 0; status == ST_OK && i < CURRENCY_LETTERS; i++)
        buf_add_byte(text, (uint8_t)(letters[i] - 'a' + 'A'));
    if (status == ST_OK)
        status = buf_status(text);
    return status == ST_OK ? put_object(p, &p->programme, "lines", "line_", raw) : status;
}

static enum status take_exchange(struct programme *p, struct bytes raw)
{
    struct object o;
    struct bytes name, value;
    struct sheet *s = &p->exchange;
    enum status status = ST_OK;
    p->has_exchange = true;
    object_begin(&o, raw);
    while (status == ST_OK && object_next(&o, &name, &value)) {
        if (bytes_equal_text(name, "from"))
            status = put_pair(p, s, "from", "from_currency", "from_amount", value);
        else if (bytes_equal_text(name, "to"))
            status = put_pair(p, s, "to", "to_currency", "to_amount", value);
        else if (bytes_equal_text(name, "date"))
            status = put_value(p, s, "", "date", value);
        else if (bytes_equal_text(name, "note"))
            status = put_value(p, s, "", "note", value);
        else
            status = wrong(p, "exchange", "it has date, from, to and note only");
    }
    if (status == ST_OK && object_end(&o) != ST_OK)
        status = wrong(p, "exchange", "it is no object");
    return status;
}

static enum status unknown_member(struct programme *p, struct bytes name, const char *const *known,
                                  size_t known_count)
{
    struct nearest near = {.wanted = name};
    int shown = name.count < NEAREST_BYTES_MAX ? (int)name.count : NEAREST_BYTES_MAX;
    for (size_t i = 0; i < known_count; i++)
        nearest_offer(&near, known[i]);
    enum status status = fault_set(p->fault, ST_BAD_VALUE, "programme: no member \"%.*s\" is known",
                                   shown, (const char *)name.data);
    if (near.best != NULL)
        fault_fix(p->fault, "did you mean \"%s\"?", near.best);
    return status;
}

static bool is_lines(struct bytes name)
{
    size_t head = sizeof "lines_" - 1;
    return name.count == head + CURRENCY_LETTERS && memcmp(name.data, "lines_", head) == 0 &&
           name_is_valid(name);
}

static enum status take_member(struct programme *p, struct bytes name, struct bytes raw)
{
    static const char *const texts[] = {"country", "funding", "location", "mpa_component", "title"};
    static const char *const lists[] = {"partners", "stages", "themes"};
    static const char *const others[] = {"exchange", "grant", "lines_clp", "period",
                                         "reach",    "title", "partners"};
    struct sheet *s = &p->programme;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (bytes_equal_text(name, texts[i]))
            return put_value(p, s, "", texts[i], raw);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (bytes_equal_text(name, lists[i]))
            return put_list(p, s, lists[i], raw);
    if (bytes_equal_text(name, "period"))
        return put_pair(p, s, "period", "period_start", "period_end", raw);
    if (bytes_equal_text(name, "reach"))
        return put_object(p, s, "reach", "", raw);
    if (is_lines(name))
        return put_lines(p, name, raw);
    if (bytes_equal_text(name, "exchange"))
        return take_exchange(p, raw);
    if (bytes_equal_text(name, "grant")) {
        p->has_grant = true;
        return put_object(p, &p->grant, "grant", "", raw);
    }
    return unknown_member(p, name, others, sizeof others / sizeof others[0]);
}

static struct bytes cell_named(const struct sheet *s, const char *name)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (strcmp(s->cells[i].name, name) == 0)
            return buf_bytes(&s->cells[i].text);
    return (struct bytes){NULL, 0};
}

static enum status check_cells(struct programme *p, const struct schema_type *type,
                               const struct sheet *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct schema_field *field = schema_field(type, bytes_of_text(s->cells[i].name));
        if (field == NULL || field->class != SCHEMA_OPEN)
            return fault_set(p->fault, ST_NOT_SCHEMA, "programme: %s has no open field \"%s\"",
                             type->name, s->cells[i].name);
    }
    return ST_OK;
}

/* Both are ascending by name; whose entry it is goes without saying. */
static enum status fill(struct programme *p, struct import_row_maker *m, const struct sheet *s)
{
    enum status status = check_cells(p, m->type, s);
    for (uint32_t i = 0; status == ST_OK && i < m->type->field_count; i++) {
        const struct schema_field *field = &m->type->fields[i];
        struct bytes cell = cell_named(s, field->name);
        if (cell.data != NULL)
            status = import_row_add(m, field, cell, cell_named(s, field->currency), p->fault);
        else if (field->is_writer)
            status = import_row_fill(m, field, p->writer, p->fault);
    }
    return status;
}

/* The same every time, so that a second import is the same entry. */
static void make_ref(const struct programme *p, const char *type, struct buf *out)
{
    uint8_t id[RECORD_ID_BYTES];
    char hex[RECORD_ID_TEXT + 1];
    struct bytes title = buf_bytes(&p->title);
    buf_add_format(out, "%s/", type);
    if (out->count + title.count <= SCHEMA_REF_BYTES_MAX) {
        buf_add_bytes(out, title);
        return;
    }
    op_record_id(p->network, BYTES("programme"), title, id);
    hex_encode(id, RECORD_ID_BYTES, hex);
    buf_add_text(out, hex);
}

static enum status emit(struct programme *p, const char *type_name, const struct sheet *s)
{
    struct import_row_maker maker = {0};
    struct import_row row = {0};
    struct buf ref = {0};
    const struct schema_type *type = schema_type(p->schema, bytes_of_text(type_name));
    if (type == NULL)
        return fault_set(p->fault, ST_NOT_SCHEMA, "the schema has no type \"%s\"", type_name);
    enum status status = import_row_init(&maker, type, p->network, CELLS_OF_ROW_MAX);
    if (status == ST_OK)
        status = fill(p, &maker, s);
    make_ref(p, type_name, &ref);
    if (status == ST_OK)
        status = buf_status(&ref);
    struct bytes key = type->entry ? buf_bytes(&ref) : buf_bytes(&p->title);
    if (status == ST_OK)
        status = import_row_finish(&maker, key, buf_bytes(&ref), &row, p->fault);
    if (status == ST_OK)
        status = p->row(p->user, type, &row);
    import_row_release(&maker);
    buf_release(&ref);
    return status;
}

static enum status take_all(struct programme *p, struct bytes json)
{
    struct object o;
    struct bytes name, value;
    enum status status = ST_OK;
    object_begin(&o, json);
    while (status == ST_OK && object_next(&o, &name, &value))
        status = take_member(p, name, value);
    if (status != ST_OK)
        return status;
    if (object_end(&o) != ST_OK)
        return fault_set(p->fault, ST_MALFORMED, "programme: it is no object");
    buf_add_bytes(&p->title, cell_named(&p->programme, "title"));
    if (buf_status(&p->title) != ST_OK)
        return ST_NO_MEMORY;
    return p->title.count > 0 ? ST_OK : wrong(p, "title", "it is missing");
}

enum status import_programme(const struct schema *schema, const struct digest *network,
                             struct bytes writer, struct bytes json,
                             enum status (*row)(void *user, const struct schema_type *type,
                                                const struct import_row *row),
                             void *user, struct fault *f)
{
    struct buf canonical = {0};
    struct programme *p = mem_alloc(sizeof *p);
    CHECK(schema != NULL && network != NULL && row != NULL && writer.count > 0);
    if (p == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory to import");
    *p = (struct programme){.schema = schema,
                            .network = network,
                            .writer = writer,
                            .row = row,
                            .user = user,
                            .fault = f};
    enum status status = json_canonical(json, &canonical, f);
    if (status == ST_OK)
        status = take_all(p, buf_bytes(&canonical));
    else
        status = fault_context(f, status, "programme");
    if (status == ST_OK)
        status = emit(p, "programme", &p->programme);
    if (status == ST_OK && p->has_grant)
        status = emit(p, "grant", &p->grant);
    if (status == ST_OK && p->has_exchange)
        status = emit(p, "exchange", &p->exchange);
    if (status == ST_NO_MEMORY)
        (void)fault_set(f, status, "no memory to import");
    release_sheet(&p->programme);
    release_sheet(&p->grant);
    release_sheet(&p->exchange);
    buf_release(&p->title);
    buf_release(&canonical);
    mem_free(p);
    return status;
}
