/*
 * vouchers: the entries of a book as balanced transactions of double-entry bookkeeping, for those
 * who write them down in another tool's words. An office's account is an asset; what a grant brings
 * is income; what leaves the offices is an expense, by office and line. One voucher for each entry
 * that posts something, a reversal among them, by day and then in the book's order.
 */
#ifndef REPLICAS_VOUCHERS_H
#define REPLICAS_VOUCHERS_H

#include "replicas/book.h"

enum vouchers_side {
    VOUCHERS_ASSETS,   /* what an office holds on a line */
    VOUCHERS_INCOME,   /* what grants brought; one account */
    VOUCHERS_EXPENSES, /* what an office spent from a line */
    VOUCHERS_EQUITY,   /* what entries of types that the book does not know posted; one account */
    VOUCHERS_SIDES,
};

struct vouchers_leg {
    enum vouchers_side side;
    uint32_t account;       /* in the book's accounts: its currency; owner and line too where the
                             * side is ASSETS or EXPENSES */
    int64_t amount;         /* signed minor units */
    struct book_money cost; /* of an exchange's first leg: the whole price, > 0; else currency "" */
};

struct vouchers_item {
    uint32_t entry; /* in the book's entries; BOOK_NONE: entries that the book does not know */
    int32_t day;    /* of the entry; where it has none, the day it was written; in the years
                     * 1400 .. 9999, which every tool can read */
    bool dated;     /* that is the entry's own date */
    uint32_t first, count; /* in legs; per currency they sum to 0, an exchange by its cost */
};

struct vouchers {
    const struct book *book; /* borrowed */
    struct vouchers_item *items;
    uint32_t count;
    struct vouchers_leg *legs;
    uint32_t leg_count;
    int32_t first_day, last_day; /* of the items; 0 where there are none */
};

/* vouchers_init(): of the whole book. Errors: ST_NO_MEMORY: *out is empty */
MUST_USE enum status vouchers_init(const struct book *b, struct vouchers *out);
void vouchers_release(struct vouchers *v);

/* vouchers_balance(): of an account of the book, as its entries have left it. */
int64_t vouchers_balance(const struct book_account *a);

/* vouchers_uses(): whether some leg is of this side and account (any account, where the side has
 * one for all). */
bool vouchers_uses(const struct vouchers *v, enum vouchers_side side, uint32_t account);

/* vouchers_currency(): the n-th currency of the book's accounts, ascending, each once; NULL: no
 * more. */
const char *vouchers_currency(const struct book *b, uint32_t n);

#endif
