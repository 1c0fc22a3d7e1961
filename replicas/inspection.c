#include "replicas/inspection.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { ID_DIGITS = 8 }; /* of an id that is shown where nobody gave a number */

bool inspection_stands(const struct book_entry *e)
{
    return e->kind != BOOK_REVERSAL && e->reversed_by == BOOK_NONE;
}

int64_t inspection_add(int64_t a, int64_t b)
{
    CHECK(a >= 0 && b >= 0);
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

int64_t inspection_move(int64_t a, int64_t b)
{
    if (b > 0)
        return a > INT64_MAX - b ? INT64_MAX : a + b;
    return a < INT64_MIN - b ? INT64_MIN : a + b;
}

/* ---- what each enterprise was promised, paid and bought ---- */

/* qsort() hands no context over: each element brings what decides its place. */
struct placed {
    uint32_t enterprise, entry;
    char currency[4];
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->enterprise != b->enterprise)
        return a->enterprise < b->enterprise ? -1 : 1;
    int order = strcmp(a->currency, b->currency);
    if (order != 0)
        return order;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static bool is_placed(const struct book *b, const struct book_entry *e)
{
    bool kind = e->kind == BOOK_AWARD || e->kind == BOOK_DISBURSEMENT || e->kind == BOOK_PURCHASE;
    return kind && inspection_stands(e) && e->enterprise < b->enterprise_count;
}

/* The runs of one enterprise and currency. */
static void add_up(struct inspection *in, const struct placed *placed)
{
    for (uint32_t i = 0; i < in->of_count; i++) {
        const struct placed *p = &placed[i];
        const struct book_entry *e = &in->book->entries[p->entry];
        struct inspection_sum *last = in->sum_count > 0 ? &in->sums[in->sum_count - 1] : NULL;
        if (last == NULL || last->enterprise != p->enterprise ||
            strcmp(last->currency, p->currency) != 0) {
            last = &in->sums[in->sum_count++];
            *last = (struct inspection_sum){.enterprise = p->enterprise, .first = i};
            memcpy(last->currency, p->currency, sizeof last->currency);
        }
        last->sums[e->kind] = inspection_add(last->sums[e->kind], e->money.amount);
        last->count++;
        in->of[i] = p->entry;
        if (e->kind == BOOK_AWARD)
            in->awarded[p->enterprise] = true;
    }
}

static enum status gather_sums(struct inspection *in)
{
    const struct book *b = in->book;
    struct placed *placed = mem_array(b->entry_count, sizeof *placed);
    if (placed == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (!is_placed(b, e))
            continue;
        struct placed *p = &placed[in->of_count++];
        *p = (struct placed){.enterprise = e->enterprise, .entry = i};
        memcpy(p->currency, e->money.currency, sizeof p->currency);
    }
    qsort(placed, in->of_count, sizeof *placed, compare_placed);
    in->of = mem_array(in->of_count, sizeof *in->of);
    in->sums = mem_array(in->of_count, sizeof *in->sums);
    enum status st = in->of != NULL && in->sums != NULL ? ST_OK : ST_NO_MEMORY;
    if (st == ST_OK)
        add_up(in, placed);
    mem_free(placed);
    return st;
}

/* ---- when ---- */

static void earliest(int32_t *first, int32_t day)
{
    if (day != BOOK_NO_DAY && (*first == BOOK_NO_DAY || day < *first))
        *first = day;
}

static enum status gather_acts(struct inspection *in)
{
    const struct book *b = in->book;
    struct inspection_acts *of_household = mem_array(b->household_count, sizeof *of_household);
    if (of_household == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->household_count; i++)
        of_household[i].selection = BOOK_NO_DAY;
    for (uint32_t i = 0; i < b->visit_count; i++) {
        const struct book_visit *v = &b->visits[i];
        if (v->household >= b->household_count ||
            strcmp(book_text(b, v->decision), "selected") != 0)
            continue;
        of_household[v->household].selected = true;
        earliest(&of_household[v->household].selection, v->day);
    }
    for (uint32_t i = 0; i < b->enterprise_count; i++) {
        uint32_t household = b->enterprises[i].household;
        if (household < b->household_count)
            in->acts[i] = of_household[household];
        else
            in->acts[i].selection = BOOK_NO_DAY;
        in->acts[i].award = in->acts[i].payment = BOOK_NO_DAY;
    }
    for (uint32_t i = 0; i < in->of_count; i++) {
        const struct book_entry *e = &b->entries[in->of[i]];
        struct inspection_acts *acts = &in->acts[e->enterprise];
        acts->awarded = acts->awarded || e->kind == BOOK_AWARD;
        acts->paid = acts->paid || e->kind == BOOK_DISBURSEMENT;
        if (e->kind == BOOK_AWARD)
            earliest(&acts->award, e->day);
        if (e->kind == BOOK_DISBURSEMENT)
            earliest(&acts->payment, e->day);
    }
    mem_free(of_household);
    return ST_OK;
}

void inspection_handed(const struct book *b, bool *handed)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind == BOOK_PURCHASE && e->handed_over != BOOK_NO_DAY)
            handed[i] = true;
        if (e->kind == BOOK_TRANSFER && inspection_stands(e) && e->about < b->entry_count)
            handed[e->about] = true;
    }
}

