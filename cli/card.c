#include "cli/card.h"

#include <string.h>

#include "cli/amount.h"
#include "cli/card_tables.h"
#include "cli/figure.h"
#include "cli/html.h"
#include "cli/language.h"
#include "cli/output.h"

enum {
    FACTS_MAX = 12,
    HEADING_BYTES = 64,
    FACT_COLUMNS = 300, /* on a page; the record holds it whole */
    TITLE_COLUMNS = 150,
    GRANTS_LISTED = 4, /* of each kind: the card is one page */
};

/* ---- facts: what the records say of a programme ---- */

struct fact {
    const char *label;
    struct buf text;
};

static void add_days(int32_t from, int32_t to, struct buf *out)
{
    char day[BOOK_DAY_TEXT];
    book_day_text(from, day);
    buf_add_text(out, day);
    buf_add_text(out, " \xe2\x80\x93 "); /* – */
    book_day_text(to, day);
    buf_add_text(out, day);
}

/* A set's elements with "; " between, choices in the reader's language. */
static void add_set(const char *set, struct buf *out)
{
    struct buf one = {0};
    for (const char *at = set; *at != '\0';) {
        size_t bytes = strcspn(at, "\n");
        buf_reset(&one);
        buf_add(&one, at, bytes);
        buf_add_format(out, "%s%s", at > set ? "; " : "", figure_word(buf_text(&one)));
        at += bytes + (at[bytes] == '\n' ? 1 : 0);
    }
    out->failed = out->failed || one.failed;
    buf_release(&one);
}

static bool holds(const char *set, const char *element)
{
    size_t bytes = strlen(element);
    for (const char *at = set; *at != '\0';) {
        size_t here = strcspn(at, "\n");
        if (here == bytes && strncmp(at, element, bytes) == 0)
            return true;
        at += here + (at[here] == '\n' ? 1 : 0);
    }
    return false;
}

/* Stages one after another, as the schema has them: a set has no order. */
static void add_stages(const struct report *r, const char *set, struct buf *out)
{
    const struct schema_type *type = schema_type(r->schema, BYTES("programme"));
    const struct schema_field *field = type != NULL ? schema_field(type, BYTES("stages")) : NULL;
    size_t before = out->count;
    for (uint32_t i = 0; field != NULL && i < field->choice_count; i++)
        if (holds(set, field->choices[i]))
            buf_add_format(out, "%s%s", out->count > before ? " \xe2\x86\x92 " : "", /* → */
                           figure_word(field->choices[i]));
    if (out->count == before)
        add_set(set, out);
}

/* No line break within it. */
static void add_money(int64_t amount, const char *currency, struct buf *out)
{
    buf_add_format(out, "%s\xc2\xa0", currency);
    amount_number(amount, currency, out);
}

static void add_lines(const struct book_programme *p, struct buf *out)
{
    const struct {
        const char *name;
        int64_t amount;
    } lines[] = {{"strengthening", p->line_strengthening},
                 {"idea", p->line_idea},
                 {"innovation", p->line_innovation}};
    size_t before = out->count;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (lines[i].amount < 0)
            continue;
        buf_add_format(out, "%s%s ", out->count > before ? "; " : "", figure_word(lines[i].name));
        add_money(lines[i].amount, p->lines_currency, out);
    }
}

static void add_grant(const struct book *b, const struct book_entry *e, struct buf *out)
{
    char day[BOOK_DAY_TEXT];
    const char *what = book_text(b, e->what), *to = book_text(b, e->to);
    book_day_text(e->day, day);
    buf_add_format(out, "%s: ", day);
    add_money(e->money.amount, e->money.currency, out);
    if (e->kind == BOOK_EXCHANGE) {
        buf_add_text(out, " \xe2\x86\x92 "); /* → */
        add_money(e->other.amount, e->other.currency, out);
        buf_add_format(out, what[0] != '\0' ? " (%s)" : "%s", what);
        return;
    }
    if (what[0] != '\0')
        buf_add_format(out, tr(" from %s"), what);
    if (to[0] != '\0')
        buf_add_format(out, tr(" to %s"), to);
}

