#include "replicas/tally.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { GROWTH = 64 };
static const uint32_t NONE = UINT32_MAX;

#define BIT(by) (1u << (by))

/* By what each divides. */
static unsigned divisions(enum indicator_what what)
{
    static const unsigned OF[INDICATORS] = {
        [INDICATOR_FAMILIES_REACHED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_PEOPLE_REACHED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_FAMILIES_VISITED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_FAMILIES_FEASIBLE] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_FAMILIES_SELECTED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_ENTERPRISES] = BIT(INDICATOR_BY_OFFICE) | BIT(INDICATOR_BY_LINE) |
                                  BIT(INDICATOR_BY_STAGE) | BIT(INDICATOR_BY_LINE_OFFICE) |
                                  BIT(INDICATOR_BY_STAGE_OFFICE),
        [INDICATOR_SESSIONS_INDIVIDUAL] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_SESSIONS_GROUP] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_INCOME_HIGHER] = BIT(INDICATOR_BY_OFFICE) | BIT(INDICATOR_BY_LINE),
        [INDICATOR_CONTACTS] =
            BIT(INDICATOR_BY_OFFICE) | BIT(INDICATOR_BY_SECTOR) | BIT(INDICATOR_BY_KIND),
        [INDICATOR_ATTENDEES] =
            BIT(INDICATOR_BY_OFFICE) | BIT(INDICATOR_BY_SECTOR) | BIT(INDICATOR_BY_KIND),
        [INDICATOR_ALLOTTED] = BIT(INDICATOR_BY_OFFICE) | BIT(INDICATOR_BY_BUDGET),
        [INDICATOR_SPENT] = BIT(INDICATOR_BY_OFFICE) | BIT(INDICATOR_BY_BUDGET),
        [INDICATOR_DISBURSED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_PURCHASED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_RECEIPTED] = BIT(INDICATOR_BY_OFFICE),
        [INDICATOR_HANDED_OVER] = BIT(INDICATOR_BY_OFFICE),
    };
    return OF[what] | BIT(INDICATOR_ALL);
}

/* ---- values ---- */

uint32_t tally_at(const struct tally *t, enum tally_axis axis, const char *name)
{
    const struct tally_values *v = &t->axes[axis];
    for (uint32_t i = 0; i < v->count; i++)
        if (strcmp(v->names[i], name) == 0)
            return i;
    CHECK(v->others); /* every value was seen when the table was laid out */
    return v->count - 1 - (v->unsaid ? 1 : 0);
}

static void see(struct tally_values *v, const char *name)
{
    if (name[0] == '\0') {
        v->unsaid = true;
        return;
    }
    for (uint32_t i = 0; i < v->count; i++)
        if (strcmp(v->names[i], name) == 0)
            return;
    if (v->count == TALLY_VALUES_MAX)
        v->others = true;
    else
        v->names[v->count++] = name;
}

static void see_choices(struct tally *t, enum tally_axis axis, const char *type, const char *field)
{
    const struct schema_type *of = schema_type(t->schema, bytes_of_text(type));
    const struct schema_field *f = of != NULL ? schema_field(of, bytes_of_text(field)) : NULL;
    for (uint32_t i = 0; f != NULL && i < f->choice_count; i++)
        see(&t->axes[axis], f->choices[i]);
}

static void see_entry(struct tally *t, const struct book_entry *e)
{
    const struct book *b = t->book;
    if (e->reversed_by != BOOK_NONE || e->kind == BOOK_REVERSAL || e->kind == BOOK_STATEMENT ||
        e->kind == BOOK_TRANSFER)
        return;
    see(&t->axes[TALLY_CURRENCY], e->money.currency);
    if (e->kind == BOOK_EXCHANGE)
        see(&t->axes[TALLY_CURRENCY], e->other.currency);
    if (e->kind == BOOK_GRANT || e->kind == BOOK_EXCHANGE)
        return;
    bool allotted = e->kind == BOOK_ALLOTMENT;
    see(&t->axes[TALLY_OFFICE], book_text(b, allotted ? e->to : e->office));
    see(&t->axes[TALLY_BUDGET], book_text(b, allotted ? e->to_line : e->line));
    if (e->kind == BOOK_PASS) {
        see(&t->axes[TALLY_OFFICE], book_text(b, e->to));
        see(&t->axes[TALLY_BUDGET], book_text(b, e->to_line));
    }
}

