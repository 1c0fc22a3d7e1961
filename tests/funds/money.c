#include "tests/funds/money.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/book.h"
#include "tests/funds/canary.h"
#include "tests/funds/spending.h"

enum { TWICE = 3, FLOOD = 11 };

/* ---- again, back, and what must be refused ---- */

static const struct done *some_done(struct money *m)
{
    return m->done_count > 0 ? &m->done[spending_draw(m, m->done_count)] : NULL;
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
    struct person *p = spending_one_in(m, 2) ? &m->crowd->of[d->who] : spending_office(m);
    (void)spending_try(m, p, &a);
}

/* By whoever wrote it or, as a credit, by whoever received it; now and then by neither. */
static void reverse(struct money *m)
{
    const struct done *d = some_done(m);
    struct act a;
    if (d == NULL)
        return;
    struct person *p = spending_one_in(m, 4) ? spending_office(m) : holder_of(m, d);
    a.count = 0;
    a.long_word = NULL;
    a.as = NULL;
    act_word(&a, "add");
    act_word(&a, "reversal");
    act_word(&a, "ref=%s", d->id);
    act_word(&a, "office=%s", p->label);
    act_word(&a, "entry=%s", d->id);
    m->counts[MONEY_REVERSED] += spending_try(m, p, &a);
}

/* From an account that is another's: by a word that names its owner. */
static void steal(struct money *m)
{
    const struct done *d = some_done(m);
    struct person *p = spending_office(m);
    if (d == NULL || d->who == p->index)
        return;
    struct act a = d->act;
    snprintf(a.text[2], ACT_WORD_BYTES, "ref=n%u", ++m->number);
    m->counts[MONEY_OF_OTHERS]++;
    (void)spending_try(m, p, &a);
}

/* The rows of a file. Of entries, some may be refused. */
static void import(struct money *m, struct person *p, const char *type, struct buf *csv)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    if (p->cheats)
        return;
    act_word(&a, "import");
    act_word(&a, "%s", type);
    a.long_word = buf_text(csv);
    CHECK(buf_status(csv) == ST_OK);
    enum status st = story_act(&m->story, p, &a, &answer);
    bool gone = st == ST_NOT_ALLOWED && !crowd_is_member(p, p);
    if (st != ST_OK && st != ST_PARTLY && st != ST_IO && !gone)
        crowd_fail(m->crowd, "%s cannot import %s: %s", p->label, type, status_word(st));
    m->counts[MONEY_IMPORTED]++;
}

/* Payments of several days in one file: of its own lines, and a few that are another's to write or
 * more than there is. Now and then the file is given twice. */
static void import_expenses(struct money *m)
{
    struct person *p = &m->crowd->of[0];
    struct buf csv = {0};
    while (!m->crowd->plan->of[p->index].index)
        p++;
    buf_add_text(&csv, "--content=expense,office,budget_line,date,currency,amount\n");
    for (uint32_t i = 2 + spending_draw(m, 4); i > 0; i--) {
        const char *line = spending_line(m, p);
        const struct person *of = spending_one_in(m, 8) ? spending_office(m) : p;
        char day[BOOK_DAY_TEXT];
        book_day_text(spending_day(m), day);
        int64_t there = spending_balance(m, p, p->label, line, "CLP");
        buf_add_format(&csv, "n%u,%s,%s,%s,CLP,%lld\n", ++m->number, of->label, line, day,
                       (long long)(1 + there / (1 + spending_draw(m, 3))));
        m->counts[MONEY_ROWS]++;
    }
    import(m, p, "expense", &csv);
    if (spending_one_in(m, 3))
        import(m, p, "expense", &csv);
    buf_release(&csv);
}

static void edit(struct money *m, struct person *p, const char *id, const char *word)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    if (p->cheats)
        return;
    act_word(&a, "set");
    act_word(&a, "%s", id);
    act_word(&a, "%s", word);
    enum status st = story_act(&m->story, p, &a, &answer);
    bool gone = !crowd_is_member(p, p);
    bool there = st != ST_BAD_CONFIG && st != ST_NOT_FOUND; /* not yet, or not any more */
    if (there && st != ST_OK && st != ST_IO && !(gone && st == ST_NOT_ALLOWED))
        crowd_fail(m->crowd, "%s cannot edit %s: %s", p->label, word, status_word(st));
}

/* Two who have not spoken say different things of one field. */
static void clash(struct money *m)
{
    static const char *const choices[] = {"line=idea", "line=innovation", "line=strengthening"};
    struct person *p = spending_office(m), *q = spending_office(m);
    const struct venture *v = &m->ventures[spending_draw(m, m->venture_count)];
    uint32_t first = spending_draw(m, 3);
    if (p == q)
        return;
    edit(m, p, v->id, choices[first]);
    edit(m, q, v->id, choices[(first + 1 + spending_draw(m, 2)) % 3]);
    m->counts[MONEY_CLASHED]++;
}

/* One receipt, paid by two offices; one grant, registered by two treasurers. */
static void same_receipt(struct money *m)
{
    struct person *by[2] = {spending_office(m), spending_office(m)};
    uint32_t number = ++m->number;
    for (int i = 0; i < 2; i++) {
        struct act a;
        spending_entry(m, &a, "expense");
        act_word(&a, "office=%s", by[i]->label);
        act_word(&a, "budget_line=%s", spending_line(m, by[i]));
        spending_date(&a, "date", spending_day(m));
        spending_money(&a, 1 + spending_draw(m, 100), "CLP");
        act_word(&a, "receipt=R %u", number);
        act_word(&a, "supplier=s%u", spending_one_in(m, 5) ? (uint32_t)i : 0);
        m->counts[MONEY_SAME_RECEIPT] += spending_try(m, by[i], &a);
    }
}

