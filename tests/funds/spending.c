#include "tests/funds/spending.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/book.h"
#include "tests/funds/command.h"

const char *const spending_lines[SPENDING_LINES] = {"enterprises", "workshops",      "counselling",
                                                    "community",   "administration", "reserve"};
enum { CUT_MAX = 6, FUND_ONE_IN = 3 };

uint32_t spending_draw(struct money *m, uint32_t below)
{
    return crowd_draw(m->crowd, below);
}

bool spending_one_in(struct money *m, uint32_t n)
{
    return spending_draw(m, n) == 0;
}

struct person *spending_office(struct money *m)
{
    struct person *p = &m->crowd->of[spending_draw(m, m->offices)];
    return p->cheats ? &m->crowd->of[0] : p;
}

struct person *spending_treasurer(struct money *m)
{
    struct person *p = &m->crowd->of[spending_draw(m, 2)];
    return m->crowd->plan->of[p->index].treasurer ? p : &m->crowd->of[0];
}

/* ---- acts and their parts ---- */

void spending_entry(struct money *m, struct act *a, const char *type)
{
    a->count = 0;
    a->long_word = NULL;
    a->as = NULL;
    act_word(a, "add");
    act_word(a, "%s", type);
    act_word(a, "ref=n%u", ++m->number);
}

void spending_amount(struct act *a, const char *name, int64_t amount, const char *currency)
{
    int digits = strcmp(currency, "KWD") == 0 ? 3 : strcmp(currency, "USD") == 0 ? 2 : 0;
    int64_t whole = digits == 3 ? 1000 : digits == 2 ? 100 : 1;
    if (digits == 0)
        act_word(a, "%s=%lld", name, (long long)amount);
    else
        act_word(a, "%s=%lld.%0*lld", name, (long long)(amount / whole), digits,
                 (long long)(amount % whole));
}

void spending_money(struct act *a, int64_t amount, const char *currency)
{
    act_word(a, "currency=%s", currency);
    spending_amount(a, "amount", amount, currency);
}

void spending_date(struct act *a, const char *name, int32_t day)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    act_word(a, "%s=%s", name, text);
}

/* Mostly within the period. */
int32_t spending_day(struct money *m)
{
    if (spending_one_in(m, 40))
        return spending_one_in(m, 2) ? m->first_day - 1 : m->last_day + 1;
    return m->first_day + (int32_t)spending_draw(m, (uint32_t)(m->last_day - m->first_day + 1));
}

/* What somebody's account holds, as one of them sees it; only chooses amounts by it. */
int64_t spending_balance(struct money *m, struct person *p, const char *owner, const char *line,
                         const char *currency)
{
    struct account_posting a = {.amount = 1};
    char path[TREE_PATH_MAX];
    struct oid folder;
    struct fault f = {0};
    int64_t sum = 0;
    snprintf(a.owner, sizeof a.owner, "%s", owner);
    snprintf(a.line, sizeof a.line, "%s", line);
    snprintf(a.currency, sizeof a.currency, "%s", currency);
    account_folder(&a, path);
    struct store *s = replica_store(p->replica);
    enum status st = tree_find_tree(s, replica_state(p->replica), path, &folder, &f);
    if (st == ST_OK)
        st = account_balance(m->memo, s, &folder, &sum, &f);
    if (st != ST_NOT_FOUND)
        crowd_must(m->crowd, st, "read a balance", &f);
    return sum;
}

/* A part of what is there; now and then all of it, now and then one unit more. */
static int64_t some_of(struct money *m, int64_t there)
{
    if (there <= 0 || spending_one_in(m, 14)) {
        m->counts[MONEY_OVERSPENT]++;
        return (there > 0 ? there : 0) + 1 +
               (spending_one_in(m, 3) ? (int64_t)spending_draw(m, 100000) : 0);
    }
    if (spending_one_in(m, 10)) {
        m->counts[MONEY_TO_THE_END]++;
        return there;
    }
    return 1 + (int64_t)(spending_draw(m, UINT32_MAX) % (uint64_t)(there / 2 + 1));
}

/* The words of an entry, tried by somebody; whether it is in. */
bool spending_try(struct money *m, struct person *p, const struct act *a)
{
    struct crowd_answer answer;
    struct act command, told = *a;
    uint32_t opened = p->opened;
    if (p->cheats)
        return false;
    told.as = NULL;
    if (spending_one_in(m, FUND_ONE_IN) &&
        command_make(a, p->label, !spending_one_in(m, 4), &command)) {
        told.as = &command;
        m->counts[MONEY_COMMANDED]++;
    }
    if (spending_one_in(m, 40))
        simdisk_cut(p->disk, 1 + spending_draw(m, CUT_MAX));
    enum status st = story_act(&m->story, p, &told, &answer);
    simdisk_cut(p->disk, 0);
    if (p->opened != opened) {
        m->counts[MONEY_CUT]++;
        return false;
    }
    if (st != ST_OK) {
        m->counts[MONEY_REFUSED]++;
        return false;
    }
    m->counts[answer.commit[0] != '\0' ? MONEY_WRITTEN : MONEY_AGAIN]++;
    if (answer.commit[0] != '\0' && m->done_count < DONE_MAX) {
        struct done *d = &m->done[m->done_count++];
        *d = (struct done){.who = p->index, .act = *a};
        memcpy(d->id, answer.id, sizeof d->id);
    }
    return true;
}