enum status inspection_begin(struct inspection *in)
{
    const struct book *b = in->book;
    in->acts = mem_array(b->enterprise_count, sizeof *in->acts);
    in->awarded = mem_array(b->enterprise_count, sizeof *in->awarded);
    in->handed = mem_array(b->entry_count, sizeof *in->handed);
    if (in->acts == NULL || in->awarded == NULL || in->handed == NULL)
        return ST_NO_MEMORY;
    enum status st = gather_sums(in);
    if (st == ST_OK)
        st = gather_acts(in);
    if (st == ST_OK)
        inspection_handed(b, in->handed);
    return st;
}

void inspection_end(struct inspection *in)
{
    mem_free(in->of);
    mem_free(in->sums);
    mem_free(in->acts);
    mem_free(in->awarded);
    mem_free(in->handed);
    buf_release(&in->scratch);
}

int64_t inspection_line(const struct inspection *in, uint32_t enterprise, const char *currency)
{
    const struct book *b = in->book;
    const char *line = book_text(b, b->enterprises[enterprise].line);
    for (uint32_t i = 0; i < b->programme_count; i++) {
        const struct book_programme *p = &b->programmes[i];
        int64_t of_line = strcmp(line, "idea") == 0            ? p->line_idea
                          : strcmp(line, "innovation") == 0    ? p->line_innovation
                          : strcmp(line, "strengthening") == 0 ? p->line_strengthening
                                                               : BOOK_UNKNOWN;
        if (of_line != BOOK_UNKNOWN && strcmp(p->lines_currency, currency) == 0)
            return of_line;
    }
    return BOOK_UNKNOWN;
}

/* ---- parameters ---- */

void inspection_entry(struct inspection *in, const struct book_entry *e)
{
    finding_record(in->out, e->id, sizeof e->id);
    finding_since(in->out, e->written, &e->commit);
}

void inspection_enterprise(struct inspection *in, uint32_t enterprise)
{
    const struct book_enterprise *e = &in->book->enterprises[enterprise];
    char digits[2 * sizeof e->id + 1];
    const char *number = book_text(in->book, e->number);
    hex_encode(e->id, sizeof e->id, digits);
    digits[ID_DIGITS] = '\0';
    finding_text(in->out, number[0] != '\0' ? number : digits);
}

void inspection_word(struct inspection *in, book_text_at text)
{
    finding_text(in->out, book_text(in->book, text));
}

void inspection_day(struct inspection *in, int32_t day)
{
    char text[BOOK_DAY_TEXT] = "";
    book_day_text(day, text);
    finding_text(in->out, text[0] != '\0' ? text : "?");
}

void inspection_currency(struct inspection *in, const char *currency)
{
    finding_text(in->out, currency);
}

void inspection_amount(struct inspection *in, int64_t amount, const char *currency)
{
    buf_reset(&in->scratch);
    book_amount(amount, currency, &in->scratch);
    if (buf_status(&in->scratch) != ST_OK)
        in->out->failed = true;
    else
        finding_text(in->out, buf_text(&in->scratch));
}
