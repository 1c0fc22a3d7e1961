/*
 * beancount: a book as a file that bean-check passes: accounts opened, exchanges at their price,
 * and every account's balance stated on the day after the last entry, to the unit.
 * docs/FORMATS.md.
 *
 * Pure: the same book gives the same bytes. A text of a record stands inside quotes, its quotes,
 * backslashes and control characters escaped, and never means anything else.
 */
#ifndef REPLICAS_BEANCOUNT_H
#define REPLICAS_BEANCOUNT_H

#include "replicas/book.h"

/* beancount_write(): the file, appended. Errors: ST_NO_MEMORY */
MUST_USE enum status beancount_write(const struct book *b, struct buf *out);

/* beancount_part(): a label or the name of a line as one part of an account's name, appended: its
 * first letter a capital, "_" a "-". Both can be taken back: labels and names begin with a small
 * letter, a label has no "_" and a name no "-". Check buf_status(). */
void beancount_part(const char *text, struct buf *out);

#endif
