/*
 * sample_book: books made by hand, for the tests of whatever writes a book down. Entries are added
 * with what they post; sample_close() puts accounts and postings into a book's order and sums them.
 */
#ifndef TESTS_SAMPLE_BOOK_H
#define TESTS_SAMPLE_BOOK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/book.h"

struct sample {
    struct book b;
    uint32_t made; /* ids given so far */
};

static inline void sample_grow(void *list, uint32_t count, size_t each)
{
    void **rows = list;
    if ((count & (count - 1)) == 0) /* doubles at 0, 1, 2, 4 … */
        *rows = mem_resize(*rows, (count == 0 ? 1 : 2 * (size_t)count) * each);
    CHECK(*rows != NULL);
    memset((uint8_t *)*rows + count * each, 0, each);
}

static inline book_text_at sample_text(struct sample *s, const char *text)
{
    if (s->b.texts.count == 0)
        buf_add_byte(&s->b.texts, 0);
    size_t at = s->b.texts.count;
    buf_add(&s->b.texts, text, strlen(text) + 1);
    CHECK(!s->b.texts.failed);
    return text[0] == '\0' ? 0 : (book_text_at)at;
}

static inline void sample_id(struct sample *s, uint8_t *id, size_t bytes)
{
    memset(id, 0xA0, bytes);
    s->made++;
    id[0] = (uint8_t)(s->made >> 16);
    id[1] = (uint8_t)(s->made >> 8);
    id[2] = (uint8_t)s->made;
}

static inline struct book_money sample_money(int64_t amount, const char *currency)
{
    struct book_money money = {amount, ""};
    snprintf(money.currency, sizeof money.currency, "%s", currency);
    return money;
}

/* An entry that posts nothing yet; 'day' as "2009-07-01", or "" for none. */
static inline uint32_t sample_entry(struct sample *s, enum book_kind kind, const char *ref,
                                    const char *office, const char *line, const char *day)
{
    sample_grow(&s->b.entries, s->b.entry_count, sizeof *s->b.entries);
    struct book_entry *e = &s->b.entries[s->b.entry_count];
    sample_id(s, e->id, sizeof e->id);
    memset(e->commit.id, (int)(s->made & 0xFF), sizeof e->commit.id);
    e->kind = kind;
    e->ref = sample_text(s, ref);
    e->office = sample_text(s, office);
    e->line = sample_text(s, line);
    e->day = book_day(bytes_of_text(day));
    e->written = book_day(BYTES("2010-02-01"));
    e->handed_over = BOOK_NO_DAY;
    e->enterprise = e->about = e->reversed_by = BOOK_NONE;
    return s->b.entry_count++;
}

static inline uint32_t sample_account(struct sample *s, const char *owner, const char *line,
                                      const char *currency)
{
    for (uint32_t i = 0; i < s->b.account_count; i++) {
        const struct book_account *a = &s->b.accounts[i];
        if (strcmp(book_text(&s->b, a->owner), owner) == 0 &&
            strcmp(book_text(&s->b, a->line), line) == 0 && strcmp(a->currency, currency) == 0)
            return i;
    }
    sample_grow(&s->b.accounts, s->b.account_count, sizeof *s->b.accounts);
    struct book_account *a = &s->b.accounts[s->b.account_count];
    a->owner = sample_text(s, owner);
    a->line = sample_text(s, line);
    snprintf(a->currency, sizeof a->currency, "%s", currency);
    return s->b.account_count++;
}

static inline void sample_post(struct sample *s, uint32_t entry, const char *owner,
                               const char *line, int64_t amount, const char *currency)
{
    uint32_t account = sample_account(s, owner, line, currency);
    sample_grow(&s->b.postings, s->b.posting_count, sizeof *s->b.postings);
    s->b.postings[s->b.posting_count++] = (struct book_posting){account, entry, amount};
    if (amount > 0)
        s->b.accounts[account].credited += amount;
    else
        s->b.accounts[account].debited -= amount;
    if (entry != BOOK_NONE && s->b.entries[entry].money.currency[0] == '\0')
        s->b.entries[entry].money = sample_money(amount < 0 ? -amount : amount, currency);
}

static inline uint32_t sample_grant(struct sample *s, const char *ref, const char *holder,
                                    const char *day, int64_t amount, const char *currency)
{
    uint32_t e = sample_entry(s, BOOK_GRANT, ref, holder, "pool", day);
    sample_post(s, e, holder, "pool", amount, currency);
    return e;
}

