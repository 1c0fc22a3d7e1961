/*
 * inspection: a book under inspection: what several checks need, gathered once. Private to
 * inspect*.c.
 */
#ifndef REPLICAS_INSPECTION_H
#define REPLICAS_INSPECTION_H

#include "replicas/inspect.h"

struct inspection_sum { /* what one enterprise was promised, paid and bought in one currency */
    uint32_t enterprise;
    char currency[4];
    int64_t sums[BOOK_KINDS]; /* AWARD, DISBURSEMENT, PURCHASE; never beyond INT64_MAX */
    uint32_t first, count;    /* its entries, in inspection.of */
};

struct inspection_acts { /* of one enterprise: the first days, BOOK_NO_DAY: none that has one */
    bool awarded, paid, selected; /* there is one that stands, dated or not */
    int32_t award, payment, selection;
};

struct inspection {
    const struct book *book;
    const struct inspect_settings *settings;
    struct findings *out;
    uint32_t *of; /* entries that name an enterprise: by enterprise, currency, then book order */
    uint32_t of_count;
    struct inspection_sum *sums;
    uint32_t sum_count;
    struct inspection_acts *acts; /* by enterprise */
    bool *handed;                 /* by entry: a transfer of ownership names it */
    bool *awarded;                /* by enterprise: an award stands, in whatever currency */
    struct buf scratch;
};

/* Errors of all: ST_NO_MEMORY */
MUST_USE enum status inspection_begin(struct inspection *in);
void inspection_end(struct inspection *in);

/* inspection_stands(): an entry that counts: not reversed, and no reversal. */
bool inspection_stands(const struct book_entry *e);

/* inspection_handed(): which purchases were handed over, by entry; 'handed' is all false. */
void inspection_handed(const struct book *b, bool *handed);

/* Parameters of the finding that was added last. inspection_entry(): among what it concerns, and
 * its commit as one that made it so. inspection_enterprise(): its number, or digits of its id. */
void inspection_entry(struct inspection *in, const struct book_entry *e);
void inspection_enterprise(struct inspection *in, uint32_t enterprise);
void inspection_word(struct inspection *in, book_text_at text);
void inspection_day(struct inspection *in, int32_t day);
void inspection_currency(struct inspection *in, const char *currency);
void inspection_amount(struct inspection *in, int64_t amount, const char *currency);

/* inspection_line(): what the programme gives an enterprise of that line in this currency;
 * BOOK_UNKNOWN: nothing says it. */
int64_t inspection_line(const struct inspection *in, uint32_t enterprise, const char *currency);

/* inspection_add(): a sum, at most INT64_MAX. Neither is negative. */
int64_t inspection_add(int64_t a, int64_t b);
/* inspection_move(): the same of any sign, within INT64_MIN .. INT64_MAX. */
int64_t inspection_move(int64_t a, int64_t b);

/* ---- the checks ---- */

typedef enum status inspection_check(struct inspection *in);

/* inspect_sums.c */
inspection_check inspect_sums_disbursed, inspect_sums_awarded, inspect_sums_bought,
    inspect_sums_unbought;
/* inspect_papers.c */
inspection_check inspect_papers_twice, inspect_papers_none, inspect_papers_kept,
    inspect_papers_grants;
/* inspect_days.c */
inspection_check inspect_days_order, inspect_days_period, inspect_days_sessions;
/* inspect_accounts.c */
inspection_check inspect_accounts_conflicts, inspect_accounts_statements,
    inspect_accounts_overdrawn;

#endif
