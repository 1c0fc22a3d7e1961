#include "replicas/trailing.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { ROOM_FIRST = 32 };

/* ---- Steps ---- */

static enum status add_step(struct trailing *w, const struct trail_step *step)
{
    struct trail *t = w->out;
    if (t->count == t->room) {
        uint32_t room = t->room > 0 ? 2 * t->room : ROOM_FIRST;
        void *grown = mem_resize(t->steps, room * sizeof *t->steps);
        if (grown == NULL)
            return ST_NO_MEMORY;
        t->steps = grown;
        t->room = room;
    }
    t->steps[t->count] = *step;
    t->steps[t->count++].part = w->part;
    return ST_OK;
}

enum status trailing_add(struct trailing *w, enum trail_thing thing, enum trail_why why,
                         uint32_t index, uint32_t depth)
{
    struct trail_step step = {.thing = thing, .why = why, .index = index, .depth = depth};
    return add_step(w, &step);
}

enum status trailing_gap(struct trailing *w, enum trail_why why, uint32_t depth)
{
    return trailing_add(w, TRAIL_GAP, why, BOOK_NONE, depth);
}

/* An entry once in each part. */
enum status trailing_entry(struct trailing *w, enum trail_why why, uint32_t entry, uint32_t depth)
{
    if (w->entries[entry])
        return ST_OK;
    w->entries[entry] = true;
    w->grant = w->grant || w->book->entries[entry].kind == BOOK_GRANT;
    return trailing_add(w, TRAIL_ENTRY, why, entry, depth);
}

bool trailing_stands(const struct book_entry *e)
{
    return e->reversed_by == BOOK_NONE && e->kind != BOOK_REVERSAL;
}

uint32_t trailing_handed(const struct book *b, uint32_t purchase)
{
    uint32_t at = book_about(b, purchase, BOOK_TRANSFER, BOOK_NONE);
    while (at != BOOK_NONE && !trailing_stands(&b->entries[at]))
        at = book_about(b, purchase, BOOK_TRANSFER, at);
    return at;
}

/* The sum of a kind in a currency; NULL: more currencies than anybody keeps books in. */
static struct trail_step *sum_of(struct trailing_total *s, enum book_kind kind,
                                 const char *currency)
{
    uint32_t i = 0;
    while (i < s->count && (s->of[i].kind != kind || strcmp(s->of[i].currency, currency) != 0))
        i++;
    if (i == TRAILING_SUMS_MAX)
        return NULL;
    if (i == s->count) {
        s->of[i] = (struct trail_step){.thing = TRAIL_SUM, .kind = kind};
        memcpy(s->of[i].currency, currency, sizeof s->of[i].currency);
        s->count++;
    }
    return &s->of[i];
}

static void sum_amount(struct trailing_total *s, enum book_kind kind, const char *currency,
                       int64_t amount)
{
    struct trail_step *at = sum_of(s, kind, currency);
    if (at == NULL)
        return;
    at->count++;
    if (__builtin_add_overflow(at->amount, amount, &at->amount))
        at->amount = INT64_MAX;
}

void trailing_sum(struct trailing_total *s, const struct book *b, uint32_t entry)
{
    const struct book_entry *e = &b->entries[entry];
    struct trail_step *at = sum_of(s, e->kind, e->money.currency);
    if (at == NULL)
        return;
    sum_amount(s, e->kind, e->money.currency, e->money.amount);
    at->receipts += e->receipt != 0;
    at->handed += e->handed_over != BOOK_NO_DAY || trailing_handed(b, entry) != BOOK_NONE;
}

enum status trailing_sums(struct trailing *w, const struct trailing_total *s, enum trail_why why,
                          uint32_t index, uint32_t depth)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < s->count && status == ST_OK; i++) {
        struct trail_step step = s->of[i];
        step.why = why;
        step.index = index;
        step.depth = depth;
        status = add_step(w, &step);
    }
    return status;
}

bool trailing_full(const struct trailing *w, uint32_t listed)
{
    return w->list_max > 0 && listed >= w->list_max;
}

/* ---- Accounts ---- */

