#include "replicas/trail.h"

#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { ROOM_FIRST = 32, KIND_SUMS = 8 };

static const char *const words[TRAIL_WHYS] = {
    [TRAIL_IS_SUBJECT] = "subject",
    [TRAIL_OF] = "of",
    [TRAIL_AWARDED] = "awarded",
    [TRAIL_PAID] = "paid",
    [TRAIL_BOUGHT] = "bought",
    [TRAIL_HANDED] = "handed-over",
    [TRAIL_REVERSES] = "reverses",
    [TRAIL_REVERSED] = "reversed-by",
    [TRAIL_FROM] = "from",
    [TRAIL_FED] = "fed",
    [TRAIL_INTO] = "into",
    [TRAIL_SPENT] = "spent",
    [TRAIL_GAVE_BACK] = "gave-back",
    [TRAIL_MORE] = "more",
    [TRAIL_ALL] = "all",
    [TRAIL_NO_AWARD] = "no-award",
    [TRAIL_NO_PAYMENT] = "no-payment",
    [TRAIL_NO_GRANT] = "no-grant",
    [TRAIL_NO_MONEY] = "no-money",
    [TRAIL_NO_ENTRY] = "no-entry",
};

const char *trail_why_word(enum trail_why why)
{
    CHECK(why < TRAIL_WHYS);
    return words[why];
}

/* Disbursements are paid from this line (microenterprise.json), so awards promise what is in it. */
#define LINE_OF_AWARDS "enterprises"

struct queued {
    uint32_t account, depth;
};

struct walk {
    const struct book *book;
    struct trail *out;
    enum trail_part part;
    uint32_t list_max;
    bool *entries, *enterprises; /* listed already, in this part */
    bool *queued;                /* accounts that were */
    struct queued *queue;
    uint32_t queue_count;
    bool grant; /* one was reached */
};

/* ---- Steps ---- */

static enum status add_step(struct walk *w, const struct trail_step *step)
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

static enum status add(struct walk *w, enum trail_thing thing, enum trail_why why, uint32_t index,
                       uint32_t depth)
{
    struct trail_step step = {.thing = thing, .why = why, .index = index, .depth = depth};
    return add_step(w, &step);
}

static enum status add_gap(struct walk *w, enum trail_why why, uint32_t depth)
{
    return add(w, TRAIL_GAP, why, BOOK_NONE, depth);
}

/* An entry once in each part. */
static enum status add_entry(struct walk *w, enum trail_why why, uint32_t entry, uint32_t depth)
{
    if (w->entries[entry])
        return ST_OK;
    w->entries[entry] = true;
    w->grant = w->grant || w->book->entries[entry].kind == BOOK_GRANT;
    return add(w, TRAIL_ENTRY, why, entry, depth);
}

/* Sums of entries of one kind, by currency. */
struct sums {
    struct trail_step of[KIND_SUMS];
    uint32_t count;
};

static bool stands(const struct book_entry *e)
{
    return e->reversed_by == BOOK_NONE && e->kind != BOOK_REVERSAL;
}

/* The sum of a kind in a currency; NULL: more currencies than anybody keeps books in. */
static struct trail_step *sum_of(struct sums *s, enum book_kind kind, const char *currency)
{
    uint32_t i = 0;
    while (i < s->count && (s->of[i].kind != kind || strcmp(s->of[i].currency, currency) != 0))
        i++;
    if (i == KIND_SUMS)
        return NULL;
    if (i == s->count) {
        s->of[i] = (struct trail_step){.thing = TRAIL_SUM, .kind = kind};
        memcpy(s->of[i].currency, currency, sizeof s->of[i].currency);
        s->count++;
    }
    return &s->of[i];
}

static void sum_amount(struct sums *s, enum book_kind kind, const char *currency, int64_t amount)
{
    struct trail_step *at = sum_of(s, kind, currency);
    if (at == NULL)
        return;
    at->count++;
    if (__builtin_add_overflow(at->amount, amount, &at->amount))
        at->amount = INT64_MAX;
}

static void sum_entry(struct sums *s, const struct book *b, uint32_t entry)
{
    const struct book_entry *e = &b->entries[entry];
    struct trail_step *at = sum_of(s, e->kind, e->money.currency);
    if (at == NULL)
        return;
    sum_amount(s, e->kind, e->money.currency, e->money.amount);
    at->receipts += e->receipt != 0;
    at->handed += e->handed_over != BOOK_NO_DAY ||
                  book_about(b, entry, BOOK_TRANSFER, BOOK_NONE) != BOOK_NONE;
}

