#include "replicas/indicator_cells.h"

/* Indicators whose numerator is some of those whom the denominator counts. */
static bool is_share(enum indicator_what what)
{
    return what == INDICATOR_FAMILIES_VISITED || what == INDICATOR_FAMILIES_FEASIBLE ||
           what == INDICATOR_FAMILIES_SELECTED || what == INDICATOR_INCOME_HIGHER;
}

static bool counts_people(enum indicator_what what)
{
    enum indicator_unit unit = indicator_facts(what)->unit;
    return unit == INDICATOR_OF_FAMILIES || unit == INDICATOR_OF_PEOPLE ||
           unit == INDICATOR_OF_ENTERPRISES;
}

/* Of these 'missing' counts families or enterprises, not records. */
static bool misses_people(enum indicator_what what)
{
    return what == INDICATOR_PEOPLE_REACHED || what == INDICATOR_FAMILIES_FEASIBLE ||
           what == INDICATOR_FAMILIES_SELECTED || what == INDICATOR_ENTERPRISES ||
           what == INDICATOR_INCOME_HIGHER || what == INDICATOR_PURCHASED; /* one each, mostly */
}

static void fill_cells(struct tally *t)
{
    for (uint32_t i = 0; i < t->row_count; i++) {
        const struct indicator *row = &t->rows[i];
        t->cells[tally_cell(t, row, TALLY_NUMERATOR)] =
            (struct smallcell){row->numerator.count, counts_people(row->what), SMALLCELL_SHOWN};
        t->cells[tally_cell(t, row, TALLY_DENOMINATOR)] =
            (struct smallcell){row->denominator.count, is_share(row->what), SMALLCELL_SHOWN};
        t->cells[tally_cell(t, row, TALLY_MISSING)] =
            (struct smallcell){row->missing.count, misses_people(row->what), SMALLCELL_SHOWN};
    }
}

/* A total and what it divides into: in one sum for each part. */
static void divide(struct tally *t, enum indicator_what what, enum indicator_by by)
{
    const struct indicator *total = tally_row(t, what, INDICATOR_ALL, 0, 0);
    uint32_t count = t->axes[tally_axis_of(by)].count;
    for (int part = 0; count > 0 && part < TALLY_PARTS; part++) {
        tally_begin_sum(t, tally_cell(t, total, (enum tally_part)part));
        for (uint32_t i = 0; i < count; i++)
            tally_part(t, tally_cell(t, tally_row(t, what, by, i, 0), (enum tally_part)part));
    }
}

/* Enterprises that bought nothing, of each currency and office. */
static void divide_unbought(struct tally *t)
{
    enum indicator_what what = INDICATOR_PURCHASED;
    if (!tally_divides(t, what, INDICATOR_BY_OFFICE))
        return;
    for (uint32_t i = 0; i < t->axes[TALLY_CURRENCY].count; i++) {
        const struct indicator *total = tally_row(t, what, INDICATOR_ALL, i, 0);
        tally_begin_sum(t, tally_cell(t, total, TALLY_MISSING));
        for (uint32_t j = 0; j < t->axes[TALLY_OFFICE].count; j++) {
            const struct indicator *row = tally_row(t, what, INDICATOR_BY_OFFICE, i, j);
            tally_part(t, tally_cell(t, row, TALLY_MISSING));
        }
    }
}

/* By two: each margin is a row of a table by one. */
static void divide_twice(struct tally *t, enum indicator_by by, enum indicator_by margin)
{
    enum indicator_what what = INDICATOR_ENTERPRISES;
    uint32_t is = t->axes[tally_axis_of(by)].count, js = t->axes[TALLY_OFFICE].count;
    if (!tally_divides(t, what, by))
        return;
    for (uint32_t i = 0; i < is && js > 0; i++) {
        tally_begin_sum(t, tally_cell(t, tally_row(t, what, margin, i, 0), TALLY_NUMERATOR));
        for (uint32_t j = 0; j < js; j++)
            tally_part(t, tally_cell(t, tally_row(t, what, by, i, j), TALLY_NUMERATOR));
    }
    for (uint32_t j = 0; j < js && is > 0; j++) {
        const struct indicator *office = tally_row(t, what, INDICATOR_BY_OFFICE, j, 0);
        tally_begin_sum(t, tally_cell(t, office, TALLY_NUMERATOR));
        for (uint32_t i = 0; i < is; i++)
            tally_part(t, tally_cell(t, tally_row(t, what, by, i, j), TALLY_NUMERATOR));
    }
}

/* What is neither in the numerator nor missing is a group too, though no table prints it. */
static void add_rest(struct tally *t, const struct indicator *row)
{
    bool apart = row->what == INDICATOR_FAMILIES_FEASIBLE ||
                 row->what == INDICATOR_FAMILIES_SELECTED; /* there 'missing' is in the whole */
    int64_t rest = row->denominator.count - row->numerator.count - (apart ? row->missing.count : 0);
    uint32_t cell = tally_new_cell(t, rest);
    tally_begin_sum(t, tally_cell(t, row, TALLY_DENOMINATOR));
    tally_part(t, tally_cell(t, row, TALLY_NUMERATOR));
    tally_part(t, cell);
    if (apart)
        tally_part(t, tally_cell(t, row, TALLY_MISSING));
}