static void same_grant(struct money *m)
{
    int32_t day = spending_day(m);
    uint32_t amount = 1 + spending_draw(m, 1000000), number = ++m->number;
    for (int i = 0; i < 2; i++) {
        struct act a;
        spending_entry(m, &a, "grant");
        act_word(&a, "holder=%s", m->crowd->of[i].label);
        spending_date(&a, "date", day);
        spending_money(&a, amount, "CLP");
        act_word(&a, "funder=f%u", number);
        m->counts[MONEY_SAME_GRANT] += spending_try(m, &m->crowd->of[i], &a);
    }
}

void money_spend_twice(struct money *m)
{
    struct person *p = spending_office(m);
    const char *line = spending_line(m, p);
    int64_t there = spending_balance(m, p, p->label, line, "CLP");
    uint32_t times = spending_one_in(m, 6) ? FLOOD : TWICE;
    if (there <= 0)
        return;
    crowd_save(p);
    for (uint32_t i = 0; i < times; i++) {
        struct act a;
        spending_entry(m, &a, "expense");
        act_word(&a, "office=%s", p->label);
        act_word(&a, "budget_line=%s", line);
        spending_date(&a, "date", spending_day(m));
        spending_money(&a, there, "CLP");
        spending_receipt(m, &a);
        m->counts[MONEY_DOUBLED] += spending_try(m, p, &a);
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

void money_cheat(struct money *m)
{
    struct person *p = &m->crowd->of[1 + spending_draw(m, m->offices - 1)];
    const char *line = spending_line(m, p);
    struct act a;
    struct crowd_answer answer;
    bool frozen = graph_frozen(replica_graph(p->replica), &p->identity.key);
    if (frozen || simdisk_is_off(p->disk)) /* the power went, and nothing was done since */
        return;
    spending_entry(m, &a, "expense");
    act_word(&a, "office=%s", p->label);
    act_word(&a, "budget_line=%s", line);
    spending_date(&a, "date", m->first_day);
    int64_t there = spending_balance(m, p, p->label, line, "CLP");
    spending_money(&a, there > 0 ? there + 1 : 1, "CLP");
    story_cheat(&m->story, p);
    canary_cheat(true);
    enum status st = story_act(&m->story, p, &a, &answer);
    canary_cheat(false);
    if (st != ST_OK)
        crowd_fail(m->crowd, "%s cannot even cheat: %s", p->label, status_word(st));
    p->cheats = true;
}

void money_remove(struct money *m)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    struct person *of = &m->crowd->of[1 + spending_draw(m, m->offices - 1)];
    act_word(&a, "member");
    act_word(&a, "remove");
    act_word(&a, "%s", of->label);
    enum status st = story_act(&m->story, &m->crowd->of[0], &a, &answer);
    m->counts[MONEY_REMOVED] += st == ST_OK;
}

void money_step(struct money *m)
{
    uint32_t dice = spending_draw(m, 100);
    struct person *p = spending_office(m);
    if (dice < 14)
        spending_treasury(m);
    else if (dice < 60)
        spending_support(m, p);
    else if (dice < 74)
        spending_expense(m, p, spending_line(m, p));
    else if (dice < 78)
        spending_pass(m, p);
    else if (dice < 79)
        import_expenses(m);
    else if (dice < 82)
        spending_statement(m, p);
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
        spending_statement(m, p);
    else
        same_grant(m);
}

/* ---- the beginning ---- */

static void register_programme(struct money *m)
{
    struct act a = {.count = 0};
    struct crowd_answer answer;
    act_word(&a, "add");
    act_word(&a, "programme");
    act_word(&a, "title=programme");
    spending_date(&a, "period_start", m->first_day);
    spending_date(&a, "period_end", m->last_day);
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
    uint32_t line = spending_draw(m, 3);
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
            if (!spending_one_in(m, 8))
                buf_add_format(&csv, "S%u-%u,%s,%s,%s,%s,1\n", i, k, m->ventures[i].id, p->label,
                               day, kinds[k]);
    if (csv.count > head)
        import(m, p, "session", &csv);
    buf_release(&csv);
}

void money_begin(struct money *m)
{
    enum { DAY_ONE = 20544, DAYS = 27 }; /* 2026-04-01; all clocks say 2026-05-28 or -29 */
    bool closed = spending_one_in(m, 2);
    m->first_day = DAY_ONE;
    m->last_day = closed ? DAY_ONE + DAYS : DAY_ONE + 4 * DAYS;
    register_programme(m);
    for (uint32_t i = 0; i < m->offices; i++) {
        register_venture(m, &m->crowd->of[i]);
        if (spending_one_in(m, 3))
            register_venture(m, &m->crowd->of[i]);
        register_sessions(m, &m->crowd->of[i]);
    }
    spending_grant(m, &m->crowd->of[0]);
    spending_exchange(m, &m->crowd->of[0]);
    for (uint32_t i = 0; i < m->offices; i++) {
        spending_allot(m, &m->crowd->of[0], i, "enterprises");
        if (!spending_one_in(m, 3))
            spending_allot(m, &m->crowd->of[0], i,
                           spending_lines[spending_draw(m, SPENDING_LINES)]);
    }
}
