#include "cli/card_json.h"

#include <string.h>

#include "replicas/json.h"

static void add_name(struct buf *out, const char *name)
{
    bool first = out->count > 0 && (out->data[out->count - 1] == '{');
    buf_add_format(out, "%s\"%s\":", first ? "" : ",", name);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    add_name(out, name);
    json_add_text(out, bytes_of_text(text));
}

/* null where it is not known */
static void add_number(struct buf *out, const char *name, int64_t n)
{
    add_name(out, name);
    if (n < 0)
        buf_add_text(out, "null");
    else
        buf_add_format(out, "%lld", (long long)n);
}

static void add_day(struct buf *out, const char *name, int32_t day)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    add_name(out, name);
    if (text[0] == '\0')
        buf_add_text(out, "null");
    else
        buf_add_format(out, "\"%s\"", text);
}

static void add_set(struct buf *out, const char *name, const char *set)
{
    add_name(out, name);
    buf_add_byte(out, '[');
    for (const char *at = set; *at != '\0';) {
        size_t bytes = strcspn(at, "\n");
        buf_add_text(out, at > set ? "," : "");
        json_add_text(out, (struct bytes){(const uint8_t *)at, bytes});
        at += bytes + (at[bytes] == '\n' ? 1 : 0);
    }
    buf_add_byte(out, ']');
}

static void add_programme(const struct book *b, const struct book_programme *p, struct buf *out)
{
    buf_add_byte(out, '{');
    add_text(out, "title", book_text(b, p->title));
    add_text(out, "country", book_text(b, p->country));
    add_text(out, "location", book_text(b, p->location));
    add_set(out, "partners", book_text(b, p->partners));
    add_text(out, "funding", book_text(b, p->funding));
    add_day(out, "period_start", p->start);
    add_day(out, "period_end", p->end);
    add_set(out, "themes", book_text(b, p->themes));
    add_text(out, "mpa_component", book_text(b, p->mpa_component));
    add_set(out, "stages", book_text(b, p->stages));
    add_text(out, "lines_currency", p->lines_currency);
    add_number(out, "line_strengthening", p->line_strengthening);
    add_number(out, "line_idea", p->line_idea);
    add_number(out, "line_innovation", p->line_innovation);
    add_number(out, "families", p->families);
    add_number(out, "people", p->people);
    add_number(out, "enterprises", p->enterprises);
    add_number(out, "income_increase_percent", p->income_increase_percent);
    buf_add_byte(out, '}');
}

static void add_grants(const struct book *b, struct buf *out)
{
    bool any = false;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if ((e->kind != BOOK_GRANT && e->kind != BOOK_EXCHANGE) || e->reversed_by != BOOK_NONE)
            continue;
        buf_add_text(out, any ? ",{" : "{");
        any = true;
        add_text(out, "type", book_word(e->kind));
        add_day(out, "date", e->day);
        add_text(out, e->kind == BOOK_GRANT ? "funder" : "note", book_text(b, e->what));
        if (e->kind == BOOK_GRANT)
            add_text(out, "recipient", book_text(b, e->to));
        add_text(out, "currency", e->money.currency);
        add_number(out, "amount", e->money.amount);
        if (e->kind == BOOK_EXCHANGE) {
            add_text(out, "to_currency", e->other.currency);
            add_number(out, "to_amount", e->other.amount);
        }
        buf_add_byte(out, '}');
    }
}

/* null where there is none or it is not shown; "hidden" then says how. */
static void add_shown(struct buf *out, const char *name, const struct indicator_number *n)
{
    add_number(out, name, n->state == SMALLCELL_SHOWN ? n->count : BOOK_UNKNOWN);
}

static void add_hidden(struct buf *out, const struct indicator *row, uint32_t k)
{
    const struct {
        const char *name;
        const struct indicator_number *number;
    } parts[] = {{"numerator", &row->numerator},
                 {"denominator", &row->denominator},
                 {"missing", &row->missing}};
    add_name(out, "hidden");
    buf_add_byte(out, '{');
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].number->state == SMALLCELL_SHOWN)
            continue;
        add_name(out, parts[i].name);
        if (parts[i].number->state == SMALLCELL_SMALL)
            buf_add_format(out, "\"<%u\"", k);
        else
            buf_add_text(out, "\"not shown\"");
    }
    buf_add_byte(out, '}');
}

static void add_indicator(const struct indicator *row, uint32_t k, struct buf *out)
{
    const struct indicator_facts *facts = indicator_facts(row->what);
    buf_add_byte(out, '{');
    add_text(out, "name", facts->name);
    add_text(out, "text", facts->sentence[INDICATOR_ENGLISH]);
    if (row->by != INDICATOR_ALL)
        add_text(out, "by", indicator_by_word(row->by));
    if (row->value != NULL)
        add_text(out, "value", row->value);
    if (row->office != NULL)
        add_text(out, "office", row->office);
    add_text(out, "unit", indicator_unit_word(facts->unit));
    if (row->currency[0] != '\0')
        add_text(out, "currency", row->currency);
    add_shown(out, "numerator", &row->numerator);
    add_shown(out, "denominator", &row->denominator);
    add_shown(out, "missing", &row->missing);
    add_number(out, "percent", indicator_percent(row));
    if (row->numerator.state != SMALLCELL_SHOWN || row->denominator.state != SMALLCELL_SHOWN ||
        row->missing.state != SMALLCELL_SHOWN)
        add_hidden(out, row, k);
    buf_add_byte(out, '}');
}

void card_json(const struct report *r, struct buf *out)
{
    buf_add_byte(out, '{');
    add_text(out, "network", r->network);
    add_number(out, "k", r->k);
    add_name(out, "programmes");
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < r->book->programme_count; i++) {
        buf_add_text(out, i > 0 ? "," : "");
        add_programme(r->book, &r->book->programmes[i], out);
    }
    buf_add_text(out, "],\"grants\":[");
    add_grants(r->book, out);
    buf_add_text(out, "],\"indicators\":[");
    for (uint32_t i = 0; i < r->reached->count; i++) {
        buf_add_text(out, i > 0 ? "," : "");
        add_indicator(&r->reached->rows[i], r->k, out);
    }
    buf_add_byte(out, ']');
    if (r->audit != NULL) {
        add_name(out, "audit");
        buf_add_byte(out, '{');
        add_text(out, "verdict", audit_verdict_word(r->audit->verdict));
        add_number(out, "errors", r->audit->levels[FINDING_ERROR]);
        add_number(out, "warnings", r->audit->levels[FINDING_WARNING]);
        add_number(out, "notices", r->audit->levels[FINDING_NOTICE]);
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, '}');
}
