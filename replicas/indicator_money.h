/*
 * indicator_money: the rows of a tally that are about money.
 */
#ifndef REPLICAS_INDICATOR_MONEY_H
#define REPLICAS_INDICATOR_MONEY_H

#include "replicas/tally.h"

/* indicator_money_count(): into rows that are 0. Errors: ST_NO_MEMORY */
MUST_USE enum status indicator_money_count(struct tally *t);

/* indicator_money_is_receipted(): a purchase or an expense that names a receipt or holds a file.
 * indicator_money_is_handed_over(): a purchase (in entries) that says so, or that a transfer of
 * ownership, not reversed, is about. */
bool indicator_money_is_receipted(const struct book *b, const struct book_entry *e);
bool indicator_money_is_handed_over(const struct book *b, uint32_t purchase);

#endif
