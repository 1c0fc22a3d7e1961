#include "tests/funds/money.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/book.h"

static const char *const lines[] = {"enterprises", "workshops",      "counselling",
                                    "community",   "administration", "reserve"};
enum { LINES = sizeof lines / sizeof lines[0], CUT_MAX = 6, TWICE = 3, FLOOD = 11 };

static uint32_t draw(struct money *m, uint32_t below)
{
    return crowd_draw(m->crowd, below);
}

static bool one_in(struct money *m, uint32_t n)
{
    return draw(m, n) == 0;
}

static struct person *some_office(struct money *m)
{
    return &m->crowd->of[draw(m, m->offices)];
}

static struct person *some_treasurer(struct money *m)
{
    struct person *p = &m->crowd->of[draw(m, 2)];
    return m->crowd->plan->of[p->index].treasurer ? p : &m->crowd->of[0];
}

/* ---- acts and their parts ---- */

static void begin_entry(struct money *m, struct act *a, const char *type)
{
    a->count = 0;
    a->long_word = NULL;
    act_word(a, "add");
    act_word(a, "%s", type);
    act_word(a, "ref=n%u", ++m->number);
}

static void add_amount(struct act *a, const char *name, int64_t amount, const char *currency)
{
    int digits = strcmp(currency, "KWD") == 0 ? 3 : strcmp(currency, "USD") == 0 ? 2 : 0;
    int64_t whole = digits == 3 ? 1000 : digits == 2 ? 100 : 1;
    if (digits == 0)
        act_word(a, "%s=%lld", name, (long long)amount);
    else
        act_word(a, "%s=%lld.%0*lld", name, (long long)(amount / whole), digits,
                 (long long)(amount % whole));
}

static void add_money(struct act *a, int64_t amount, const char *currency)
{
    act_word(a, "currency=%s", currency);
    add_amount(a, "amount", amount, currency);
}

static void add_day(struct act *a, const char *name, int32_t day)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    act_word(a, "%s=%s", name, text);
}

/* Mostly within the period. */
static int32_t some_day(struct money *m)
{
    if (one_in(m, 40))
        return one_in(m, 2) ? m->first_day - 1 : m->last_day + 1;
    return m->first_day + (int32_t)draw(m, (uint32_t)(m->last_day - m->first_day + 1));
}

/* What somebody's account holds, as one of them sees it; only chooses amounts by it. */
static int64_t balance(struct money *m, struct person *p, const char *owner, const char *line,
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
    if (there <= 0 || one_in(m, 14)) {
        m->counts[MONEY_OVERSPENT]++;
        return (there > 0 ? there : 0) + 1 + (one_in(m, 3) ? (int64_t)draw(m, 100000) : 0);
    }
    if (one_in(m, 10)) {
        m->counts[MONEY_TO_THE_END]++;
        return there;
    }
    return 1 + (int64_t)(draw(m, UINT32_MAX) % (uint64_t)(there / 2 + 1));
}

