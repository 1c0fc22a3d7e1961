#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "replicas/acting.h"
#include "replicas/cells.h"
#include "replicas/sheet.h"

static void becomes(const char *text, const char *expected)
{
    struct buf out = {0};
    struct sheet sheet = {.out = &out};
    sheet_text(&sheet, bytes_of_text(text));
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void what_a_spreadsheet_would_run_is_a_text(void **state)
{
    (void)state;
    becomes("=SUM(A1)", "'=SUM(A1)");
    becomes("+1", "'+1");
    becomes("-1", "'-1");
    becomes("@cmd", "'@cmd");
    becomes("\tx", "\"'\tx\"");
    becomes("\rx", "'%%0Dx");
    becomes("'x", "''x");
    becomes("'", "''");
    becomes("=a,b\"c", "\"'=a,b\"\"c\"");
    becomes("a=b", "a=b");
    becomes("\x1b[2J 5%", "'%%1B[2J 5%25");
    becomes("=\xe2\x80\xae", "'%=%E2%80%AE");
    becomes("5%", "5%");
    becomes("", "");
}

static void quotes_where_they_are_needed(void **state)
{
    (void)state;
    becomes("plain text", "plain text");
    becomes("a,b", "\"a,b\"");
    becomes("a\nb", "\"a\nb\"");
    becomes("\"a\"", "\"\"\"a\"\"\"");
    becomes(" a", "\" a\"");
    becomes("a ", "\"a \"");
    becomes("a;b", "\"a;b\"");
    becomes("\xC3\x91u\xC3\xB1oa", "\xC3\x91u\xC3\xB1oa");
}

static void numbers_stay_numbers(void **state)
{
    (void)state;
    struct buf out = {0};
    struct sheet sheet = {.out = &out};
    sheet_number(&sheet, BYTES("-12.50"));
    sheet_text(&sheet, BYTES(""));
    sheet_number(&sheet, BYTES("7"));
    sheet_end(&sheet);
    sheet_text(&sheet, BYTES("next"));
    sheet_end(&sheet);
    assert_string_equal(buf_text(&out), "-12.50,,7\r\nnext\r\n");
    buf_release(&out);
}

/* Every text of up to four of these, and back. */
static void every_text_comes_back(void **state)
{
    (void)state;
    static const char letters[] = "'=\",\r\n a-%\x1b";
    enum { LETTERS = sizeof letters, LONGEST = 4 };
    struct cells *cells;
    struct cells_row row;
    struct buf room = {0};
    assert_int_equal(cells_create(&cells), ST_OK);
    for (uint32_t n = 0; n < LETTERS * LETTERS * LETTERS * LETTERS; n++) {
        char text[LONGEST + 1] = "";
        uint32_t left = n;
        size_t count = 0;
        for (int i = 0; i < LONGEST; i++, left /= LETTERS)
            if (left % LETTERS > 0)
                text[count++] = letters[left % LETTERS - 1];
        struct buf out = {0};
        struct sheet sheet = {.out = &out};
        sheet_text(&sheet, BYTES("first"));
        sheet_text(&sheet, bytes_of_text(text));
        sheet_end(&sheet);
        assert_true(cells_next_row(buf_bytes(&out), &row));
        assert_int_equal(row.used, out.count);
        assert_int_equal(cells_parse(cells, row.raw), ST_OK);
        assert_int_equal(cells_count(cells), 2);
        struct bytes cell = cells_at(cells, 1);
        assert_true(cell.count == 0 || strchr("=+-@\t\r", cell.data[0]) == NULL);
        assert_true(bytes_equal_text(sheet_plain(cell, &room), text));
        assert_false(acting_anywhere(cell));
        buf_release(&out);
    }
    buf_release(&room);
    cells_free(cells);
}

static void an_apostrophe_of_ones_own_stays(void **state)
{
    (void)state;
    static const char *const own[] = {"'tis", "'",     "O'Higgins", "",         "a'=b",  "'%",
                                      "'%41", "'%1B%", "'%%FF%1B",  "'%%00%1B", "'%%1b", "%1B"};
    struct buf room = {0};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        assert_true(bytes_equal_text(sheet_plain(bytes_of_text(own[i]), &room), own[i]));
    buf_release(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_spreadsheet_would_run_is_a_text),
        cmocka_unit_test(quotes_where_they_are_needed),
        cmocka_unit_test(numbers_stay_numbers),
        cmocka_unit_test(every_text_comes_back),
        cmocka_unit_test(an_apostrophe_of_ones_own_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