static void see_records(struct tally *t)
{
    const struct book *b = t->book;
    struct tally_values *offices = &t->axes[TALLY_OFFICE];
    for (uint32_t i = 0; i < b->household_count; i++)
        see(offices, book_text(b, b->households[i].office));
    for (uint32_t i = 0; i < b->enterprise_count; i++) {
        see(offices, book_text(b, b->enterprises[i].office));
        see(&t->axes[TALLY_LINE], book_text(b, b->enterprises[i].line));
        see(&t->axes[TALLY_STAGE], book_text(b, b->enterprises[i].stage));
    }
    for (uint32_t i = 0; i < b->session_count; i++)
        see(offices, book_text(b, b->sessions[i].office));
    for (uint32_t i = 0; i < b->contact_count; i++) {
        see(offices, book_text(b, b->contacts[i].office));
        see(&t->axes[TALLY_SECTOR], book_text(b, b->contacts[i].sector));
        see(&t->axes[TALLY_KIND], book_text(b, b->contacts[i].kind));
    }
}

/* Ascending from 'from' on; then the two that are no names. */
static void close_axis(struct tally_values *v, uint32_t from)
{
    for (uint32_t i = from + 1; i < v->count; i++)
        for (uint32_t j = i; j > from && strcmp(v->names[j - 1], v->names[j]) > 0; j--) {
            const char *kept = v->names[j];
            v->names[j] = v->names[j - 1];
            v->names[j - 1] = kept;
        }
    if (v->others)
        v->names[v->count++] = INDICATOR_OTHERS;
    if (v->unsaid)
        v->names[v->count++] = "";
}

static void lay_axes(struct tally *t)
{
    uint32_t from[TALLY_AXES];
    see_choices(t, TALLY_LINE, "enterprise", "line");
    see_choices(t, TALLY_STAGE, "enterprise", "stage");
    see_choices(t, TALLY_BUDGET, "allotment", "budget_line");
    see_choices(t, TALLY_SECTOR, "contact", "sector");
    see_choices(t, TALLY_KIND, "contact", "kind");
    for (int a = 0; a < TALLY_AXES; a++)
        from[a] = t->axes[a].count;
    see_records(t);
    for (uint32_t i = 0; i < t->book->entry_count; i++)
        see_entry(t, &t->book->entries[i]);
    for (int a = 0; a < TALLY_AXES; a++)
        close_axis(&t->axes[a], from[a]);
}

/* ---- rows ---- */

enum tally_axis tally_axis_of(enum indicator_by by)
{
    static const enum tally_axis FIRST[INDICATOR_BYS] = {
        [INDICATOR_ALL] = TALLY_AXES,
        [INDICATOR_BY_OFFICE] = TALLY_OFFICE,
        [INDICATOR_BY_LINE] = TALLY_LINE,
        [INDICATOR_BY_STAGE] = TALLY_STAGE,
        [INDICATOR_BY_LINE_OFFICE] = TALLY_LINE,
        [INDICATOR_BY_STAGE_OFFICE] = TALLY_STAGE,
        [INDICATOR_BY_BUDGET] = TALLY_BUDGET,
        [INDICATOR_BY_SECTOR] = TALLY_SECTOR,
        [INDICATOR_BY_KIND] = TALLY_KIND,
    };
    return FIRST[by];
}

static bool is_cross(enum indicator_by by)
{
    return by == INDICATOR_BY_LINE_OFFICE || by == INDICATOR_BY_STAGE_OFFICE;
}

static bool is_money(enum indicator_what what)
{
    return indicator_facts(what)->unit == INDICATOR_OF_MONEY;
}

static uint32_t values_of(const struct tally *t, enum tally_axis axis)
{
    return axis == TALLY_AXES ? 1 : t->axes[axis].count;
}