/* The words of an entry, tried by somebody; whether it is in. */
static bool try_entry(struct money *m, struct person *p, const struct act *a)
{
    struct crowd_answer answer;
    uint32_t opened = p->opened;
    if (one_in(m, 40))
        simdisk_cut(p->disk, 1 + draw(m, CUT_MAX));
    enum status st = story_act(&m->story, p, a, &answer);
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

static void grant(struct money *m, struct person *p)
{
    static const char *const currencies[] = {"USD", "USD", "CLP", "KWD"};
    struct act a;
    begin_entry(m, &a, "grant");
    act_word(&a, "holder=%s", p->label);
    add_day(&a, "date", some_day(m));
    add_money(&a, 100000 + draw(m, 90000000), currencies[draw(m, 4)]);
    act_word(&a, "funder=f%u", m->number);
    (void)try_entry(m, p, &a);
}

static void exchange(struct money *m, struct person *p)
{
    struct act a;
    const char *currency = balance(m, p, p->label, "pool", "USD") > 0 ? "USD" : "KWD";
    int64_t from = some_of(m, balance(m, p, p->label, "pool", currency));
    begin_entry(m, &a, "exchange");
    act_word(&a, "holder=%s", p->label);
    add_day(&a, "date", some_day(m));
    act_word(&a, "from_currency=%s", currency);
    add_amount(&a, "from_amount", from, currency);
    act_word(&a, "to_currency=CLP");
    add_amount(&a, "to_amount", from * 5 + 1 + draw(m, 99), "CLP");
    (void)try_entry(m, p, &a);
}

static void allot(struct money *m, struct person *p, uint32_t office, const char *line)
{
    struct act a;
    int64_t there = balance(m, p, p->label, "pool", "CLP");
    begin_entry(m, &a, "allotment");
    act_word(&a, "holder=%s", p->label);
    act_word(&a, "office=%s", m->crowd->of[office].label);
    act_word(&a, "budget_line=%s", line);
    if (one_in(m, 2))
        add_day(&a, "date", some_day(m));
    add_money(&a, there > 100 && !one_in(m, 10) ? 1 + there / (4 + draw(m, 8)) : some_of(m, there),
              "CLP");
    (void)try_entry(m, p, &a);
}

static void treasury(struct money *m)
{
    struct person *p = some_treasurer(m);
    uint32_t dice = draw(m, 10);
    if (dice < 2)
        grant(m, p);
    else if (dice < 4)
        exchange(m, p);
    else
        allot(m, p, draw(m, m->offices), lines[one_in(m, 2) ? 0 : draw(m, LINES)]);
}

/* ---- the enterprises ---- */

static struct venture *own_venture(struct money *m, const struct person *p)
{
    uint32_t first = draw(m, m->venture_count);
    for (uint32_t i = 0; i < m->venture_count; i++) {
        struct venture *v = &m->ventures[(first + i) % m->venture_count];
        if (v->office == p->index)
            return v;
    }
    return NULL;
}

static int32_t day_of(struct money *m, struct venture *v)
{
    if (one_in(m, 12))
        return some_day(m);
    if (v->day < m->last_day && one_in(m, 2))
        v->day++;
    return v->day;
}

static void begin_of(struct money *m, struct act *a, const char *type, const struct person *p,
                     struct venture *v)
{
    begin_entry(m, a, type);
    act_word(a, "office=%s", p->label);
    act_word(a, "enterprise=%s", v->id);
    add_day(a, "date", day_of(m, v));
}

static void award(struct money *m, struct person *p, struct venture *v)
{
    struct act a;
    int64_t amount = one_in(m, 8) ? v->cap + 1 : v->cap / (1 + draw(m, 3));
    begin_of(m, &a, "award", p, v);
    add_money(&a, amount, "CLP");
    v->awarded += try_entry(m, p, &a) ? amount : 0;
}

static void disburse(struct money *m, struct person *p, struct venture *v)
{
    struct act a;
    int64_t due = v->awarded - v->disbursed;
    int64_t amount = due <= 0 || one_in(m, 12) ? (due > 0 ? due : 0) + 1 : due;
    if (one_in(m, 6))
        amount = some_of(m, balance(m, p, p->label, "enterprises", "CLP"));
    begin_of(m, &a, "disbursement", p, v);
    add_money(&a, amount, "CLP");
    v->disbursed += try_entry(m, p, &a) ? amount : 0;
}

static void add_receipt(struct money *m, struct act *a)
{
    if (one_in(m, 12))
        return;
    act_word(a, "receipt=R %u", m->number);
    act_word(a, "supplier=s%u", draw(m, 3));
}

/* A file that stands beside an entry. */
static void attach(struct money *m, struct person *p, const char *entry)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    act_word(&a, "add");
    act_word(&a, "document");
    act_word(&a, "record=%s", entry);
    act_word(&a, "bytes=%u", draw(m, 100000));
    enum status st = story_act(&m->story, p, &a, &answer);
    CHECK(st == ST_OK || st == ST_IO);
}

static void hand_over(struct money *m, struct person *p, const char *purchase, struct venture *v)
{
    struct act a;
    begin_entry(m, &a, "transfer");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "purchase=%s", purchase);
    add_day(&a, "date", day_of(m, v));
    (void)try_entry(m, p, &a);
}

static void buy(struct money *m, struct person *p, struct venture *v)
{
    struct act a;
    int64_t due = v->disbursed - v->purchased;
    int64_t amount = due <= 0 || one_in(m, 10) ? (due > 0 ? due : 0) + 1
                     : one_in(m, 3)            ? 1 + due / 2
                                               : due;
    uint32_t how = draw(m, 4);
    begin_of(m, &a, "purchase", p, v);
    add_money(&a, amount, "CLP");
    act_word(&a, "item=i%u", m->number);
    add_receipt(m, &a);
    if (how < 2)
        add_day(&a, "ownership_transferred", v->day);
    if (!try_entry(m, p, &a))
        return;
    v->purchased += amount;
    char id[ENTRY_ID_TEXT + 1];
    CHECK(m->done_count > 0);
    memcpy(id, m->done[m->done_count - 1].id, sizeof id);
    if (one_in(m, 4))
        attach(m, p, id);
    if (how == 2)
        hand_over(m, p, id, v);
}

