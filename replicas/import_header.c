#include "replicas/import_header.h"

#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"

static_assert((int)CELLS_MAX == (int)IMPORT_COLUMNS_MAX, "a row's cells are its columns");

static bool is_starred(struct bytes name)
{
    return name.count > 0 && name.data[name.count - 1] == '*';
}

/* "#id": what an export notes beside the fields. */
static bool is_note(struct bytes name)
{
    return name.count > 0 && name.data[0] == '#';
}

static struct bytes plain(struct bytes name)
{
    return (struct bytes){name.data, is_starred(name) ? name.count - 1 : name.count};
}

static int shown(struct bytes name)
{
    return name.count < NAME_BYTES_MAX ? (int)name.count : NAME_BYTES_MAX;
}

static uint32_t column_named(const struct cells *names, struct bytes name)
{
    for (uint32_t i = 0; i < cells_count(names); i++)
        if (bytes_equal(plain(cells_at(names, i)), plain(name)))
            return i;
    return IMPORT_HEADER_NONE;
}

static enum status unknown_column(const struct schema_type *type, struct bytes name,
                                  struct fault *f)
{
    const char *near = schema_nearest_field(type, name);
    enum status status = fault_set(f, ST_BAD_VALUE, "header: %s has no field \"%.*s\"", type->name,
                                   shown(name), name.count == 0 ? "" : (const char *)name.data);
    if (bytes_equal_text(name, type->key))
        fault_fix(f, "it is known as the key of %s only: leave out --key", type->name);
    else if (near != NULL)
        fault_fix(f, "did you mean \"%s\"?", near);
    else
        fault_fix(f, "name the column as the field, or mark it with * to leave it out");
    return status;
}

/* Whether the cell of this column is not taken: of a class that is not read here, or marked as
 * personal where no field would seal it. */
static bool is_left_out(const struct import_options *o, struct bytes name)
{
    const struct schema_field *field = schema_field(o->type, plain(name));
    if (is_note(name))
        return true;
    if (field == NULL || field->class == SCHEMA_OPEN)
        return is_starred(name);
    return (o->classes >> field->class & 1) == 0;
}

static bool is_sealed(const struct schema_field *field)
{
    return field != NULL && field->class != SCHEMA_OPEN;
}

static bool is_key(const struct import_header *h, uint32_t column)
{
    for (uint32_t i = 0; i < h->key_count; i++)
        if (h->key[i] == column)
            return true;
    return false;
}

static void insert(struct import_header *h, const struct schema_field *field, uint32_t column)
{
    uint32_t at = h->field_count;
    CHECK(at < IMPORT_COLUMNS_MAX);
    while (at > 0 && strcmp(h->fields[at - 1].field->name, field->name) > 0) {
        h->fields[at] = h->fields[at - 1];
        at--;
    }
    h->fields[at] = (struct import_header_field){field, column, IMPORT_HEADER_NONE};
    h->field_count++;
}

static enum status read_column(const struct import_options *o, const struct cells *names,
                               uint32_t column, struct import_header *h, struct fault *f)
{
    struct bytes name = cells_at(names, column);
    if (name.count == 0)
        return fault_set(f, ST_BAD_VALUE, "header: column %u has no name", column + 1);
    if (column_named(names, name) != column)
        return fault_set(f, ST_BAD_VALUE, "header: the column \"%.*s\" is there twice", shown(name),
                         (const char *)name.data);
    if (is_left_out(o, name))
        return ST_OK;
    const struct schema_field *field = schema_field(o->type, plain(name));
    if (field != NULL)
        insert(h, field, column);
    else if (!is_key(h, column) || !o->type->entry)
        return unknown_column(o->type, name, f);
    return ST_OK;
}

static enum status read_key_column(const struct import_options *o, const struct cells *names,
                                   struct bytes name, struct import_header *h, struct fault *f)
{
    uint32_t column = column_named(names, name);
    if (h->key_count == SCHEMA_KEY_COLUMNS_MAX)
        return fault_set(f, ST_BAD_VALUE, "a key has at most %d columns", SCHEMA_KEY_COLUMNS_MAX);
    if (column == IMPORT_HEADER_NONE) {
        enum status status =
            fault_set(f, ST_BAD_VALUE, "header: the key column \"%.*s\" is not there", shown(name),
                      (const char *)name.data);
        fault_fix(f, "name the column that tells rows apart with --key");
        return status;
    }
    const struct schema_field *field = schema_field(o->type, plain(cells_at(names, column)));
    if (is_left_out(o, cells_at(names, column)) || is_sealed(field) ||
        (field != NULL && field->kind == SCHEMA_SET))
        return fault_set(f, ST_BAD_VALUE,
                         "header: \"%.*s\" cannot be the key: a key is one value of class open",
                         shown(name), (const char *)name.data);
    h->key[h->key_count++] = column;
    return ST_OK;
}