/* How many values stand on the second axis of such rows. */
static uint32_t inner(const struct tally *t, enum indicator_what what, enum indicator_by by)
{
    if (is_money(what))
        return values_of(t, tally_axis_of(by));
    return is_cross(by) ? t->axes[TALLY_OFFICE].count : 1;
}

static uint32_t outer(const struct tally *t, enum indicator_what what, enum indicator_by by)
{
    return values_of(t, is_money(what) ? TALLY_CURRENCY : tally_axis_of(by));
}

bool tally_divides(const struct tally *t, enum indicator_what what, enum indicator_by by)
{
    return t->first[what][by] != NONE;
}

struct indicator *tally_row(const struct tally *t, enum indicator_what what, enum indicator_by by,
                            uint32_t i, uint32_t j)
{
    CHECK(tally_divides(t, what, by) && i < outer(t, what, by) && j < inner(t, what, by));
    return &t->rows[t->first[what][by] + i * inner(t, what, by) + j];
}

/* Whether the rows of a division are laid: of two axes no more than there is room for. What an
 * office writes adds values; nothing that it writes may make a table that cannot be. */
static bool is_laid(const struct tally *t, enum indicator_what what, enum indicator_by by)
{
    if ((divisions(what) & BIT(by)) == 0)
        return false;
    if (is_cross(by) && t->axes[TALLY_OFFICE].count > INDICATOR_CROSS_MAX)
        return false;
    bool two = is_cross(by) || (is_money(what) && by != INDICATOR_ALL);
    return !two || outer(t, what, by) * inner(t, what, by) <= INDICATOR_PAIRS_MAX;
}

static void name_row(const struct tally *t, enum indicator_what what, enum indicator_by by,
                     uint32_t i, uint32_t j, struct indicator *row)
{
    const struct indicator_facts *facts = indicator_facts(what);
    enum tally_axis axis = tally_axis_of(by);
    *row = (struct indicator){.what = what, .by = by};
    if (axis != TALLY_AXES)
        row->value = t->axes[axis].names[is_money(what) ? j : i];
    if (is_cross(by))
        row->office = t->axes[TALLY_OFFICE].names[j];
    if (is_money(what))
        snprintf(row->currency, sizeof row->currency, "%.3s", t->axes[TALLY_CURRENCY].names[i]);
    if (facts->of[INDICATOR_ENGLISH] == NULL)
        row->denominator.count = BOOK_UNKNOWN;
    if (facts->missing[INDICATOR_ENGLISH] == NULL)
        row->missing.count = BOOK_UNKNOWN;
}

static enum status lay_rows(struct tally *t)
{
    for (int w = 0; w < INDICATORS; w++)
        for (int by = 0; by < INDICATOR_BYS; by++) {
            bool wanted = is_laid(t, (enum indicator_what)w, (enum indicator_by)by);
            t->first[w][by] = wanted ? t->row_count : NONE;
            if (wanted)
                t->row_count += outer(t, (enum indicator_what)w, (enum indicator_by)by) *
                                inner(t, (enum indicator_what)w, (enum indicator_by)by);
        }
    CHECK(t->row_count * TALLY_PARTS <= SMALLCELL_CELLS_MAX / 2);
    t->rows = mem_array(t->row_count, sizeof *t->rows);
    if (t->rows == NULL)
        return ST_NO_MEMORY;
    for (int w = 0; w < INDICATORS; w++)
        for (int b = 0; b < INDICATOR_BYS; b++) {
            enum indicator_what what = (enum indicator_what)w;
            enum indicator_by by = (enum indicator_by)b;
            uint32_t is = tally_divides(t, what, by) ? outer(t, what, by) : 0;
            for (uint32_t i = 0; i < is; i++)
                for (uint32_t j = 0; j < inner(t, what, by); j++)
                    name_row(t, what, by, i, j, tally_row(t, what, by, i, j));
        }
    return ST_OK;
}