static enum status add_sums(struct walk *w, const struct sums *s, enum trail_why why,
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

static bool is_full(const struct walk *w, uint32_t listed)
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

static void queue_account(struct walk *w, uint32_t account, uint32_t depth)
{
    if (w->queued[account])
        return;
    w->queued[account] = true;
    w->queue[w->queue_count++] = (struct queued){account, depth};
}

/* The accounts that an entry debits ('up') or credits, behind those that wait. */
static void queue_accounts(struct walk *w, uint32_t entry, uint32_t depth)
{
    for (uint32_t a = 0; a < w->book->account_count; a++) {
        int64_t amount = posted(w->book, a, entry);
        if (w->part == TRAIL_UP ? amount < 0 : amount > 0)
            queue_account(w, a, depth);
    }
}

/* A grant, exchange, allotment or pass: what moves money from one account to another. */
static bool moves(const struct book_entry *e)
{
    return e->kind == BOOK_GRANT || e->kind == BOOK_EXCHANGE || e->kind == BOOK_ALLOTMENT ||
           e->kind == BOOK_PASS;
}

/* What fed an account: every credit, and where each came from. */
static enum status walk_credits(struct walk *w, const struct queued *q)
{
    const struct book *b = w->book;
    struct sums more = {.count = 0}, back = {.count = 0};
    uint32_t listed = 0;
    enum status status = add(w, TRAIL_ACCOUNT, TRAIL_FROM, q->account, q->depth);
    for (uint32_t i = first_posting(b, q->account, 0);
         i < b->posting_count && b->postings[i].account == q->account && status == ST_OK; i++) {
        const struct book_posting *p = &b->postings[i];
        if (p->amount <= 0 || p->entry == BOOK_NONE)
            continue;
        if (!moves(&b->entries[p->entry])) {
            sum_amount(&back, BOOK_REVERSAL, b->accounts[q->account].currency, p->amount);
            continue;
        }
        queue_accounts(w, p->entry, q->depth + 1);
        w->grant = w->grant || b->entries[p->entry].kind == BOOK_GRANT;
        if (is_full(w, listed++))
            sum_entry(&more, b, p->entry);
        else
            status = add_entry(w, TRAIL_FED, p->entry, q->depth + 1);
    }
    if (status == ST_OK)
        status = add_sums(w, &more, TRAIL_MORE, q->account, q->depth + 1);
    return status == ST_OK ? add_sums(w, &back, TRAIL_GAVE_BACK, q->account, q->depth + 1) : status;
}

/* All that stands of what was bought for an enterprise, once. */
static void sum_purchases(struct walk *w, struct sums *s, uint32_t enterprise)
{
    const struct book *b = w->book;
    if (enterprise == BOOK_NONE || w->enterprises[enterprise])
        return;
    w->enterprises[enterprise] = true;
    for (uint32_t i = BOOK_NONE;
         (i = book_of_enterprise(b, enterprise, BOOK_PURCHASE, i)) != BOOK_NONE;)
        if (stands(&b->entries[i]))
            sum_entry(s, b, i);
}

/* What became of an account's money: where it was moved to, what was spent, and what was bought
 * with that. */
static enum status walk_debits(struct walk *w, const struct queued *q)
{
    const struct book *b = w->book;
    struct sums more = {.count = 0}, spent = {.count = 0}, bought = {.count = 0};
    uint32_t listed = 0;
    enum status status = add(w, TRAIL_ACCOUNT, TRAIL_INTO, q->account, q->depth);
    for (uint32_t i = first_posting(b, q->account, 0);
         i < b->posting_count && b->postings[i].account == q->account && status == ST_OK; i++) {
        const struct book_posting *p = &b->postings[i];
        if (p->amount >= 0 || p->entry == BOOK_NONE)
            continue;
        const struct book_entry *e = &b->entries[p->entry];
        if (moves(e))
            queue_accounts(w, p->entry, q->depth + 1);
        else if (stands(e))
            sum_entry(&spent, b, p->entry);
        if (stands(e) && e->kind == BOOK_DISBURSEMENT)
            sum_purchases(w, &bought, e->enterprise);
        /* Further down the money of many is one: only sums are told. */
        if (!moves(e) && q->depth > 0)
            continue;
        if (is_full(w, listed++))
            sum_entry(&more, b, p->entry);
        else
            status = add_entry(w, TRAIL_SPENT, p->entry, q->depth + 1);
    }
    if (status == ST_OK)
        status = add_sums(w, &more, TRAIL_MORE, q->account, q->depth + 1);
    if (status == ST_OK)
        status = add_sums(w, &spent, TRAIL_ALL, q->account, q->depth + 1);
    return status == ST_OK ? add_sums(w, &bought, TRAIL_BOUGHT, q->account, q->depth + 1) : status;
}

/* The accounts that wait, and those that they lead to: each once. */
static enum status walk_accounts(struct walk *w)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->queue_count && status == ST_OK; i++) {
        struct queued q = w->queue[i];
        status = w->part == TRAIL_UP ? walk_credits(w, &q) : walk_debits(w, &q);
    }
    return status;
}

