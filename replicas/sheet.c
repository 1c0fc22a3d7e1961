#include "replicas/sheet.h"

#include <string.h>

#include "replicas/acting.h"

static bool is_formula(uint8_t byte)
{
    return byte != '\0' && strchr("=+-@\t\r", byte) != NULL;
}

static void encode(struct bytes text, struct buf *out)
{
    buf_add_text(out, "'%");
    for (size_t i = 0; i < text.count;) {
        size_t count =
            text.data[i] == '%' ? 1 : acting_bytes((struct bytes){text.data + i, text.count - i});
        for (size_t k = 0; k < count; k++)
            buf_add_format(out, "%%%02X", text.data[i + k]);
        if (count == 0)
            buf_add_byte(out, text.data[i++]);
        i += count;
    }
}

static void begin(struct sheet *s)
{
    if (s->begun)
        buf_add_byte(s->out, ',');
    s->begun = true;
}

static bool wants_quotes(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++)
        if (strchr(",\"\r\n\t;", text.data[i]) != NULL)
            return true;
    return text.data[0] == ' ' || text.data[text.count - 1] == ' ';
}

static void add_cell(struct sheet *s, struct bytes text, bool guard)
{
    if (!wants_quotes(text)) {
        buf_add_text(s->out, guard ? "'" : "");
        buf_add_bytes(s->out, text);
        return;
    }
    buf_add_text(s->out, guard ? "\"'" : "\"");
    for (size_t i = 0; i < text.count; i++) {
        if (text.data[i] == '"')
            buf_add_byte(s->out, '"');
        buf_add_byte(s->out, text.data[i]);
    }
    buf_add_byte(s->out, '"');
}

void sheet_text(struct sheet *s, struct bytes text)
{
    struct buf encoded = {0};
    begin(s);
    if (text.count == 0)
        return;
    if (!acting_anywhere(text)) {
        add_cell(s, text, is_formula(text.data[0]) || text.data[0] == '\'');
        return;
    }
    encode(text, &encoded);
    if (buf_status(&encoded) == ST_OK)
        add_cell(s, buf_bytes(&encoded), false);
    else
        s->out->failed = true;
    buf_release(&encoded);
}

void sheet_number(struct sheet *s, struct bytes digits)
{
    begin(s);
    buf_add_bytes(s->out, digits);
}

void sheet_end(struct sheet *s)
{
    buf_add_text(s->out, "\r\n");
    s->begun = false;
}

static bool take_hex(const uint8_t at[static 2], uint8_t *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *high = at[0] != 0 ? strchr(digits, at[0]) : NULL;
    const char *low = at[1] != 0 ? strchr(digits, at[1]) : NULL;
    if (high == NULL || low == NULL)
        return false;
    *out = (uint8_t)((high - digits) << 4 | (low - digits));
    return true;
}

/* What stands behind '%; false: no sheet writes it so. */
static bool decode(struct bytes in, struct buf *out)
{
    uint8_t byte;
    for (size_t i = 0; i < in.count; i++) {
        bool coded = in.data[i] == '%';
        if (coded && (in.count - i < 3 || !take_hex(in.data + i + 1, &byte)))
            return false;
        buf_add_byte(out, coded ? byte : in.data[i]);
        i += coded ? 2 : 0;
    }
    return true;
}

struct bytes sheet_plain(struct bytes cell, struct buf *room)
{
    buf_reset(room);
    if (cell.count > 2 && cell.data[0] == '\'' && cell.data[1] == '%' &&
        decode((struct bytes){cell.data + 2, cell.count - 2}, room) &&
        acting_anywhere(buf_bytes(room)) && bytes_are_utf8(buf_bytes(room)))
        return buf_bytes(room);
    bool guarded = cell.count >= 2 && cell.data[0] == '\'' &&
                   (is_formula(cell.data[1]) || cell.data[1] == '\'');
    return guarded ? (struct bytes){cell.data + 1, cell.count - 1} : cell;
}
