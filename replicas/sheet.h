/*
 * sheet: one CSV text on its way (RFC 4180, UTF-8, CRLF), such as a spreadsheet opens without
 * harm: a text that it would take for a formula gets an apostrophe before it, and so does one that
 * begins with an apostrophe, so that both can be taken back (sheet_plain()). Pure.
 */
#ifndef REPLICAS_SHEET_H
#define REPLICAS_SHEET_H

#include "proto/bytes.h"

struct sheet {
    struct buf *out; /* borrowed */
    bool begun;      /* the row has a cell */
};

/* sheet_text(): the next cell of the row, whatever it holds. sheet_number(): digits, with a sign
 * or a decimal point or without: stays a number. sheet_end(): the row ends. Check buf_status(). */
void sheet_text(struct sheet *s, struct bytes text);
void sheet_number(struct sheet *s, struct bytes digits);
void sheet_end(struct sheet *s);

/* sheet_plain(): the text that stands for itself or behind an apostrophe; borrows from 'cell'. */
struct bytes sheet_plain(struct bytes cell);

#endif