/* The columns of the key: of entries whose file names the refs, those, unless others are asked for.
 */
static struct bytes key_columns(const struct import_options *o, const struct cells *names)
{
    bool usual = o->key.count == 0 || bytes_equal_text(o->key, o->type->key);
    if (usual && o->type->entry && column_named(names, BYTES("ref")) != IMPORT_HEADER_NONE)
        return BYTES("ref");
    return usual ? bytes_of_text(o->type->key) : o->key;
}

static enum status read_key(const struct import_options *o, const struct cells *names,
                            struct import_header *h, struct fault *f)
{
    struct bytes rest = key_columns(o, names);
    enum status status = ST_OK;
    while (status == ST_OK && rest.count > 0) {
        const uint8_t *comma = memchr(rest.data, ',', rest.count);
        size_t count = comma != NULL ? (size_t)(comma - rest.data) : rest.count;
        size_t used = comma != NULL ? count + 1 : count;
        status = read_key_column(o, names, (struct bytes){rest.data, count}, h, f);
        rest = (struct bytes){rest.data + used, rest.count - used};
    }
    return status;
}

static const struct import_header_field *field_named(const struct import_header *h,
                                                     const char *name)
{
    for (uint32_t i = 0; i < h->field_count; i++)
        if (strcmp(h->fields[i].field->name, name) == 0)
            return &h->fields[i];
    return NULL;
}

/* Whose entry it is goes without saying: who imports it. */
static void add_writer(const struct schema_type *type, struct import_header *h)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        if (field->is_writer && field_named(h, field->name) == NULL &&
            h->field_count < IMPORT_COLUMNS_MAX)
            insert(h, field, IMPORT_HEADER_NONE);
    }
}

static uint32_t field_column(const struct import_header *h, const char *name)
{
    const struct import_header_field *one = field_named(h, name);
    return one != NULL ? one->column : IMPORT_HEADER_NONE;
}

/* What the rows of the file can never do without. */
static enum status check_fields(const struct schema_type *type, struct import_header *h,
                                struct fault *f)
{
    bool any = false;
    for (uint32_t i = 0; i < h->field_count; i++) {
        struct import_header_field *one = &h->fields[i];
        any = any || one->column != IMPORT_HEADER_NONE;
        if (one->field->kind != SCHEMA_AMOUNT)
            continue;
        one->currency = field_column(h, one->field->currency);
        if (one->currency == IMPORT_HEADER_NONE)
            return fault_set(f, ST_BAD_VALUE, "header: \"%s\" needs the column \"%s\"",
                             one->field->name, one->field->currency);
    }
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].required && field_named(h, type->fields[i].name) == NULL)
            return fault_set(f, ST_BAD_VALUE, "header: %s needs the column \"%s\"", type->name,
                             type->fields[i].name);
    if (!any)
        return fault_set(f, ST_BAD_VALUE, "header: no column is a field of %s", type->name);
    return ST_OK;
}

static enum status read_where(const struct import_options *o, const struct cells *names,
                              struct import_header *h, struct fault *f)
{
    h->where = IMPORT_HEADER_NONE;
    if (o->where_column.count == 0)
        return ST_OK;
    h->where = column_named(names, o->where_column);
    if (h->where != IMPORT_HEADER_NONE)
        return ST_OK;
    return fault_set(f, ST_BAD_VALUE, "header: the column \"%.*s\" of --where is not there",
                     shown(o->where_column), (const char *)o->where_column.data);
}

static void tell_left_out(const struct import_options *o, const struct cells *names,
                          void (*left_out)(void *user, const char *column), void *user)
{
    char text[NAME_BYTES_MAX + 1];
    for (uint32_t i = 0; left_out != NULL && i < cells_count(names); i++) {
        struct bytes name = cells_at(names, i);
        if (!is_left_out(o, name) || is_note(name))
            continue;
        size_t count = (size_t)shown(plain(name));
        memcpy(text, name.data, count);
        text[count] = '\0';
        left_out(user, text);
    }
}

enum status import_header_read(const struct import_options *o, const struct cells *names,
                               void (*left_out)(void *user, const char *column), void *user,
                               struct import_header *out, struct fault *f)
{
    struct import_header h = {.column_count = cells_count(names)};
    enum status status = read_key(o, names, &h, f);
    for (uint32_t i = 0; status == ST_OK && i < h.column_count; i++)
        status = read_column(o, names, i, &h, f);
    add_writer(o->type, &h);
    if (status == ST_OK)
        status = check_fields(o->type, &h, f);
    if (status == ST_OK)
        status = read_where(o, names, &h, f);
    if (status != ST_OK)
        return status;
    tell_left_out(o, names, left_out, user);
    *out = h;
    return ST_OK;
}
