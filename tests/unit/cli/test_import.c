#include "tests/unit/proto/codec.h"

#include <string.h>

#include "cli/import.h"

static size_t cut(const char *text, size_t max)
{
    return import_cut(bytes_of_text(text), max);
}

static void takes_all_that_fits(void **state)
{
    (void)state;
    assert_int_equal(cut("a,b\n1,2\n", 8), 8);
    assert_int_equal(cut("a,b\n1,2", 100), 7);
    assert_int_equal(cut("", 10), 0);
}

static void cuts_behind_whole_rows(void **state)
{
    (void)state;
    assert_int_equal(cut("a,b\n1,2\n3,4\n", 9), 8);
    assert_int_equal(cut("a,b\n1,2\n3,4\n", 8), 8);
    assert_int_equal(cut("a,b\r\n1,2\r\n", 6), 5);
    assert_int_equal(cut("a\nbbbb", 3), 2);
}

static void takes_a_long_row_alone(void **state)
{
    (void)state;
    assert_int_equal(cut("aaaaaaaa\nb\n", 3), 9);
    assert_int_equal(cut("aaaaaaaa", 3), 8);
}

static void keeps_quoted_line_ends_together(void **state)
{
    (void)state;
    const char *text = "a,\"x\ny\nz\"\nb,c\n";
    assert_int_equal(cut(text, 4), strlen("a,\"x\ny\nz\"\n"));
    assert_int_equal(cut("a,\"say \"\"hi\"\"\nx\"\nb\n", 5), strlen("a,\"say \"\"hi\"\"\nx\"\n"));
    assert_int_equal(cut("\"q\n\",b\nc\n", 2), strlen("\"q\n\",b\n"));
}

static void takes_a_quote_inside_a_cell_as_it_stands(void **state)
{
    (void)state;
    assert_int_equal(cut("5\" pipe,x\n6\" pipe,y\n", 4), strlen("5\" pipe,x\n"));
}

/* However small the parts are, they are the file, and none but the last ends within a row. */
static void gives_every_byte_once(void **state)
{
    (void)state;
    const char *text = "id,note\n1,\"a\nb\"\n2,plain\n3,\"x\"\"y\"\n4,\"\n\n\"\n5,end";
    static const size_t rows[] = {8, 16, 24, 33, 40, 45}; /* where they end */
    for (size_t max = 1; max < 60; max++) {
        struct bytes left = bytes_of_text(text);
        size_t done = 0, row = 0;
        while (left.count > 0) {
            size_t bytes = import_cut(left, max);
            assert_true(bytes > 0 && bytes <= left.count);
            done += bytes;
            while (row < 6 && rows[row] < done)
                row++;
            assert_int_equal(rows[row], done);
            left = (struct bytes){left.data + bytes, left.count - bytes};
        }
        assert_int_equal(done, strlen(text));
    }
}

static void counts_lines(void **state)
{
    (void)state;
    assert_int_equal(import_lines(BYTES("a\nb\n")), 2);
    assert_int_equal(import_lines(BYTES("a\nb")), 1);
    assert_int_equal(import_lines(BYTES("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_all_that_fits),
        cmocka_unit_test(cuts_behind_whole_rows),
        cmocka_unit_test(takes_a_long_row_alone),
        cmocka_unit_test(keeps_quoted_line_ends_together),
        cmocka_unit_test(takes_a_quote_inside_a_cell_as_it_stands),
        cmocka_unit_test(gives_every_byte_once),
        cmocka_unit_test(counts_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