/* ---- the treasurers ---- */

void spending_grant(struct money *m, struct person *p)
{
    static const char *const currencies[] = {"USD", "USD", "CLP", "KWD"};
    struct act a;
    spending_entry(m, &a, "grant");
    act_word(&a, "holder=%s", p->label);
    spending_date(&a, "date", spending_day(m));
    spending_money(&a, 100000 + spending_draw(m, 90000000), currencies[spending_draw(m, 4)]);
    act_word(&a, "funder=f%u", m->number);
    (void)spending_try(m, p, &a);
}

void spending_exchange(struct money *m, struct person *p)
{
    struct act a;
    const char *currency = spending_balance(m, p, p->label, "pool", "USD") > 0 ? "USD" : "KWD";
    int64_t from = some_of(m, spending_balance(m, p, p->label, "pool", currency));
    spending_entry(m, &a, "exchange");
    act_word(&a, "holder=%s", p->label);
    spending_date(&a, "date", spending_day(m));
    act_word(&a, "from_currency=%s", currency);
    spending_amount(&a, "from_amount", from, currency);
    act_word(&a, "to_currency=CLP");
    spending_amount(&a, "to_amount", from * 5 + 1 + spending_draw(m, 99), "CLP");
    (void)spending_try(m, p, &a);
}

void spending_allot(struct money *m, struct person *p, uint32_t office, const char *line)
{
    struct act a;
    int64_t there = spending_balance(m, p, p->label, "pool", "CLP");
    spending_entry(m, &a, "allotment");
    act_word(&a, "holder=%s", p->label);
    act_word(&a, "office=%s", m->crowd->of[office].label);
    act_word(&a, "budget_line=%s", line);
    if (spending_one_in(m, 2))
        spending_date(&a, "date", spending_day(m));
    spending_money(&a,
                   there > 100 && !spending_one_in(m, 10) ? 1 + there / (4 + spending_draw(m, 8))
                                                          : some_of(m, there),
                   "CLP");
    (void)spending_try(m, p, &a);
}

void spending_treasury(struct money *m)
{
    struct person *p = spending_treasurer(m);
    uint32_t dice = spending_draw(m, 10);
    if (dice < 2)
        spending_grant(m, p);
    else if (dice < 4)
        spending_exchange(m, p);
    else
        spending_allot(
            m, p, spending_draw(m, m->offices),
            spending_lines[spending_one_in(m, 2) ? 0 : spending_draw(m, SPENDING_LINES)]);
}

/* ---- the enterprises ---- */

static struct venture *own_venture(struct money *m, const struct person *p)
{
    uint32_t first = spending_draw(m, m->venture_count);
    for (uint32_t i = 0; i < m->venture_count; i++) {
        struct venture *v = &m->ventures[(first + i) % m->venture_count];
        if (v->office == p->index)
            return v;
    }
    return NULL;
}

int32_t day_of(struct money *m, struct venture *v)
{
    if (spending_one_in(m, 12))
        return spending_day(m);
    if (v->day < m->last_day && spending_one_in(m, 2))
        v->day++;
    return v->day;
}

void begin_of(struct money *m, struct act *a, const char *type, const struct person *p,
              struct venture *v)
{
    spending_entry(m, a, type);
    act_word(a, "office=%s", p->label);
    act_word(a, "enterprise=%s", v->id);
    spending_date(a, "date", day_of(m, v));
}

static void award(struct money *m, struct person *p, struct venture *v)
{
    struct act a;
    int64_t amount = spending_one_in(m, 8) ? v->cap + 1 : v->cap / (1 + spending_draw(m, 3));
    begin_of(m, &a, "award", p, v);
    spending_money(&a, amount, "CLP");
    v->awarded += spending_try(m, p, &a) ? amount : 0;
}

static void disburse(struct money *m, struct person *p, struct venture *v)
{
    struct act a;
    int64_t due = v->awarded - v->disbursed;
    int64_t amount = due <= 0 || spending_one_in(m, 12) ? (due > 0 ? due : 0) + 1 : due;
    if (spending_one_in(m, 6))
        amount = some_of(m, spending_balance(m, p, p->label, "enterprises", "CLP"));
    begin_of(m, &a, "disbursement", p, v);
    spending_money(&a, amount, "CLP");
    v->disbursed += spending_try(m, p, &a) ? amount : 0;
}

void spending_receipt(struct money *m, struct act *a)
{
    if (spending_one_in(m, 12))
        return;
    act_word(a, "receipt=R %u", m->number);
    act_word(a, "supplier=s%u", spending_draw(m, 3));
}

