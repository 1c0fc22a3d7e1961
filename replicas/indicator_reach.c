#include "replicas/indicator_reach.h"

#include <string.h>

#include "proto/mem.h"

/* Words of the shipped schema's choices. */
static const char FEASIBLE[] = "feasible", SELECTED[] = "selected";
static const char INDIVIDUAL[] = "individual", GROUP[] = "group";
static const char BASELINE[] = "baseline", FOLLOW_UP[] = "follow-up";

static const uint32_t NONE = BOOK_NONE;

static void say_one(const struct tally *t, enum indicator_what what, enum indicator_by by,
                    uint32_t at, enum tally_part part, int64_t more)
{
    struct indicator *row = tally_row(t, what, by, at, 0);
    tally_add(part == TALLY_NUMERATOR     ? &row->numerator.count
              : part == TALLY_DENOMINATOR ? &row->denominator.count
                                          : &row->missing.count,
              more);
}

/* In the total and at its office. */
static void say(const struct tally *t, enum indicator_what what, book_text_at office,
                enum tally_part part, int64_t more)
{
    uint32_t at = tally_at(t, TALLY_OFFICE, book_text(t->book, office));
    say_one(t, what, INDICATOR_ALL, 0, part, more);
    say_one(t, what, INDICATOR_BY_OFFICE, at, part, more);
}

/* ---- families ---- */

/* Sum of what the programmes on record promise. */
static int64_t promised(const struct book *b, size_t offset)
{
    int64_t sum = BOOK_UNKNOWN;
    for (uint32_t i = 0; i < b->programme_count; i++) {
        int64_t one = *(const int64_t *)((const char *)&b->programmes[i] + offset);
        if (one < 0)
            continue;
        if (sum < 0)
            sum = 0;
        tally_add(&sum, one);
    }
    return sum;
}

static void promise(const struct tally *t, enum indicator_what what, size_t offset)
{
    for (uint32_t i = 0; i < t->row_count; i++)
        if (t->rows[i].what == what) /* only the whole was promised */
            t->rows[i].denominator.count =
                t->rows[i].by == INDICATOR_ALL ? promised(t->book, offset) : BOOK_UNKNOWN;
}

static void count_families(const struct tally *t)
{
    const struct book *b = t->book;
    for (uint32_t i = 0; i < b->household_count; i++) {
        const struct book_household *h = &b->households[i];
        bool unsaid = h->people < 0;
        say(t, INDICATOR_FAMILIES_REACHED, h->office, TALLY_NUMERATOR, 1);
        say(t, INDICATOR_PEOPLE_REACHED, h->office, TALLY_NUMERATOR, unsaid ? 0 : h->people);
        say(t, INDICATOR_PEOPLE_REACHED, h->office, TALLY_MISSING, unsaid ? 1 : 0);
    }
    promise(t, INDICATOR_FAMILIES_REACHED, offsetof(struct book_programme, families));
    promise(t, INDICATOR_PEOPLE_REACHED, offsetof(struct book_programme, people));
}

/* By day, then number, then id (their order in the book). */
static bool is_later(const struct book *b, const struct book_visit *than,
                     const struct book_visit *v)
{
    if (v->day != than->day)
        return v->day > than->day;
    int order = strcmp(book_text(b, v->number), book_text(b, than->number));
    return order != 0 ? order > 0 : v > than;
}

static void say_answer(const struct tally *t, enum indicator_what what, book_text_at office,
                       const char *answer, const char *wanted)
{
    say(t, what, office, TALLY_DENOMINATOR, 1);
    say(t, what, office, TALLY_NUMERATOR, strcmp(answer, wanted) == 0 ? 1 : 0);
    say(t, what, office, TALLY_MISSING, answer[0] == '\0' ? 1 : 0);
}

static enum status count_visits(const struct tally *t)
{
    const struct book *b = t->book;
    uint32_t *last = mem_array(b->household_count, sizeof *last);
    if (last == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->household_count; i++)
        last[i] = NONE;
    for (uint32_t i = 0; i < b->visit_count; i++) {
        const struct book_visit *v = &b->visits[i];
        if (v->household == BOOK_NONE)
            say_one(t, INDICATOR_FAMILIES_VISITED, INDICATOR_ALL, 0, TALLY_MISSING, 1);
        else if (last[v->household] == NONE || is_later(b, &b->visits[last[v->household]], v))
            last[v->household] = i;
    }
    for (uint32_t i = 0; i < b->household_count; i++) {
        book_text_at office = b->households[i].office;
        const struct book_visit *v = last[i] != NONE ? &b->visits[last[i]] : NULL;
        say(t, INDICATOR_FAMILIES_VISITED, office, TALLY_DENOMINATOR, 1);
        if (v == NULL)
            continue;
        say(t, INDICATOR_FAMILIES_VISITED, office, TALLY_NUMERATOR, 1);
        say_answer(t, INDICATOR_FAMILIES_FEASIBLE, office, book_text(b, v->feasibility), FEASIBLE);
        say_answer(t, INDICATOR_FAMILIES_SELECTED, office, book_text(b, v->decision), SELECTED);
    }
    mem_free(last);
    return ST_OK;
}

