#include <string.h>

#include "replicas/inspection.h"

/*
 * The rules about accounts, and about fields of money that hold several values.
 */

enum status inspect_accounts_conflicts(struct inspection *in)
{
    const struct book *b = in->book;
    char digits[2 * sizeof b->conflicts->id + 1];
    for (uint32_t i = 0; i < b->conflict_count; i++) {
        const struct book_conflict *c = &b->conflicts[i];
        if (!c->money)
            continue;
        finding_add(in->out, FINDING_CONFLICT_ON_MONEY, 0);
        finding_record(in->out, c->id, sizeof c->id);
        finding_text(in->out, c->type);
        hex_encode(c->id, sizeof c->id, digits);
        digits[8] = '\0';
        finding_text(in->out, digits);
        finding_text(in->out, c->field);
    }
    return ST_OK;
}

/* Where the postings of an account begin: they are sorted by account. */
static uint32_t first_posting(const struct book *b, uint32_t account)
{
    uint32_t low = 0, high = b->posting_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (b->postings[middle].account < account)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether a statement speaks of an account: of its line, or of any where it names none. */
static bool is_stated(const struct book *b, const struct book_account *a,
                      const struct book_entry *statement)
{
    const char *line = book_text(b, statement->line);
    return strcmp(a->currency, statement->money.currency) == 0 &&
           strcmp(book_text(b, a->owner), book_text(b, statement->office)) == 0 &&
           (line[0] == '\0' || strcmp(book_text(b, a->line), line) == 0);
}

/* What the entries up to a statement's day give; one without a date counts on every day. */
static int64_t balance_on(const struct book *b, const struct book_entry *statement)
{
    int64_t sum = 0;
    for (uint32_t a = 0; a < b->account_count; a++) {
        if (!is_stated(b, &b->accounts[a], statement))
            continue;
        for (uint32_t i = first_posting(b, a); i < b->posting_count && b->postings[i].account == a;
             i++) {
            const struct book_posting *p = &b->postings[i];
            bool later = p->entry < b->entry_count && statement->day != BOOK_NO_DAY &&
                         b->entries[p->entry].day > statement->day;
            sum = later ? sum : inspection_move(sum, p->amount);
        }
    }
    return sum;
}

enum status inspect_accounts_statements(struct inspection *in)
{
    const struct book *b = in->book;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind != BOOK_STATEMENT || !inspection_stands(e))
            continue;
        int64_t balance = balance_on(b, e);
        if (balance == e->money.amount)
            continue;
        bool of_line = book_text(b, e->line)[0] != '\0';
        finding_add(in->out, FINDING_STATEMENT_DIFFERS, of_line ? 1 : 0);
        inspection_entry(in, e);
        inspection_word(in, e->ref);
        inspection_word(in, e->office);
        inspection_currency(in, e->money.currency);
        inspection_amount(in, e->money.amount, e->money.currency);
        inspection_day(in, e->day);
        inspection_amount(in, balance, e->money.currency);
        inspection_word(in, e->line);
    }
    return ST_OK;
}

/* The newest debits of an account that together are what it lacks. */
static void concern_debits(struct inspection *in, uint32_t account, int64_t lacking)
{
    const struct book *b = in->book;
    for (uint32_t i = b->posting_count; i-- > 0 && lacking > 0;) {
        const struct book_posting *p = &b->postings[i];
        if (p->account != account || p->amount >= 0 || p->entry >= b->entry_count ||
            !inspection_stands(&b->entries[p->entry]))
            continue;
        inspection_entry(in, &b->entries[p->entry]);
        lacking += p->amount;
    }
}

enum status inspect_accounts_overdrawn(struct inspection *in)
{
    const struct book *b = in->book;
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        if (a->credited >= a->debited)
            continue;
        finding_add(in->out, FINDING_OVERDRAWN, 0);
        concern_debits(in, i, a->debited - a->credited);
        inspection_word(in, a->owner);
        inspection_word(in, a->line);
        inspection_currency(in, a->currency);
        inspection_amount(in, a->credited - a->debited, a->currency);
    }
    return ST_OK;
}
