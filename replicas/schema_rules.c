#include "replicas/schema_rules.h"

#include <string.h>

#include "proto/check.h"

static enum status refuse(struct fault *f, const struct schema_type *t, const char *field,
                          const char *why)
{
    if (field == NULL)
        return fault_set(f, ST_NOT_SCHEMA, "schema, type %s: %s", t->name, why);
    return fault_set(f, ST_NOT_SCHEMA, "schema, type %s, field %s: %s", t->name, field, why);
}

static const struct schema_field *field_named(const struct schema_type *t, const char *name)
{
    return schema_field(t, bytes_of_text(name));
}

static enum status check_reference(const struct schema *s, const struct schema_type *t,
                                   struct schema_field *field, struct fault *f)
{
    if (field->kind != SCHEMA_REFERENCE)
        return field->to[0] == '\0' ? ST_OK
                                    : refuse(f, t, field->name, "only a reference has \"to\"");
    const struct schema_type *to = schema_type(s, bytes_of_text(field->to));
    if (to == NULL)
        return refuse(f, t, field->name, "it refers to a type that is not there");
    field->to_entry = to->entry;
    return ST_OK;
}

static enum status check_amount(const struct schema_type *t, const struct schema_field *field,
                                struct fault *f)
{
    if (field->kind != SCHEMA_AMOUNT)
        return field->currency[0] == '\0'
                   ? ST_OK
                   : refuse(f, t, field->name, "only an amount has a \"currency\"");
    const struct schema_field *currency = field_named(t, field->currency);
    if (currency == NULL || currency->kind != SCHEMA_CURRENCY)
        return refuse(f, t, field->name, "an amount names the field that holds its currency");
    if (currency->class != SCHEMA_OPEN)
        return refuse(f, t, field->name, "the currency of an amount is of class open");
    if (field->required && !currency->required)
        return refuse(f, t, field->name, "its currency is required too");
    return ST_OK;
}

static enum status check_field(const struct schema *s, const struct schema_type *t,
                               struct schema_field *field, struct fault *f)
{
    bool chooses = field->kind == SCHEMA_CHOICE || field->kind == SCHEMA_SET;
    if (strcmp(field->name, "ref") == 0 || strcmp(field->name, "id") == 0)
        return refuse(f, t, field->name, "this name is taken");
    if (field->kind == SCHEMA_CHOICE && field->choice_count == 0)
        return refuse(f, t, field->name, "a choice needs \"choices\"");
    if (!chooses && field->choice_count > 0)
        return refuse(f, t, field->name, "only a choice or a set has \"choices\"");
    if (field->is_writer && (field->kind != SCHEMA_LABEL || !t->entry))
        return refuse(f, t, field->name, "only a label of an entry can be the writer's");
    if (field->required && !t->entry)
        return refuse(f, t, field->name, "only a field of an entry can be required");
    if (field->kind == SCHEMA_SET && (t->entry || field->class != SCHEMA_OPEN))
        return refuse(f, t, field->name, "a set is a field of class open of a record");
    if (t->entry && field->class != SCHEMA_OPEN)
        return refuse(f, t, field->name, "an entry has fields of class open only");
    if (field->kind == SCHEMA_FILE && field->class == SCHEMA_OPEN)
        return refuse(f, t, field->name, "a file is of class internal or personal");
    if (field->index && field->class != SCHEMA_OPEN)
        return refuse(f, t, field->name, "only a field of class open is indexed");
    enum status status = check_reference(s, t, field, f);
    return status == ST_OK ? check_amount(t, field, f) : status;
}

/* One column of the key: a field of class open, or of an entry a name of its own. */
static enum status check_key_column(const struct schema_type *t, struct bytes name, bool alone,
                                    struct fault *f)
{
    if (!name_is_valid(name))
        return refuse(f, t, NULL, "the key is no list of column names");
    const struct schema_field *field = schema_field(t, name);
    if (field == NULL)
        return t->entry && alone ? ST_OK : refuse(f, t, NULL, "the key names a field it has not");
    if (field->class != SCHEMA_OPEN || field->kind == SCHEMA_SET)
        return refuse(f, t, field->name, "a key is of class open and holds one value");
    return ST_OK;
}

static enum status check_key(const struct schema_type *t, struct fault *f)
{
    const char *at = t->key;
    uint32_t columns = 0;
    if (*at == '\0')
        return ST_OK;
    for (;;) {
        size_t count = strcspn(at, ",");
        bool alone = columns == 0 && at[count] == '\0';
        if (++columns > SCHEMA_KEY_COLUMNS_MAX)
            return refuse(f, t, NULL, "the key has more than 4 columns");
        enum status status =
            check_key_column(t, (struct bytes){(const uint8_t *)at, count}, alone, f);
        if (status != ST_OK || at[count] == '\0')
            return status;
        at += count + 1;
    }
}

