#include "replicas/iati.h"

#include <stdio.h>
#include <string.h>

#include "replicas/acting.h"
#include "replicas/iati_groups.h"
#include "replicas/tally.h"
#include "replicas/vouchers.h"

/* Codes of the standard's lists. */
static const char ORGANISATION_NATIONAL_NGO[] = "22";
static const char ROLE_FUNDING[] = "1", ROLE_IMPLEMENTING[] = "4";
static const char STATUS_IMPLEMENTATION[] = "2";
static const char DATE_PLANNED_START[] = "1", DATE_ACTUAL_START[] = "2", DATE_PLANNED_END[] = "3";
static const char INCOMING_FUNDS[] = "1", EXPENDITURE[] = "4";

/* Characters that XML 1.0 has no place for: U+FFFE and U+FFFF. */
static bool is_no_character(const uint8_t *at)
{
    return at[0] == 0xEF && at[1] == 0xBF && (at[2] == 0xBE || at[2] == 0xBF);
}

void iati_text(const char *text, struct buf *out)
{
    for (const uint8_t *at = (const uint8_t *)text; *at != '\0'; at++) {
        size_t acts = acting_bytes((struct bytes){at, strnlen((const char *)at, 3)});
        if (*at == '&')
            buf_add_text(out, "&amp;");
        else if (*at == '<')
            buf_add_text(out, "&lt;");
        else if (*at == '>')
            buf_add_text(out, "&gt;");
        else if (*at == '"')
            buf_add_text(out, "&quot;");
        else if (*at < 0x20)
            buf_add_byte(out, ' ');
        else if (acts > 0) {
            buf_add_byte(out, ' ');
            at += acts - 1;
        } else if (is_no_character(at)) {
            buf_add_byte(out, ' ');
            at += 2;
        } else
            buf_add_byte(out, *at);
    }
}

/* An element that holds a narrative; 'tag' with its attributes. */
static void add_narrative(const char *indent, const char *tag, const char *text, struct buf *out)
{
    size_t name = strcspn(tag, " ");
    buf_add_format(out, "%s<%s><narrative>", indent, tag);
    iati_text(text, out);
    buf_add_format(out, "</narrative></%.*s>\n", (int)name, tag);
}

static void add_day(const char *indent, const char *tag, int32_t day, struct buf *out)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    buf_add_format(out, "%s<%s iso-date=\"%s\"/>\n", indent, tag, text);
}

static void add_value(const char *indent, int64_t amount, const char *currency, int32_t day,
                      struct buf *out)
{
    char text[BOOK_DAY_TEXT];
    book_day_text(day, text);
    buf_add_format(out, "%s<value currency=\"%s\" value-date=\"%s\">", indent, currency, text);
    book_amount(amount, currency, out);
    buf_add_text(out, "</value>\n");
}

/* What a text with lines holds, one narrative element each. */
static void each_line(const char *text, void (*each)(const char *line, struct buf *out),
                      struct buf *out)
{
    struct buf line = {0};
    while (text[0] != '\0') {
        size_t count = strcspn(text, "\n");
        buf_reset(&line);
        buf_add(&line, text, count);
        if (count > 0)
            each(buf_text(&line), out);
        out->failed = out->failed || line.failed;
        text += text[count] == '\n' ? count + 1 : count;
    }
    buf_release(&line);
}

static void add_partner(const char *name, struct buf *out)
{
    buf_add_format(out, "  <participating-org role=\"%s\"><narrative>", ROLE_IMPLEMENTING);
    iati_text(name, out);
    buf_add_text(out, "</narrative></participating-org>\n");
}

/* Vocabulary 99: the reporting organisation's own. */
static void add_theme(const char *theme, struct buf *out)
{
    buf_add_text(out, "  <tag vocabulary=\"99\" code=\"");
    iati_text(theme, out);
    buf_add_text(out, "\"><narrative>");
    iati_text(theme, out);
    buf_add_text(out, "</narrative></tag>\n");
}

