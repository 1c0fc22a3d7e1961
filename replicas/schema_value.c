#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/currency.h"
#include "replicas/json.h"
#include "replicas/schema.h"
#include "replicas/schema_text.h"

/* A number under way; too large a one stays at 'over'. */
struct number {
    int64_t n;
    bool over;
};

static void add_digit(struct number *number, uint8_t digit)
{
    CHECK(digit <= 9);
    number->over = number->over || number->n > (SCHEMA_INTEGER_MAX - digit) / 10;
    if (!number->over)
        number->n = number->n * 10 + digit;
}

static size_t take_digits(struct number *number, struct bytes text)
{
    size_t count = 0;
    for (; count < text.count && text.data[count] >= '0' && text.data[count] <= '9'; count++)
        add_digit(number, (uint8_t)(text.data[count] - '0'));
    return count;
}

static struct bytes without(struct bytes text, size_t count)
{
    CHECK(count <= text.count);
    return (struct bytes){text.data + count, text.count - count};
}

static enum status integer_value(const struct schema_field *field, struct bytes text,
                                 struct buf *out, struct fault *f)
{
    struct number number = {0, false};
    bool negative = text.data[0] == '-';
    struct bytes rest = without(text, negative ? 1 : 0);
    size_t count = take_digits(&number, rest);
    if (count == 0 || count != rest.count)
        return schema_text_refuse(field, text, "no whole number", f);
    if (number.over)
        return schema_text_refuse(field, text, "beyond 2^53 - 1", f);
    json_add_integer(out, negative ? -number.n : number.n);
    return buf_status(out);
}

static enum status refuse_digits(const struct schema_field *field, struct bytes text, int minor,
                                 struct bytes currency, struct fault *f)
{
    enum status status = schema_text_refuse(field, text, "no amount of this currency", f);
    if (minor == 0)
        fault_fix(f, "%.*s has no minor unit: write whole units, without points or commas",
                  (int)currency.count, (const char *)currency.data);
    else
        fault_fix(f, "%.*s has %d decimals: write it as 1234.%.*s, without marks for thousands",
                  (int)currency.count, (const char *)currency.data, minor, minor, "5000");
    return status;
}

/* Major units as typed to minor units as kept: "12.5" USD is 1250. */
static enum status amount_value(const struct schema_field *field, struct bytes text,
                                struct bytes currency, struct buf *out, struct fault *f)
{
    int minor = currency_digits(currency);
    if (minor < 0)
        return schema_text_refuse(field, text, "an amount whose currency is not known", f);
    struct number number = {0, false};
    bool negative = text.data[0] == '-';
    struct bytes rest = without(text, negative ? 1 : 0);
    size_t whole = take_digits(&number, rest);
    rest = without(rest, whole);
    size_t decimals = 0;
    if (rest.count > 0 && rest.data[0] == '.') {
        rest = without(rest, 1);
        decimals = take_digits(&number, rest);
        if (decimals == 0 || decimals > (size_t)minor)
            return refuse_digits(field, text, minor, currency, f);
        rest = without(rest, decimals);
    }
    if (whole == 0 || rest.count > 0)
        return refuse_digits(field, text, minor, currency, f);
    for (; decimals < (size_t)minor; decimals++)
        add_digit(&number, 0);
    if (number.over)
        return schema_text_refuse(field, text, "beyond 2^53 - 1 minor units", f);
    json_add_integer(out, negative ? -number.n : number.n);
    return buf_status(out);
}

static enum status boolean_value(const struct schema_field *field, struct bytes text,
                                 struct buf *out, struct fault *f)
{
    static const char *const yes[] = {"true", "yes", "sí", "si"};
    static const char *const no[] = {"false", "no"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (bytes_equal_text(text, yes[i])) {
            buf_add_text(out, "true");
            return buf_status(out);
        }
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (bytes_equal_text(text, no[i])) {
            buf_add_text(out, "false");
            return buf_status(out);
        }
    }
    return schema_text_refuse(field, text, "neither yes nor no", f);
}

static enum status text_value(const struct schema_field *field, struct bytes text, struct buf *out,
                              struct fault *f)
{
    enum status status = schema_text_check(field, text, f);
    if (status != ST_OK)
        return status;
    size_t before = out->count;
    json_add_text(out, text);
    if (buf_status(out) == ST_OK && out->count - before > VALUE_BYTES_MAX) {
        out->count = before;
        status = fault_set(f, ST_BAD_VALUE, "%s: the value is longer than %u bytes", field->name,
                           (unsigned)VALUE_BYTES_MAX);
        fault_fix(f, "attach it as a file");
        return status;
    }
    return buf_status(out);
}

enum status schema_value(const struct schema_field *field, struct bytes text, struct bytes currency,
                         struct buf *out, struct fault *f)
{
    if (text.count == 0) {
        if (field->required || field->kind == SCHEMA_SET)
            return fault_set(f, ST_BAD_VALUE, "%s: it cannot be empty", field->name);
        buf_add_text(out, "null");
        return buf_status(out);
    }
    switch (field->kind) {
    case SCHEMA_INTEGER:
        return integer_value(field, text, out, f);
    case SCHEMA_AMOUNT:
        return amount_value(field, text, currency, out, f);
    case SCHEMA_BOOLEAN:
        return boolean_value(field, text, out, f);
    default:
        return text_value(field, text, out, f);
    }
}