/* A file that stands beside an entry. */
static void attach(struct money *m, struct person *p, const char *entry)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    act_word(&a, "add");
    act_word(&a, "document");
    act_word(&a, "record=%s", entry);
    act_word(&a, "bytes=%u", spending_draw(m, 100000));
    enum status st = story_act(&m->story, p, &a, &answer);
    if (st != ST_OK && st != ST_IO)
        crowd_fail(m->crowd, "%s cannot attach: %s", p->label, status_word(st));
}

static void hand_over(struct money *m, struct person *p, const char *purchase, struct venture *v)
{
    struct act a;
    spending_entry(m, &a, "transfer");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "purchase=%s", purchase);
    spending_date(&a, "date", day_of(m, v));
    (void)spending_try(m, p, &a);
}

static void buy(struct money *m, struct person *p, struct venture *v)
{
    struct act a;
    int64_t due = v->disbursed - v->purchased;
    int64_t amount = due <= 0 || spending_one_in(m, 10) ? (due > 0 ? due : 0) + 1
                     : spending_one_in(m, 3)            ? 1 + due / 2
                                                        : due;
    uint32_t how = spending_draw(m, 4);
    begin_of(m, &a, "purchase", p, v);
    spending_money(&a, amount, "CLP");
    act_word(&a, "item=i%u", m->number);
    spending_receipt(m, &a);
    if (how < 2)
        spending_date(&a, "ownership_transferred", v->day);
    if (!spending_try(m, p, &a))
        return;
    v->purchased += amount;
    char id[ENTRY_ID_TEXT + 1];
    CHECK(m->done_count > 0);
    memcpy(id, m->done[m->done_count - 1].id, sizeof id);
    if (spending_one_in(m, 4))
        attach(m, p, id);
    if (how == 2)
        hand_over(m, p, id, v);
}

/* The next act for one of an office's enterprises; out of turn now and then. */
void spending_support(struct money *m, struct person *p)
{
    struct venture *v = own_venture(m, p);
    if (v == NULL)
        return;
    uint32_t next = v->awarded <= v->disbursed ? 0 : 1;
    if (v->disbursed > v->purchased)
        next = 2;
    if (spending_one_in(m, 12))
        next = spending_draw(m, 3);
    if (next == 0)
        award(m, p, v);
    else if (next == 1)
        disburse(m, p, v);
    else
        buy(m, p, v);
}

/* ---- the offices' own lines ---- */

/* Mostly one that holds something. */
const char *spending_line(struct money *m, struct person *p)
{
    uint32_t first = spending_draw(m, SPENDING_LINES);
    for (uint32_t i = 0; i < SPENDING_LINES && !spending_one_in(m, 10); i++)
        if (spending_balance(m, p, p->label, spending_lines[(first + i) % SPENDING_LINES], "CLP") >
            0)
            return spending_lines[(first + i) % SPENDING_LINES];
    return spending_lines[first];
}

void spending_expense(struct money *m, struct person *p, const char *line)
{
    struct act a;
    spending_entry(m, &a, "expense");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "budget_line=%s", line);
    spending_date(&a, "date", spending_day(m));
    spending_money(&a, some_of(m, spending_balance(m, p, p->label, line, "CLP")), "CLP");
    spending_receipt(m, &a);
    if (spending_try(m, p, &a) && spending_one_in(m, 6))
        attach(m, p, m->done[m->done_count - 1].id);
}

void spending_pass(struct money *m, struct person *p)
{
    struct act a;
    const char *line = spending_line(m, p), *to = spending_office(m)->label;
    spending_entry(m, &a, "pass");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "budget_line=%s", line);
    act_word(&a, "to=%s", to);
    act_word(&a, "to_line=%s",
             spending_one_in(m, 4) ? "pool" : spending_lines[spending_draw(m, SPENDING_LINES)]);
    spending_date(&a, "date", spending_day(m));
    spending_money(&a, some_of(m, spending_balance(m, p, p->label, line, "CLP")), "CLP");
    (void)spending_try(m, p, &a);
}

void spending_statement(struct money *m, struct person *p)
{
    struct act a;
    bool all = spending_one_in(m, 2);
    const char *line = spending_line(m, p);
    int64_t sum = all ? spending_balance(m, p, p->label, "pool", "CLP") : 0;
    for (uint32_t i = 0; i < SPENDING_LINES; i++)
        if (all || strcmp(spending_lines[i], line) == 0)
            sum += spending_balance(m, p, p->label, spending_lines[i], "CLP");
    spending_entry(m, &a, "statement");
    act_word(&a, "office=%s", p->label);
    spending_date(&a, "date", m->last_day);
    act_word(&a, "currency=CLP");
    spending_amount(&a, "balance", (sum > 0 ? sum : 0) + spending_one_in(m, 4), "CLP");
    if (!all)
        act_word(&a, "budget_line=%s", line);
    (void)spending_try(m, p, &a);
}
