/*
 * A QR code as a terminal shows it: read back module by module, its three corners and its quiet
 * zone are where every reader looks for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "cli/qr.h"
#include "proto/mem.h"

enum { SIDE_MAX = 200, QUIET = 4 };

static bool light[SIDE_MAX][SIDE_MAX];
static int columns, rows;

/* The characters back into modules, the quiet zone included. */
static void read_back(struct bytes text)
{
    int x = 0, y = 0;
    columns = rows = 0;
    for (size_t i = 0; i < text.count;) {
        assert_true(x < SIDE_MAX && y + 1 < SIDE_MAX);
        if (text.data[i] == '\n') {
            assert_true(columns == 0 || columns == x);
            columns = x;
            x = 0;
            y += 2;
            i++;
            continue;
        }
        bool empty = text.data[i] == ' ';
        const char *block = empty ? "" : (const char *)text.data + i;
        light[y][x] = strncmp(block, "█", 3) == 0 || strncmp(block, "▀", 3) == 0;
        light[y + 1][x] = strncmp(block, "█", 3) == 0 || strncmp(block, "▄", 3) == 0;
        assert_true(empty || light[y][x] || light[y + 1][x]);
        i += empty ? 1 : 3;
        x++;
    }
    assert_int_equal(x, 0);
    rows = y;
}

/* A finder: a dark ring of 7, a light one of 5, a dark square of 3. */
static void assert_finder(int left, int top)
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++) {
            int from_edge = x < y ? x : y, other = 6 - (x > y ? x : y);
            int ring = from_edge < other ? from_edge : other;
            assert_int_equal(light[QUIET + top + y][QUIET + left + x], ring == 1);
        }
}

static void draws_what_readers_look_for(void **state)
{
    char text[701];
    struct buf out = {0};
    (void)state;
    for (size_t count = 1; count < sizeof text; count += 53) {
        memset(text, 'A', count);
        text[count] = '\0';
        buf_reset(&out);
        assert_int_equal(qr_draw(text, &out), ST_OK);
        read_back(buf_bytes(&out));
        int side = columns - 2 * QUIET;
        assert_int_equal((side - 17) % 4, 0); /* of some version */
        assert_in_range(rows, columns, columns + 1);
        assert_finder(0, 0);
        assert_finder(side - 7, 0);
        assert_finder(0, side - 7);
        for (int i = 0; i < columns; i++)
            for (int k = 0; k < QUIET; k++)
                assert_true(light[k][i] && light[columns - 1 - k][i] && light[i][k] &&
                            light[i][columns - 1 - k]);
        for (int i = 8; i < side - 8; i++) /* the timing pattern */
            assert_int_equal(light[QUIET + 6][QUIET + i], i % 2);
    }
    buf_release(&out);
}

static void what_no_code_holds(void **state)
{
    static char text[4000];
    struct buf out = {0};
    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(qr_draw(text, &out), ST_TOO_LARGE);
    assert_int_equal(out.count, 0);
    mem_fail_at(1);
    assert_int_equal(qr_draw("minga:AAAA", &out), ST_NO_MEMORY);
    mem_fail_at(0);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_what_readers_look_for),
        cmocka_unit_test(what_no_code_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
