#include "replicas/indicator_money.h"

#include <string.h>

static const char ENTERPRISES[] = "enterprises"; /* the line that disbursements debit */
static const char POOL[] = "pool";

/* To a number of the total, of an office and of a line of the budget (NULL: of none). */
static void say(const struct tally *t, enum indicator_what what, const char *currency,
                const char *office, const char *budget, enum tally_part part, int64_t more)
{
    const struct {
        enum indicator_by by;
        enum tally_axis axis;
        const char *value;
    } rows[] = {
        {INDICATOR_ALL, TALLY_AXES, ""},
        {INDICATOR_BY_OFFICE, TALLY_OFFICE, office},
        {INDICATOR_BY_BUDGET, TALLY_BUDGET, budget},
    };
    uint32_t i = tally_at(t, TALLY_CURRENCY, currency);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        if (rows[r].value == NULL || !tally_divides(t, what, rows[r].by))
            continue;
        uint32_t j = rows[r].axis == TALLY_AXES ? 0 : tally_at(t, rows[r].axis, rows[r].value);
        struct indicator *row = tally_row(t, what, rows[r].by, i, j);
        tally_add(part == TALLY_NUMERATOR     ? &row->numerator.count
                  : part == TALLY_DENOMINATOR ? &row->denominator.count
                                              : &row->missing.count,
                  more);
    }
}

/* Money that an office has on a line, from now on: allotted, passed on to it, or away from it. */
static void budget(const struct tally *t, const char *currency, const char *office,
                   const char *line, int64_t amount)
{
    if (strcmp(line, POOL) == 0)
        return;
    say(t, INDICATOR_ALLOTTED, currency, office, line, TALLY_NUMERATOR, amount);
    say(t, INDICATOR_SPENT, currency, office, line, TALLY_DENOMINATOR, amount);
    if (strcmp(line, ENTERPRISES) == 0)
        say(t, INDICATOR_DISBURSED, currency, office, NULL, TALLY_DENOMINATOR, amount);
}

/* Money that there is to allot: every row is a share of it. */
static void fund(const struct tally *t, const char *currency, int64_t amount)
{
    uint32_t i = tally_at(t, TALLY_CURRENCY, currency);
    for (uint32_t r = 0; r < t->row_count; r++) {
        struct indicator *row = &t->rows[r];
        if (row->what == INDICATOR_ALLOTTED &&
            strcmp(row->currency, t->axes[TALLY_CURRENCY].names[i]) == 0)
            tally_add(&row->denominator.count, amount);
    }
}

bool indicator_money_is_receipted(const struct book *b, const struct book_entry *e)
{
    return book_text(b, e->receipt)[0] != '\0' || e->documents > 0;
}

bool indicator_money_is_handed_over(const struct book *b, uint32_t purchase)
{
    if (b->entries[purchase].handed_over != BOOK_NO_DAY)
        return true;
    uint32_t at = book_about(b, purchase, BOOK_TRANSFER, BOOK_NONE);
    while (at != BOOK_NONE && b->entries[at].reversed_by != BOOK_NONE)
        at = book_about(b, purchase, BOOK_TRANSFER, at);
    return at != BOOK_NONE;
}

static bool bought_something(const struct book *b, uint32_t enterprise)
{
    if (enterprise == BOOK_NONE)
        return false;
    uint32_t at = book_of_enterprise(b, enterprise, BOOK_PURCHASE, BOOK_NONE);
    while (at != BOOK_NONE && b->entries[at].reversed_by != BOOK_NONE)
        at = book_of_enterprise(b, enterprise, BOOK_PURCHASE, at);
    return at != BOOK_NONE;
}

/* A purchase or an expense: what a receipt stands behind. */
static void outlay(const struct tally *t, const struct book_entry *e)
{
    const char *currency = e->money.currency, *office = book_text(t->book, e->office);
    bool receipted = indicator_money_is_receipted(t->book, e);
    enum indicator_what what = INDICATOR_RECEIPTED;
    say(t, what, currency, office, NULL, TALLY_DENOMINATOR, e->money.amount);
    say(t, what, currency, office, NULL, TALLY_NUMERATOR, receipted ? e->money.amount : 0);
    say(t, what, currency, office, NULL, TALLY_MISSING, receipted ? 0 : 1);
}

