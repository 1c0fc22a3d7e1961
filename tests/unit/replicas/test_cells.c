#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/mem.h"
#include "replicas/cells.h"

/* "[cell][cell]…", or the word of what is wrong. */
static const char *cells_of(const char *row)
{
    static char text[1024];
    struct cells *c = NULL;
    size_t used = 0;
    assert_int_equal(cells_create(&c), ST_OK);
    enum status status = cells_parse(c, bytes_of_text(row));
    text[0] = '\0';
    if (status != ST_OK)
        snprintf(text, sizeof text, "%s", status_word(status));
    for (uint32_t i = 0; status == ST_OK && i < cells_count(c); i++) {
        struct bytes cell = cells_at(c, i);
        used += (size_t)snprintf(text + used, sizeof text - used, "[%.*s]", (int)cell.count,
                                 cell.count == 0 ? "" : (const char *)cell.data);
    }
    cells_free(c);
    return text;
}

static void cells_without_their_quotes(void **state)
{
    (void)state;
    assert_string_equal(cells_of("a,b,c"), "[a][b][c]");
    assert_string_equal(cells_of("a,,"), "[a][][]");
    assert_string_equal(cells_of(","), "[][]");
    assert_string_equal(cells_of(" a , b"), "[ a ][ b]");
    assert_string_equal(cells_of("\"a,\"\"b\"\"\nc\",d"), "[a,\"b\"\nc][d]");
    assert_string_equal(cells_of("\"\",x"), "[][x]");
    assert_string_equal(cells_of("a\"b,c"), "malformed");
    assert_string_equal(cells_of("\"a\"b,c"), "malformed");
    assert_string_equal(cells_of("\"a"), "malformed");
}

static void a_parser_survives_a_bad_row(void **state)
{
    (void)state;
    struct cells *c = NULL;
    assert_int_equal(cells_create(&c), ST_OK);
    assert_int_equal(cells_parse(c, BYTES("a,\"b")), ST_MALFORMED);
    assert_int_equal(cells_parse(c, BYTES("a,b\"")), ST_MALFORMED);
    assert_int_equal(cells_parse(c, BYTES("x,y")), ST_OK);
    assert_int_equal(cells_count(c), 2);
    assert_true(bytes_equal_text(cells_at(c, 1), "y"));
    char many[2 * CELLS_MAX + 1];
    memset(many, ',', sizeof many);
    assert_int_equal(cells_parse(c, (struct bytes){(uint8_t *)many, CELLS_MAX}), ST_TOO_LARGE);
    assert_int_equal(cells_parse(c, (struct bytes){(uint8_t *)many, CELLS_MAX - 1}), ST_OK);
    assert_int_equal(cells_count(c), CELLS_MAX);
    static uint8_t longer[CELLS_ROW_BYTES_MAX + 1];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(cells_parse(c, (struct bytes){longer, sizeof longer}), ST_TOO_LARGE);
    assert_int_equal(cells_parse(c, (struct bytes){longer, sizeof longer - 1}), ST_OK);
    cells_free(c);
}

static void expect_row(const char *text, size_t raw, size_t used, uint64_t lines, bool unclosed)
{
    struct cells_row row;
    assert_true(cells_next_row(bytes_of_text(text), &row));
    assert_int_equal(row.raw.count, raw);
    assert_int_equal(row.used, used);
    assert_int_equal(row.lines, lines);
    assert_int_equal(row.unclosed, unclosed);
}

static void rows_end_outside_of_quotes(void **state)
{
    (void)state;
    struct cells_row row;
    assert_false(cells_next_row(BYTES(""), &row));
    expect_row("a,b", 3, 3, 1, false);
    expect_row("a\nb", 1, 2, 1, false);
    expect_row("a\r\nb", 1, 3, 1, false);
    expect_row("a\rb", 1, 2, 1, false);
    expect_row("\n", 0, 1, 1, false);
    expect_row("\"a\nb\",c\nd", 7, 8, 2, false);
    expect_row("\"a\r\nb\"\r\nd", 6, 8, 2, false);
    expect_row("\"a\"\"\nb\"\nd", 7, 8, 2, false);
    expect_row("a\"\nb\"\nd", 2, 3, 1, false);
    expect_row("\"a\nb\nc", 2, 3, 1, true);
    static char far[CELLS_ROW_BYTES_MAX + 16];
    memset(far, 'a', sizeof far - 1);
    far[0] = '"';
    far[8] = '\n';
    far[sizeof far - 2] = '"';
    expect_row(far, 8, 9, 1, true);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    enum status status = ST_NO_MEMORY;
    uint64_t n = 1;
    for (; n < 100 && status == ST_NO_MEMORY; n++) {
        struct cells *c = NULL;
        mem_fail_at(n);
        status = cells_create(&c);
        if (status == ST_OK)
            status = cells_parse(c, BYTES("some,\"cells\""));
        assert_true(status == ST_OK || status == ST_NO_MEMORY);
        if (status == ST_OK)
            assert_int_equal(cells_count(c), 2);
        /* libcsv asks again for less. */
        if (mem_failed())
            status = ST_NO_MEMORY;
        cells_free(c);
    }
    mem_fail_at(0);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_without_their_quotes),
        cmocka_unit_test(a_parser_survives_a_bad_row),
        cmocka_unit_test(rows_end_outside_of_quotes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
