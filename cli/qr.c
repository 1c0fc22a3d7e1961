#include "cli/qr.h"

#include <errno.h>
#include <qrencode.h>

enum { QUIET_MODULES = 4 }; /* what the standard asks for */

/* Whether a module is drawn: all that is not dark. */
static bool is_light(const QRcode *code, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return !inside || (code->data[y * code->width + x] & 1) == 0;
}

enum status qr_draw(const char *text, struct buf *out)
{
    static const char *const halves[2][2] = {{" ", "▄"}, {"▀", "█"}}; /* [above][below] */
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (code == NULL)
        return errno == ENOMEM ? ST_NO_MEMORY : ST_TOO_LARGE;
    int end = code->width + QUIET_MODULES;
    for (int y = -QUIET_MODULES; y < end; y += 2) {
        for (int x = -QUIET_MODULES; x < end; x++)
            buf_add_text(out, halves[is_light(code, x, y)][is_light(code, x, y + 1)]);
        buf_add_byte(out, '\n');
    }
    QRcode_free(code);
    return buf_status(out);
}
