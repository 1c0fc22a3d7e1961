#include "cli/grid.h"

#include <string.h>

#include "cli/html.h"
#include "cli/output.h"
#include "proto/check.h"

enum { CELL_COLUMNS = 120 /* on a page */ };

void grid_begin(struct grid *g, const char *caption, uint32_t columns, uint64_t right)
{
    CHECK(columns > 0 && columns <= GRID_COLUMNS_MAX);
    *g = (struct grid){.caption = caption, .columns = columns, .right = right};
}

void grid_release(struct grid *g)
{
    buf_release(&g->cells);
    g->count = 0;
}

void grid_cell(struct grid *g, const char *text)
{
    buf_add(&g->cells, text, strlen(text) + 1);
    g->count++;
}

void grid_take(struct grid *g, struct buf *text)
{
    g->cells.failed = g->cells.failed || text->failed;
    grid_cell(g, buf_text(text));
    buf_reset(text);
}

static bool is_empty(const struct grid *g)
{
    return g->cells.failed || g->count < 2 * (uint64_t)g->columns;
}

void grid_print(const struct grid *g, FILE *file)
{
    const char *at = (const char *)g->cells.data;
    struct output_table t;
    if (is_empty(g))
        return;
    if (g->caption[0] != '\0')
        output_line(file, "%s", g->caption);
    output_table_init(&t, g->columns);
    t.right = g->right;
    for (uint64_t i = 0; i < g->count; i++) {
        output_table_add(&t, bytes_of_text(at));
        at += strlen(at) + 1;
    }
    output_table_print(&t, file);
}

static void add_cell(const struct grid *g, uint64_t at, const char *text, struct buf *out)
{
    uint64_t row = at / g->columns, column = at % g->columns;
    bool number = (g->right >> column & 1) != 0, heads = row == 0 || column == 0;
    const char *scope = !heads ? "" : row == 0 ? " scope=\"col\"" : " scope=\"row\"";
    buf_add_format(out, "<t%c%s%s>", heads ? 'h' : 'd', scope, number ? " class=\"n\"" : "");
    html_cut(out, text, CELL_COLUMNS);
    buf_add_format(out, "</t%c>", heads ? 'h' : 'd');
}

void grid_html(const struct grid *g, struct buf *out)
{
    const char *at = (const char *)g->cells.data;
    uint64_t rows = g->count / g->columns;
    if (is_empty(g))
        return;
    buf_add_text(out, "<table>\n");
    if (g->caption[0] != '\0')
        html_element(out, "caption", "", g->caption);
    for (uint64_t row = 0; row < rows; row++) {
        bool foot = g->foot && row + 1 == rows && row > 0;
        if (row == 0)
            buf_add_text(out, "<thead>\n");
        else if (row == 1 && !foot)
            buf_add_text(out, "<tbody>\n");
        else if (foot)
            buf_add_text(out, row > 1 ? "</tbody>\n<tfoot>\n" : "<tfoot>\n");
        buf_add_text(out, "<tr>");
        for (uint64_t i = row * g->columns; i < (row + 1) * g->columns; i++) {
            add_cell(g, i, at, out);
            at += strlen(at) + 1;
        }
        buf_add_text(out, "</tr>\n");
        if (row == 0)
            buf_add_text(out, "</thead>\n");
    }
    buf_add_text(out, g->foot ? "</tfoot>\n</table>\n" : "</tbody>\n</table>\n");
}
