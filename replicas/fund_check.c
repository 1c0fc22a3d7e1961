#include "replicas/fund_check.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/finding.h"
#include "replicas/inspect.h"
#include "replicas/json.h"

static const char POOL[] = "pool";

void fund_check_release(struct fund_check *c)
{
    buf_release(&c->overridden);
}

int64_t fund_check_sum(const struct book *b, uint32_t enterprise, enum book_kind kind,
                       const char *currency)
{
    int64_t sum = 0;
    uint32_t at = BOOK_NONE;
    while ((at = book_of_enterprise(b, enterprise, kind, at)) != BOOK_NONE) {
        const struct book_entry *e = &b->entries[at];
        if (e->reversed_by != BOOK_NONE || strcmp(e->money.currency, currency) != 0)
            continue;
        if (__builtin_add_overflow(sum, e->money.amount, &sum))
            return INT64_MAX;
    }
    return sum;
}

static const struct book_account *account(const struct book *b, const char *owner, const char *line,
                                          const char *currency)
{
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        if (strcmp(book_text(b, a->owner), owner) == 0 &&
            strcmp(book_text(b, a->line), line) == 0 && strcmp(a->currency, currency) == 0)
            return a;
    }
    return NULL;
}

int64_t fund_check_balance(const struct book *b, const char *owner, const char *line,
                           const char *currency)
{
    const struct book_account *a = account(b, owner, line, currency);
    return a != NULL ? a->credited - a->debited : 0;
}

/* ---- What --anyway writes all the same ---- */

/* The fault says what speaks against it. */
static enum status refuse(struct fund_check *c, struct fault *f)
{
    if (c->anyway) {
        if (c->overridden.count > 0)
            buf_add_byte(&c->overridden, ',');
        json_add_text(&c->overridden, bytes_of_text(f->text));
        *f = (struct fault){.code = ST_OK};
        return buf_status(&c->overridden);
    }
    f->code = ST_NEEDS_PERSON;
    fault_fix(f, "if it is right all the same: --anyway writes it, and the audit will list it");
    return ST_NEEDS_PERSON;
}

static enum status check_day(struct fund_check *c, struct fault *f)
{
    char day[BOOK_DAY_TEXT];
    if (c->latest == BOOK_NO_DAY || c->entry.day == BOOK_NO_DAY || c->entry.day <= c->latest)
        return ST_OK;
    book_day_text(c->entry.day, day);
    (void)fault_set(f, ST_NEEDS_PERSON, "the date %s is still to come", day);
    return refuse(c, f);
}

/* Whose enterprise it is: another office's money is for its own. */
static enum status check_enterprise(struct fund_check *c, struct fault *f)
{
    const struct book *b = c->book;
    if (c->entry.enterprise == BOOK_NONE)
        return ST_OK;
    const struct book_enterprise *e = &b->enterprises[c->entry.enterprise];
    const char *office = book_text(b, e->office);
    if (office[0] == '\0' || strcmp(office, c->label) == 0)
        return ST_OK;
    (void)fault_set(f, ST_NEEDS_PERSON, "the enterprise %s is of %s, not of %s",
                    book_text(b, e->number), office, c->label);
    return refuse(c, f);
}

static enum status check_transfer(struct fund_check *c, struct fault *f)
{
    const struct book *b = c->book;
    if (c->entry.kind != BOOK_TRANSFER || c->entry.about == BOOK_NONE)
        return ST_OK;
    const struct book_entry *bought = &b->entries[c->entry.about];
    const char *office = book_text(b, bought->office), *ref = book_text(b, bought->ref);
    char day[BOOK_DAY_TEXT] = "";
    enum status status = ST_OK;
    if (bought->reversed_by != BOOK_NONE)
        return fault_set(f, ST_NOT_ALLOWED, "the purchase %s was reversed", ref);
    if (strcmp(office, c->label) != 0) {
        (void)fault_set(f, ST_NEEDS_PERSON, "the purchase %s is of %s, not of %s", ref, office,
                        c->label);
        status = refuse(c, f);
    }
    book_day_text(bought->handed_over, day);
    if (status == ST_OK && day[0] != '\0') {
        (void)fault_set(f, ST_NEEDS_PERSON, "what was bought as %s is handed over since %s", ref,
                        day);
        status = refuse(c, f);
    }
    uint32_t at = BOOK_NONE;
    while (status == ST_OK &&
           (at = book_about(b, c->entry.about, BOOK_TRANSFER, at)) != BOOK_NONE) {
        const struct book_entry *before = &b->entries[at];
        if (before->reversed_by != BOOK_NONE)
            continue;
        book_day_text(before->day, day);
        (void)fault_set(f, ST_NEEDS_PERSON, "what was bought as %s is handed over since %s", ref,
                        day);
        status = refuse(c, f);
    }
    return status;
}

/* ---- The rules ---- */

