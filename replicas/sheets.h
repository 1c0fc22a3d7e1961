/*
 * sheets: a state as CSV files, one a type: what is open of every record and entry, in the columns
 * that import reads again. Columns that begin with "#" are notes, which import leaves out.
 * docs/FORMATS.md.
 *
 * Beside the types, under names that no type can have:
 *   minga-accounts   every account: owner, line, currency, credited, debited, balance
 *   minga-postings   what each entry posted where
 *   minga-conflicts  each value of each field that holds several
 */
#ifndef REPLICAS_SHEETS_H
#define REPLICAS_SHEETS_H

#include "replicas/book.h"

/* One file's name, without ".csv", and its bytes, lent for the call. */
typedef enum status (*sheets_put_fn)(void *user, const char *name, struct bytes csv,
                                     struct fault *f);

/*
 * sheets_write(): every file to 'put', types ascending, then the three. 'b' is the book of the
 * replica's state. Tidies the store: nothing lent by it outlives the call.
 * Errors: ST_CORRUPT, ST_IO, ST_NO_MEMORY, what 'put' returns
 */
MUST_USE enum status sheets_write(struct replica *r, const struct book *b, sheets_put_fn put,
                                  void *user, struct fault *f);

/* sheets_accounts(), sheets_postings(): those two, of a book alone, appended. Check buf_status().
 */
void sheets_accounts(const struct book *b, struct buf *out);
void sheets_postings(const struct book *b, struct buf *out);

#endif
