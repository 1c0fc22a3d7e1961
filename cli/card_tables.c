#include "cli/card_tables.h"

#include <string.h>

#include "cli/amount.h"
#include "cli/figure.h"
#include "cli/language.h"

enum {
    REACH_COLUMNS = 5,
    REACH_RIGHT = 0x0a, /* count, share */
    SPLIT_COLUMNS = 2,
    SPLIT_RIGHT = 0x02,
    BUDGET_COLUMNS = 5,
    BUDGET_RIGHT = 0x1e,
    OFFICE_COLUMNS = 7,
    OFFICE_RIGHT = 0x7e,
};

static enum indicator_language language(void)
{
    return language_now() == LANGUAGE_SPANISH ? INDICATOR_SPANISH : INDICATOR_ENGLISH;
}

/* A share that the programmes promised, where there is one. */
static void add_promise(const struct report *r, enum indicator_what what, struct buf *out)
{
    int64_t most = BOOK_UNKNOWN;
    for (uint32_t i = 0; i < r->book->programme_count; i++)
        if (r->book->programmes[i].income_increase_percent > most)
            most = r->book->programmes[i].income_increase_percent;
    if (what != INDICATOR_INCOME_HIGHER || most < 0)
        return;
    buf_add_text(out, tr("; promised: "));
    figure_percent(most, out);
}

/* One row of "promised and reached". */
static void add_reach(const struct report *r, enum indicator_what what, const char *currency,
                      struct grid *g)
{
    const struct indicator_facts *facts = indicator_facts(what);
    const struct indicator *row = indicator_find(r->reached, what, INDICATOR_ALL, NULL, currency);
    struct buf room = {0};
    if (row == NULL)
        return;
    grid_cell(g, facts->sentence[language()]);
    figure_number(&row->numerator, r->k, currency, &room);
    grid_take(g, &room);
    if (row->denominator.state == SMALLCELL_HIDDEN) {
        buf_add_format(&room, tr("%s (not shown)"), facts->of[language()]);
    } else if (row->denominator.count >= 0) {
        figure_number(&row->denominator, r->k, currency, &room);
        buf_add_format(&room, " %s", facts->of[language()]);
        add_promise(r, what, &room);
    }
    grid_take(g, &room);
    figure_percent(indicator_percent(row), &room);
    grid_take(g, &room);
    if (row->missing.count >= 0)
        figure_number(&row->missing, r->k, NULL, &room);
    if (row->missing.count > 0)
        buf_add_format(&room, " (%s)", facts->missing[language()]);
    grid_take(g, &room);
    buf_release(&room);
}

static void begin_reach(struct grid *g, const char *number)
{
    const char *const heads[REACH_COLUMNS] = {tr("Indicator"), number, tr("Of"), tr("Share"),
                                              tr("Missing")};
    grid_begin(g, "", REACH_COLUMNS, REACH_RIGHT);
    for (int i = 0; i < REACH_COLUMNS; i++)
        grid_cell(g, heads[i]);
}

void card_tables_people(const struct report *r, struct grid *g)
{
    begin_reach(g, tr("Number"));
    for (int w = 0; w < INDICATOR_GRANTED; w++)
        add_reach(r, (enum indicator_what)w, NULL, g);
}

void card_tables_shares(const struct report *r, const char *currency, struct grid *g)
{
    begin_reach(g, tr("Amount"));
    for (int w = INDICATOR_ALLOTTED; w < INDICATORS; w++)
        add_reach(r, (enum indicator_what)w, currency, g);
}

static const char *value_name(const char *value)
{
    return value[0] == '\0' ? tr("(not said)") : figure_word(value);
}

/* Enterprises by line or by stage. */
void card_tables_split(const struct report *r, enum indicator_by by, const char *head,
                       struct grid *g)
{
    struct buf room = {0};
    grid_begin(g, "", SPLIT_COLUMNS, SPLIT_RIGHT);
    grid_cell(g, head);
    grid_cell(g, tr("Enterprises"));
    for (uint32_t i = 0; i < r->reached->count; i++) {
        const struct indicator *row = &r->reached->rows[i];
        if (row->what != INDICATOR_ENTERPRISES || row->by != by)
            continue;
        grid_cell(g, value_name(row->value));
        figure_number(&row->numerator, r->k, NULL, &room);
        grid_take(g, &room);
    }
    buf_release(&room);
}

static int64_t money_of(const struct report *r, enum indicator_what what, enum indicator_by by,
                        const char *value, const char *currency)
{
    const struct indicator *row = indicator_find(r->reached, what, by, value, currency);
    return row != NULL && row->numerator.count > 0 ? row->numerator.count : 0;
}