/* The next act for one of an office's enterprises; out of turn now and then. */
static void support(struct money *m, struct person *p)
{
    struct venture *v = own_venture(m, p);
    if (v == NULL)
        return;
    uint32_t next = v->awarded <= v->disbursed ? 0 : 1;
    if (v->disbursed > v->purchased)
        next = 2;
    if (one_in(m, 12))
        next = draw(m, 3);
    if (next == 0)
        award(m, p, v);
    else if (next == 1)
        disburse(m, p, v);
    else
        buy(m, p, v);
}

/* ---- the offices' own lines ---- */

/* Mostly one that holds something. */
static const char *some_line(struct money *m, struct person *p)
{
    uint32_t first = draw(m, LINES);
    for (uint32_t i = 0; i < LINES && !one_in(m, 10); i++)
        if (balance(m, p, p->label, lines[(first + i) % LINES], "CLP") > 0)
            return lines[(first + i) % LINES];
    return lines[first];
}

static void spend(struct money *m, struct person *p, const char *line)
{
    struct act a;
    begin_entry(m, &a, "expense");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "budget_line=%s", line);
    add_day(&a, "date", some_day(m));
    add_money(&a, some_of(m, balance(m, p, p->label, line, "CLP")), "CLP");
    add_receipt(m, &a);
    if (try_entry(m, p, &a) && one_in(m, 6))
        attach(m, p, m->done[m->done_count - 1].id);
}

static void pass(struct money *m, struct person *p)
{
    struct act a;
    const char *line = some_line(m, p), *to = some_office(m)->label;
    begin_entry(m, &a, "pass");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "budget_line=%s", line);
    act_word(&a, "to=%s", to);
    act_word(&a, "to_line=%s", one_in(m, 4) ? "pool" : lines[draw(m, LINES)]);
    add_day(&a, "date", some_day(m));
    add_money(&a, some_of(m, balance(m, p, p->label, line, "CLP")), "CLP");
    (void)try_entry(m, p, &a);
}

static void state(struct money *m, struct person *p)
{
    struct act a;
    bool all = one_in(m, 2);
    const char *line = some_line(m, p);
    int64_t sum = all ? balance(m, p, p->label, "pool", "CLP") : 0;
    for (uint32_t i = 0; i < LINES; i++)
        if (all || strcmp(lines[i], line) == 0)
            sum += balance(m, p, p->label, lines[i], "CLP");
    begin_entry(m, &a, "statement");
    act_word(&a, "office=%s", p->label);
    add_day(&a, "date", m->last_day);
    act_word(&a, "currency=CLP");
    add_amount(&a, "balance", (sum > 0 ? sum : 0) + one_in(m, 4), "CLP");
    if (!all)
        act_word(&a, "budget_line=%s", line);
    (void)try_entry(m, p, &a);
}

/* ---- again, back, and what must be refused ---- */

static const struct done *some_done(struct money *m)
{
    return m->done_count > 0 ? &m->done[draw(m, m->done_count)] : NULL;
}

/* What an entry says of 'name'; NULL: nothing. */
static const char *says(const struct done *d, const char *name)
{
    size_t bytes = strlen(name);
    for (uint32_t i = 0; i < d->act.count; i++)
        if (strncmp(d->act.text[i], name, bytes) == 0 && d->act.text[i][bytes] == '=')
            return d->act.text[i] + bytes + 1;
    return NULL;
}

/* Who may give an entry back: whoever received what it posted, else its writer. */
static struct person *holder_of(struct money *m, const struct done *d)
{
    const char *label = says(d, strcmp(d->act.text[1], "pass") == 0 ? "to" : "office");
    for (uint32_t i = 0; label != NULL && i < m->offices; i++)
        if (strcmp(m->crowd->of[i].label, label) == 0)
            return &m->crowd->of[i];
    return &m->crowd->of[d->who];
}

/* The same entry once more: by whoever wrote it, or by another. */
static void repeat(struct money *m)
{
    const struct done *d = some_done(m);
    if (d == NULL)
        return;
    struct act a = d->act;
    struct person *p = one_in(m, 2) ? &m->crowd->of[d->who] : some_office(m);
    (void)try_entry(m, p, &a);
}

