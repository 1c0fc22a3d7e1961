#include "cli/sankey.h"

#include <stdio.h>

#include "cli/amount.h"
#include "cli/figure.h"
#include "cli/html.h"
#include "cli/language.h"
#include "proto/check.h"
#include "proto/mem.h"

enum {
    WIDTH = 1120,       /* as long as A4 lies wide, in units of which a letter is 11 high */
    HEIGHT_LEAST = 470, /* of an ordinary picture: with its heading on one page */
    LABEL_WIDTH = 140,  /* right of the last column */
    GAP = 7,            /* between two nodes */
    TOP = 8,
    HALVINGS = 60, /* of the search for the scale: as fine as a double is */
    AMOUNT_DOWN = 13,
};
static const double BAR_LEAST = 1.5; /* a thin bar is still seen */
static const double ROOMY = 1.15;    /* where labels alone fill a column, sums get a little more */

/* ---- where everything stands ---- */

static int64_t through(const struct flow_node *n)
{
    return n->in > n->out ? n->in : n->out;
}

static double slot(const struct flow_node *n, double scale)
{
    double height = (double)through(n) * scale;
    return (height > SANKEY_LABEL_HEIGHT ? height : SANKEY_LABEL_HEIGHT) + GAP;
}

/* How high a column is at this scale. */
static double column_height(const struct flow *f, uint32_t column, double scale)
{
    double height = 0;
    for (uint32_t i = 0; i < f->node_count; i++)
        if (f->nodes[i].column == column)
            height += slot(&f->nodes[i], scale);
    return height;
}

static double tallest(const struct flow *f, double scale)
{
    double most = 0;
    for (uint32_t c = 0; c < FLOW_COLUMNS; c++) {
        double height = column_height(f, c, scale);
        most = height > most ? height : most;
    }
    return most;
}