/* ---- Enterprises ---- */

/* Every entry of a kind that names an enterprise, those beyond the bound as a sum. */
static enum status list_of(struct walk *w, uint32_t enterprise, enum book_kind kind,
                           enum trail_why why, uint32_t depth)
{
    const struct book *b = w->book;
    struct sums more = {.count = 0}, all = {.count = 0};
    uint32_t listed = 0;
    enum status status = ST_OK;
    for (uint32_t i = BOOK_NONE;
         status == ST_OK && (i = book_of_enterprise(b, enterprise, kind, i)) != BOOK_NONE;) {
        if (stands(&b->entries[i]))
            sum_entry(&all, b, i);
        if (w->part == TRAIL_UP)
            queue_accounts(w, i, depth);
        if (is_full(w, listed++)) {
            sum_entry(&more, b, i);
            continue;
        }
        status = add_entry(w, why, i, depth);
        uint32_t handed = book_about(b, i, BOOK_TRANSFER, BOOK_NONE);
        if (status == ST_OK && w->part == TRAIL_DOWN && handed != BOOK_NONE)
            status = add_entry(w, TRAIL_HANDED, handed, depth + 1);
        if (status == ST_OK && b->entries[i].reversed_by != BOOK_NONE)
            status = add_entry(w, TRAIL_REVERSED, b->entries[i].reversed_by, depth + 1);
    }
    if (status == ST_OK)
        status = add_sums(w, &more, TRAIL_MORE, enterprise, depth);
    return status == ST_OK ? add_sums(w, &all, TRAIL_ALL, enterprise, depth) : status;
}

/* Not every programme writes down what it promises. */
static bool has_awards(const struct book *b)
{
    for (uint32_t i = 0; i < b->entry_count; i++)
        if (b->entries[i].kind == BOOK_AWARD)
            return true;
    return false;
}

/* Whose it is, what was promised, what was paid, and out of which accounts. */
static enum status enterprise_up(struct walk *w, uint32_t enterprise, bool subject)
{
    const struct book *b = w->book;
    if (enterprise == BOOK_NONE)
        return add_gap(w, TRAIL_NO_ENTRY, 0);
    enum status status = subject ? ST_OK : add(w, TRAIL_ENTERPRISE, TRAIL_OF, enterprise, 0);
    if (status == ST_OK && b->enterprises[enterprise].household != BOOK_NONE)
        status = add(w, TRAIL_HOUSEHOLD, TRAIL_OF, b->enterprises[enterprise].household, 0);
    if (status == ST_OK && has_awards(b) &&
        book_of_enterprise(b, enterprise, BOOK_AWARD, BOOK_NONE) == BOOK_NONE)
        status = add_gap(w, TRAIL_NO_AWARD, 0);
    if (status == ST_OK)
        status = list_of(w, enterprise, BOOK_AWARD, TRAIL_AWARDED, 0);
    if (status == ST_OK &&
        book_of_enterprise(b, enterprise, BOOK_DISBURSEMENT, BOOK_NONE) == BOOK_NONE)
        status = add_gap(w, TRAIL_NO_PAYMENT, 0);
    return status == ST_OK ? list_of(w, enterprise, BOOK_DISBURSEMENT, TRAIL_PAID, 0) : status;
}

