#include "replicas/fold.h"

#include <utf8proc.h>

#include "proto/check.h"

enum {
    ASCII_END = 0x80,
    DECOMPOSED_MAX = 32, /* code points that one may become: 18 is Unicode's longest */
};

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.data[i] >= ASCII_END)
            return false;
    return true;
}

static void fold_ascii(struct bytes text, struct buf *out)
{
    uint8_t *room = buf_reserve(out, text.count);
    if (room == NULL)
        return;
    for (size_t i = 0; i < text.count; i++) {
        uint8_t c = text.data[i];
        room[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    out->count += text.count;
}

void fold_text(struct bytes text, struct buf *out)
{
    if (text.count == 0)
        return;
    if (is_ascii(text)) {
        fold_ascii(text, out);
        return;
    }
    if (!bytes_are_utf8(text)) {
        buf_add_bytes(out, text);
        return;
    }
    const utf8proc_option_t options = UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK;
    size_t at = 0;
    int boundary = 0;
    while (at < text.count) {
        utf8proc_int32_t code, parts[DECOMPOSED_MAX];
        utf8proc_ssize_t used =
            utf8proc_iterate(text.data + at, (utf8proc_ssize_t)(text.count - at), &code);
        CHECK(used > 0);
        at += (size_t)used;
        utf8proc_ssize_t count =
            utf8proc_decompose_char(code, parts, DECOMPOSED_MAX, options, &boundary);
        CHECK(count <= DECOMPOSED_MAX);
        for (utf8proc_ssize_t i = 0; i < count; i++) {
            uint8_t encoded[4];
            utf8proc_ssize_t bytes = utf8proc_encode_char(parts[i], encoded);
            buf_add(out, encoded, (size_t)bytes);
        }
    }
}