/* The largest scale at which every column fits. */
static double scale_for(const struct flow *f, double height)
{
    double most = 0, low = 0;
    for (uint32_t i = 0; i < f->node_count; i++)
        most = (double)through(&f->nodes[i]) > most ? (double)through(&f->nodes[i]) : most;
    if (most <= 0)
        return 0;
    double high = height / most;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (tallest(f, middle) <= height)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void lay_bars(const struct flow *f, double scale, struct sankey *s)
{
    double pitch = (double)(WIDTH - LABEL_WIDTH - SANKEY_BAR_WIDTH) / (FLOW_COLUMNS - 1);
    for (uint32_t c = 0; c < FLOW_COLUMNS; c++) {
        double y = TOP + (s->height - 2 * TOP - column_height(f, c, scale)) / 2;
        for (uint32_t i = 0; i < f->node_count; i++) {
            if (f->nodes[i].column != c)
                continue;
            double height = (double)through(&f->nodes[i]) * scale, room = slot(&f->nodes[i], scale);
            s->bars[i] = (struct sankey_bar){pitch * c, y + (room - height) / 2, height};
            y += room;
        }
    }
}

static void lay_ribbons(const struct flow *f, double scale, struct sankey *s)
{
    for (uint32_t n = 0; n < f->node_count; n++) {
        double in = s->bars[n].y, out = s->bars[n].y;
        for (uint32_t l = 0; l < f->link_count; l++) { /* by from, then to: none cross at a bar */
            struct sankey_ribbon *r = &s->ribbons[l];
            double width = (double)f->links[l].amount * scale;
            r->width = width;
            if (f->links[l].from == n) {
                r->from_y = out;
                out += width;
            }
            if (f->links[l].to == n) {
                r->to_y = in;
                in += width;
            }
        }
    }
}

enum status sankey_lay(const struct flow *f, struct sankey *out)
{
    double need = tallest(f, 0) * ROOMY + 2 * TOP;
    *out = (struct sankey){.width = WIDTH, .height = need > HEIGHT_LEAST ? need : HEIGHT_LEAST};
    out->bars = mem_array(f->node_count, sizeof *out->bars);
    out->ribbons = mem_array(f->link_count, sizeof *out->ribbons);
    if (out->bars == NULL || out->ribbons == NULL) {
        sankey_release(out);
        return ST_NO_MEMORY;
    }
    double scale = scale_for(f, out->height - 2 * TOP);
    lay_bars(f, scale, out);
    lay_ribbons(f, scale, out);
    return ST_OK;
}

void sankey_release(struct sankey *s)
{
    mem_free(s->bars);
    mem_free(s->ribbons);
    s->bars = NULL;
    s->ribbons = NULL;
}

/* ---- names ---- */

void sankey_name(const struct flow_node *n, struct buf *out)
{
    static const char *const NAMES[FLOW_ROLES] = {
        [FLOW_FUNDER] = trn("unnamed funder"),
        [FLOW_EARLIER] = "",
        [FLOW_GRANT] = trn("the grant"),
        [FLOW_OVERDRAWN] = trn("spent beyond what was there"),
        [FLOW_POOL] = trn("to allot"),
        [FLOW_OFFICE] = trn("no office named"),
        [FLOW_UNALLOTTED] = trn("not allotted"),
        [FLOW_EXCHANGED] = "",
        [FLOW_LINE] = trn("no line named"),
        [FLOW_DISBURSED] = trn("paid to enterprises"),
        [FLOW_EXPENSES] = trn("all expenses"),
        [FLOW_LEFT] = trn("not spent"),
        [FLOW_BOUGHT_RECEIPT] = trn("purchases with receipt"),
        [FLOW_BOUGHT_BARE] = trn("purchases, no receipt"),
        [FLOW_UNBOUGHT] = trn("no purchase yet"),
        [FLOW_SPENT_RECEIPT] = trn("expenses with receipt"),
        [FLOW_SPENT_BARE] = trn("expenses, no receipt"),
        [FLOW_HANDED_OVER] = trn("handed over to owners"),
        [FLOW_NOT_HANDED_OVER] = trn("not handed over"),
    };
    if (n->role == FLOW_EARLIER)
        buf_add_format(out, tr("exchanged from %s"), n->name);
    else if (n->role == FLOW_EXCHANGED)
        buf_add_format(out, tr("exchanged to %s"), n->name);
    else
        buf_add_text(out,
                     n->name[0] != '\0' ? figure_word(n->name) : language_text(NAMES[n->role]));
}

/* In the currency in which it came, where it was exchanged behind this node. */
static void add_amount(const struct flow *f, const struct flow_node *n, struct buf *out)
{
    if (n->given > 0)
        amount_money(n->given, n->currency, out);
    else
        amount_money(through(n), f->currency, out);
}

/* ---- SVG ---- */

static const struct {
    const char *edge, *label;
} LOOKS[FLOW_PROOFS] = {
    [FLOW_GIVEN] = {"#5b7aa6", trn("given")},
    [FLOW_PROVEN] = {"#2f7d74", trn("a receipt stands behind it")},
    [FLOW_UNPROVEN] = {"#6a6a6a", trn("no receipt stands behind it")},
    [FLOW_UNSPENT] = {"#b9a36b", trn("not spent")},
};

const char *sankey_proof(enum flow_proof proof)
{
    return language_text(LOOKS[proof].label);
}

static void add_fill(struct buf *out, enum flow_proof proof, uint32_t index)
{
    buf_add_text(out, " fill=\"");
    if (proof == FLOW_GIVEN || proof == FLOW_PROVEN)
        buf_add_text(out, proof == FLOW_GIVEN ? "#b4c6e0" : "#93ccc2");
    else
        buf_add_format(out, proof == FLOW_UNPROVEN ? "url(#hatch-%u)" : "url(#dots-%u)", index);
    buf_add_format(out, "\" stroke=\"%s\" stroke-width=\"0.6\"", LOOKS[proof].edge);
}

void sankey_swatch(enum flow_proof proof, uint32_t index, struct buf *out)
{
    buf_add_text(out, "<svg class=\"swatch\" viewBox=\"0 0 28 12\" aria-hidden=\"true\">"
                      "<rect x=\"0.5\" y=\"0.5\" width=\"27\" height=\"11\"");
    add_fill(out, proof, index);
    buf_add_text(out, "/></svg>");
}

static void add_patterns(struct buf *out, uint32_t index)
{
    buf_add_format(out,
                   "<defs>\n<pattern id=\"hatch-%u\" width=\"6\" height=\"6\" "
                   "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
                   "<rect width=\"6\" height=\"6\" fill=\"#c4c4c4\"/>"
                   "<rect width=\"2\" height=\"6\" fill=\"#9a9a9a\"/></pattern>\n",
                   index);
    buf_add_format(out,
                   "<pattern id=\"dots-%u\" width=\"7\" height=\"7\" "
                   "patternUnits=\"userSpaceOnUse\"><rect width=\"7\" height=\"7\" "
                   "fill=\"#f4ecd6\"/><circle cx=\"3\" cy=\"3\" r=\"1.1\" fill=\"#b9a36b\"/>"
                   "</pattern>\n</defs>\n",
                   index);
}

static void add_ribbon(const struct flow *f, const struct sankey *s, uint32_t at, uint32_t index,
                       struct buf *out)
{
    const struct flow_link *l = &f->links[at];
    const struct sankey_ribbon *r = &s->ribbons[at];
    double x0 = s->bars[l->from].x + SANKEY_BAR_WIDTH, x1 = s->bars[l->to].x;
    double middle = (x0 + x1) / 2;
    struct buf text = {0};
    buf_add_format(out, "<path d=\"M%.2f %.2fC%.2f %.2f %.2f %.2f %.2f %.2fV%.2f", x0, r->from_y,
                   middle, r->from_y, middle, r->to_y, x1, r->to_y, r->to_y + r->width);
    buf_add_format(out, "C%.2f %.2f %.2f %.2f %.2f %.2fZ\"", middle, r->to_y + r->width, middle,
                   r->from_y + r->width, x0, r->from_y + r->width);
    add_fill(out, l->proof, index);
    sankey_name(&f->nodes[l->from], &text);
    buf_add_text(&text, " \xe2\x86\x92 "); /* → */
    sankey_name(&f->nodes[l->to], &text);
    buf_add_text(&text, ": ");
    amount_money(l->amount, f->currency, &text);
    buf_add_format(&text, ", %s", sankey_proof(l->proof));
    buf_add_byte(out, '>');
    html_element(out, "title", "", buf_text(&text));
    buf_add_text(out, "</path>\n");
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

static void add_bar(const struct flow *f, const struct sankey *s, uint32_t at, struct buf *out)
{
    const struct sankey_bar *b = &s->bars[at];
    double height = b->height > BAR_LEAST ? b->height : BAR_LEAST;
    struct buf name = {0};
    sankey_name(&f->nodes[at], &name);
    buf_add_format(out,
                   "<rect x=\"%.2f\" y=\"%.2f\" width=\"%d\" height=\"%.2f\" fill=\"#123f3a\">",
                   b->x, b->y, SANKEY_BAR_WIDTH, height);
    html_element(out, "title", "", buf_text(&name));
    buf_add_text(out, "</rect>\n");
    out->failed = out->failed || name.failed;
    buf_release(&name);
}

/* Two lines right of the bar. */
static void add_label(const struct flow *f, const struct sankey *s, uint32_t at, struct buf *out)
{
    const struct sankey_bar *b = &s->bars[at];
    double x = b->x + SANKEY_BAR_WIDTH + 4, y = b->y + b->height / 2 - 2;
    struct buf name = {0}, amount = {0};
    sankey_name(&f->nodes[at], &name);
    add_amount(f, &f->nodes[at], &amount);
    buf_add_format(out, "<text x=\"%.2f\" y=\"%.2f\">", x, y);
    html_cut(out, buf_text(&name), SANKEY_NAME_COLUMNS);
    buf_add_format(out, "</text><text x=\"%.2f\" y=\"%.2f\" font-weight=\"bold\">", x,
                   y + AMOUNT_DOWN);
    html_text(out, buf_text(&amount));
    buf_add_text(out, "</text>\n");
    out->failed = out->failed || name.failed || amount.failed;
    buf_release(&name);
    buf_release(&amount);
}

static void add_head(const struct flow *f, const struct sankey *s, uint32_t index, struct buf *out)
{
    struct buf text = {0};
    buf_add_format(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
        "aria-labelledby=\"flow-%u-title flow-%u-desc\" font-size=\"11\" "
        "font-family=\"'Liberation Sans',Arial,sans-serif\" fill=\"#1b1f23\">\n",
        s->width, s->height, index, index);
    buf_add_format(&text, tr("The way of the money in %s"), f->currency);
    buf_add_format(out, "<title id=\"flow-%u-title\">", index);
    html_text(out, buf_text(&text));
    buf_add_format(out, "</title>\n<desc id=\"flow-%u-desc\">", index);
    html_text(out, tr("From whoever gave it on the left to what became of it on the right; the "
                      "wider, the more. The table below says the same in numbers."));
    buf_add_text(out, "</desc>\n");
    out->failed = out->failed || text.failed;
    buf_release(&text);
}

enum status sankey_draw(const struct flow *f, uint32_t index, struct buf *out)
{
    struct sankey s;
    enum status st = sankey_lay(f, &s);
    if (st != ST_OK)
        return st;
    add_head(f, &s, index, out);
    add_patterns(out, index);
    for (uint32_t i = 0; i < f->link_count; i++)
        add_ribbon(f, &s, i, index, out);
    for (uint32_t i = 0; i < f->node_count; i++)
        add_bar(f, &s, i, out);
    /* A white edge, so that labels can be read over ribbons. */
    buf_add_text(out, "<g paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\" "
                      "stroke-linejoin=\"round\">\n");
    for (uint32_t i = 0; i < f->node_count; i++)
        add_label(f, &s, i, out);
    buf_add_text(out, "</g>\n</svg>\n");
    sankey_release(&s);
    return buf_status(out);
}