static enum status enterprise_down(struct walk *w, uint32_t enterprise, bool paid)
{
    const struct book *b = w->book;
    enum status status = ST_OK;
    if (enterprise == BOOK_NONE)
        return ST_OK;
    if (paid)
        status = list_of(w, enterprise, BOOK_DISBURSEMENT, TRAIL_PAID, 0);
    if (status == ST_OK)
        status = list_of(w, enterprise, BOOK_PURCHASE, TRAIL_BOUGHT, 0);
    for (uint32_t i = 0; i < b->income_count && status == ST_OK; i++)
        if (b->incomes[i].enterprise == enterprise)
            status = add(w, TRAIL_INCOME, TRAIL_OF, i, 0);
    return status;
}

/* ---- From an entry ---- */

/* The accounts of an entry's office in its currency, of one line or (NULL) of all. */
static void queue_office(struct walk *w, const struct book_entry *e, const char *line)
{
    const struct book *b = w->book;
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        if (a->owner == e->office && strcmp(a->currency, e->money.currency) == 0 &&
            (line == NULL || strcmp(book_text(b, a->line), line) == 0))
            queue_account(w, i, 0);
    }
}

static enum status entry_up(struct walk *w, uint32_t entry)
{
    const struct book *b = w->book;
    enum status status = ST_OK;
    const struct book_entry *e = &b->entries[entry];
    /* A transfer is about a purchase, a reversal about anything, but for another reversal. */
    for (int i = 0; i < 2 && (e->kind == BOOK_TRANSFER || e->kind == BOOK_REVERSAL); i++) {
        if (e->about == BOOK_NONE)
            return add_gap(w, TRAIL_NO_ENTRY, 0);
        status = add_entry(w, e->kind == BOOK_TRANSFER ? TRAIL_OF : TRAIL_REVERSES, e->about, 0);
        if (status != ST_OK)
            return status;
        entry = e->about;
        e = &b->entries[entry];
    }
    switch (e->kind) {
    case BOOK_PURCHASE:
        return enterprise_up(w, e->enterprise, false);
    case BOOK_AWARD: /* of which it would be paid */
        queue_office(w, e, LINE_OF_AWARDS);
        return enterprise_up(w, e->enterprise, false);
    case BOOK_DISBURSEMENT:
        queue_accounts(w, entry, 0);
        return enterprise_up(w, e->enterprise, false);
    case BOOK_STATEMENT:
        queue_office(w, e, e->line != 0 ? book_text(b, e->line) : NULL);
        return ST_OK;
    case BOOK_GRANT:
        w->grant = true;
        return ST_OK;
    default:
        queue_accounts(w, entry, 0);
        return ST_OK;
    }
}

static enum status entry_down(struct walk *w, uint32_t entry)
{
    const struct book *b = w->book;
    const struct book_entry *e = &b->entries[entry];
    enum status status = ST_OK;
    uint32_t handed = book_about(b, entry, BOOK_TRANSFER, BOOK_NONE);
    if (e->reversed_by != BOOK_NONE)
        status = add_entry(w, TRAIL_REVERSED, e->reversed_by, 0);
    if (status == ST_OK && handed != BOOK_NONE)
        status = add_entry(w, TRAIL_HANDED, handed, 0);
    if (status == ST_OK && moves(e))
        queue_accounts(w, entry, 0);
    if (status == ST_OK && (e->kind == BOOK_AWARD || e->kind == BOOK_DISBURSEMENT))
        status = enterprise_down(w, e->enterprise, e->kind == BOOK_AWARD);
    return status;
}

/* ---- From a record ---- */

static enum status household_up(struct walk *w, uint32_t household, bool subject)
{
    const struct book *b = w->book;
    enum status status = ST_OK;
    if (household == BOOK_NONE)
        return add_gap(w, TRAIL_NO_ENTRY, 0);
    if (!subject)
        status = add(w, TRAIL_HOUSEHOLD, TRAIL_OF, household, 0);
    for (uint32_t i = 0; i < b->enterprise_count && status == ST_OK; i++)
        if (b->enterprises[i].household == household)
            status = enterprise_up(w, i, false);
    return status;
}

static enum status household_down(struct walk *w, uint32_t household)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->book->enterprise_count && status == ST_OK; i++)
        if (w->book->enterprises[i].household == household && household != BOOK_NONE)
            status = enterprise_down(w, i, false);
    return status;
}