/* Whether there are rows by this at all: of very many offices and currencies there are none. */
static bool is_divided(const struct report *r, enum indicator_by by, const char *currency)
{
    bool some = by == INDICATOR_ALL;
    for (uint32_t i = 0; !some && i < r->reached->count; i++) {
        const struct indicator *row = &r->reached->rows[i];
        bool money = row->what == INDICATOR_ALLOTTED || row->what == INDICATOR_SPENT;
        some = money && row->by == by && strcmp(row->currency, currency) == 0;
    }
    return some || (money_of(r, INDICATOR_ALLOTTED, INDICATOR_ALL, NULL, currency) == 0 &&
                    money_of(r, INDICATOR_SPENT, INDICATOR_ALL, NULL, currency) == 0);
}

/* Allotted, spent, what is left and, if wanted, the share: of one value, or the total. */
static void add_money(const struct report *r, enum indicator_by by, const char *value,
                      const char *currency, bool share, struct grid *g)
{
    int64_t allotted = money_of(r, INDICATOR_ALLOTTED, by, value, currency);
    int64_t spent = money_of(r, INDICATOR_SPENT, by, value, currency);
    const int64_t sums[] = {allotted, spent, allotted - spent};
    struct indicator row = {.numerator.count = spent, .denominator.count = allotted};
    struct buf room = {0};
    bool divided = is_divided(r, by, currency);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        if (divided)
            amount_number(sums[i], currency, &room);
        else
            buf_add_text(&room, INDICATOR_OTHERS);
        grid_take(g, &room);
    }
    if (share) {
        figure_percent(indicator_percent(&row), &room);
        grid_take(g, &room);
    }
    buf_release(&room);
}

static bool is_idle(const struct report *r, enum indicator_by by, const char *value,
                    const char *currency)
{
    return money_of(r, INDICATOR_ALLOTTED, by, value, currency) == 0 &&
           money_of(r, INDICATOR_SPENT, by, value, currency) == 0;
}

void card_tables_budget(const struct report *r, const char *currency, struct grid *g)
{
    const char *const heads[BUDGET_COLUMNS] = {tr("Budget line"), tr("Allotted"), tr("Spent"),
                                               tr("Left"), tr("Share")};
    grid_begin(g, "", BUDGET_COLUMNS, BUDGET_RIGHT);
    g->foot = true;
    for (int i = 0; i < BUDGET_COLUMNS; i++)
        grid_cell(g, heads[i]);
    for (uint32_t i = 0; i < r->reached->count; i++) {
        const struct indicator *row = &r->reached->rows[i];
        bool twice = row->what == INDICATOR_SPENT &&
                     money_of(r, INDICATOR_ALLOTTED, row->by, row->value, currency) > 0;
        if ((row->what != INDICATOR_ALLOTTED && row->what != INDICATOR_SPENT) || twice ||
            row->by != INDICATOR_BY_BUDGET || strcmp(row->currency, currency) != 0 ||
            is_idle(r, row->by, row->value, currency))
            continue;
        grid_cell(g, value_name(row->value));
        add_money(r, INDICATOR_BY_BUDGET, row->value, currency, true, g);
    }
    grid_cell(g, tr("Together"));
    add_money(r, INDICATOR_ALL, NULL, currency, true, g);
}

static void add_office(const struct report *r, const struct indicator *row, const char *currency,
                       struct grid *g)
{
    static const enum indicator_what COUNTED[] = {INDICATOR_FAMILIES_REACHED,
                                                  INDICATOR_PEOPLE_REACHED, INDICATOR_ENTERPRISES};
    struct buf room = {0};
    grid_cell(g, row->value != NULL ? value_name(row->value) : tr("Together"));
    for (size_t c = 0; c < sizeof COUNTED / sizeof *COUNTED; c++) {
        const struct indicator *count =
            indicator_find(r->reached, COUNTED[c], row->by, row->value, NULL);
        figure_number(&count->numerator, r->k, NULL, &room);
        grid_take(g, &room);
    }
    add_money(r, row->by, row->value, currency, false, g);
    buf_release(&room);
}

void card_tables_offices(const struct report *r, const char *currency, struct grid *g)
{
    const char *const heads[OFFICE_COLUMNS] = {tr("Office"),      tr("Families"), tr("People"),
                                               tr("Enterprises"), tr("Allotted"), tr("Spent"),
                                               tr("Left")};
    static const enum indicator_by BOTH[] = {INDICATOR_BY_OFFICE, INDICATOR_ALL};
    grid_begin(g, "", OFFICE_COLUMNS, OFFICE_RIGHT);
    g->foot = true;
    for (int i = 0; i < OFFICE_COLUMNS; i++)
        grid_cell(g, heads[i]);
    for (size_t by = 0; by < sizeof BOTH / sizeof *BOTH; by++)
        for (uint32_t i = 0; i < r->reached->count; i++)
            if (r->reached->rows[i].what == INDICATOR_FAMILIES_REACHED &&
                r->reached->rows[i].by == BOTH[by])
                add_office(r, &r->reached->rows[i], currency, g);
}
