#include "cli/output.h"

#include <stdarg.h>
#include <string.h>

#include "proto/check.h"

enum {
    ASCII_MAX = 0x7f,
    CONTINUATION_BITS = 6,
    CONTINUATION_MASK = 0x3f,
    LINE_BYTES = 1024,
    PIECE_BYTES = 16, /* of what stands for one character */
};

/* One character at the front: its bytes; 0 where it is no UTF-8 (RFC 3629). */
static size_t take(struct bytes text, uint32_t *out)
{
    uint8_t first = text.data[0];
    size_t count = first <= ASCII_MAX ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (text.count < count)
        return 0;
    if (first != 0 && !bytes_are_utf8((struct bytes){text.data, count}))
        return 0;
    static const uint8_t leading[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = first & leading[count];
    for (size_t i = 1; i < count; i++)
        c = c << CONTINUATION_BITS | (text.data[i] & CONTINUATION_MASK);
    *out = c;
    return count;
}

/* Characters that act instead of showing: controls, bidirectional marks, what nobody sees. */
static bool acts(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* What is shown of the character at the front, and how many bytes of the text it is. */
static size_t show(struct bytes text, char out[static PIECE_BYTES], size_t *shown_out)
{
    uint32_t c = 0;
    size_t count = take(text, &c);
    int used = 0;
    if (count == 0)
        used = snprintf(out, PIECE_BYTES, "\\x%02x", text.data[0]);
    else if (!acts(c))
        memcpy(out, text.data, count);
    else if (c == '\n' || c == '\t')
        used = snprintf(out, PIECE_BYTES, c == '\n' ? "\\n" : "\\t");
    else
        used = snprintf(out, PIECE_BYTES, c <= 0xff ? "\\x%02x" : "\\u%04x", c);
    *shown_out = used > 0 ? (size_t)used : count;
    return count > 0 ? count : 1;
}

void output_safe(struct bytes text, struct buf *out)
{
    char piece[PIECE_BYTES];
    size_t shown;
    for (size_t at = 0; at < text.count;) {
        at += show((struct bytes){text.data + at, text.count - at}, piece, &shown);
        buf_add(out, piece, shown);
    }
}

/* The same to a file, as one write where it is no longer than a line, and without memory: so a
 * failure is told where there is none left. */
static void write_safe(struct bytes text, FILE *file)
{
    char room[LINE_BYTES];
    size_t used = 0, shown;
    for (size_t at = 0; at < text.count;) {
        if (used + PIECE_BYTES + 1 > sizeof room) {
            fwrite(room, 1, used, file);
            used = 0;
        }
        at += show((struct bytes){text.data + at, text.count - at}, room + used, &shown);
        used += shown;
    }
    room[used++] = '\n';
    fwrite(room, 1, used, file);
}

size_t output_columns(struct bytes text)
{
    size_t columns = 0;
    for (size_t at = 0; at < text.count;) {
        uint32_t c = 0;
        size_t count = take((struct bytes){text.data + at, text.count - at}, &c);
        at += count > 0 ? count : 1;
        columns += c >= 0x300 && c <= 0x36f ? 0 : 1;
    }
    return columns;
}

void output_line(FILE *file, const char *format, ...)
{
    char line[LINE_BYTES];
    struct buf raw = {0};
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int bytes = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    const char *text = line;
    if (bytes >= (int)sizeof line) { /* too long for the line at hand */
        uint8_t *room = buf_reserve(&raw, (size_t)bytes + 1);
        if (room != NULL) {
            vsnprintf((char *)room, (size_t)bytes + 1, format, again);
            text = (const char *)room;
        }
    }
    va_end(again);
    write_safe(bytes_of_text(text), file);
    buf_release(&raw);
}

/* ---- JSON and CSV ---- */

static void add_escape(uint32_t c, struct buf *out)
{
    enum { PLANE = 0x10000, HIGH = 0xd800, LOW = 0xdc00, HALF_BITS = 10, HALF_MASK = 0x3ff };
    if (c < PLANE)
        buf_add_format(out, "\\u%04x", c);
    else
        buf_add_format(out, "\\u%04x\\u%04x", HIGH + ((c - PLANE) >> HALF_BITS),
                       LOW + ((c - PLANE) & HALF_MASK));
}

void output_json(const char *verb, struct bytes row, struct buf *out)
{
    CHECK(row.count >= 2 && row.data[0] == '{');
    buf_add_format(out, "{\"schema\":\"minga.%s/1\"", verb);
    if (row.count > 2)
        buf_add_byte(out, ',');
    for (size_t at = 1; at < row.count;) {
        uint32_t c = 0;
        size_t count = take((struct bytes){row.data + at, row.count - at}, &c);
        if (count == 0) {
            add_escape(0xfffd, out);
            at++;
            continue;
        }
        if (acts(c))
            add_escape(c, out); /* only strings can hold it */
        else
            buf_add(out, row.data + at, count);
        at += count;
    }
    buf_add_byte(out, '\n');
}

static bool is_number(struct bytes text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.count; i++) {
        bool sign = i == 0 && (text.data[i] == '-' || text.data[i] == '+');
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (!sign && !digit && text.data[i] != '.')
            return false;
        digits += digit ? 1 : 0;
    }
    return digits > 0;
}

void output_csv(struct bytes text, struct buf *out)
{
    bool formula = text.count > 0 && memchr("=+-@\t\r", text.data[0], 6) != NULL;
    if (formula && is_number(text))
        formula = false;
    bool quote = false;
    for (size_t i = 0; i < text.count; i++)
        quote = quote || memchr("\",\r\n", text.data[i], 4) != NULL;
    if (quote)
        buf_add_byte(out, '"');
    if (formula)
        buf_add_byte(out, '\'');
    for (size_t i = 0; i < text.count; i++) {
        if (text.data[i] == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, text.data[i]);
    }
    if (quote)
        buf_add_byte(out, '"');
}

/* ---- Values ---- */

static int add_dumped(const char *data, size_t count, void *user)
{
    buf_add(user, data, count);
    return 0;
}

static void add_scalar(const json_t *value, struct buf *out)
{
    if (json_is_string(value)) {
        buf_add(out, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        buf_add_format(out, "%lld", (long long)json_integer_value(value));
    } else if (json_is_boolean(value)) {
        buf_add_text(out, json_is_true(value) ? "true" : "false");
    } else if (value == NULL || json_is_null(value)) {
        buf_add_byte(out, '-');
    } else {
        (void)json_dump_callback(value, add_dumped, out, JSON_COMPACT | JSON_ENCODE_ANY);
    }
}

void output_value(const json_t *value, struct buf *out)
{
    if (!json_is_array(value)) {
        add_scalar(value, out);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i > 0)
            buf_add_text(out, ", ");
        add_scalar(json_array_get(value, i), out);
    }
}

const char *output_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

/* ---- Tables ---- */

void output_table_init(struct output_table *t, uint32_t columns)
{
    CHECK(columns > 0 && columns <= OUTPUT_COLUMNS_MAX);
    *t = (struct output_table){.columns = columns};
}

size_t output_cut(struct bytes text, size_t columns)
{
    size_t at = 0;
    while (at < text.count && columns > 0) {
        uint32_t c = 0;
        size_t count = take((struct bytes){text.data + at, text.count - at}, &c);
        at += count > 0 ? count : 1;
        columns--;
    }
    return at;
}

void output_table_add(struct output_table *t, struct bytes cell)
{
    size_t from = t->text.count;
    output_safe(cell, &t->text);
    if (t->text.failed)
        return;
    struct bytes safe = {t->text.data + from, t->text.count - from};
    size_t columns = output_columns(safe), max = t->cell_columns_max;
    if (max > 0 && columns > max) {
        t->text.count = from + output_cut(safe, max - 1);
        buf_add_text(&t->text, "\xe2\x80\xa6"); /* … */
        columns = max;
    }
    buf_add_byte(&t->text, '\0');
    size_t *width = &t->widths[t->cells % t->columns];
    if (columns > *width)
        *width = columns;
    t->cells++;
}

static void add_spaces(struct buf *line, size_t count)
{
    for (; count > 0; count--)
        buf_add_byte(line, ' ');
}

void output_table_print(struct output_table *t, FILE *file)
{
    const char *at = (const char *)t->text.data;
    uint64_t whole = t->text.failed ? 0 : t->cells - t->cells % t->columns;
    struct buf line = {0};
    for (uint64_t i = 0; i < whole; i++) {
        struct bytes cell = bytes_of_text(at);
        bool last = (i + 1) % t->columns == 0, right = (t->right >> i % t->columns & 1) != 0;
        size_t room = t->widths[i % t->columns] - output_columns(cell);
        if (right)
            add_spaces(&line, room);
        buf_add_bytes(&line, cell);
        if (!last)
            add_spaces(&line, (right ? 0 : room) + 2);
        at += cell.count + 1;
        if (!last)
            continue;
        while (line.count > 0 && line.data[line.count - 1] == ' ')
            line.count--;
        buf_add_byte(&line, '\n');
        if (buf_status(&line) == ST_OK)
            fwrite(line.data, 1, line.count, file);
        buf_reset(&line);
    }
    buf_release(&line);
    buf_release(&t->text);
}