static void add_grants(const struct book *b, enum book_kind kind, struct buf *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        const struct book_entry *e = &b->entries[i];
        if (e->kind != kind || e->reversed_by != BOOK_NONE)
            continue;
        if (count < GRANTS_LISTED) {
            buf_add_text(out, count > 0 ? "; " : "");
            add_grant(b, e, out);
        }
        count++;
    }
    if (count > GRANTS_LISTED)
        buf_add_format(out, tr("; and %u more"), count - GRANTS_LISTED);
}

/* What the audit says, or that nobody asked it; a sentence. */
static void add_verdict(const struct report *r, struct buf *out)
{
    const struct audit_result *a = r->audit;
    if (a == NULL)
        buf_add_text(out, tr("not asked here; minga audit gives it"));
    else if (a->verdict == AUDIT_CLEAN)
        buf_add_text(out, tr("accounts and rules: clean"));
    else
        buf_add_format(out,
                       tr("accounts and rules: %u errors, %u warnings, %u notices (minga audit "
                          "lists them)"),
                       a->levels[FINDING_ERROR], a->levels[FINDING_WARNING],
                       a->levels[FINDING_NOTICE]);
}

static struct buf *fact(struct fact *facts, uint32_t *count, const char *label)
{
    facts[*count].label = label;
    return &facts[(*count)++].text;
}

/* Of the i-th programme; grants and exchanges are the network's. Returns how many. */
static uint32_t facts_of(const struct report *r, uint32_t i, struct fact facts[static FACTS_MAX])
{
    const struct book *b = r->book;
    const struct book_programme *p = &b->programmes[i];
    uint32_t count = 0;
    struct buf *place = fact(facts, &count, tr("Place"));
    buf_add_text(place, book_text(b, p->location));
    if (place->count > 0 && p->country != 0)
        buf_add_text(place, ", ");
    buf_add_text(place, book_text(b, p->country));
    struct buf *period = fact(facts, &count, tr("Period"));
    if (p->start != BOOK_NO_DAY || p->end != BOOK_NO_DAY)
        add_days(p->start, p->end, period);
    add_set(book_text(b, p->partners), fact(facts, &count, tr("Partners")));
    buf_add_text(fact(facts, &count, tr("Funding")), book_text(b, p->funding));
    add_set(book_text(b, p->themes), fact(facts, &count, tr("Objectives")));
    buf_add_text(fact(facts, &count, tr("Component")), book_text(b, p->mpa_component));
    add_stages(r, book_text(b, p->stages), fact(facts, &count, tr("Stages")));
    add_lines(p, fact(facts, &count, tr("Contributions")));
    add_grants(b, BOOK_GRANT, fact(facts, &count, tr("Grant")));
    add_grants(b, BOOK_EXCHANGE, fact(facts, &count, tr("Exchanged")));
    add_verdict(r, fact(facts, &count, tr("Audit")));
    return count;
}

static const char *title_of(const struct report *r, uint32_t i)
{
    const char *title = book_text(r->book, r->book->programmes[i].title);
    return title[0] != '\0' ? title : tr("A programme without a title");
}

/* ---- what both showings have ---- */

typedef void (*show_fn)(void *user, const char *heading, const struct grid *g);

static void show(show_fn each, void *user, const char *heading, struct grid *g)
{
    each(user, heading, g);
    grid_release(g);
}

/* Currencies in which something was allotted or spent; returns the next after 'at'. */
static const char *next_currency(const struct report *r, uint32_t *at)
{
    for (; *at < r->reached->count; (*at)++) {
        const struct indicator *row = &r->reached->rows[*at];
        if (row->what == INDICATOR_SPENT && row->by == INDICATOR_ALL) {
            ++*at;
            return row->currency;
        }
    }
    return NULL;
}

/* ---- text ---- */

static void print_table(void *user, const char *heading, const struct grid *g)
{
    FILE *file = user;
    fputc('\n', file);
    if (heading[0] != '\0')
        output_line(file, "%s", heading);
    grid_print(g, file);
}

