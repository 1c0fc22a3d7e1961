/*
 * spending: what offices do with money as they should, or nearly: grants, exchanges, allotments,
 * awards, payments, purchases, expenses, passes, statements. Amounts and days by chance; now and
 * then more than there is, a day outside the period, no receipt.
 */
#ifndef TESTS_FUNDS_SPENDING_H
#define TESTS_FUNDS_SPENDING_H

#include "tests/funds/money.h"

enum { SPENDING_LINES = 6 };
extern const char *const spending_lines[SPENDING_LINES]; /* "enterprises" first */

uint32_t spending_draw(struct money *m, uint32_t below);
bool spending_one_in(struct money *m, uint32_t n);
struct person *spending_office(struct money *m);
struct person *spending_treasurer(struct money *m);

/* The words of an entry: its type and a number of its own; then what it says. */
void spending_entry(struct money *m, struct act *a, const char *type);
void spending_amount(struct act *a, const char *name, int64_t amount, const char *currency);
void spending_money(struct act *a, int64_t amount, const char *currency);
void spending_date(struct act *a, const char *name, int32_t day);
void spending_receipt(struct money *m, struct act *a);

/* spending_day(): mostly within the period. */
int32_t spending_day(struct money *m);

/* spending_balance(): what an account holds, as 'p' sees it; only chooses amounts by it. */
int64_t spending_balance(struct money *m, struct person *p, const char *owner, const char *line,
                         const char *currency);

/* spending_line(): of the office; mostly one that holds something. */
const char *spending_line(struct money *m, struct person *p);

/* spending_try(): the words of an entry, tried by somebody; whether it is in. */
bool spending_try(struct money *m, struct person *p, const struct act *a);

void spending_grant(struct money *m, struct person *p);
void spending_exchange(struct money *m, struct person *p);
void spending_allot(struct money *m, struct person *p, uint32_t office, const char *line);
/* spending_treasury(): one of these three. */
void spending_treasury(struct money *m);
/* spending_support(): the next act for one of an office's enterprises; out of turn now and then. */
void spending_support(struct money *m, struct person *p);
void spending_expense(struct money *m, struct person *p, const char *line);
void spending_pass(struct money *m, struct person *p);
void spending_statement(struct money *m, struct person *p);

#endif
