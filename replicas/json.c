#include "replicas/json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/fault.h"

enum { CONTROL_END = 0x20, INTEGER_DIGITS_MAX = 16 };

static const int64_t integer_max = (INT64_C(1) << SAFE_INTEGER_BITS) - 1;

/* The letter behind the backslash for each control character that has one. */
static const char short_escapes[CONTROL_END] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
};

static const char hex_digits[] = "0123456789abcdef";

static void fail(struct json_reader *r, enum status status)
{
    if (r->status == ST_OK)
        r->status = status;
}

static bool is_plain(uint8_t c)
{
    return c >= CONTROL_END && c != '"' && c != '\\';
}

void json_add_text(struct buf *out, struct bytes utf8)
{
    if (!bytes_are_utf8(utf8)) {
        out->failed = true;
        return;
    }
    buf_add_byte(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < utf8.count; i++) {
        uint8_t c = utf8.data[i];
        if (is_plain(c))
            continue;
        buf_add(out, utf8.data + from, i - from);
        from = i + 1;
        char escape[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
        char letter = c < CONTROL_END ? short_escapes[c] : (char)c;
        if (letter != '\0')
            escape[1] = letter;
        buf_add(out, escape, letter != '\0' ? 2 : sizeof escape);
    }
    if (from < utf8.count)
        buf_add(out, utf8.data + from, utf8.count - from);
    buf_add_byte(out, '"');
}

void json_add_integer(struct buf *out, int64_t n)
{
    CHECK(n >= -integer_max && n <= integer_max);
    uint64_t left = n < 0 ? (uint64_t)-n : (uint64_t)n;
    uint8_t digits[INTEGER_DIGITS_MAX + 1]; /* and a sign */
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (n < 0)
        digits[--at] = '-';
    buf_add(out, digits + at, sizeof digits - at);
}

void json_read(struct json_reader *r, struct bytes in)
{
    *r = (struct json_reader){0};
    if (in.count == 0)
        return; /* a NULL begin has no end to compute */
    r->at = in.data;
    r->end = in.data + in.count;
}

bool json_read_try(struct json_reader *r, const char *literal)
{
    size_t count = strlen(literal);
    if (r->status != ST_OK || (size_t)(r->end - r->at) < count ||
        memcmp(r->at, literal, count) != 0)
        return false;
    r->at += count;
    return true;
}

void json_read_literal(struct json_reader *r, const char *literal)
{
    if (!json_read_try(r, literal))
        fail(r, r->at == r->end ? ST_MALFORMED : ST_NOT_CANONICAL);
}

/* The bytes of the escape at 'at', which starts with a backslash, and what it stands for; 0 and a
 * status when it is none, or not the shortest. */
static size_t take_escape(const uint8_t *at, const uint8_t *end, uint8_t *out, enum status *status)
{
    *status = ST_MALFORMED;
    if (end - at < 2)
        return 0;
    if (at[1] == '"' || at[1] == '\\') {
        *out = at[1];
        return 2;
    }
    for (uint8_t c = 0; c < CONTROL_END; c++)
        if (short_escapes[c] != '\0' && short_escapes[c] == (char)at[1]) {
            *out = c;
            return 2;
        }
    if (at[1] == '/')
        *status = ST_NOT_CANONICAL;
    if (at[1] != 'u' || end - at < 6)
        return 0;
    *status = ST_NOT_CANONICAL;
    const char *low = at[5] != '\0' ? strchr(hex_digits, at[5]) : NULL;
    if (at[2] != '0' || at[3] != '0' || (at[4] != '0' && at[4] != '1') || low == NULL)
        return 0;
    *out = (uint8_t)((at[4] - '0') << 4 | (low - hex_digits));
    return *out != 0 && short_escapes[*out] == '\0' ? 6 : 0;
}

struct bytes json_read_text(struct json_reader *r)
{
    struct bytes none = {0};
    if (r->status != ST_OK)
        return none;
    const uint8_t *from = r->at, *at = from;
    if (at == r->end || *at++ != '"') {
        fail(r, ST_MALFORMED);
        return none;
    }
    uint8_t seen = 0;
    for (;;) {
        while (at < r->end && is_plain(*at))
            seen |= *at++;
        if (at == r->end || *at < CONTROL_END) {
            fail(r, ST_MALFORMED);
            return none;
        }
        if (*at == '"')
            break;
        uint8_t c;
        enum status status;
        size_t count = take_escape(at, r->end, &c, &status);
        if (count == 0) {
            fail(r, status);
            return none;
        }
        at += count;
    }
    at++;
    struct bytes text = {from, (size_t)(at - from)};
    if ((seen & 0x80) != 0 && !bytes_are_utf8(text)) {
        fail(r, ST_MALFORMED);
        return none;
    }
    r->at = at;
    return text;
}

int json_compare_text(struct bytes a, struct bytes b)
{
    CHECK(a.count >= 2 && b.count >= 2);
    size_t i = 1, j = 1, a_end = a.count - 1, b_end = b.count - 1;
    while (i < a_end && j < b_end) {
        uint8_t x = a.data[i], y = b.data[j];
        size_t x_count = 1, y_count = 1;
        enum status status;
        if (x == '\\')
            x_count = take_escape(a.data + i, a.data + a_end, &x, &status);
        if (y == '\\')
            y_count = take_escape(b.data + j, b.data + b_end, &y, &status);
        CHECK(x_count > 0 && y_count > 0);
        if (x != y)
            return x < y ? -1 : 1;
        i += x_count;
        j += y_count;
    }
    return (i < a_end) - (j < b_end);
}

static bool is_digit(const struct json_reader *r, const uint8_t *at)
{
    return at < r->end && *at >= '0' && *at <= '9';
}

/* An integer within the safe range; 0 after a failure. */
static int64_t read_integer(struct json_reader *r)
{
    const uint8_t *at = r->at;
    bool negative = at < r->end && *at == '-';
    if (negative)
        at++;
    const uint8_t *first = at;
    int64_t n = 0;
    while (is_digit(r, at) && at - first < INTEGER_DIGITS_MAX)
        n = n * 10 + (*at++ - '0');
    if (at == first || (*first == '0' && at - first > 1)) {
        fail(r, ST_MALFORMED);
        return 0;
    }
    bool fraction = at < r->end && (*at == '.' || *at == 'e' || *at == 'E');
    if (is_digit(r, at) || fraction || n > integer_max || (negative && n == 0)) {
        fail(r, ST_NOT_CANONICAL);
        return 0;
    }
    r->at = at;
    return negative ? -n : n;
}

/* A value that is no container. */
static void read_scalar(struct json_reader *r)
{
    if (r->at == r->end) {
        fail(r, ST_MALFORMED);
        return;
    }
    uint8_t c = *r->at;
    if (c == '"')
        (void)json_read_text(r);
    else if (c == '-' || is_digit(r, r->at))
        (void)read_integer(r);
    else if (!json_read_try(r, "null") && !json_read_try(r, "true") && !json_read_try(r, "false"))
        fail(r, c == ' ' || c == '\n' || c == '\r' || c == '\t' ? ST_NOT_CANONICAL : ST_MALFORMED);
}

/* One open container: the byte that ends it, and an object's last key. */
struct level {
    uint8_t close;
    struct bytes key;
};

static void read_key(struct json_reader *r, struct level *in)
{
    struct bytes key = json_read_text(r);
    json_read_literal(r, ":");
    if (r->status != ST_OK)
        return;
    if (in->key.count > 0 && json_compare_text(in->key, key) >= 0)
        fail(r, ST_NOT_CANONICAL);
    in->key = key;
}

struct bytes json_read_value(struct json_reader *r)
{
    struct level levels[JSON_DEPTH_MAX];
    unsigned depth = 0;
    const uint8_t *from = r->at;
    if (r->status != ST_OK)
        return (struct bytes){0};
    do {
        bool opened = json_read_try(r, "{") || json_read_try(r, "[");
        if (opened && depth == JSON_DEPTH_MAX) {
            fail(r, ST_TOO_LARGE);
            break;
        }
        if (opened)
            levels[depth++] = (struct level){.close = r->at[-1] == '{' ? '}' : ']'};
        else
            read_scalar(r);
        /* Leave what ends here; then a comma, unless a container was just opened. */
        while (r->status == ST_OK && depth > 0 && r->at < r->end &&
               *r->at == levels[depth - 1].close) {
            r->at++;
            depth--;
            opened = false;
        }
        if (depth > 0 && !opened)
            json_read_literal(r, ",");
        if (depth > 0 && levels[depth - 1].close == '}')
            read_key(r, &levels[depth - 1]);
    } while (depth > 0 && r->status == ST_OK);
    if (r->status != ST_OK)
        return (struct bytes){0};
    return (struct bytes){from, (size_t)(r->at - from)};
}

enum status json_end(const struct json_reader *r)
{
    if (r->status != ST_OK)
        return r->status;
    return r->at == r->end ? ST_OK : ST_MALFORMED;
}

enum status json_check(struct bytes text)
{
    struct json_reader r;
    json_read(&r, text);
    (void)json_read_value(&r);
    return json_end(&r);
}

enum status json_take_text(struct bytes text, struct buf *out)
{
    struct json_reader r;
    json_read(&r, text);
    (void)json_read_text(&r);
    if (json_end(&r) != ST_OK)
        return ST_MALFORMED;
    const uint8_t *at = text.data + 1, *end = text.data + text.count - 1;
    while (at < end) {
        const uint8_t *escape = memchr(at, '\\', (size_t)(end - at));
        const uint8_t *stop = escape != NULL ? escape : end;
        buf_add(out, at, (size_t)(stop - at));
        at = stop;
        if (escape == NULL)
            break;
        uint8_t c;
        enum status status;
        size_t count = take_escape(at, end, &c, &status);
        CHECK(count > 0);
        buf_add_byte(out, c);
        at += count;
    }
    return buf_status(out);
}

enum status json_take_integer(struct bytes text, int64_t *out)
{
    struct json_reader r;
    json_read(&r, text);
    int64_t n = read_integer(&r);
    if (json_end(&r) != ST_OK)
        return ST_MALFORMED;
    *out = n;
    return ST_OK;
}

static int add_dumped(const char *data, size_t count, void *user)
{
    struct buf *out = user;
    buf_add(out, data, count);
    return out->failed ? -1 : 0;
}

/* jansson writes \u00XX in upper case; canonical text has it in lower case. */
static void lower_escapes(uint8_t *data, size_t count)
{
    for (size_t i = 0; i + 5 < count; i++) {
        if (data[i] != '\\')
            continue;
        i++;
        if (data[i] != 'u')
            continue;
        if (data[i + 4] >= 'A' && data[i + 4] <= 'F')
            data[i + 4] = (uint8_t)(data[i + 4] - 'A' + 'a');
    }
}

static enum status canonical_fault(enum status status, struct fault *f)
{
    if (status == ST_TOO_LARGE)
        return fault_set(f, status, "nested more than %d levels deep", (int)JSON_DEPTH_MAX);
    return fault_set(f, ST_MALFORMED,
                     "holds a number that is not an integer within 2^53, or text with a NUL");
}

enum status json_canonical(struct bytes in, struct buf *out, struct fault *f)
{
    json_error_t error;
    size_t before = out->count;
    const char *text = in.count > 0 ? (const char *)in.data : "";
    errno = 0;
    json_t *value = json_loadb(text, in.count, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    /* jansson names no reason when it cannot begin, and calls a text that it cannot keep wrong. */
    if (value == NULL && (errno == ENOMEM || json_error_code(&error) == json_error_out_of_memory ||
                          json_error_code(&error) == json_error_unknown))
        return fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    if (value == NULL)
        return fault_set(f, ST_MALFORMED, "line %d, column %d: %s", error.line, error.column,
                         error.text);
    enum status status = ST_OK;
    if (json_dump_callback(value, add_dumped, out,
                           JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0)
        status = fault_set(f, ST_NO_MEMORY, "%s", status_text(ST_NO_MEMORY));
    json_decref(value);
    if (status == ST_OK) {
        struct bytes made = {out->data + before, out->count - before};
        lower_escapes(out->data + before, made.count);
        status = json_check(made);
        if (status != ST_OK)
            status = canonical_fault(status, f);
    }
    if (status != ST_OK)
        out->count = before;
    return status;
}
