#include "replicas/schema_text.h"

#include "proto/check.h"
#include "replicas/currency.h"
#include "replicas/nearest.h"

enum { SHOWN_BYTES_MAX = 80, DATE_BYTES = 10, FEBRUARY = 2 };

/* Never cuts a character in two. */
static int shown_bytes(struct bytes text)
{
    size_t count = text.count;
    if (count > SHOWN_BYTES_MAX)
        for (count = SHOWN_BYTES_MAX; count > 0 && (text.data[count] & 0xc0u) == 0x80u;)
            count--;
    return (int)count;
}

enum status schema_text_refuse(const struct schema_field *field, struct bytes text, const char *why,
                               struct fault *f)
{
    if (field->class != SCHEMA_OPEN)
        return fault_set(f, ST_BAD_VALUE, "%s: the value is %s", field->name, why);
    return fault_set(f, ST_BAD_VALUE, "%s: \"%.*s\" is %s", field->name, shown_bytes(text),
                     text.count == 0 ? "" : (const char *)text.data, why);
}

static unsigned digits(const uint8_t *at, size_t count, bool *all)
{
    unsigned n = 0;
    for (size_t i = 0; i < count; i++) {
        *all = *all && at[i] >= '0' && at[i] <= '9';
        n = n * 10 + (unsigned)(at[i] - '0');
    }
    return n;
}

static bool date_is_valid(struct bytes text)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool all = text.count == DATE_BYTES && text.data[4] == '-' && text.data[7] == '-';
    if (!all)
        return false;
    unsigned year = digits(text.data, 4, &all);
    unsigned month = digits(text.data + 5, 2, &all);
    unsigned day = digits(text.data + 8, 2, &all);
    if (!all || year == 0 || month == 0 || month > sizeof days / sizeof days[0])
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    unsigned last = days[month - 1] + (month == FEBRUARY && leap ? 1u : 0u);
    return day >= 1 && day <= last;
}

static enum status check_choice(const struct schema_field *field, struct bytes text,
                                struct fault *f)
{
    struct nearest near = {.wanted = text};
    for (uint32_t i = 0; i < field->choice_count; i++) {
        if (bytes_equal_text(text, field->choices[i]))
            return ST_OK;
        nearest_offer(&near, field->choices[i]);
    }
    enum status status = schema_text_refuse(field, text, "none of its choices", f);
    if (f == NULL)
        return status;
    struct buf list = {0};
    for (uint32_t i = 0; i < field->choice_count; i++)
        buf_add_format(&list, "%s%s", i == 0 ? "" : ", ", field->choices[i]);
    if (near.best != NULL && field->class == SCHEMA_OPEN)
        fault_fix(f, "did you mean \"%s\"? It is one of: %s", near.best, buf_text(&list));
    else
        fault_fix(f, "it is one of: %s", buf_text(&list));
    buf_release(&list);
    return status;
}

static enum status check_reference(const struct schema_field *field, struct bytes text,
                                   struct fault *f)
{
    uint8_t id[ENTRY_ID_BYTES];
    size_t count = field->to_entry ? (size_t)ENTRY_ID_BYTES : (size_t)RECORD_ID_BYTES;
    if (hex_decode(text, id, count) == ST_OK)
        return ST_OK;
    return schema_text_refuse(field, text,
                              field->to_entry ? "no id of an entry (40 hex digits)"
                                              : "no id of a record (24 hex digits)",
                              f);
}

static enum status check_currency(const struct schema_field *field, struct bytes text,
                                  struct fault *f)
{
    if (currency_digits(text) >= 0)
        return ST_OK;
    const char *near = currency_nearest(text);
    enum status status = schema_text_refuse(field, text, "no ISO 4217 currency, such as CLP", f);
    if (near != NULL && field->class == SCHEMA_OPEN)
        fault_fix(f, "did you mean '%s'?", near);
    return status;
}

enum status schema_text_check(const struct schema_field *field, struct bytes text, struct fault *f)
{
    CHECK(field->kind != SCHEMA_INTEGER && field->kind != SCHEMA_AMOUNT &&
          field->kind != SCHEMA_BOOLEAN);
    if (!bytes_are_utf8(text))
        return fault_set(f, ST_BAD_VALUE, "%s: the value is no valid UTF-8", field->name);
    switch (field->kind) {
    case SCHEMA_DATE:
        return date_is_valid(text)
                   ? ST_OK
                   : schema_text_refuse(field, text, "no date (YYYY-MM-DD, such as 2009-07-31)", f);
    case SCHEMA_LABEL:
        return label_is_valid(text) ? ST_OK
                                    : schema_text_refuse(field, text, "no member's label", f);
    case SCHEMA_CURRENCY:
        return check_currency(field, text, f);
    case SCHEMA_REFERENCE:
        return check_reference(field, text, f);
    case SCHEMA_CHOICE:
        return check_choice(field, text, f);
    case SCHEMA_SET:
        if (text.count == 0)
            return schema_text_refuse(field, text, "empty, which no element of a set is", f);
        return field->choice_count > 0 ? check_choice(field, text, f) : ST_OK;
    case SCHEMA_TEXT:
    case SCHEMA_INTEGER:
    case SCHEMA_AMOUNT:
    case SCHEMA_BOOLEAN:
        break;
    case SCHEMA_FILE: {
        enum status status = fault_set(f, ST_BAD_VALUE, "%s: a file is not typed", field->name);
        fault_fix(f, "minga attach ID FILE");
        return status;
    }
    }
    return ST_OK;
}