static inline uint32_t sample_exchange(struct sample *s, const char *ref, const char *holder,
                                       const char *day, struct book_money from,
                                       struct book_money to)
{
    uint32_t e = sample_entry(s, BOOK_EXCHANGE, ref, holder, "pool", day);
    sample_post(s, e, holder, "pool", -from.amount, from.currency);
    sample_post(s, e, holder, "pool", to.amount, to.currency);
    s->b.entries[e].money = from;
    s->b.entries[e].other = to;
    return e;
}

static inline uint32_t sample_allot(struct sample *s, const char *ref, const char *holder,
                                    const char *office, const char *line, int64_t amount,
                                    const char *currency)
{
    uint32_t e = sample_entry(s, BOOK_ALLOTMENT, ref, holder, "pool", "");
    s->b.entries[e].to = sample_text(s, office);
    s->b.entries[e].to_line = sample_text(s, line);
    sample_post(s, e, holder, "pool", -amount, currency);
    sample_post(s, e, office, line, amount, currency);
    return e;
}

static inline uint32_t sample_spend(struct sample *s, enum book_kind kind, const char *ref,
                                    const char *office, const char *line, const char *day,
                                    int64_t amount, const char *currency)
{
    uint32_t e = sample_entry(s, kind, ref, office, line, day);
    sample_post(s, e, office, line, -amount, currency);
    return e;
}

static inline uint32_t sample_reverse(struct sample *s, uint32_t about)
{
    char hex[41];
    hex_encode(s->b.entries[about].id, 20, hex);
    uint32_t e = sample_entry(s, BOOK_REVERSAL, hex, "", "", "");
    s->b.entries[e].office = s->b.entries[about].office;
    s->b.entries[e].line = s->b.entries[about].line;
    s->b.entries[e].day = s->b.entries[about].day;
    s->b.entries[e].about = about;
    s->b.entries[about].reversed_by = e;
    for (uint32_t i = 0, count = s->b.posting_count; i < count; i++) {
        struct book_posting p = s->b.postings[i];
        const struct book_account *a = &s->b.accounts[p.account];
        if (p.entry == about)
            sample_post(s, e, book_text(&s->b, a->owner), book_text(&s->b, a->line), -p.amount,
                        a->currency);
    }
    return e;
}

static inline uint32_t sample_enterprise(struct sample *s, const char *number, const char *office)
{
    sample_grow(&s->b.enterprises, s->b.enterprise_count, sizeof *s->b.enterprises);
    struct book_enterprise *p = &s->b.enterprises[s->b.enterprise_count];
    sample_id(s, p->id, sizeof p->id);
    p->number = sample_text(s, number);
    p->office = sample_text(s, office);
    p->household = BOOK_NONE;
    return s->b.enterprise_count++;
}

static inline uint32_t sample_pay(struct sample *s, const char *ref, const char *office,
                                  uint32_t enterprise, const char *day, int64_t amount,
                                  const char *currency)
{
    uint32_t e =
        sample_spend(s, BOOK_DISBURSEMENT, ref, office, "enterprises", day, amount, currency);
    s->b.entries[e].enterprise = enterprise;
    return e;
}

static inline struct book_programme *sample_programme(struct sample *s, const char *title)
{
    sample_grow(&s->b.programmes, s->b.programme_count, sizeof *s->b.programmes);
    struct book_programme *p = &s->b.programmes[s->b.programme_count++];
    sample_id(s, p->id, sizeof p->id);
    p->title = sample_text(s, title);
    p->start = p->end = BOOK_NO_DAY;
    p->line_idea = p->line_innovation = p->line_strengthening = BOOK_UNKNOWN;
    p->families = p->people = p->enterprises = p->income_increase_percent = BOOK_UNKNOWN;
    return p;
}

static inline int sample_by_name(const void *left, const void *right, void *book)
{
    const struct book_account *a = left, *b = right;
    int order = strcmp(book_text(book, a->owner), book_text(book, b->owner));
    if (order == 0)
        order = strcmp(book_text(book, a->line), book_text(book, b->line));
    return order != 0 ? order : strcmp(a->currency, b->currency);
}

