#include "tests/unit/proto/codec.h"

#include <string.h>

#include "cli/grid.h"

static void fill(struct grid *g, const char *const *cells)
{
    for (; *cells != NULL; cells++)
        grid_cell(g, *cells);
}

static void heads_and_foot(void **state)
{
    (void)state;
    struct grid g;
    struct buf out = {0};
    grid_begin(&g, "What <was>", 2, 2);
    g.foot = true;
    fill(&g, (const char *const[]){"line", "sum", "a & b", "12", "together", "12", NULL});
    grid_html(&g, &out);
    assert_string_equal(
        buf_text(&out),
        "<table>\n<caption>What &lt;was&gt;</caption><thead>\n<tr><th scope=\"col\">line</th>"
        "<th scope=\"col\" class=\"n\">sum</th></tr>\n</thead>\n<tbody>\n"
        "<tr><th scope=\"row\">a &amp; b</th><td class=\"n\">12</td></tr>\n</tbody>\n<tfoot>\n"
        "<tr><th scope=\"row\">together</th><td class=\"n\">12</td></tr>\n</tfoot>\n</table>\n");
    grid_release(&g);
    buf_release(&out);
}

static void only_a_foot_and_nothing(void **state)
{
    (void)state;
    struct grid g;
    struct buf out = {0};
    grid_begin(&g, "", 1, 0);
    grid_cell(&g, "head");
    grid_html(&g, &out);
    assert_int_equal(out.count, 0);
    g.foot = true;
    grid_cell(&g, "all");
    grid_html(&g, &out);
    assert_non_null(strstr(buf_text(&out), "</thead>\n<tfoot>\n"));
    assert_null(strstr(buf_text(&out), "tbody"));
    grid_release(&g);
    buf_release(&out);
}

static void in_a_terminal(void **state)
{
    (void)state;
    struct grid g;
    char line[256];
    FILE *file = tmpfile();
    grid_begin(&g, "", 2, 2);
    fill(&g, (const char *const[]){"line", "sum", "a\x1b[2J", "1,200", NULL});
    grid_print(&g, file);
    rewind(file);
    size_t bytes = fread(line, 1, sizeof line - 1, file);
    line[bytes] = '\0';
    assert_string_equal(line, "line        sum\na\\x1b[2J  1,200\n");
    fclose(file);
    grid_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_and_foot),
        cmocka_unit_test(only_a_foot_and_nothing),
        cmocka_unit_test(in_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