/* The first posting of an account at or behind an entry. */
static uint32_t first_posting(const struct book *b, uint32_t account, uint32_t entry)
{
    uint32_t low = 0, high = b->posting_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct book_posting *p = &b->postings[middle];
        if (p->account < account || (p->account == account && p->entry < entry))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What an entry posts to an account; 0: nothing. */
static int64_t posted(const struct book *b, uint32_t account, uint32_t entry)
{
    uint32_t at = first_posting(b, account, entry);
    bool there = at < b->posting_count && b->postings[at].account == account &&
                 b->postings[at].entry == entry;
    return there ? b->postings[at].amount : 0;
}

void trailing_queue(struct trailing *w, uint32_t account, uint32_t depth)
{
    if (w->queued[account])
        return;
    w->queued[account] = true;
    w->queue[w->queue_count++] = (struct trailing_queued){account, depth};
}

/* The accounts that an entry debits ('up') or credits, behind those that wait. */
void trailing_queue_of(struct trailing *w, uint32_t entry, uint32_t depth)
{
    for (uint32_t a = 0; a < w->book->account_count; a++) {
        int64_t amount = w->queued[a] ? 0 : posted(w->book, a, entry);
        if (w->part == TRAIL_UP ? amount < 0 : amount > 0)
            trailing_queue(w, a, depth);
    }
}

/* A grant, exchange, allotment or pass: what moves money from one account to another. */
bool trailing_moves(const struct book_entry *e)
{
    return e->kind == BOOK_GRANT || e->kind == BOOK_EXCHANGE || e->kind == BOOK_ALLOTMENT ||
           e->kind == BOOK_PASS;
}

/* What fed an account: every credit, and where each came from. */
static enum status walk_credits(struct trailing *w, const struct trailing_queued *q)
{
    const struct book *b = w->book;
    struct trailing_total more = {.count = 0}, back = {.count = 0};
    uint32_t listed = 0;
    enum status status = trailing_add(w, TRAIL_ACCOUNT, TRAIL_FROM, q->account, q->depth);
    for (uint32_t i = first_posting(b, q->account, 0);
         i < b->posting_count && b->postings[i].account == q->account && status == ST_OK; i++) {
        const struct book_posting *p = &b->postings[i];
        if (p->amount <= 0 || p->entry == BOOK_NONE)
            continue;
        if (!trailing_moves(&b->entries[p->entry])) {
            sum_amount(&back, BOOK_REVERSAL, b->accounts[q->account].currency, p->amount);
            continue;
        }
        trailing_queue_of(w, p->entry, q->depth + 1);
        w->grant = w->grant || b->entries[p->entry].kind == BOOK_GRANT;
        if (trailing_full(w, listed++))
            trailing_sum(&more, b, p->entry);
        else
            status = trailing_entry(w, TRAIL_FED, p->entry, q->depth + 1);
    }
    if (status == ST_OK)
        status = trailing_sums(w, &more, TRAIL_MORE, q->account, q->depth + 1);
    return status == ST_OK ? trailing_sums(w, &back, TRAIL_GAVE_BACK, q->account, q->depth + 1)
                           : status;
}

/* All that trailing_stands of what was bought for an enterprise, once. */
static void sum_purchases(struct trailing *w, struct trailing_total *s, uint32_t enterprise)
{
    const struct book *b = w->book;
    if (enterprise == BOOK_NONE || w->enterprises[enterprise])
        return;
    w->enterprises[enterprise] = true;
    for (uint32_t i = BOOK_NONE;
         (i = book_of_enterprise(b, enterprise, BOOK_PURCHASE, i)) != BOOK_NONE;)
        if (trailing_stands(&b->entries[i]))
            trailing_sum(s, b, i);
}

/* What became of an account's money: where it was moved to, what was spent, and what was bought
 * with that. */
static enum status walk_debits(struct trailing *w, const struct trailing_queued *q)
{
    const struct book *b = w->book;
    struct trailing_total more = {.count = 0}, spent = {.count = 0}, bought = {.count = 0};
    uint32_t listed = 0;
    enum status status = trailing_add(w, TRAIL_ACCOUNT, TRAIL_INTO, q->account, q->depth);
    for (uint32_t i = first_posting(b, q->account, 0);
         i < b->posting_count && b->postings[i].account == q->account && status == ST_OK; i++) {
        const struct book_posting *p = &b->postings[i];
        if (p->amount >= 0 || p->entry == BOOK_NONE)
            continue;
        const struct book_entry *e = &b->entries[p->entry];
        if (trailing_moves(e))
            trailing_queue_of(w, p->entry, q->depth + 1);
        else if (trailing_stands(e))
            trailing_sum(&spent, b, p->entry);
        if (trailing_stands(e) && e->kind == BOOK_DISBURSEMENT)
            sum_purchases(w, &bought, e->enterprise);
        /* Further down the money of many is one: only sums are told. */
        if (!trailing_moves(e) && q->depth > 0)
            continue;
        if (trailing_full(w, listed++))
            trailing_sum(&more, b, p->entry);
        else
            status = trailing_entry(w, TRAIL_SPENT, p->entry, q->depth + 1);
    }
    if (status == ST_OK)
        status = trailing_sums(w, &more, TRAIL_MORE, q->account, q->depth + 1);
    if (status == ST_OK)
        status = trailing_sums(w, &spent, TRAIL_ALL, q->account, q->depth + 1);
    return status == ST_OK ? trailing_sums(w, &bought, TRAIL_BOUGHT, q->account, q->depth + 1)
                           : status;
}

/* The accounts that wait, and those that they lead to: each once. */
enum status trailing_accounts(struct trailing *w)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->queue_count && status == ST_OK; i++) {
        struct trailing_queued q = w->queue[i];
        status = w->part == TRAIL_UP ? walk_credits(w, &q) : walk_debits(w, &q);
    }
    return status;
}