static bool required_of_kind(const struct schema_type *t, const char *name, enum schema_kind a,
                             enum schema_kind b)
{
    const struct schema_field *field = field_named(t, name);
    return field != NULL && field->required && (field->kind == a || field->kind == b);
}

static enum status check_posting(const struct schema_type *t, const struct schema_posting *p,
                                 struct fault *f)
{
    CHECK(p->sign == 1 || p->sign == -1);
    if (!t->entry)
        return refuse(f, t, NULL, "only an entry has postings");
    if (p->account_field[0] != '\0' &&
        !required_of_kind(t, p->account_field, SCHEMA_LABEL, SCHEMA_LABEL))
        return refuse(f, t, NULL, "a posting's account is a required label");
    if (p->account_field[0] != '\0' && p->sign < 0)
        return refuse(f, t, NULL, "only the writer's own account can be debited");
    if (p->line_field[0] != '\0' && !required_of_kind(t, p->line_field, SCHEMA_TEXT, SCHEMA_CHOICE))
        return refuse(f, t, NULL, "a posting's line is a required text or choice");
    if (!required_of_kind(t, p->amount_field, SCHEMA_AMOUNT, SCHEMA_AMOUNT))
        return refuse(f, t, NULL, "a posting's amount is a required amount");
    const struct schema_field *amount = field_named(t, p->amount_field);
    if (strcmp(amount->currency, p->currency_field) != 0)
        return refuse(f, t, NULL, "a posting's currency is the one of its amount");
    return ST_OK;
}

/* Its two fields say everything, and its ref repeats one of them: one entry, one reversal. */
static enum status check_reverses(const struct schema_type *t, struct fault *f)
{
    const struct schema_field *id = field_named(t, t->reverses);
    if (!t->entry || t->posting_count > 0)
        return refuse(f, t, NULL, "only an entry without postings of its own reverses");
    if (id == NULL || id->kind != SCHEMA_TEXT || !id->required)
        return refuse(f, t, NULL, "what it reverses is a required text");
    if (t->field_count == 2) {
        const struct schema_field *writer = &t->fields[id == &t->fields[0] ? 1 : 0];
        if (writer->is_writer && writer->required)
            return ST_OK;
    }
    return refuse(f, t, NULL,
                  "an entry that reverses has two fields: what it reverses, and the required label "
                  "of its writer");
}

static enum status check_type(const struct schema *s, struct schema_type *t, struct fault *f)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; status == ST_OK && i < t->field_count; i++)
        status = check_field(s, t, &t->fields[i], f);
    for (uint32_t i = 0; status == ST_OK && i < t->posting_count; i++)
        status = check_posting(t, &t->postings[i], f);
    if (status == ST_OK && t->reverses[0] != '\0')
        status = check_reverses(t, f);
    if (status == ST_OK && t->entry && t->retention.count > 0)
        status = refuse(f, t, NULL, "an entry is kept for ever: it has no retention");
    return status == ST_OK ? check_key(t, f) : status;
}

/* Whoever reverses an entry has to know whose accounts it posted to; and an entry that says whose
 * it is posts to nobody else's account, whoever imports it. */
static enum status check_names_writer(const struct schema_type *t, struct fault *f)
{
    bool posts = false, named = false;
    for (uint32_t i = 0; i < t->posting_count; i++)
        posts = posts || t->postings[i].account_field[0] == '\0';
    for (uint32_t i = 0; i < t->field_count; i++)
        named = named || (t->fields[i].is_writer && t->fields[i].required);
    if (!posts || named)
        return ST_OK;
    return refuse(f, t, NULL,
                  "it posts to its writer's account: where entries can be reversed, such a type "
                  "has a required label that \"is\" the \"writer\"");
}

enum status schema_rules(struct schema *s, struct fault *f)
{
    CHECK(s != NULL);
    enum status status = ST_OK;
    bool reverses = false;
    for (uint32_t i = 0; status == ST_OK && i < s->type_count; i++) {
        struct schema_type *t = &s->types[i];
        status = check_type(s, t, f);
        if (t->reverses[0] == '\0')
            continue;
        if (status == ST_OK && reverses) /* each would give the same money back */
            status = refuse(f, t, NULL,
                            "only one type reverses entries, and another one does so already");
        reverses = true;
    }
    for (uint32_t i = 0; status == ST_OK && reverses && i < s->type_count; i++)
        status = check_names_writer(&s->types[i], f);
    return status;
}