/* ---- enterprises ---- */

static void cross(const struct tally *t, enum indicator_by by, uint32_t i, uint32_t office)
{
    if (tally_divides(t, INDICATOR_ENTERPRISES, by))
        tally_add(&tally_row(t, INDICATOR_ENTERPRISES, by, i, office)->numerator.count, 1);
}

static void count_enterprises(const struct tally *t)
{
    const struct book *b = t->book;
    enum indicator_what what = INDICATOR_ENTERPRISES;
    for (uint32_t i = 0; i < b->enterprise_count; i++) {
        const struct book_enterprise *e = &b->enterprises[i];
        const char *line_text = book_text(b, e->line);
        uint32_t office = tally_at(t, TALLY_OFFICE, book_text(b, e->office));
        uint32_t line = tally_at(t, TALLY_LINE, line_text);
        uint32_t stage = tally_at(t, TALLY_STAGE, book_text(b, e->stage));
        say(t, what, e->office, TALLY_NUMERATOR, 1);
        say(t, what, e->office, TALLY_MISSING, line_text[0] == '\0' ? 1 : 0);
        say_one(t, what, INDICATOR_BY_LINE, line, TALLY_NUMERATOR, 1);
        say_one(t, what, INDICATOR_BY_STAGE, stage, TALLY_NUMERATOR, 1);
        cross(t, INDICATOR_BY_LINE_OFFICE, line, office);
        cross(t, INDICATOR_BY_STAGE_OFFICE, stage, office);
    }
    promise(t, what, offsetof(struct book_programme, enterprises));
    for (uint32_t i = 0; i < t->row_count; i++) /* whoever has no line is a row of its own there */
        if (t->rows[i].what == what && t->rows[i].by > INDICATOR_BY_OFFICE)
            t->rows[i].missing.count = BOOK_UNKNOWN;
}

/* ---- sessions ---- */

static enum status count_individual(const struct tally *t)
{
    const struct book *b = t->book;
    enum indicator_what what = INDICATOR_SESSIONS_INDIVIDUAL;
    uint32_t due = t->schema->audit.sessions_individual;
    uint32_t *held = mem_array(b->enterprise_count, sizeof *held);
    if (held == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->session_count; i++) {
        const struct book_session *s = &b->sessions[i];
        if (strcmp(book_text(b, s->kind), INDIVIDUAL) != 0)
            continue;
        if (s->enterprise == BOOK_NONE)
            say_one(t, what, INDICATOR_ALL, 0, TALLY_MISSING, 1);
        else if (held[s->enterprise] < due) /* one that nobody asked for makes up for none */
            held[s->enterprise]++;
    }
    for (uint32_t i = 0; i < b->enterprise_count; i++) {
        say(t, what, b->enterprises[i].office, TALLY_DENOMINATOR, due);
        say(t, what, b->enterprises[i].office, TALLY_NUMERATOR, held[i]);
    }
    mem_free(held);
    return ST_OK;
}

static void count_group(const struct tally *t)
{
    const struct book *b = t->book;
    enum indicator_what what = INDICATOR_SESSIONS_GROUP;
    uint32_t due = t->schema->audit.sessions_group, held[TALLY_VALUES_MAX + 2] = {0};
    bool has[TALLY_VALUES_MAX + 2] = {false};
    for (uint32_t i = 0; i < b->enterprise_count; i++)
        has[tally_at(t, TALLY_OFFICE, book_text(b, b->enterprises[i].office))] = true;
    for (uint32_t i = 0; i < b->session_count; i++) {
        const char *office = book_text(b, b->sessions[i].office);
        uint32_t at = tally_at(t, TALLY_OFFICE, office);
        if (strcmp(book_text(b, b->sessions[i].kind), GROUP) != 0)
            continue;
        if (office[0] == '\0')
            say_one(t, what, INDICATOR_ALL, 0, TALLY_MISSING, 1);
        else if (held[at] < due)
            held[at]++;
    }
    for (uint32_t i = 0; i < t->axes[TALLY_OFFICE].count; i++) {
        bool counts = has[i] && t->axes[TALLY_OFFICE].names[i][0] != '\0';
        uint32_t rows[] = {0, i};
        for (uint32_t r = 0; counts && r < sizeof rows / sizeof *rows; r++) {
            enum indicator_by by = r == 0 ? INDICATOR_ALL : INDICATOR_BY_OFFICE;
            say_one(t, what, by, rows[r], TALLY_DENOMINATOR, due);
            say_one(t, what, by, rows[r], TALLY_NUMERATOR, held[i]);
        }
    }
}