/* Each funder once, in the order of the grants. */
static void add_funders(const struct book *b, struct buf *out)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        bool first = e->kind == BOOK_GRANT && e->reversed_by == BOOK_NONE && e->what != 0;
        for (uint32_t j = 0; first && j < i; j++)
            first = b->entries[j].kind != BOOK_GRANT || b->entries[j].reversed_by != BOOK_NONE ||
                    strcmp(book_text(b, b->entries[j].what), book_text(b, e->what)) != 0;
        if (!first)
            continue;
        buf_add_format(out, "  <participating-org role=\"%s\"><narrative>", ROLE_FUNDING);
        iati_text(book_text(b, e->what), out);
        buf_add_text(out, "</narrative></participating-org>\n");
    }
}

struct period {
    int32_t start, end;
    bool planned_start, planned_end; /* by the programme's record, else by its entries */
};

static struct period find_period(const struct book *b, const struct book_programme *p)
{
    struct period period = {.start = 0, .end = 0};
    bool any = false;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        int32_t day = b->entries[i].day;
        if (day == BOOK_NO_DAY)
            continue;
        period.start = !any || day < period.start ? day : period.start;
        period.end = !any || day > period.end ? day : period.end;
        any = true;
    }
    if (p != NULL && p->start != BOOK_NO_DAY) {
        period.start = p->start;
        period.planned_start = true;
    }
    if (p != NULL && p->end != BOOK_NO_DAY) {
        period.end = p->end;
        period.planned_end = true;
    }
    period.end = period.end < period.start ? period.start : period.end;
    return period;
}

static bool is_country(const char *text)
{
    return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' &&
           text[1] <= 'Z';
}

static void add_place(const struct book *b, const struct book_programme *p,
                      const struct iati_options *o, struct buf *out)
{
    const char *country = p != NULL ? book_text(b, p->country) : "";
    const char *location = p != NULL ? book_text(b, p->location) : "";
    const char *code = is_country(o->country) ? o->country : country;
    if (is_country(code)) {
        buf_add_format(out, "  <recipient-country code=\"%s\"><narrative>", code);
        iati_text(country[0] != '\0' ? country : code, out);
        buf_add_text(out, "</narrative></recipient-country>\n");
    }
    if (location[0] == '\0' && (country[0] == '\0' || is_country(code)))
        return;
    buf_add_text(out, "  <location><name><narrative>");
    iati_text(location, out);
    buf_add_text(out, location[0] != '\0' && country[0] != '\0' ? ", " : "");
    iati_text(country, out);
    buf_add_text(out, "</narrative></name></location>\n");
}

static void add_head(const struct book *b, const struct iati_options *o,
                     const struct book_programme *p, const struct period *period, struct buf *out)
{
    char id[2 * RECORD_ID_BYTES + 1] = "1", tag[64];
    const char *title = p != NULL && p->title != 0 ? book_text(b, p->title) : o->name;
    if (p != NULL)
        hex_encode(p->id, RECORD_ID_BYTES, id);
    buf_add_text(out, "  <iati-identifier>");
    iati_text(o->reporter, out);
    buf_add_format(out, "-%s</iati-identifier>\n  <reporting-org type=\"%s\" ref=\"", id,
                   ORGANISATION_NATIONAL_NGO);
    iati_text(o->reporter, out);
    buf_add_text(out, "\"><narrative>");
    iati_text(o->name, out);
    buf_add_text(out, "</narrative></reporting-org>\n");
    add_narrative("  ", "title", title, out);
    add_narrative("  ", "description type=\"1\"", title, out);
    add_funders(b, out);
    add_partner(o->name, out);
    if (p != NULL)
        each_line(book_text(b, p->partners), add_partner, out);
    buf_add_format(out, "  <activity-status code=\"%s\"/>\n", STATUS_IMPLEMENTATION);
    snprintf(tag, sizeof tag, "activity-date type=\"%s\"",
             period->planned_start ? DATE_PLANNED_START : DATE_ACTUAL_START);
    add_day("  ", tag, period->start, out);
    if (period->planned_end) {
        snprintf(tag, sizeof tag, "activity-date type=\"%s\"", DATE_PLANNED_END);
        add_day("  ", tag, period->end, out);
    }
    add_place(b, p, o, out);
    if (p != NULL)
        each_line(book_text(b, p->themes), add_theme, out);
}

