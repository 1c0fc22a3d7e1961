#include <string.h>

#include "proto/mem.h"
#include "replicas/inspection.h"

/*
 * The rules about days: what comes before what, what lies outside the period, what was due.
 */

/* ---- outlay-before-act ---- */

enum act { ACT_AWARD, ACT_VISIT, ACT_NONE, ACT_PAYMENT }; /* the sentences, in the table's order */

static void say_for(struct inspection *in, const struct book_entry *e)
{
    char digits[2 * sizeof e->named + 1];
    if (e->enterprise < in->book->enterprise_count) {
        inspection_enterprise(in, e->enterprise);
        return;
    }
    hex_encode(e->named, 4, digits);
    finding_text(in->out, digits);
}

static void tell_order(struct inspection *in, const struct book_entry *e, enum act act, int32_t day)
{
    finding_add(in->out, FINDING_OUTLAY_BEFORE_ACT, (uint32_t)act);
    inspection_entry(in, e);
    if (e->enterprise < in->book->enterprise_count)
        finding_record(in->out, in->book->enterprises[e->enterprise].id,
                       sizeof in->book->enterprises->id);
    inspection_word(in, e->ref);
    inspection_word(in, e->office);
    say_for(in, e);
    inspection_day(in, e->day);
    inspection_day(in, day);
}

static bool is_before(const struct book_entry *e, int32_t day)
{
    return e->day != BOOK_NO_DAY && day != BOOK_NO_DAY && e->day < day;
}

static void check_payment(struct inspection *in, const struct book_entry *e)
{
    if (e->enterprise >= in->book->enterprise_count) {
        tell_order(in, e, ACT_NONE, BOOK_NO_DAY);
        return;
    }
    const struct inspection_acts *acts = &in->acts[e->enterprise];
    if (acts->awarded && is_before(e, acts->award))
        tell_order(in, e, ACT_AWARD, acts->award);
    else if (!acts->awarded && acts->selected && is_before(e, acts->selection))
        tell_order(in, e, ACT_VISIT, acts->selection);
    else if (!acts->awarded && !acts->selected)
        tell_order(in, e, ACT_NONE, BOOK_NO_DAY);
}

enum status inspect_days_order(struct inspection *in)
{
    const struct book *b = in->book;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (!inspection_stands(e))
            continue;
        if (e->kind == BOOK_DISBURSEMENT)
            check_payment(in, e);
        if (e->kind == BOOK_PURCHASE && e->enterprise < b->enterprise_count &&
            in->acts[e->enterprise].paid && is_before(e, in->acts[e->enterprise].payment))
            tell_order(in, e, ACT_PAYMENT, in->acts[e->enterprise].payment);
    }
    return ST_OK;
}

/* ---- outside-period ---- */

/* Whether it is money that moves or is promised: a statement or the handing over may come later. */
static bool has_period(const struct book_entry *e)
{
    return inspection_stands(e) && e->day != BOOK_NO_DAY && e->kind != BOOK_STATEMENT &&
           e->kind != BOOK_TRANSFER;
}

static bool is_within(const struct book_programme *p, int32_t day)
{
    return (p->start == BOOK_NO_DAY || day >= p->start) && (p->end == BOOK_NO_DAY || day <= p->end);
}

enum status inspect_days_period(struct inspection *in)
{
    const struct book *b = in->book;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        bool within = b->programme_count == 0 || !has_period(e);
        for (uint32_t p = 0; !within && p < b->programme_count; p++)
            within = is_within(&b->programmes[p], e->day);
        if (within)
            continue;
        finding_add(in->out, FINDING_OUTSIDE_PERIOD, 0);
        inspection_entry(in, e);
        finding_text(in->out, book_word(e->kind));
        inspection_word(in, e->ref);
        inspection_word(in, e->office);
        inspection_currency(in, e->money.currency);
        inspection_amount(in, e->money.amount, e->money.currency);
        inspection_day(in, e->day);
        inspection_day(in, b->programmes[0].start);
        inspection_day(in, b->programmes[0].end);
    }
    return ST_OK;
}

/* ---- sessions-missing ---- */

/* Since the programme's end: no commit brought it about. */
static void since_close(struct inspection *in)
{
    static const struct oid none;
    if (in->book->programme_count > 0)
        finding_since(in->out, in->book->programmes[0].end, &none);
}

static void tell_enterprise(struct inspection *in, uint32_t enterprise, uint32_t held)
{
    const struct book *b = in->book;
    const struct book_enterprise *e = &b->enterprises[enterprise];
    finding_add(in->out, FINDING_SESSIONS_MISSING, 0);
    since_close(in);
    finding_record(in->out, e->id, sizeof e->id);
    inspection_enterprise(in, enterprise);
    inspection_word(in, e->office);
    finding_number(in->out, held);
    finding_number(in->out, in->settings->sessions_individual);
}

/* Group sessions are an office's, where it has an enterprise: they name none. */
static void check_office(struct inspection *in, book_text_at office)
{
    const struct book *b = in->book;
    uint32_t held = 0;
    for (uint32_t i = 0; i < b->session_count; i++)
        held += strcmp(book_text(b, b->sessions[i].kind), "group") == 0 &&
                strcmp(book_text(b, b->sessions[i].office), book_text(b, office)) == 0;
    if (held >= in->settings->sessions_group)
        return;
    finding_add(in->out, FINDING_SESSIONS_MISSING, 1);
    since_close(in);
    for (uint32_t i = 0; i < b->programme_count; i++)
        finding_record(in->out, b->programmes[i].id, sizeof b->programmes[i].id);
    inspection_word(in, office);
    finding_number(in->out, held);
    finding_number(in->out, in->settings->sessions_group);
}

static bool seen_before(const struct book *b, uint32_t enterprise)
{
    const char *office = book_text(b, b->enterprises[enterprise].office);
    for (uint32_t i = 0; i < enterprise; i++)
        if (strcmp(book_text(b, b->enterprises[i].office), office) == 0)
            return true;
    return false;
}

enum status inspect_days_sessions(struct inspection *in)
{
    const struct book *b = in->book;
    uint32_t *held = mem_array(b->enterprise_count, sizeof *held);
    if (held == NULL)
        return ST_NO_MEMORY;
    for (uint32_t i = 0; i < b->session_count; i++)
        if (b->sessions[i].enterprise < b->enterprise_count &&
            strcmp(book_text(b, b->sessions[i].kind), "individual") == 0)
            held[b->sessions[i].enterprise]++;
    for (uint32_t i = 0; i < b->enterprise_count; i++) {
        if (held[i] < in->settings->sessions_individual)
            tell_enterprise(in, i, held[i]);
        if (!seen_before(b, i))
            check_office(in, b->enterprises[i].office);
    }
    mem_free(held);
    return ST_OK;
}
