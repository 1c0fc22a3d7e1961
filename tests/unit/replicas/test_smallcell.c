#include "tests/unit/proto/codec.h"

#include "proto/mem.h"
#include "replicas/smallcell.h"

enum { ROWS = 2, COLUMNS = 3, CELLS = (ROWS + 1) * (COLUMNS + 1), SUMS = ROWS + COLUMNS + 2 };
enum { PARTS = 2 * (ROWS * COLUMNS) + ROWS + COLUMNS, GRAND = ROWS * (COLUMNS + 1) + COLUMNS };

/* A table with its margins: the last row and the last column. */
struct table {
    struct smallcell cells[CELLS];
    struct smallcell_sum sums[SUMS];
    uint32_t parts[PARTS];
    struct smallcell_tables t;
};

static uint32_t at(uint32_t row, uint32_t column)
{
    return row * (COLUMNS + 1) + column;
}

static void add_sum(struct table *t, uint32_t *parts, uint32_t total, uint32_t first, uint32_t step,
                    uint32_t count)
{
    t->sums[t->t.sum_count++] = (struct smallcell_sum){total, *parts, count};
    for (uint32_t i = 0; i < count; i++)
        t->parts[(*parts)++] = first + i * step;
}

static void lay(struct table *t, const int64_t inside[ROWS][COLUMNS])
{
    uint32_t parts = 0;
    *t = (struct table){.t = {.cells = t->cells, .cell_count = CELLS}};
    t->t.sums = t->sums;
    t->t.parts = t->parts;
    for (uint32_t i = 0; i < CELLS; i++)
        t->cells[i].sensitive = true;
    for (uint32_t r = 0; r < ROWS; r++)
        for (uint32_t c = 0; c < COLUMNS; c++) {
            t->cells[at(r, c)].count = inside[r][c];
            t->cells[at(r, COLUMNS)].count += inside[r][c];
            t->cells[at(ROWS, c)].count += inside[r][c];
            t->cells[GRAND].count += inside[r][c];
        }
    for (uint32_t r = 0; r <= ROWS; r++)
        add_sum(t, &parts, at(r, COLUMNS), at(r, 0), 1, COLUMNS);
    for (uint32_t c = 0; c <= COLUMNS; c++)
        add_sum(t, &parts, at(ROWS, c), at(0, c), COLUMNS + 1, ROWS);
    assert_int_equal(parts, PARTS);
    assert_int_equal(t->t.sum_count, SUMS);
}

/* ---- a recoverer that tries every table which looks the same ---- */

enum { VALUE_MAX = 13 };

static bool looks_as(const struct smallcell *shown, int64_t value, uint32_t k)
{
    if (shown->state == SMALLCELL_SHOWN)
        return value == shown->count;
    if (shown->state == SMALLCELL_SMALL)
        return value >= 1 && value < k;
    return value >= (shown->count < k ? 0 : k);
}

struct recovery {
    uint32_t values[CELLS]; /* how many values of each cell were seen; 2: at least two */
    int64_t first[CELLS];
};

static void see(const struct table *t, const int64_t inside[ROWS][COLUMNS], uint32_t k,
                struct recovery *out)
{
    static struct table other;
    lay(&other, inside);
    for (uint32_t i = 0; i < CELLS; i++)
        if (!looks_as(&t->cells[i], other.cells[i].count, k))
            return;
    for (uint32_t i = 0; i < CELLS; i++) {
        if (out->values[i] == 0)
            out->first[i] = other.cells[i].count;
        if (out->values[i] == 0 || out->first[i] != other.cells[i].count)
            out->values[i]++;
    }
}

static int64_t least(const struct smallcell *c, uint32_t k)
{
    int64_t value = 0;
    while (!looks_as(c, value, k))
        value++;
    return value;
}

static void recover(const struct table *t, uint32_t k, struct recovery *out)
{
    int64_t inside[ROWS][COLUMNS];
    *out = (struct recovery){{0}, {0}};
    for (uint32_t i = 0; i < ROWS * COLUMNS; i++)
        inside[i / COLUMNS][i % COLUMNS] = least(&t->cells[at(i / COLUMNS, i % COLUMNS)], k);
    for (bool more = true; more;) {
        see(t, inside, k, out);
        more = false;
        for (uint32_t i = 0; !more && i < ROWS * COLUMNS;
             i++) { /* the next table, as an odometer */
            const struct smallcell *c = &t->cells[at(i / COLUMNS, i % COLUMNS)];
            int64_t *value = &inside[i / COLUMNS][i % COLUMNS];
            do
                ++*value;
            while (*value <= VALUE_MAX && !looks_as(c, *value, k));
            more = c->state != SMALLCELL_SHOWN && *value <= VALUE_MAX;
            if (!more)
                *value = least(c, k);
        }
    }
}