/* By whoever wrote it or, as a credit, by whoever received it; now and then by neither. */
static void reverse(struct money *m)
{
    const struct done *d = some_done(m);
    struct act a;
    if (d == NULL)
        return;
    struct person *p = one_in(m, 4) ? some_office(m) : holder_of(m, d);
    a.count = 0;
    a.long_word = NULL;
    act_word(&a, "add");
    act_word(&a, "reversal");
    act_word(&a, "ref=%s", d->id);
    act_word(&a, "office=%s", p->label);
    act_word(&a, "entry=%s", d->id);
    m->counts[MONEY_REVERSED] += try_entry(m, p, &a);
}

/* From an account that is another's: by a word that names its owner. */
static void steal(struct money *m)
{
    const struct done *d = some_done(m);
    struct person *p = some_office(m);
    if (d == NULL || d->who == p->index)
        return;
    struct act a = d->act;
    snprintf(a.text[2], ACT_WORD_BYTES, "ref=n%u", ++m->number);
    m->counts[MONEY_OF_OTHERS]++;
    (void)try_entry(m, p, &a);
}

static void edit(struct money *m, struct person *p, const char *id, const char *word)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    act_word(&a, "set");
    act_word(&a, "%s", id);
    act_word(&a, "%s", word);
    enum status st = story_act(&m->story, p, &a, &answer);
    if (st != ST_OK && st != ST_BAD_CONFIG && st != ST_IO) /* it is not here yet, or any more */
        crowd_fail(m->crowd, "%s cannot edit %s: %s", p->label, word, status_word(st));
}

/* Two who have not spoken say different things of one field. */
static void clash(struct money *m)
{
    static const char *const choices[] = {"line=idea", "line=innovation", "line=strengthening"};
    struct person *p = some_office(m), *q = some_office(m);
    const struct venture *v = &m->ventures[draw(m, m->venture_count)];
    uint32_t first = draw(m, 3);
    if (p == q)
        return;
    edit(m, p, v->id, choices[first]);
    edit(m, q, v->id, choices[(first + 1 + draw(m, 2)) % 3]);
    m->counts[MONEY_CLASHED]++;
}

/* One receipt, paid by two offices; one grant, registered by two treasurers. */
static void same_receipt(struct money *m)
{
    struct person *by[2] = {some_office(m), some_office(m)};
    uint32_t number = ++m->number;
    for (int i = 0; i < 2; i++) {
        struct act a;
        begin_entry(m, &a, "expense");
        act_word(&a, "office=%s", by[i]->label);
        act_word(&a, "budget_line=%s", some_line(m, by[i]));
        add_day(&a, "date", some_day(m));
        add_money(&a, 1 + draw(m, 100), "CLP");
        act_word(&a, "receipt=R %u", number);
        act_word(&a, "supplier=s%u", one_in(m, 5) ? (uint32_t)i : 0);
        m->counts[MONEY_SAME_RECEIPT] += try_entry(m, by[i], &a);
    }
}

static void same_grant(struct money *m)
{
    int32_t day = some_day(m);
    uint32_t amount = 1 + draw(m, 1000000), number = ++m->number;
    for (int i = 0; i < 2; i++) {
        struct act a;
        begin_entry(m, &a, "grant");
        act_word(&a, "holder=%s", m->crowd->of[i].label);
        add_day(&a, "date", day);
        add_money(&a, amount, "CLP");
        act_word(&a, "funder=f%u", number);
        m->counts[MONEY_SAME_GRANT] += try_entry(m, &m->crowd->of[i], &a);
    }
}

void money_spend_twice(struct money *m)
{
    struct person *p = some_office(m);
    const char *line = some_line(m, p);
    int64_t there = balance(m, p, p->label, line, "CLP");
    uint32_t times = one_in(m, 6) ? FLOOD : TWICE;
    if (there <= 0)
        return;
    crowd_save(p);
    for (uint32_t i = 0; i < times; i++) {
        struct act a;
        begin_entry(m, &a, "expense");
        act_word(&a, "office=%s", p->label);
        act_word(&a, "budget_line=%s", line);
        add_day(&a, "date", some_day(m));
        add_money(&a, there, "CLP");
        add_receipt(m, &a);
        m->counts[MONEY_DOUBLED] += try_entry(m, p, &a);
        for (uint32_t k = 0; k < m->crowd->count; k++)
            if (k != p->index && ((m->crowd->side >> k) & 1) == ((m->crowd->side >> p->index) & 1))
                (void)crowd_meet(p, &m->crowd->of[k]);
        for (uint32_t k = 0; k < m->crowd->count; k++)
            story_look(&m->story, &m->crowd->of[k]);
        if (i + 1 < times)
            crowd_go_back(p);
        story_look(&m->story, p);
    }
}