/* Those that can speak against writing; the others are about what is still to be done. */
static bool is_asked(const struct fund_check *c, enum finding_rule rule)
{
    switch (rule) {
    case FINDING_NO_RECEIPT:
        return !c->paper;
    case FINDING_DISBURSEMENT_ABOVE_AWARD:
    case FINDING_AWARD_ABOVE_LINE:
    case FINDING_PURCHASE_ABOVE_DISBURSEMENT:
    case FINDING_RECEIPT_TWICE:
    case FINDING_OUTLAY_BEFORE_ACT:
    case FINDING_OUTSIDE_PERIOD:
    case FINDING_GRANT_TWICE:
        return true;
    default:
        return false;
    }
}

static bool concerns(const struct findings *found, const struct finding *one, const char *id)
{
    for (uint32_t i = 0; i < one->record_count; i++)
        if (strcmp(found->records[one->record_first + i].id, id) == 0)
            return true;
    return false;
}

static enum status tell(struct fund_check *c, const struct findings *found, struct fault *f)
{
    char id[ENTRY_ID_TEXT + 1];
    struct buf text = {0};
    enum status status = ST_OK;
    hex_encode(c->entry.id, ENTRY_ID_BYTES, id);
    for (uint32_t i = 0; i < found->count && status == ST_OK; i++) {
        const struct finding *one = &found->list[i];
        if (!is_asked(c, one->rule) || !concerns(found, one, id))
            continue;
        buf_reset(&text);
        finding_sentence(found, i, FINDING_ENGLISH, &text);
        status = buf_status(&text);
        (void)fault_set(f, status, "%s", status == ST_OK ? buf_text(&text) : status_text(status));
        if (status == ST_OK)
            status = refuse(c, f);
    }
    buf_release(&text);
    return status;
}

/* The book as it would be: its rules are asked, and what they find about the new entry is told. */
static enum status check_rules(struct fund_check *c, struct fault *f)
{
    const struct inspect_settings settings = {.closed = false};
    struct book *b = c->book;
    struct findings found = {0};
    struct book_entry *entries = mem_array(b->entry_count + 1, sizeof *entries), *held = b->entries;
    if (entries == NULL)
        return fault_set(f, ST_NO_MEMORY, "no memory to check the entry");
    if (b->entry_count > 0)
        memcpy(entries, held, b->entry_count * sizeof *entries);
    entries[b->entry_count] = c->entry;
    entries[b->entry_count].ref = c->called;
    b->entries = entries;
    b->entry_count++;
    enum status status = inspect_book(b, &settings, &found);
    b->entries = held;
    b->entry_count--;
    if (status == ST_OK)
        status = finding_sort(&found);
    if (status == ST_OK)
        status = tell(c, &found, f);
    else
        (void)fault_set(f, status, "%s", status_text(status));
    finding_release(&found);
    mem_free(entries);
    return status;
}

/* ---- Accounts ---- */

/* Who could help: the office with most on that line, else the fullest pool. */
static const struct book_account *helper(const struct book *b, const struct account_posting *p,
                                         int64_t lacks, bool pool)
{
    const struct book_account *best = NULL;
    for (uint32_t i = 0; i < b->account_count; i++) {
        const struct book_account *a = &b->accounts[i];
        int64_t holds = a->credited - a->debited;
        bool fits = strcmp(a->currency, p->currency) == 0 &&
                    strcmp(book_text(b, a->line), pool ? POOL : p->line) == 0 &&
                    strcmp(book_text(b, a->owner), p->owner) != 0;
        if (fits && holds >= lacks && (best == NULL || holds > best->credited - best->debited))
            best = a;
    }
    return best;
}

static void say_who_helps(const struct book *b, const struct account_posting *p, int64_t lacks,
                          struct fault *f)
{
    struct buf missing = {0};
    const struct book_account *pass = helper(b, p, lacks, false), *pool = helper(b, p, lacks, true);
    bool own_pool = fund_check_balance(b, p->owner, POOL, p->currency) >= lacks;
    book_amount(lacks, p->currency, &missing);
    if (strcmp(p->line, POOL) == 0)
        fault_fix(f,
                  "register the grant or the exchange that brings %s %s more, or check the "
                  "amount",
                  p->currency, buf_text(&missing));
    else if (own_pool || pool != NULL)
        fault_fix(f, "%s could allot %s %s: minga fund allot %s %s %s %s",
                  own_pool ? p->owner : book_text(b, pool->owner), p->currency, buf_text(&missing),
                  p->owner, p->line, p->currency, buf_text(&missing));
    else if (pass != NULL)
        fault_fix(f, "%s could pass %s %s: minga fund pass %s %s %s %s", book_text(b, pass->owner),
                  p->currency, buf_text(&missing), p->owner, p->line, p->currency,
                  buf_text(&missing));
    else
        fault_fix(f, "no office has %s %s for %s to spare: check the amount", p->currency,
                  buf_text(&missing), p->line);
    buf_release(&missing);
}