/* Rows of one total or office: what one indicator says another says too. */
static void copy(struct tally *t, enum indicator_by by, uint32_t at)
{
    const struct indicator *families = tally_row(t, INDICATOR_FAMILIES_REACHED, by, at, 0);
    const struct indicator *people = tally_row(t, INDICATOR_PEOPLE_REACHED, by, at, 0);
    const struct indicator *visited = tally_row(t, INDICATOR_FAMILIES_VISITED, by, at, 0);
    const struct indicator *feasible = tally_row(t, INDICATOR_FAMILIES_FEASIBLE, by, at, 0);
    const struct indicator *selected = tally_row(t, INDICATOR_FAMILIES_SELECTED, by, at, 0);
    const struct indicator *sessions = tally_row(t, INDICATOR_SESSIONS_INDIVIDUAL, by, at, 0);
    const struct indicator *all = tally_row(t, INDICATOR_ENTERPRISES, by, at, 0);
    uint32_t seen = tally_cell(t, visited, TALLY_NUMERATOR);
    tally_same(t, tally_cell(t, families, TALLY_NUMERATOR),
               tally_cell(t, visited, TALLY_DENOMINATOR));
    tally_same(t, seen, tally_cell(t, feasible, TALLY_DENOMINATOR));
    tally_same(t, seen, tally_cell(t, selected, TALLY_DENOMINATOR));
    tally_begin_sum(t, tally_cell(t, families, TALLY_NUMERATOR)); /* who said, and who did not */
    tally_part(t, tally_cell(t, people, TALLY_MISSING));
    tally_part(t, tally_new_cell(t, families->numerator.count - people->missing.count));
    /* Sessions due are a multiple of the enterprises, and those held come close to it. */
    uint32_t due = tally_cell(t, sessions, TALLY_DENOMINATOR);
    uint32_t held = tally_cell(t, sessions, TALLY_NUMERATOR);
    t->cells[due].count = t->cells[held].count = all->numerator.count;
    tally_same(t, tally_cell(t, all, TALLY_NUMERATOR), due);
    tally_same(t, tally_cell(t, all, TALLY_NUMERATOR), held);
}

/* Measured or not, of all enterprises of a total, an office or a line. */
static void measure(struct tally *t, enum indicator_by by, uint32_t at)
{
    const struct indicator *income = tally_row(t, INDICATOR_INCOME_HIGHER, by, at, 0);
    const struct indicator *all = tally_row(t, INDICATOR_ENTERPRISES, by, at, 0);
    tally_begin_sum(t, tally_cell(t, all, TALLY_NUMERATOR));
    tally_part(t, tally_cell(t, income, TALLY_DENOMINATOR));
    tally_part(t, tally_cell(t, income, TALLY_MISSING));
}

/* Enterprises without a line: the row "" of the lines, and 'missing' of the total and of offices.
 */
static void unsaid_lines(struct tally *t)
{
    const struct indicator *total = tally_row(t, INDICATOR_ENTERPRISES, INDICATOR_ALL, 0, 0);
    const struct tally_values *lines = &t->axes[TALLY_LINE];
    if (!lines->unsaid)
        return;
    uint32_t at = lines->count - 1;
    const struct indicator *row = tally_row(t, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE, at, 0);
    tally_same(t, tally_cell(t, total, TALLY_MISSING), tally_cell(t, row, TALLY_NUMERATOR));
    for (uint32_t j = 0; tally_divides(t, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE_OFFICE) &&
                         j < t->axes[TALLY_OFFICE].count;
         j++) {
        row = tally_row(t, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE_OFFICE, at, j);
        total = tally_row(t, INDICATOR_ENTERPRISES, INDICATOR_BY_OFFICE, j, 0);
        tally_same(t, tally_cell(t, total, TALLY_MISSING), tally_cell(t, row, TALLY_NUMERATOR));
    }
}

void indicator_cells_lay(struct tally *t)
{
    static const enum indicator_by ONCE[] = {INDICATOR_BY_OFFICE, INDICATOR_BY_LINE,
                                             INDICATOR_BY_STAGE, INDICATOR_BY_SECTOR,
                                             INDICATOR_BY_KIND};
    uint32_t rows = t->row_count;
    fill_cells(t);
    copy(t, INDICATOR_ALL, 0);
    measure(t, INDICATOR_ALL, 0);
    for (uint32_t i = 0; i < t->axes[TALLY_OFFICE].count; i++) {
        copy(t, INDICATOR_BY_OFFICE, i);
        measure(t, INDICATOR_BY_OFFICE, i);
    }
    for (uint32_t i = 0; i < t->axes[TALLY_LINE].count; i++)
        measure(t, INDICATOR_BY_LINE, i);
    for (uint32_t i = 0; i < rows; i++)
        if (is_share(t->rows[i].what))
            add_rest(t, &t->rows[i]);
    for (int w = 0; w < INDICATOR_GRANTED; w++) /* nobody is recognised by a sum of money */
        for (size_t b = 0; b < sizeof ONCE / sizeof *ONCE; b++)
            if (tally_divides(t, (enum indicator_what)w, ONCE[b]))
                divide(t, (enum indicator_what)w, ONCE[b]);
    divide_unbought(t);
    divide_twice(t, INDICATOR_BY_LINE_OFFICE, INDICATOR_BY_LINE);
    divide_twice(t, INDICATOR_BY_STAGE_OFFICE, INDICATOR_BY_STAGE);
    unsaid_lines(t);
}
