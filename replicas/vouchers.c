#include "replicas/vouchers.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum {
    FIRST_DAY = -208188, /* 1400-01-01: ledger reads no earlier year */
    LAST_DAY = 2932895,  /* 9999-12-30: beancount states balances on the day after */
};

int64_t vouchers_balance(const struct book_account *a)
{
    return a->credited - a->debited;
}

/* What an entry did, or for a reversal what that undoes. */
static enum book_kind kind_of(const struct book *b, uint32_t entry)
{
    const struct book_entry *e = &b->entries[entry];
    if (e->kind == BOOK_REVERSAL && e->about != BOOK_NONE)
        return b->entries[e->about].kind;
    return e->kind;
}

static int32_t day_of(const struct book_entry *e, bool *dated)
{
    *dated = e->day != BOOK_NO_DAY;
    int32_t day = *dated ? e->day : e->written;
    if (day < FIRST_DAY)
        return FIRST_DAY;
    return day <= LAST_DAY ? day : LAST_DAY;
}

static bool same_currency(const struct book *b, uint32_t a, uint32_t c)
{
    return strcmp(b->accounts[a].currency, b->accounts[c].currency) == 0;
}

/* Two legs in two currencies: the first is priced by the second. */
static bool price(const struct book *b, struct vouchers_leg *legs, uint32_t count)
{
    if (count != 2 || same_currency(b, legs[0].account, legs[1].account))
        return false;
    if ((legs[0].amount < 0) == (legs[1].amount < 0))
        return false;
    int64_t other = legs[1].amount;
    legs[0].cost.amount = other < 0 ? -other : other;
    memcpy(legs[0].cost.currency, b->accounts[legs[1].account].currency,
           sizeof legs[0].cost.currency);
    return true;
}

/* In each currency what is left goes to, or comes from, outside of the offices. */
static void balance(struct vouchers *v, struct vouchers_item *item, enum vouchers_side side)
{
    uint32_t count = item->count;
    for (uint32_t i = 0; i < count; i++) {
        struct vouchers_leg *legs = &v->legs[item->first];
        bool first = true;
        int64_t rest = 0;
        for (uint32_t j = 0; j < count; j++) {
            if (!same_currency(v->book, legs[i].account, legs[j].account))
                continue;
            first = first && j >= i;
            rest += legs[j].amount;
        }
        if (!first || rest == 0)
            continue;
        legs[item->count++] = (struct vouchers_leg){side, legs[i].account, -rest, {0, ""}};
        v->leg_count++;
    }
}

static void add_leg(struct vouchers *v, struct vouchers_item *item, const struct book_posting *p)
{
    v->legs[v->leg_count++] =
        (struct vouchers_leg){VOUCHERS_ASSETS, p->account, p->amount, {0, ""}};
    item->count++;
}

static void add_entry(struct vouchers *v, uint32_t entry, const uint32_t *postings, uint32_t count)
{
    const struct book *b = v->book;
    struct vouchers_item *item = &v->items[v->count++];
    *item = (struct vouchers_item){.entry = entry, .first = v->leg_count};
    item->day = day_of(&b->entries[entry], &item->dated);
    for (uint32_t i = 0; i < count; i++)
        add_leg(v, item, &b->postings[postings[i]]);
    if (price(b, &v->legs[item->first], item->count))
        return;
    balance(v, item, kind_of(b, entry) == BOOK_GRANT ? VOUCHERS_INCOME : VOUCHERS_EXPENSES);
}

/* What types of a network's own posted: one voucher for each such posting, behind all others. */
static void add_unknown(struct vouchers *v, const struct book_posting *p)
{
    struct vouchers_item *item = &v->items[v->count++];
    *item = (struct vouchers_item){.entry = BOOK_NONE, .day = v->last_day, .first = v->leg_count};
    add_leg(v, item, p);
    balance(v, item, VOUCHERS_EQUITY);
}

static int by_day(const void *left, const void *right)
{
    const struct vouchers_item *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

/* starts[e] .. starts[e + 1]: where the postings of entry e are in 'order'. */
static void group(const struct book *b, uint32_t *starts, uint32_t *order)
{
    for (uint32_t i = 0; i < b->posting_count; i++)
        if (b->postings[i].entry != BOOK_NONE)
            starts[b->postings[i].entry + 1]++;
    for (uint32_t e = 0; e < b->entry_count; e++)
        starts[e + 1] += starts[e];
    for (uint32_t i = b->posting_count; i > 0; i--) /* leaves starts[e + 1] at the start of e */
        if (b->postings[i - 1].entry != BOOK_NONE)
            order[--starts[b->postings[i - 1].entry + 1]] = i - 1;
}

static void fill(struct vouchers *v, const uint32_t *starts, const uint32_t *order, uint32_t known)
{
    const struct book *b = v->book;
    for (uint32_t e = 0; e < b->entry_count; e++) {
        uint32_t first = starts[e + 1];
        uint32_t next = e + 1 < b->entry_count ? starts[e + 2] : known;
        if (next > first)
            add_entry(v, e, &order[first], next - first);
    }
    if (v->count > 0)
        qsort(v->items, v->count, sizeof *v->items, by_day);
    if (v->count > 0) {
        v->first_day = v->items[0].day;
        v->last_day = v->items[v->count - 1].day;
    }
    for (uint32_t i = 0; i < b->posting_count; i++)
        if (b->postings[i].entry == BOOK_NONE)
            add_unknown(v, &b->postings[i]);
}

enum status vouchers_init(const struct book *b, struct vouchers *out)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < b->posting_count; i++) {
        CHECK(b->postings[i].entry == BOOK_NONE || b->postings[i].entry < b->entry_count);
        CHECK(b->postings[i].account < b->account_count);
        known += b->postings[i].entry != BOOK_NONE;
    }
    *out = (struct vouchers){.book = b};
    uint32_t *starts = mem_array((size_t)b->entry_count + 2, sizeof *starts);
    uint32_t *order = mem_array(b->posting_count, sizeof *order);
    out->items = mem_array(b->posting_count, sizeof *out->items);
    out->legs = mem_array(b->posting_count, 2 * sizeof *out->legs); /* each balanced at worst */
    bool made = starts != NULL && order != NULL && out->items != NULL && out->legs != NULL;
    if (made) {
        group(b, starts, order);
        fill(out, starts, order, known);
    } else {
        vouchers_release(out);
    }
    mem_free(starts);
    mem_free(order);
    return made ? ST_OK : ST_NO_MEMORY;
}

void vouchers_release(struct vouchers *v)
{
    mem_free(v->items);
    mem_free(v->legs);
    *v = (struct vouchers){.book = NULL};
}

bool vouchers_uses(const struct vouchers *v, enum vouchers_side side, uint32_t account)
{
    bool shared = side == VOUCHERS_INCOME || side == VOUCHERS_EQUITY;
    for (uint32_t i = 0; i < v->leg_count; i++)
        if (v->legs[i].side == side && (shared || v->legs[i].account == account))
            return true;
    return false;
}

const char *vouchers_currency(const struct book *b, uint32_t n)
{
    const char *last = "";
    for (uint32_t found = 0;; found++) {
        const char *next = NULL;
        for (uint32_t i = 0; i < b->account_count; i++) {
            const char *one = b->accounts[i].currency;
            if (strcmp(one, last) > 0 && (next == NULL || strcmp(one, next) < 0))
                next = one;
        }
        if (next == NULL || found == n)
            return next;
        last = next;
    }
}
