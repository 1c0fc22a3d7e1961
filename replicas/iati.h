/*
 * iati: a book as one activity of the IATI Standard 2.03: what grants brought, what was allotted,
 * what was spent by month and budget line. Lines and totals, never persons: money to fewer
 * enterprises than a small cell is told together with that of other months or lines, or, where
 * there is no other, not at all. docs/FORMATS.md.
 *
 * Pure: no clock; the same book and options give the same bytes.
 */
#ifndef REPLICAS_IATI_H
#define REPLICAS_IATI_H

#include "replicas/book.h"

struct iati_options {
    const char *reporter; /* identifier of the organisation that reports, as IATI has it */
    const char *name;     /* its name */
    const char *country;  /* ISO 3166-1, two letters; "": as the programme says, if it says so */
    uint32_t small_cell;  /* enterprises that a sum to people has to be for, at least */
};

/* iati_write(): the file, appended. left_out (may be NULL): entries whose money is not told.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status iati_write(const struct book *b, const struct iati_options *o,
                                uint32_t *left_out, struct buf *out);

/* iati_text(): a text between tags or inside of quotes, appended: what XML would read otherwise is
 * escaped, what it cannot hold is a space. Check buf_status(). */
void iati_text(const char *text, struct buf *out);

#endif