static void check_unrecoverable(struct table *t, uint32_t k)
{
    struct recovery found;
    recover(t, k, &found);
    for (uint32_t i = 0; i < CELLS; i++) {
        bool small = t->cells[i].count > 0 && t->cells[i].count < k;
        assert_true(!small || t->cells[i].state != SMALLCELL_SHOWN);
        assert_true(small || t->cells[i].state != SMALLCELL_SMALL);
        assert_true(found.values[i] >= 1); /* the truth itself */
        if (t->cells[i].state != SMALLCELL_SHOWN)
            assert_true(found.values[i] >= 2);
        else
            assert_int_equal(found.values[i], 1);
    }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static void nothing_small_can_be_had_back(void **state)
{
    (void)state;
    static struct table t;
    uint32_t seed = 20090701, hidden = 0;
    for (int trial = 0; trial < 100; trial++) {
        int64_t inside[ROWS][COLUMNS];
        uint32_t k = 3 + next(&seed) % 3;
        for (uint32_t i = 0; i < ROWS * COLUMNS; i++) /* few small ones, or the search is long */
            inside[i / COLUMNS][i % COLUMNS] = next(&seed) % 4 == 0 ? next(&seed) % k : 5 + i % 4;
        lay(&t, inside);
        assert_int_equal(smallcell_hide(&t.t, k), ST_OK);
        check_unrecoverable(&t, k);
        for (uint32_t i = 0; i < CELLS; i++)
            hidden += t.cells[i].state == SMALLCELL_HIDDEN;
    }
    assert_true(hidden > 100);
}

static void a_margin_alone_would_tell(void **state)
{
    (void)state;
    static struct table t;
    static const int64_t inside[ROWS][COLUMNS] = {{2, 9, 30}, {7, 8, 40}};
    lay(&t, inside);
    assert_int_equal(smallcell_hide(&t.t, 5), ST_OK);
    assert_int_equal(t.cells[at(0, 0)].state, SMALLCELL_SMALL);
    assert_int_equal(t.cells[at(0, 1)].state, SMALLCELL_HIDDEN); /* the next smallest of its row */
    assert_int_equal(t.cells[at(1, 0)].state, SMALLCELL_HIDDEN); /* and of its column */
    assert_int_equal(t.cells[at(1, 1)].state, SMALLCELL_HIDDEN);
    assert_int_equal(t.cells[at(0, 2)].state, SMALLCELL_SHOWN);
    assert_int_equal(t.cells[GRAND].state, SMALLCELL_SHOWN);
    check_unrecoverable(&t, 5);
}

static void shows_all_without_k(void **state)
{
    (void)state;
    static struct table t;
    static const int64_t inside[ROWS][COLUMNS] = {{1, 2, 3}, {4, 0, 1}};
    lay(&t, inside);
    assert_int_equal(smallcell_hide(&t.t, 0), ST_OK);
    for (uint32_t i = 0; i < CELLS; i++)
        assert_int_equal(t.cells[i].state, SMALLCELL_SHOWN);
}

static void zeros_and_money_stay(void **state)
{
    (void)state;
    struct smallcell cells[] = {{0, true, 0}, {12, true, 0}, {3, false, 0}, {-1, true, 0}};
    static const uint32_t parts[] = {0, 1, 3};
    static const struct smallcell_sum sums[] = {{1, 0, 1}, {1, 1, 2}}; /* the second one is void */
    struct smallcell_tables t = {cells, 4, sums, 2, parts};
    assert_int_equal(smallcell_hide(&t, 5), ST_OK);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(cells[i].state, SMALLCELL_SHOWN);
}

/* A sum of two that are small: 8 of at most 4 each would tell both. */
static void a_sum_at_its_bound_tells_nothing(void **state)
{
    (void)state;
    struct smallcell cells[] = {{8, true, 0}, {4, true, 0}, {4, true, 0}};
    static const uint32_t parts[] = {1, 2};
    static const struct smallcell_sum sums[] = {{0, 0, 2}};
    struct smallcell_tables t = {cells, 3, sums, 1, parts};
    assert_int_equal(smallcell_hide(&t, 5), ST_OK);
    assert_int_equal(cells[0].state, SMALLCELL_HIDDEN);
}

/* Equal cells of two tables are hidden together. */
static void what_is_said_twice_is_hidden_twice(void **state)
{
    (void)state;
    struct smallcell cells[] = {{20, true, 0}, {2, true, 0}, {18, true, 0}, {18, false, 0}};
    static const uint32_t parts[] = {1, 2, 2};
    static const struct smallcell_sum sums[] = {{0, 0, 2}, {3, 2, 1}};
    struct smallcell_tables t = {cells, 4, sums, 2, parts};
    assert_int_equal(smallcell_hide(&t, 5), ST_OK);
    assert_int_equal(cells[1].state, SMALLCELL_SMALL);
    assert_int_equal(cells[2].state, SMALLCELL_HIDDEN);
    assert_int_equal(cells[3].state, SMALLCELL_HIDDEN);
    assert_int_equal(cells[0].state, SMALLCELL_SHOWN);
}

static void huge_counts(void **state)
{
    (void)state;
    struct smallcell cells[] = {{INT64_MAX, true, 0}, {2, true, 0}, {INT64_MAX - 2, true, 0}};
    static const uint32_t parts[] = {1, 2};
    static const struct smallcell_sum sums[] = {{0, 0, 2}};
    struct smallcell_tables t = {cells, 3, sums, 1, parts};
    assert_int_equal(smallcell_hide(&t, 5), ST_OK);
    assert_int_equal(cells[1].state, SMALLCELL_SMALL);
    assert_int_equal(cells[2].state, SMALLCELL_HIDDEN);
}

static void survives_a_failed_allocation(void **state)
{
    (void)state;
    static struct table t;
    static const int64_t inside[ROWS][COLUMNS] = {{2, 9, 30}, {7, 8, 40}};
    uint64_t n = 1;
    for (;; n++) {
        lay(&t, inside);
        mem_fail_at(n);
        enum status st = smallcell_hide(&t.t, 5);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        if (!failed)
            break;
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_small_can_be_had_back),
        cmocka_unit_test(a_margin_alone_would_tell),
        cmocka_unit_test(shows_all_without_k),
        cmocka_unit_test(zeros_and_money_stay),
        cmocka_unit_test(a_sum_at_its_bound_tells_nothing),
        cmocka_unit_test(what_is_said_twice_is_hidden_twice),
        cmocka_unit_test(huge_counts),
        cmocka_unit_test(survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
