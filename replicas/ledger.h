/*
 * ledger: a book as a journal that both hledger and ledger read, strictly: every account,
 * commodity, payee and tag is declared, days ascend, and the journal ends in assertions of every
 * account's balance. docs/FORMATS.md.
 *
 * A text of a record never means anything there: what could is written as %XX, byte by byte, as in
 * a URL. Pure: the same book gives the same bytes.
 */
#ifndef REPLICAS_LEDGER_H
#define REPLICAS_LEDGER_H

#include "replicas/book.h"

/* ledger_write(): the journal, appended. Errors: ST_NO_MEMORY */
MUST_USE enum status ledger_write(const struct book *b, struct buf *out);

/* ledger_text(): a text with whatever could mean something as %XX, appended: letters, digits,
 * spaces, other alphabets and - _ . / # + & ' stay. Check buf_status(). */
void ledger_text(const char *text, struct buf *out);

#endif