/* ---- incomes ---- */

struct measured {
    uint32_t baseline, follow_up; /* in incomes */
};

/* Of two of one enterprise: by day, then number, then id. */
static bool is_later_income(const struct book *b, uint32_t than, uint32_t income)
{
    const struct book_income *x = &b->incomes[than], *y = &b->incomes[income];
    if (y->day != x->day)
        return y->day > x->day;
    int order = strcmp(book_text(b, y->number), book_text(b, x->number));
    return order != 0 ? order > 0 : income > than;
}

static void see_income(const struct book *b, uint32_t at, struct measured *m)
{
    const char *point = book_text(b, b->incomes[at].point);
    if (strcmp(point, BASELINE) == 0) {
        if (m->baseline == NONE || is_later_income(b, at, m->baseline))
            m->baseline = at;
    } else if (strcmp(point, FOLLOW_UP) == 0) {
        if (m->follow_up == NONE || is_later_income(b, m->follow_up, at))
            m->follow_up = at;
    }
}

static enum status count_incomes(const struct tally *t)
{
    const struct book *b = t->book;
    enum indicator_what what = INDICATOR_INCOME_HIGHER;
    struct measured *all = mem_array(b->enterprise_count, sizeof *all);
    if (all == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->enterprise_count; i++)
        all[i] = (struct measured){NONE, NONE};
    for (uint32_t i = 0; i < b->income_count; i++)
        if (b->incomes[i].enterprise != BOOK_NONE && b->incomes[i].monthly.currency[0] != '\0')
            see_income(b, i, &all[b->incomes[i].enterprise]);
    for (uint32_t i = 0; i < b->enterprise_count; i++) {
        const struct measured *m = &all[i];
        bool both = m->baseline != NONE && m->follow_up != NONE;
        const struct book_money *before = both ? &b->incomes[m->baseline].monthly : NULL;
        const struct book_money *after = both ? &b->incomes[m->follow_up].monthly : NULL;
        both = both && strcmp(before->currency, after->currency) == 0;
        enum tally_part part = both ? TALLY_DENOMINATOR : TALLY_MISSING;
        bool higher = both && after->amount > before->amount;
        uint32_t line = tally_at(t, TALLY_LINE, book_text(b, b->enterprises[i].line));
        say(t, what, b->enterprises[i].office, part, 1);
        say(t, what, b->enterprises[i].office, TALLY_NUMERATOR, higher ? 1 : 0);
        say_one(t, what, INDICATOR_BY_LINE, line, part, 1);
        say_one(t, what, INDICATOR_BY_LINE, line, TALLY_NUMERATOR, higher ? 1 : 0);
    }
    mem_free(all);
    return ST_OK;
}

/* ---- contacts ---- */

static void count_contacts(const struct tally *t)
{
    const struct book *b = t->book;
    for (uint32_t i = 0; i < b->contact_count; i++) {
        const struct book_contact *c = &b->contacts[i];
        bool unsaid = c->attendees < 0;
        const struct {
            enum indicator_by by;
            uint32_t at;
        } rows[] = {
            {INDICATOR_ALL, 0},
            {INDICATOR_BY_OFFICE, tally_at(t, TALLY_OFFICE, book_text(b, c->office))},
            {INDICATOR_BY_SECTOR, tally_at(t, TALLY_SECTOR, book_text(b, c->sector))},
            {INDICATOR_BY_KIND, tally_at(t, TALLY_KIND, book_text(b, c->kind))},
        };
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
            say_one(t, INDICATOR_CONTACTS, rows[r].by, rows[r].at, TALLY_NUMERATOR, 1);
            say_one(t, INDICATOR_ATTENDEES, rows[r].by, rows[r].at, TALLY_NUMERATOR,
                    unsaid ? 0 : c->attendees);
            say_one(t, INDICATOR_ATTENDEES, rows[r].by, rows[r].at, TALLY_MISSING, unsaid ? 1 : 0);
        }
    }
}

enum status indicator_reach_count(struct tally *t)
{
    count_families(t);
    count_enterprises(t);
    count_group(t);
    count_contacts(t);
    enum status st = count_visits(t);
    if (st == ST_OK)
        st = count_individual(t);
    return st == ST_OK ? count_incomes(t) : st;
}