static void print_facts(const struct report *r, uint32_t i, FILE *file)
{
    struct fact facts[FACTS_MAX] = {{.label = NULL}};
    struct output_table t;
    uint32_t count = facts_of(r, i, facts);
    output_line(file, "%s", title_of(r, i));
    output_table_init(&t, 2);
    for (uint32_t n = 0; n < count; n++) {
        if (facts[n].text.count > 0) {
            output_table_add(&t, bytes_of_text(facts[n].label));
            output_table_add(&t, buf_bytes(&facts[n].text));
        }
        buf_release(&facts[n].text);
    }
    output_table_print(&t, file);
}

/* Enterprises by line and stage, which stand beside each other on a page. */
static void show_splits(const struct report *r, show_fn each, void *user)
{
    struct grid g;
    card_tables_split(r, INDICATOR_BY_LINE, tr("Line of contribution"), &g);
    show(each, user, "", &g);
    card_tables_split(r, INDICATOR_BY_STAGE, tr("Stage"), &g);
    show(each, user, "", &g);
}

static void show_money(const struct report *r, show_fn each, void *user)
{
    struct grid g;
    char heading[HEADING_BYTES];
    const char *currency;
    for (uint32_t at = 0; (currency = next_currency(r, &at)) != NULL;) {
        snprintf(heading, sizeof heading, tr("Money in %s"), currency);
        card_tables_shares(r, currency, &g);
        show(each, user, heading, &g);
        card_tables_budget(r, currency, &g);
        show(each, user, "", &g);
        card_tables_offices(r, currency, &g);
        show(each, user, "", &g);
    }
}

static void show_people(const struct report *r, show_fn each, void *user)
{
    struct grid g;
    card_tables_people(r, &g);
    show(each, user, tr("Promised and reached"), &g);
}

void card_print(const struct report *r, FILE *file)
{
    for (uint32_t i = 0; i < r->book->programme_count; i++)
        print_facts(r, i, file);
    show_people(r, print_table, file);
    show_splits(r, print_table, file);
    show_money(r, print_table, file);
    if (r->k == 0)
        return;
    fputc('\n', file);
    output_line(file, tr("Counts below %u, and what would tell them, are not shown."), r->k);
}

/* ---- HTML ---- */

static void html_table(void *user, const char *heading, const struct grid *g)
{
    struct buf *out = user;
    if (heading[0] != '\0')
        html_element(out, "h2", "", heading);
    grid_html(g, out);
    out->failed = out->failed || g->cells.failed;
}

static void html_facts(const struct report *r, uint32_t i, struct buf *out)
{
    struct fact facts[FACTS_MAX] = {{.label = NULL}};
    uint32_t count = facts_of(r, i, facts);
    buf_add_text(out, "<h1>");
    html_cut(out, title_of(r, i), TITLE_COLUMNS);
    buf_add_text(out, "</h1>\n");
    buf_add_text(out, "<dl>\n");
    for (uint32_t n = 0; n < count; n++) {
        if (facts[n].text.count > 0) {
            html_element(out, "dt", "", facts[n].label);
            buf_add_text(out, "<dd>");
            html_cut(out, buf_text(&facts[n].text), FACT_COLUMNS);
            buf_add_text(out, "</dd>");
            buf_add_byte(out, '\n');
        }
        out->failed = out->failed || facts[n].text.failed;
        buf_release(&facts[n].text);
    }
    buf_add_text(out, "</dl>\n");
}

void card_html(const struct report *r, struct buf *out)
{
    const char *title = r->book->programme_count > 0 ? title_of(r, 0) : r->network;
    html_begin(out, title, HTML_PORTRAIT);
    buf_add_text(out, "<main>\n");
    for (uint32_t i = 0; i < r->book->programme_count; i++)
        html_facts(r, i, out);
    show_people(r, html_table, out);
    buf_add_text(out, "<div class=\"pair\">\n");
    show_splits(r, html_table, out);
    buf_add_text(out, "</div>\n");
    show_money(r, html_table, out);
    buf_add_text(out, "</main>\n");
    report_footer(r, out);
    html_end(out);
}