static inline int sample_by_account(const void *left, const void *right)
{
    const struct book_posting *a = left, *b = right;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static inline void sample_close(struct sample *s)
{
    struct book *b = &s->b;
    sample_text(s, "");
    struct book_account *before = mem_array(b->account_count, sizeof *before);
    CHECK(before != NULL);
    for (uint32_t i = 0; i < b->account_count; i++)
        before[i] = b->accounts[i];
    if (b->account_count > 0)
        qsort_r(b->accounts, b->account_count, sizeof *b->accounts, sample_by_name, b);
    for (uint32_t p = 0; p < b->posting_count; p++)
        for (uint32_t i = 0; i < b->account_count; i++)
            if (memcmp(&b->accounts[i], &before[b->postings[p].account], sizeof *before) == 0) {
                b->postings[p].account = i;
                break;
            }
    mem_free(before);
    if (b->posting_count > 0)
        qsort(b->postings, b->posting_count, sizeof *b->postings, sample_by_account);
}

static inline void sample_release(struct sample *s)
{
    buf_release(&s->b.texts);
    mem_free(s->b.entries);
    mem_free(s->b.postings);
    mem_free(s->b.accounts);
    mem_free(s->b.enterprises);
    mem_free(s->b.programmes);
    memset(s, 0, sizeof *s);
}

/* Texts that would do harm if they meant anything: each is some record's. */
static const char *const sample_nasty[] = {
    "a\ninclude /etc/passwd\n",
    "b\r\n2009-01-01 open Assets:Stolen",
    "c ; [2001-01-01] x:: 1, date: 2001-02-02",
    "d\t\"quoted\" \\ back\\\\slash\"",
    "\n    Assets:santiago:pool  CLP 1",
    "e = CLP 5 @@ USD 3 {4}",
    "=SUM(A1:A9)",
    "+1-2@cmd|' /C calc'!A0",
    "<a href='x'>&amp; ]]> </a>",
    "\xC3\x91u\xC3\xB1oa \xE2\x80\xA8 \xC2\x85 \xE2\x80\xAE end",
    "%41 100%",
    "\x01\x1F\x7F",
};

/* Everything at once: two currencies, reversals of each kind, an overdrawn account, an entry
 * without a date and one before its time, labels and lines with every character they may have. */
static inline void sample_fill(struct sample *s)
{
    uint32_t nasty = sizeof sample_nasty / sizeof sample_nasty[0];
    uint32_t grant = sample_grant(s, "G1", "santiago", "2009-07-01", 20000000, "USD");
    s->b.entries[grant].what = sample_text(s, "FOSIS");
    uint32_t twice = sample_grant(s, "G2", "santiago", "2009-07-01", 1, "USD");
    sample_exchange(s, "X1", "santiago", "2009-07-03", sample_money(20000000, "USD"),
                    sample_money(108000000, "CLP"));
    uint32_t back = sample_exchange(s, "X2", "santiago", "2009-07-04", sample_money(7, "CLP"),
                                    sample_money(3, "USD"));
    sample_allot(s, "A1", "santiago", "alto-hospicio", "enterprises", 5000000, "CLP");
    uint32_t allot = sample_allot(s, "A2", "santiago", "x9-y-z", "own_line_2", 777, "CLP");
    for (uint32_t i = 0; i < 12; i++) {
        char number[16], day[24];
        snprintf(number, sizeof number, "E%02u", i);
        snprintf(day, sizeof day, "2009-%02u-15", 8 + i / 6);
        uint32_t e =
            sample_pay(s, sample_nasty[i % nasty], "alto-hospicio",
                       sample_enterprise(s, number, "alto-hospicio"), day, 400000 + i, "CLP");
        s->b.entries[e].receipt = sample_text(s, sample_nasty[i % nasty]);
        s->b.entries[e].supplier = sample_text(s, sample_nasty[(i + 1) % nasty]);
        s->b.entries[e].what = sample_text(s, sample_nasty[(i + 2) % nasty]);
    }
    uint32_t spent = sample_spend(s, BOOK_EXPENSE, "S1", "x9-y-z", "own_line_2", "2009-09-09", 1000,
                                  "CLP"); /* overdrawn by 223 */
    sample_spend(s, BOOK_EXPENSE, "S2", "x9-y-z", "own_line_2", "0999-09-09", 1, "CLP");
    sample_spend(s, BOOK_EXPENSE, "S3", "x9-y-z", "own_line_2", "", 2, "CLP");
    uint32_t dinar = sample_grant(s, "G3", "santiago", "2009-08-01", 1234, "KWD");
    sample_reverse(s, twice);
    sample_reverse(s, back);
    sample_reverse(s, allot);
    sample_reverse(s, spent);
    CHECK(s->b.entries[dinar].kind == BOOK_GRANT);
    sample_entry(s, BOOK_AWARD, "W1", "alto-hospicio", "", "2009-08-01"); /* posts nothing */
    struct book_programme *p = sample_programme(s, sample_nasty[8]);
    p->start = book_day(BYTES("2009-07-01"));
    p->end = book_day(BYTES("2010-01-31"));
    p->country = sample_text(s, "Chile");
    p->location = sample_text(s, sample_nasty[9]);
    p->themes = sample_text(s, "Microfinance\n=Income & <Generation>");
    p->partners = sample_text(s, "FOSIS\nMunicipalities");
    sample_close(s);
}

#endif