void money_step(struct money *m)
{
    uint32_t dice = draw(m, 100);
    struct person *p = some_office(m);
    if (dice < 14)
        treasury(m);
    else if (dice < 60)
        support(m, p);
    else if (dice < 74)
        spend(m, p, some_line(m, p));
    else if (dice < 79)
        pass(m, p);
    else if (dice < 82)
        state(m, p);
    else if (dice < 86)
        repeat(m);
    else if (dice < 91)
        reverse(m);
    else if (dice < 95)
        steal(m);
    else if (dice < 97)
        clash(m);
    else if (dice < 98)
        same_receipt(m);
    else if (dice < 99)
        state(m, p);
    else
        same_grant(m);
}

/* ---- the beginning ---- */

static void import(struct money *m, struct person *p, const char *type, struct buf *csv)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    act_word(&a, "import");
    act_word(&a, "%s", type);
    a.long_word = buf_text(csv);
    CHECK(buf_status(csv) == ST_OK);
    crowd_must(m->crowd, story_act(&m->story, p, &a, &answer), "import", NULL);
    m->counts[MONEY_IMPORTED]++;
    buf_release(csv);
}

static void register_programme(struct money *m)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    act_word(&a, "add");
    act_word(&a, "programme");
    act_word(&a, "title=programme");
    add_day(&a, "period_start", m->first_day);
    add_day(&a, "period_end", m->last_day);
    act_word(&a, "lines_currency=CLP");
    act_word(&a, "line_idea=150000");
    act_word(&a, "line_innovation=227778");
    act_word(&a, "line_strengthening=400000");
    crowd_must(m->crowd, story_act(&m->story, &m->crowd->of[0], &a, &answer), "add", NULL);
    memcpy(m->programme, answer.id, sizeof m->programme);
}

static void register_venture(struct money *m, struct person *p)
{
    static const char *const names[] = {"idea", "innovation", "strengthening"};
    static const int64_t caps[] = {150000, 227778, 400000};
    uint32_t line = draw(m, 3);
    struct act a = {.count = 0};
    struct crowd_answer answer;
    CHECK(m->venture_count < VENTURES_MAX);
    struct venture *v = &m->ventures[m->venture_count++];
    act_word(&a, "add");
    act_word(&a, "enterprise");
    act_word(&a, "enterprise=E%u", m->venture_count);
    act_word(&a, "office=%s", p->label);
    act_word(&a, "line=%s", names[line]);
    crowd_must(m->crowd, story_act(&m->story, p, &a, &answer), "add", NULL);
    *v = (struct venture){.office = p->index, .cap = caps[line], .day = m->first_day};
    memcpy(v->id, answer.id, sizeof v->id);
}

static void register_sessions(struct money *m, struct person *p)
{
    static const char *const kinds[] = {"individual", "group"};
    char day[BOOK_DAY_TEXT];
    struct buf csv = {0};
    book_day_text(m->first_day, day);
    buf_add_text(&csv, "--content=session,enterprise,office,date,kind,number\n");
    size_t head = csv.count;
    for (uint32_t i = 0; i < m->venture_count; i++)
        for (uint32_t k = 0; k < 2 && m->ventures[i].office == p->index; k++)
            if (!one_in(m, 8))
                buf_add_format(&csv, "S%u-%u,%s,%s,%s,%s,1\n", i, k, m->ventures[i].id, p->label,
                               day, kinds[k]);
    if (csv.count > head)
        import(m, p, "session", &csv);
    buf_release(&csv);
}

void money_begin(struct money *m)
{
    enum { DAY_ONE = 20544, DAYS = 27 }; /* 2026-04-01; all clocks say 2026-05-28 or -29 */
    bool closed = one_in(m, 2);
    m->first_day = DAY_ONE;
    m->last_day = closed ? DAY_ONE + DAYS : DAY_ONE + 4 * DAYS;
    register_programme(m);
    for (uint32_t i = 0; i < m->offices; i++) {
        register_venture(m, &m->crowd->of[i]);
        if (one_in(m, 3))
            register_venture(m, &m->crowd->of[i]);
        register_sessions(m, &m->crowd->of[i]);
    }
    grant(m, &m->crowd->of[0]);
    exchange(m, &m->crowd->of[0]);
    for (uint32_t i = 0; i < m->offices; i++) {
        allot(m, &m->crowd->of[0], i, "enterprises");
        if (!one_in(m, 3))
            allot(m, &m->crowd->of[0], i, lines[draw(m, LINES)]);
    }
}
