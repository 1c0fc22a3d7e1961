/*
 * fund_find: the entry of a book that a person names by its number, its id, or the beginning of it.
 */
#ifndef REPLICAS_FUND_FIND_H
#define REPLICAS_FUND_FIND_H

#include "replicas/book.h"

/*
 * fund_find_entry(): by number among the entries of office 'label', then of the others; else by id.
 *
 * kind  of that kind only; BOOK_KINDS: of any. A reversal is found by its id alone: its number is
 *       the id of what it reverses.
 * out   in the book's entries.
 * Errors: ST_NOT_FOUND; ST_AMBIGUOUS (names them): *out is then no answer
 */
MUST_USE enum status fund_find_entry(const struct book *b, const char *label, struct bytes text,
                                     enum book_kind kind, uint32_t *out, struct fault *f);

#endif
