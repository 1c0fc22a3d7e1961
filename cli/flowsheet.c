#include "cli/flowsheet.h"

#include "cli/amount.h"
#include "cli/grid.h"
#include "cli/html.h"
#include "cli/language.h"
#include "cli/output.h"
#include "cli/sankey.h"
#include "replicas/flow.h"
#include "replicas/json.h"
#include "replicas/tally.h"

enum { COLUMNS = 6, RIGHT = 0x3c /* all but the two names */ };

static void add_amount(struct grid *g, int64_t amount, const char *currency, struct buf *room)
{
    if (amount > 0)
        amount_number(amount, currency, room);
    grid_take(g, room);
}

/* A row for each two nodes that money flows between; links come in that order. */
static void fill_grid(const struct flow *f, struct grid *g)
{
    struct buf room = {0};
    const char *const heads[COLUMNS] = {tr("From"),       tr("To"),        tr("With receipt"),
                                        tr("No receipt"), tr("Not spent"), tr("Together")};
    for (int i = 0; i < COLUMNS; i++)
        grid_cell(g, heads[i]);
    for (uint32_t l = 0; l < f->link_count;) {
        int64_t amounts[FLOW_PROOFS] = {0}, all = 0;
        uint32_t from = f->links[l].from, to = f->links[l].to;
        for (; l < f->link_count && f->links[l].from == from && f->links[l].to == to; l++) {
            amounts[f->links[l].proof] = f->links[l].amount;
            tally_add(&all, f->links[l].amount);
        }
        sankey_name(&f->nodes[from], &room);
        grid_take(g, &room);
        sankey_name(&f->nodes[to], &room);
        grid_take(g, &room);
        for (int p = FLOW_PROVEN; p < FLOW_PROOFS; p++)
            add_amount(g, amounts[p], f->currency, &room);
        add_amount(g, all, f->currency, &room);
    }
    buf_release(&room);
}

typedef enum status (*each_fn)(void *user, const struct flow *f, uint32_t index);

static enum status each_flow(const struct report *r, each_fn each, void *user)
{
    char currencies[FLOW_CURRENCIES_MAX][4];
    uint32_t count = flow_currencies(r->book, currencies), shown = 0;
    enum status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        struct flow f;
        st = flow_read(r->book, currencies[i], &f);
        if (st != ST_OK)
            return st;
        if (f.link_count > 0)
            st = each(user, &f, shown++);
        flow_release(&f);
    }
    return st;
}

/* ---- text ---- */

static void title_of(const struct flow *f, struct buf *out)
{
    buf_add_format(out, tr("The way of the money in %s"), f->currency);
}

static enum status print_one(void *user, const struct flow *f, uint32_t index)
{
    struct grid g;
    struct buf title = {0};
    title_of(f, &title);
    grid_begin(&g, buf_text(&title), COLUMNS, RIGHT);
    fill_grid(f, &g);
    if (index > 0)
        fputc('\n', user);
    grid_print(&g, user);
    enum status st = buf_status(&g.cells);
    grid_release(&g);
    buf_release(&title);
    return st;
}

enum status flowsheet_print(const struct report *r, FILE *file)
{
    return each_flow(r, print_one, file);
}

/* ---- JSON ---- */

static const char *role_word(enum flow_role role)
{
    static const char *const WORDS[FLOW_ROLES] = {
        [FLOW_FUNDER] = "funder",
        [FLOW_EARLIER] = "exchanged-from",
        [FLOW_GRANT] = "grant",
        [FLOW_OVERDRAWN] = "overdrawn",
        [FLOW_POOL] = "pool",
        [FLOW_OFFICE] = "office",
        [FLOW_UNALLOTTED] = "not-allotted",
        [FLOW_EXCHANGED] = "exchanged-to",
        [FLOW_LINE] = "budget-line",
        [FLOW_DISBURSED] = "disbursed",
        [FLOW_EXPENSES] = "expenses",
        [FLOW_LEFT] = "not-spent",
        [FLOW_BOUGHT_RECEIPT] = "purchases-with-receipt",
        [FLOW_BOUGHT_BARE] = "purchases-without-receipt",
        [FLOW_UNBOUGHT] = "no-purchase",
        [FLOW_SPENT_RECEIPT] = "expenses-with-receipt",
        [FLOW_SPENT_BARE] = "expenses-without-receipt",
        [FLOW_HANDED_OVER] = "handed-over",
        [FLOW_NOT_HANDED_OVER] = "not-handed-over",
    };
    return WORDS[role];
}