/* Every grant of the programme: there is no other money. */
static enum status programme_down(struct walk *w)
{
    enum status status = ST_OK;
    for (uint32_t i = 0; i < w->book->entry_count && status == ST_OK; i++)
        if (w->book->entries[i].kind == BOOK_GRANT) {
            status = add_entry(w, TRAIL_FED, i, 0);
            queue_accounts(w, i, 0);
        }
    return status;
}

/* The enterprise that a thing is about, or its household. */
static void belongs(const struct book *b, enum trail_thing thing, uint32_t index,
                    uint32_t *enterprise_out, uint32_t *household_out)
{
    *enterprise_out = *household_out = BOOK_NONE;
    if (thing == TRAIL_ENTERPRISE)
        *enterprise_out = index;
    if (thing == TRAIL_SESSION)
        *enterprise_out = b->sessions[index].enterprise;
    if (thing == TRAIL_INCOME)
        *enterprise_out = b->incomes[index].enterprise;
    if (thing == TRAIL_HOUSEHOLD)
        *household_out = index;
    if (thing == TRAIL_VISIT)
        *household_out = b->visits[index].household;
}

static enum status thing_way(struct walk *w, enum trail_thing thing, uint32_t index)
{
    uint32_t enterprise, household;
    bool up = w->part == TRAIL_UP;
    belongs(w->book, thing, index, &enterprise, &household);
    switch (thing) {
    case TRAIL_ENTRY:
        return up ? entry_up(w, index) : entry_down(w, index);
    case TRAIL_ACCOUNT:
        queue_account(w, index, 0);
        return ST_OK;
    case TRAIL_ENTERPRISE:
    case TRAIL_SESSION:
    case TRAIL_INCOME:
        if (thing == TRAIL_SESSION && enterprise == BOOK_NONE)
            return up ? add_gap(w, TRAIL_NO_MONEY, 0) : ST_OK; /* for all of its office */
        return up ? enterprise_up(w, enterprise, thing == TRAIL_ENTERPRISE)
                  : enterprise_down(w, enterprise, false);
    case TRAIL_HOUSEHOLD:
    case TRAIL_VISIT:
        return up ? household_up(w, household, thing == TRAIL_HOUSEHOLD)
                  : household_down(w, household);
    case TRAIL_PROGRAMME:
        return up ? ST_OK : programme_down(w);
    default:
        return up ? add_gap(w, TRAIL_NO_MONEY, 0) : ST_OK;
    }
}

/* ---- The whole ---- */

static enum status walk_part(const struct book *b, enum trail_part part, enum trail_thing thing,
                             uint32_t index, uint32_t list_max, struct trail *out)
{
    struct walk w = {.book = b, .out = out, .part = part, .list_max = list_max};
    w.entries = mem_array(b->entry_count, sizeof *w.entries);
    w.enterprises = mem_array(b->enterprise_count, sizeof *w.enterprises);
    w.queued = mem_array(b->account_count, sizeof *w.queued);
    w.queue = mem_array(b->account_count, sizeof *w.queue);
    enum status status =
        w.entries != NULL && w.enterprises != NULL && w.queued != NULL && w.queue != NULL
            ? ST_OK
            : ST_NO_MEMORY;
    if (status == ST_OK && thing == TRAIL_ENTRY)
        w.entries[index] = true;
    if (status == ST_OK)
        status = thing_way(&w, thing, index);
    if (status == ST_OK)
        status = walk_accounts(&w);
    if (status == ST_OK && part == TRAIL_UP && w.queue_count > 0 && !w.grant)
        status = add_gap(&w, TRAIL_NO_GRANT, 0);
    mem_free(w.entries);
    mem_free(w.enterprises);
    mem_free(w.queued);
    mem_free(w.queue);
    return status;
}

enum status trail_walk(const struct book *b, enum trail_thing thing, uint32_t index,
                       uint32_t list_max, struct trail *out)
{
    struct walk first = {.out = out, .part = TRAIL_SUBJECT};
    *out = (struct trail){0};
    enum status status = add(&first, thing, TRAIL_IS_SUBJECT, index, 0);
    if (status == ST_OK)
        status = walk_part(b, TRAIL_UP, thing, index, list_max, out);
    return status == ST_OK ? walk_part(b, TRAIL_DOWN, thing, index, list_max, out) : status;
}

void trail_release(struct trail *t)
{
    mem_free(t->steps);
    *t = (struct trail){0};
}
