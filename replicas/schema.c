#include "replicas/schema.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/currency.h"
#include "replicas/nearest.h"

const char *schema_kind_text(enum schema_kind kind)
{
    static const char *const texts[] = {"text",   "integer", "date",      "boolean",
                                        "choice", "label",   "reference", "currency",
                                        "amount", "set",     "file"};
    CHECK((int)kind >= SCHEMA_TEXT && kind <= SCHEMA_FILE);
    return texts[kind];
}

void schema_free(struct schema *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->type_count; i++) {
        struct schema_type *type = &s->types[i];
        for (uint32_t j = 0; j < type->field_count; j++)
            mem_free(type->fields[j].choices);
        mem_free(type->fields);
    }
    mem_free(s->types);
    mem_free(s);
}

/* Index of the item of that name among 'count' items ascending by name; 'count' where none is. The
 * name is each item's first member. */
static uint32_t index_of(const void *items, uint32_t count, size_t item_bytes, struct bytes name)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *at = (const char *)items + middle * item_bytes;
        int order = bytes_compare(name, bytes_of_text(at));
        if (order == 0)
            return middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return count;
}

const struct schema_type *schema_type(const struct schema *s, struct bytes name)
{
    uint32_t index = index_of(s->types, s->type_count, sizeof *s->types, name);
    return index < s->type_count ? &s->types[index] : NULL;
}

const struct schema_field *schema_field(const struct schema_type *t, struct bytes name)
{
    uint32_t index = index_of(t->fields, t->field_count, sizeof *t->fields, name);
    return index < t->field_count ? &t->fields[index] : NULL;
}

const char *schema_nearest_type(const struct schema *s, struct bytes name)
{
    struct nearest n = {.wanted = name};
    for (uint32_t i = 0; i < s->type_count; i++)
        nearest_offer(&n, s->types[i].name);
    return n.best;
}

const char *schema_nearest_field(const struct schema_type *t, struct bytes name)
{
    struct nearest n = {.wanted = name};
    for (uint32_t i = 0; i < t->field_count; i++)
        nearest_offer(&n, t->fields[i].name);
    return n.best;
}

int schema_currency_digits(struct bytes code)
{
    return currency_digits(code);
}

static bool same_field(const struct schema_field *a, const struct schema_field *b)
{
    return a->kind == b->kind && a->class == b->class && a->required == b->required &&
           a->is_writer == b->is_writer && strcmp(a->to, b->to) == 0 &&
           strcmp(a->currency, b->currency) == 0;
}

static bool same_posting(const struct schema_posting *a, const struct schema_posting *b)
{
    return strcmp(a->account_field, b->account_field) == 0 && strcmp(a->line, b->line) == 0 &&
           strcmp(a->line_field, b->line_field) == 0 &&
           strcmp(a->amount_field, b->amount_field) == 0 &&
           strcmp(a->currency_field, b->currency_field) == 0 && a->sign == b->sign;
}

static bool has_choice(const struct schema_field *field, const char *choice)
{
    for (uint32_t i = 0; i < field->choice_count; i++)
        if (strcmp(field->choices[i], choice) == 0)
            return true;
    return false;
}

/* Values that fitted fit for ever: a choice can come, but none can go, and a free set stays free.
 */
static bool choices_grow(const struct schema_field *a, const struct schema_field *b)
{
    if (a->choice_count == 0)
        return b->choice_count == 0;
    for (uint32_t i = 0; i < a->choice_count; i++)
        if (!has_choice(b, a->choices[i]))
            return false;
    return true;
}

static enum status field_grows(const struct schema_type *t, const struct schema_field *a,
                               const struct schema_type *next, struct fault *f)
{
    const struct schema_field *b = schema_field(next, bytes_of_text(a->name));
    if (b == NULL)
        return fault_set(f, ST_NOT_SCHEMA, "the schema loses the field %s of %s", a->name, t->name);
    if (!same_field(a, b))
        return fault_set(f, ST_NOT_SCHEMA, "the schema changes the field %s of %s", a->name,
                         t->name);
    if (!choices_grow(a, b))
        return fault_set(f, ST_NOT_SCHEMA, "the schema loses a choice of the field %s of %s",
                         a->name, t->name);
    return ST_OK;
}

static enum status type_grows(const struct schema_type *a, const struct schema_type *b,
                              struct fault *f)
{
    if (a->entry != b->entry)
        return fault_set(f, ST_NOT_SCHEMA, "the schema changes the shape of %s", a->name);
    if (a->retention.count > 0 && b->retention.count == 0)
        return fault_set(f, ST_NOT_SCHEMA, "the schema loses the retention of %s", a->name);
    bool same = a->posting_count == b->posting_count && strcmp(a->reverses, b->reverses) == 0;
    for (uint32_t i = 0; same && i < a->posting_count; i++)
        same = same_posting(&a->postings[i], &b->postings[i]);
    if (!same)
        return fault_set(f, ST_NOT_SCHEMA, "the schema changes what %s posts", a->name);
    enum status status = ST_OK;
    for (uint32_t i = 0; status == ST_OK && i < a->field_count; i++)
        status = field_grows(a, &a->fields[i], b, f);
    /* A new required field would make entries that were right before wrong. */
    for (uint32_t i = 0; status == ST_OK && i < b->field_count; i++)
        if (b->fields[i].required && schema_field(a, bytes_of_text(b->fields[i].name)) == NULL)
            status = fault_set(f, ST_NOT_SCHEMA, "the new field %s of %s cannot be required",
                               b->fields[i].name, b->name);
    return status;
}

enum status schema_grows(const struct schema *before, const struct schema *next, struct fault *f)
{
    CHECK(before != NULL && next != NULL);
    enum status status = ST_OK;
    for (uint32_t i = 0; status == ST_OK && i < before->type_count; i++) {
        const struct schema_type *a = &before->types[i];
        const struct schema_type *b = schema_type(next, bytes_of_text(a->name));
        if (b == NULL)
            return fault_set(f, ST_NOT_SCHEMA, "the schema loses the type %s", a->name);
        status = type_grows(a, b, f);
    }
    return status;
}
