/*
 * sheet: one CSV text on its way (RFC 4180, UTF-8, CRLF), such as a spreadsheet opens without
 * harm: a text that it would take for a formula gets an apostrophe before it, and so does one that
 * begins with an apostrophe. A text with characters that act (acting.h) stands
 * behind '% with these and every % as %XX, byte by byte. All of it can be taken back
 * (sheet_plain()). Pure.
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

/* sheet_plain(): the text that a cell stands for; borrows from 'cell', or from 'room', which is
 * emptied first. What no sheet writes stands for itself. Check buf_status(room). */
struct bytes sheet_plain(struct bytes cell, struct buf *room);

#endif