static enum status check_account(struct fund_check *c, const struct fund_check_account *a,
                                 struct fault *f)
{
    const struct account_posting *p = &a->posting;
    int64_t after = 0;
    if (__builtin_add_overflow(a->before, p->amount, &after))
        return fault_set(f, ST_BAD_VALUE, "the balance of %s of %s would be too large", p->line,
                         p->owner);
    if (p->amount > 0 || after >= 0)
        return ST_OK;
    struct buf holds = {0}, wants = {0};
    book_amount(a->before, p->currency, &holds);
    book_amount(-p->amount, p->currency, &wants);
    (void)fault_set(f, ST_OVERDRAWN, "%s of %s holds %s %s, which does not cover %s %s", p->line,
                    p->owner, p->currency, buf_text(&holds), p->currency, buf_text(&wants));
    say_who_helps(c->book, p, -after, f);
    buf_release(&holds);
    buf_release(&wants);
    return ST_OVERDRAWN;
}

enum status fund_check_run(struct fund_check *c, struct fault *f)
{
    CHECK(c->book != NULL && c->account_count <= FUND_CHECK_ACCOUNTS_MAX && f != NULL);
    enum status status = ST_OK;
    for (uint32_t i = 0; i < c->account_count && status == ST_OK; i++)
        status = check_account(c, &c->accounts[i], f);
    if (status == ST_OK)
        status = check_day(c, f);
    if (status == ST_OK)
        status = check_enterprise(c, f);
    if (status == ST_OK)
        status = check_transfer(c, f);
    if (status == ST_OK && c->entry.kind != BOOK_REVERSAL)
        status = check_rules(c, f);
    return status;
}

/* ---- Reversals ---- */

static enum status add_opposite(struct fund_check *c, const struct book_posting *p, struct fault *f)
{
    const struct book *b = c->book;
    const struct book_account *a = &b->accounts[p->account];
    if (c->account_count == FUND_CHECK_ACCOUNTS_MAX)
        return fault_set(f, ST_TOO_LARGE, "the entry posts to too many accounts");
    struct fund_check_account *out = &c->accounts[c->account_count++];
    *out = (struct fund_check_account){.before = a->credited - a->debited};
    out->posting.amount = -p->amount;
    snprintf(out->posting.owner, sizeof out->posting.owner, "%s", book_text(b, a->owner));
    snprintf(out->posting.line, sizeof out->posting.line, "%s", book_text(b, a->line));
    memcpy(out->posting.currency, a->currency, sizeof a->currency);
    return ST_OK;
}

static enum status another_writes(const struct fund_check *c, const struct book_entry *e,
                                  const char *owner, struct fault *f)
{
    (void)fault_set(f, ST_NOT_ALLOWED, "%s cannot reverse %s %s: the account is of %s", c->label,
                    book_word(e->kind), book_text(c->book, e->ref), owner);
    fault_fix(f, "at %s: minga fund reverse %s --because TEXT", owner, book_text(c->book, e->ref));
    return ST_NOT_ALLOWED;
}

/* Whoever owns all that a reversal debits writes it, and holds some of what was moved. */
static enum status check_owner(const struct fund_check *c, const struct book_entry *e,
                               struct fault *f)
{
    bool own = false;
    const char *writer = book_text(c->book, e->office);
    if (c->account_count == 0 && strcmp(writer, c->label) == 0)
        return ST_OK; /* it moves no money: whoever wrote it takes it back */
    if (c->account_count == 0) {
        (void)fault_set(f, ST_NOT_ALLOWED, "%s cannot reverse %s %s: %s wrote it", c->label,
                        book_word(e->kind), book_text(c->book, e->ref), writer);
        fault_fix(f, "at %s: minga fund reverse %s --because TEXT", writer,
                  book_text(c->book, e->ref));
        return ST_NOT_ALLOWED;
    }
    for (uint32_t i = 0; i < c->account_count; i++) {
        const struct account_posting *p = &c->accounts[i].posting;
        bool ours = strcmp(p->owner, c->label) == 0;
        own = own || ours;
        if (p->amount < 0 && !ours)
            return another_writes(c, e, p->owner, f);
    }
    return own ? ST_OK : another_writes(c, e, book_text(c->book, e->office), f);
}

enum status fund_check_reversal(struct fund_check *c, uint32_t about, struct fault *f)
{
    const struct book *b = c->book;
    CHECK(about < b->entry_count);
    const struct book_entry *e = &b->entries[about];
    enum status status = ST_OK;
    if (e->kind == BOOK_REVERSAL) {
        (void)fault_set(f, ST_NOT_ALLOWED, "a reversal is not reversed");
        fault_fix(f, "write the entry anew that it took back");
        return ST_NOT_ALLOWED;
    }
    if (e->reversed_by != BOOK_NONE)
        return fault_set(f, ST_EXISTS, "%s %s was reversed already, by %s", book_word(e->kind),
                         book_text(b, e->ref), book_text(b, b->entries[e->reversed_by].office));
    for (uint32_t i = 0; i < b->posting_count && status == ST_OK; i++)
        if (b->postings[i].entry == about)
            status = add_opposite(c, &b->postings[i], f);
    return status == ST_OK ? check_owner(c, e, f) : status;
}
