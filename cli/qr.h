/*
 * qr: a text as a QR code for a terminal: two modules a character, light ones drawn, so that it
 * reads on a dark background; a quiet zone all around.
 */
#ifndef CLI_QR_H
#define CLI_QR_H

#include "proto/bytes.h"

/* qr_draw(): lines of UTF-8 half blocks, appended. 'text' without NUL.
 * Errors: ST_TOO_LARGE  more than a code holds; ST_NO_MEMORY */
MUST_USE enum status qr_draw(const char *text, struct buf *out);

#endif