/* What was allotted and not taken back, as one budget a currency. */
static void add_budgets(const struct book *b, const struct period *period, struct buf *out)
{
    const char *currency;
    for (uint32_t n = 0; (currency = vouchers_currency(b, n)) != NULL; n++) {
        int64_t total = 0;
        for (uint32_t i = 0; i < b->entry_count; i++) {
            const struct book_entry *e = &b->entries[i];
            if (e->kind == BOOK_ALLOTMENT && e->reversed_by == BOOK_NONE &&
                strcmp(e->money.currency, currency) == 0)
                tally_add(&total, e->money.amount);
        }
        if (total == 0)
            continue;
        buf_add_text(out, "  <budget type=\"1\" status=\"2\">\n");
        add_day("    ", "period-start", period->start, out);
        add_day("    ", "period-end", period->end, out);
        add_value("    ", total, currency, period->start, out);
        buf_add_text(out, "  </budget>\n");
    }
}

static void open_transaction(const char *type, int32_t day, int64_t amount, const char *currency,
                             struct buf *out)
{
    buf_add_format(out, "  <transaction>\n    <transaction-type code=\"%s\"/>\n", type);
    add_day("    ", "transaction-date", day, out);
    add_value("    ", amount, currency, day, out);
}

static void add_grants(const struct book *b, struct buf *out)
{
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind != BOOK_GRANT || e->reversed_by != BOOK_NONE)
            continue;
        int32_t day = e->day != BOOK_NO_DAY ? e->day : e->written;
        open_transaction(INCOMING_FUNDS, day, e->money.amount, e->money.currency, out);
        if (e->what != 0)
            add_narrative("    ", "provider-org", book_text(b, e->what), out);
        buf_add_text(out, "  </transaction>\n");
    }
}

/* "workshops, 2009-09", "enterprises, 2009-09 to 2009-11" */
static void add_group(const struct iati_group *group, struct buf *out)
{
    enum { MONTH = 7 };
    char first[BOOK_DAY_TEXT], last[BOOK_DAY_TEXT];
    book_day_text(group->first, first);
    book_day_text(group->last, last);
    first[MONTH] = last[MONTH] = '\0';
    open_transaction(EXPENDITURE, group->last, group->amount, group->currency, out);
    buf_add_text(out, "    <description><narrative>");
    iati_text(group->line != NULL ? group->line : "several budget lines", out);
    buf_add_format(out, ", %s", first);
    if (strcmp(first, last) != 0)
        buf_add_format(out, " to %s", last);
    buf_add_text(out, "</narrative></description>\n  </transaction>\n");
}

enum status iati_write(const struct book *b, const struct iati_options *o, uint32_t *left_out,
                       struct buf *out)
{
    char state[OID_TEXT + 1];
    struct iati_groups groups;
    const struct book_programme *p = b->programme_count > 0 ? &b->programmes[0] : NULL;
    struct period period = find_period(b, p);
    enum status st = iati_groups_init(b, o->small_cell, &groups);
    if (st != ST_OK)
        return st;
    hex_encode(b->state.id, OID_BYTES, state);
    buf_add_format(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<!-- Minga, state %s -->\n"
                   "<iati-activities version=\"2.03\">\n"
                   " <iati-activity xml:lang=\"en\">\n",
                   state);
    add_head(b, o, p, &period, out);
    add_budgets(b, &period, out);
    add_grants(b, out);
    for (uint32_t i = 0; i < groups.count; i++)
        add_group(&groups.items[i], out);
    buf_add_text(out, " </iati-activity>\n</iati-activities>\n");
    if (left_out != NULL)
        *left_out = groups.left_out;
    iati_groups_release(&groups);
    return buf_status(out);
}