static enum status json_one(void *user, const struct flow *f, uint32_t index)
{
    static const char *const PROOFS[FLOW_PROOFS] = {"given", "receipt", "no-receipt", "not-spent"};
    struct buf *out = user;
    buf_add_format(out, "%s{\"currency\":\"%s\",\"nodes\":[", index > 0 ? "," : "", f->currency);
    for (uint32_t i = 0; i < f->node_count; i++) {
        const struct flow_node *n = &f->nodes[i];
        buf_add_format(out, "%s{\"kind\":\"%s\",\"name\":", i > 0 ? "," : "", role_word(n->role));
        json_add_text(out, bytes_of_text(n->name));
        buf_add_format(out, ",\"amount\":%lld", (long long)(n->in > n->out ? n->in : n->out));
        if (n->given > 0)
            buf_add_format(out, ",\"given\":%lld,\"given_currency\":\"%s\"", (long long)n->given,
                           n->currency);
        buf_add_byte(out, '}');
    }
    buf_add_text(out, "],\"links\":[");
    for (uint32_t i = 0; i < f->link_count; i++) {
        const struct flow_link *l = &f->links[i];
        buf_add_format(out, "%s{\"from\":%u,\"to\":%u,\"amount\":%lld,\"proof\":\"%s\"}",
                       i > 0 ? "," : "", l->from, l->to, (long long)l->amount, PROOFS[l->proof]);
    }
    buf_add_text(out, "]}");
    return buf_status(out);
}

enum status flowsheet_json(const struct report *r, struct buf *out)
{
    buf_add_text(out, "{\"flows\":[");
    enum status st = each_flow(r, json_one, out);
    buf_add_text(out, "]}");
    return st == ST_OK ? buf_status(out) : st;
}

/* ---- HTML ---- */

static void add_legend(uint32_t index, struct buf *out)
{
    buf_add_text(out, "<p class=\"legend\">");
    for (int p = 0; p < FLOW_PROOFS; p++) {
        buf_add_text(out, "<span>");
        sankey_swatch((enum flow_proof)p, index, out);
        html_text(out, sankey_proof((enum flow_proof)p));
        buf_add_text(out, "</span>");
    }
    buf_add_text(out, "</p>\n");
}

static enum status html_one(void *user, const struct flow *f, uint32_t index)
{
    struct buf *out = user, title = {0};
    struct grid g;
    title_of(f, &title);
    html_element(out, "h2", "", buf_text(&title));
    enum status st = sankey_draw(f, index, out);
    add_legend(index, out);
    grid_begin(&g, tr("The same in numbers"), COLUMNS, RIGHT);
    fill_grid(f, &g);
    grid_html(&g, out);
    out->failed = out->failed || title.failed || g.cells.failed;
    grid_release(&g);
    buf_release(&title);
    return st;
}

enum status flowsheet_html(const struct report *r, struct buf *out)
{
    struct buf title = {0};
    buf_add_format(&title, tr("The way of the money: %s"), r->network);
    html_begin(out, buf_text(&title), HTML_LANDSCAPE);
    buf_add_text(out, "<main>\n");
    html_element(out, "h1", "", buf_text(&title));
    enum status st = each_flow(r, html_one, out);
    buf_add_text(out, "</main>\n");
    report_footer(r, out);
    html_end(out);
    out->failed = out->failed || title.failed;
    buf_release(&title);
    return st == ST_OK ? buf_status(out) : st;
}