enum status tally_begin(struct tally *t, const struct book *b, const struct schema *s)
{
    *t = (struct tally){.book = b, .schema = s};
    lay_axes(t);
    enum status st = lay_rows(t);
    t->cell_count = t->cell_capacity = t->row_count * TALLY_PARTS;
    if (st == ST_OK)
        t->cells = mem_array(t->cell_count, sizeof *t->cells);
    return st == ST_OK && t->cells == NULL ? ST_NO_MEMORY : st;
}

void tally_release(struct tally *t)
{
    mem_free(t->rows);
    mem_free(t->cells);
    mem_free(t->sums);
    mem_free(t->parts);
    *t = (struct tally){.rows = NULL};
}

void tally_add(int64_t *number, int64_t more)
{
    if (__builtin_add_overflow(*number, more, number))
        *number = INT64_MAX;
}

/* ---- sums ---- */

uint32_t tally_cell(const struct tally *t, const struct indicator *row, enum tally_part part)
{
    return (uint32_t)(row - t->rows) * TALLY_PARTS + (uint32_t)part;
}

/* Room for one more of 'count' elements; false, and t->failed: no memory. */
static bool grow(struct tally *t, void **list, uint32_t count, uint32_t *capacity, size_t each)
{
    if (count < *capacity)
        return true;
    void *grown = t->failed ? NULL : mem_resize(*list, (*capacity + (size_t)GROWTH) * each);
    if (grown == NULL) {
        t->failed = true;
        return false;
    }
    *list = grown;
    *capacity += GROWTH;
    return true;
}

uint32_t tally_new_cell(struct tally *t, int64_t count)
{
    void *cells = t->cells;
    bool room = grow(t, &cells, t->cell_count, &t->cell_capacity, sizeof *t->cells);
    t->cells = cells;
    if (!room)
        return 0;
    t->cells[t->cell_count] = (struct smallcell){.count = count, .sensitive = true};
    return t->cell_count++;
}

void tally_begin_sum(struct tally *t, uint32_t total)
{
    void *sums = t->sums;
    bool room = grow(t, &sums, t->sum_count, &t->sum_capacity, sizeof *t->sums);
    t->sums = sums;
    if (room)
        t->sums[t->sum_count++] = (struct smallcell_sum){total, t->part_count, 0};
}

void tally_part(struct tally *t, uint32_t cell)
{
    void *parts = t->parts;
    bool room = grow(t, &parts, t->part_count, &t->part_capacity, sizeof *t->parts);
    t->parts = parts;
    if (!room)
        return;
    t->parts[t->part_count++] = cell;
    t->sums[t->sum_count - 1].part_count++;
}

void tally_same(struct tally *t, uint32_t one, uint32_t other)
{
    tally_begin_sum(t, one);
    tally_part(t, other);
}

/* ---- the end ---- */

/* Rows of money that say nothing are left out. */
static bool is_idle(const struct indicator *row)
{
    return is_money(row->what) && row->numerator.count <= 0 && row->denominator.count <= 0;
}

static void move_rows(struct tally *t, struct indicators *out)
{
    for (uint32_t i = 0; i < t->row_count; i++) {
        struct indicator row = t->rows[i];
        const struct smallcell *cells = &t->cells[(size_t)i * TALLY_PARTS];
        row.numerator.state = cells[TALLY_NUMERATOR].state;
        row.denominator.state = cells[TALLY_DENOMINATOR].state;
        row.missing.state = cells[TALLY_MISSING].state;
        if (!is_idle(&row))
            t->rows[out->count++] = row;
    }
    out->rows = t->rows;
    t->rows = NULL;
}

enum status tally_end(struct tally *t, uint32_t k, struct indicators **out)
{
    if (t->failed)
        return ST_NO_MEMORY;
    struct smallcell_tables tables = {t->cells, t->cell_count, t->sums, t->sum_count, t->parts};
    enum status st = smallcell_hide(&tables, k);
    struct indicators *all = st == ST_OK ? mem_alloc(sizeof *all) : NULL;
    if (all == NULL)
        return ST_NO_MEMORY;
    all->k = k;
    move_rows(t, all);
    *out = all;
    return ST_OK;
}
