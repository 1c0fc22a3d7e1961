#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/auditing.h"
#include "replicas/inspection.h"

enum { CURRENCIES_MAX = 512 }; /* ISO 4217 has fewer; the room for all of them */

static struct audit_total *of_currency(struct audit_result *a, const char *currency)
{
    for (uint32_t i = 0; i < a->total_count; i++)
        if (strcmp(a->totals[i].currency, currency) == 0)
            return &a->totals[i];
    CHECK(a->total_count < CURRENCIES_MAX);
    struct audit_total *t = &a->totals[a->total_count++];
    memcpy(t->currency, currency, sizeof t->currency);
    return t;
}

static void add(int64_t *sum, int64_t amount)
{
    *sum = inspection_add(*sum, amount);
}

static void add_entry(struct audit_result *a, const struct book *b, const struct book_entry *e,
                      bool handed)
{
    struct audit_total *t = of_currency(a, e->money.currency);
    int64_t amount = e->money.amount;
    bool receipted = e->documents > 0 || book_text(b, e->receipt)[0] != '\0';
    switch (e->kind) {
    case BOOK_GRANT:
        add(&t->granted, amount);
        break;
    case BOOK_EXCHANGE:
        add(&t->given, amount);
        add(&of_currency(a, e->other.currency)->received, e->other.amount);
        break;
    case BOOK_ALLOTMENT:
        add(&t->allotted, amount);
        break;
    case BOOK_PASS:
        add(&t->passed, amount);
        break;
    case BOOK_AWARD:
        add(&t->awarded, amount);
        break;
    case BOOK_DISBURSEMENT:
        add(&t->disbursed, amount);
        break;
    case BOOK_PURCHASE:
        add(&t->purchased, amount);
        add(&t->receipted, receipted ? amount : 0);
        add(&t->handed_over, handed ? amount : 0);
        break;
    case BOOK_EXPENSE:
        add(&t->expensed, amount);
        add(&t->receipted, receipted ? amount : 0);
        break;
    default:
        break;
    }
}

static bool has_money(const struct book_entry *e)
{
    return e->money.currency[0] != '\0' && e->kind != BOOK_STATEMENT;
}

static int compare(const void *left, const void *right)
{
    const struct audit_total *a = left, *b = right;
    return strcmp(a->currency, b->currency);
}

enum status audit_totals_gather(const struct book *b, struct audit_result *a)
{
    bool *handed = mem_array(b->entry_count, sizeof *handed);
    a->totals = mem_array(CURRENCIES_MAX, sizeof *a->totals);
    if (handed == NULL || a->totals == NULL) {
        mem_free(handed);
        return ST_NO_MEMORY;
    }
    inspection_handed(b, handed);
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        a->reversed += e->reversed_by != BOOK_NONE;
        if (e->kind != BOOK_REVERSAL && e->reversed_by != BOOK_NONE)
            continue;
        a->kinds[e->kind]++;
        if (e->kind != BOOK_REVERSAL && has_money(e))
            add_entry(a, b, e, handed[i]);
    }
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *one = &b->accounts[i];
        int64_t *balance = &of_currency(a, one->currency)->balance;
        *balance = inspection_move(*balance, one->credited - one->debited);
    }
    qsort(a->totals, a->total_count, sizeof *a->totals, compare);
    mem_free(handed);
    return ST_OK;
}
