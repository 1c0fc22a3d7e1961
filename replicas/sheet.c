#include "replicas/sheet.h"

#include <string.h>

static bool is_formula(uint8_t byte)
{
    return byte != '\0' && strchr("=+-@\t\r", byte) != NULL;
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

void sheet_text(struct sheet *s, struct bytes text)
{
    begin(s);
    if (text.count == 0)
        return;
    bool guard = is_formula(text.data[0]) || text.data[0] == '\'';
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

struct bytes sheet_plain(struct bytes cell)
{
    bool guarded = cell.count >= 2 && cell.data[0] == '\'' &&
                   (is_formula(cell.data[1]) || cell.data[1] == '\'');
    return guarded ? (struct bytes){cell.data + 1, cell.count - 1} : cell;
}