static void spend(const struct tally *t, const struct book_entry *e)
{
    const struct book *b = t->book;
    const char *currency = e->money.currency, *office = book_text(b, e->office);
    say(t, INDICATOR_SPENT, currency, office, book_text(b, e->line), TALLY_NUMERATOR,
        e->money.amount);
    if (e->kind == BOOK_EXPENSE) {
        outlay(t, e);
        return;
    }
    say(t, INDICATOR_DISBURSED, currency, office, NULL, TALLY_NUMERATOR, e->money.amount);
    say(t, INDICATOR_PURCHASED, currency, office, NULL, TALLY_DENOMINATOR, e->money.amount);
    say(t, INDICATOR_PURCHASED, currency, office, NULL, TALLY_MISSING,
        bought_something(b, e->enterprise) ? 0 : 1);
}

static void purchase(const struct tally *t, uint32_t at)
{
    const struct book *b = t->book;
    const struct book_entry *e = &b->entries[at];
    const char *currency = e->money.currency, *office = book_text(b, e->office);
    bool over = indicator_money_is_handed_over(b, at);
    outlay(t, e);
    say(t, INDICATOR_PURCHASED, currency, office, NULL, TALLY_NUMERATOR, e->money.amount);
    say(t, INDICATOR_HANDED_OVER, currency, office, NULL, TALLY_DENOMINATOR, e->money.amount);
    say(t, INDICATOR_HANDED_OVER, currency, office, NULL, TALLY_NUMERATOR,
        over ? e->money.amount : 0);
    say(t, INDICATOR_HANDED_OVER, currency, office, NULL, TALLY_MISSING, over ? 0 : 1);
}

static void count(const struct tally *t, uint32_t at)
{
    const struct book *b = t->book;
    const struct book_entry *e = &b->entries[at];
    const char *currency = e->money.currency;
    switch (e->kind) {
    case BOOK_GRANT:
        say(t, INDICATOR_GRANTED, currency, NULL, NULL, TALLY_NUMERATOR, e->money.amount);
        fund(t, currency, e->money.amount);
        break;
    case BOOK_EXCHANGE:
        fund(t, currency, -e->money.amount);
        fund(t, e->other.currency, e->other.amount);
        break;
    case BOOK_PASS:
        budget(t, currency, book_text(b, e->office), book_text(b, e->line), -e->money.amount);
        /* fall through */
    case BOOK_ALLOTMENT:
        budget(t, currency, book_text(b, e->to), book_text(b, e->to_line), e->money.amount);
        break;
    case BOOK_DISBURSEMENT:
    case BOOK_EXPENSE:
        spend(t, e);
        break;
    case BOOK_PURCHASE:
        purchase(t, at);
        break;
    case BOOK_AWARD: /* nothing of these is a sum here */
    case BOOK_TRANSFER:
    case BOOK_REVERSAL:
    case BOOK_STATEMENT:
    case BOOK_KINDS:
        break;
    }
}

/* A forked owner can have passed on more than it had. */
static void keep_positive(const struct tally *t)
{
    for (uint32_t i = 0; i < t->row_count; i++) {
        struct indicator *row = &t->rows[i];
        if (row->what < INDICATOR_GRANTED)
            continue;
        if (row->numerator.count < 0)
            row->numerator.count = 0;
        if (row->denominator.count < 0 && indicator_facts(row->what)->of[INDICATOR_ENGLISH] != NULL)
            row->denominator.count = 0;
    }
}

enum status indicator_money_count(struct tally *t)
{
    for (uint32_t i = 0; i < t->book->entry_count; i++)
        if (t->book->entries[i].reversed_by == BOOK_NONE)
            count(t, i);
    keep_positive(t);
    return ST_OK;
}
