#include "replicas/smallcell.h"

#include "proto/check.h"
#include "proto/mem.h"

/*
 * The attack: every cell that is not shown is an unknown between bounds that its sign gives away,
 * every sum an equation. An unknown is told where its bounds close, or where the equations alone
 * determine it (elimination, modulo a prime).
 */
enum { ROUNDS_MAX = 256 };
static const uint64_t PRIME = 2147483647; /* 2^31 - 1: products fit 64 bits */
static const uint32_t NONE = UINT32_MAX;

struct attack {
    const struct smallcell_tables *t;
    uint32_t k;
    int64_t *low, *high;  /* of each cell */
    uint32_t *unknown_of; /* of each cell, or NONE */
    bool *told;           /* of each cell */
    uint64_t *matrix;     /* rows of unknown_count */
    uint32_t unknown_count, row_count;
};

static bool is_void(const struct smallcell_tables *t, const struct smallcell_sum *s)
{
    bool none = t->cells[s->total].count < 0;
    for (uint32_t i = 0; i < s->part_count; i++)
        none = none || t->cells[t->parts[s->first_part + i]].count < 0;
    return none;
}

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum; /* both are at least 0 */
}

static int64_t less(int64_t from, int64_t what)
{
    return from == INT64_MAX ? from : what >= from ? 0 : from - what;
}

/* What a cell's sign gives away. A hidden one that is small looks like those that are not. */
static int64_t least_of(const struct smallcell *c, uint32_t k)
{
    if (c->state == SMALLCELL_SHOWN)
        return c->count;
    if (c->state == SMALLCELL_SMALL)
        return 1;
    return c->sensitive && c->count >= k ? k : 0;
}

static void set_bounds(struct attack *a)
{
    a->unknown_count = 0;
    for (uint32_t i = 0; i < a->t->cell_count; i++) {
        const struct smallcell *c = &a->t->cells[i];
        bool shown = c->state == SMALLCELL_SHOWN;
        a->low[i] = least_of(c, a->k);
        a->high[i] = shown ? c->count : c->state == SMALLCELL_SMALL ? a->k - 1 : INT64_MAX;
        a->unknown_of[i] = shown ? NONE : a->unknown_count++;
    }
}

/* Tighten the bounds of one sum's cells by each other; whether any moved. */
static bool tighten(struct attack *a, const struct smallcell_sum *s)
{
    const uint32_t *parts = a->t->parts + s->first_part;
    int64_t low = 0, high = 0;
    uint32_t open = 0; /* parts without an upper bound */
    bool moved = false;
    for (uint32_t i = 0; i < s->part_count; i++) {
        low = add(low, a->low[parts[i]]);
        if (a->high[parts[i]] == INT64_MAX)
            open++;
        else
            high = add(high, a->high[parts[i]]);
    }
    int64_t all = open > 0 ? INT64_MAX : high;
    int64_t total_low = a->low[s->total] > low ? a->low[s->total] : low;
    int64_t total_high = a->high[s->total] < all ? a->high[s->total] : all;
    moved = total_low != a->low[s->total] || total_high != a->high[s->total];
    a->low[s->total] = total_low;
    a->high[s->total] = total_high;
    for (uint32_t i = 0; i < s->part_count; i++) {
        int64_t *part_low = &a->low[parts[i]], *part_high = &a->high[parts[i]];
        bool alone = open == 0 || (open == 1 && *part_high == INT64_MAX);
        int64_t others_high = *part_high == INT64_MAX ? high : less(high, *part_high);
        int64_t least = alone ? less(total_low, others_high) : 0;
        int64_t most = less(total_high, less(low, *part_low));
        if (least > *part_low) {
            low = add(low, least - *part_low);
            *part_low = least;
            moved = true;
        }
        if (most < *part_high) {
            if (*part_high == INT64_MAX) {
                open--;
                high = add(high, most);
            } else {
                high -= *part_high - most;
            }
            *part_high = most;
            moved = true;
        }
    }
    return moved;
}

static void close_bounds(struct attack *a)
{
    bool moved = true;
    for (uint32_t round = 0; moved && round < ROUNDS_MAX; round++) {
        moved = false;
        for (uint32_t i = 0; i < a->t->sum_count; i++)
            if (!is_void(a->t, &a->t->sums[i]) && tighten(a, &a->t->sums[i]))
                moved = true;
    }
}

/* ---- elimination ---- */

static uint64_t *row_of(const struct attack *a, uint32_t row)
{
    return a->matrix + (size_t)row * a->unknown_count;
}

static void count_in(struct attack *a, uint64_t *row, uint32_t cell, uint64_t factor)
{
    uint32_t at = a->unknown_of[cell];
    if (at != NONE)
        row[at] = (row[at] + factor) % PRIME;
}

static enum status fill_matrix(struct attack *a)
{
    mem_free(a->matrix);
    a->matrix = mem_array((size_t)a->t->sum_count * a->unknown_count + 1, sizeof *a->matrix);
    if (a->matrix == NULL)
        return ST_NO_MEMORY;
    a->row_count = 0;
    for (uint32_t i = 0; i < a->t->sum_count; i++) {
        const struct smallcell_sum *s = &a->t->sums[i];
        if (is_void(a->t, s))
            continue;
        uint64_t *row = row_of(a, a->row_count++);
        count_in(a, row, s->total, PRIME - 1);
        for (uint32_t p = 0; p < s->part_count; p++)
            count_in(a, row, a->t->parts[s->first_part + p], 1);
    }
    return ST_OK;
}

static uint64_t inverse(uint64_t n) /* n^(p-2) */
{
    uint64_t result = 1;
    for (uint64_t power = PRIME - 2; power > 0; power >>= 1) {
        if (power & 1)
            result = result * n % PRIME;
        n = n * n % PRIME;
    }
    return result;
}

static void take_off(const struct attack *a, uint32_t from, uint32_t what, uint64_t factor)
{
    uint64_t *row = row_of(a, from);
    const uint64_t *pivot = row_of(a, what);
    for (uint32_t i = 0; i < a->unknown_count; i++)
        if (pivot[i] != 0)
            row[i] = (row[i] + (PRIME - factor) * pivot[i]) % PRIME;
}

static void swap_rows(const struct attack *a, uint32_t one, uint32_t other)
{
    uint64_t *x = row_of(a, one), *y = row_of(a, other);
    for (uint32_t i = 0; one != other && i < a->unknown_count; i++) {
        uint64_t kept = x[i];
        x[i] = y[i];
        y[i] = kept;
    }
}

/* To reduced echelon form; returns the rank. */
static uint32_t eliminate(const struct attack *a)
{
    uint32_t rank = 0;
    for (uint32_t column = 0; column < a->unknown_count && rank < a->row_count; column++) {
        uint32_t pivot = rank;
        while (pivot < a->row_count && row_of(a, pivot)[column] == 0)
            pivot++;
        if (pivot == a->row_count)
            continue;
        swap_rows(a, rank, pivot);
        uint64_t *row = row_of(a, rank), factor = inverse(row[column]);
        for (uint32_t i = 0; i < a->unknown_count; i++)
            row[i] = row[i] * factor % PRIME;
        for (uint32_t i = 0; i < a->row_count; i++)
            if (i != rank && row_of(a, i)[column] != 0)
                take_off(a, i, rank, row_of(a, i)[column]);
        rank++;
    }
    return rank;
}

/* The only unknown of a reduced row, or NONE. */
static uint32_t single(const struct attack *a, uint32_t row)
{
    uint32_t found = NONE;
    for (uint32_t i = 0; i < a->unknown_count; i++) {
        if (row_of(a, row)[i] == 0)
            continue;
        if (found != NONE)
            return NONE;
        found = i;
    }
    return found;
}

static enum status attack(struct attack *a, bool *any_out)
{
    set_bounds(a);
    close_bounds(a);
    *any_out = false;
    enum status st = fill_matrix(a);
    if (st != ST_OK)
        return st;
    uint32_t rank = eliminate(a);
    for (uint32_t i = 0; i < a->t->cell_count; i++)
        a->told[i] = a->unknown_of[i] != NONE && a->low[i] >= a->high[i];
    for (uint32_t row = 0; row < rank; row++) {
        uint32_t unknown = single(a, row);
        for (uint32_t i = 0; unknown != NONE && i < a->t->cell_count; i++)
            a->told[i] = a->told[i] || a->unknown_of[i] == unknown;
    }
    for (uint32_t i = 0; i < a->t->cell_count; i++)
        *any_out = *any_out || a->told[i];
    return ST_OK;
}

/* ---- hiding ---- */

/* The next cell of a sum to hide: the smallest part that is not 0, then the total, then a 0. */
static uint32_t next_of(const struct smallcell_tables *t, const struct smallcell_sum *s)
{
    uint32_t best = NONE, zero = NONE;
    for (uint32_t i = 0; i < s->part_count; i++) {
        uint32_t at = t->parts[s->first_part + i];
        const struct smallcell *c = &t->cells[at];
        if (c->state != SMALLCELL_SHOWN)
            continue;
        if (c->count == 0)
            zero = at;
        else if (best == NONE || c->count < t->cells[best].count)
            best = at;
    }
    if (best == NONE && t->cells[s->total].state == SMALLCELL_SHOWN)
        best = s->total;
    return best != NONE ? best : zero;
}

/* Whether a told cell takes part in a sum; with 'alone' it has to be the only one not shown. */
static bool tells(const struct attack *a, const struct smallcell_sum *s, bool alone)
{
    const struct smallcell *cells = a->t->cells;
    bool found = a->told[s->total];
    uint32_t unknown = cells[s->total].state != SMALLCELL_SHOWN ? 1 : 0;
    for (uint32_t i = 0; i < s->part_count; i++) {
        uint32_t at = a->t->parts[s->first_part + i];
        found = found || a->told[at];
        unknown += cells[at].state != SMALLCELL_SHOWN ? 1 : 0;
    }
    return found && (!alone || unknown == 1);
}

/* One more cell in each such sum; whether there was one left. */
static bool hide_more(const struct attack *a, bool alone)
{
    bool any = false;
    for (uint32_t i = 0; i < a->t->sum_count; i++) {
        const struct smallcell_sum *s = &a->t->sums[i];
        uint32_t next = tells(a, s, alone) && !is_void(a->t, s) ? next_of(a->t, s) : NONE;
        if (next == NONE)
            continue;
        a->t->cells[next].state = SMALLCELL_HIDDEN;
        any = true;
    }
    return any;
}

/* Nothing is shown beside them, and still the signs tell them (a sum of two that is below 3): the
 * sign of the sums goes. Whether one did. */
static bool hide_signs(const struct attack *a)
{
    bool any = false;
    for (uint32_t i = 0; i < a->t->sum_count; i++) {
        const struct smallcell_sum *s = &a->t->sums[i];
        struct smallcell *total = &a->t->cells[s->total];
        if (is_void(a->t, s) || !tells(a, s, false) || total->state != SMALLCELL_SMALL)
            continue;
        total->state = SMALLCELL_HIDDEN;
        any = true;
    }
    return any;
}

static bool mark_small(const struct smallcell_tables *t, uint32_t k)
{
    bool any = false;
    for (uint32_t i = 0; i < t->cell_count; i++) {
        struct smallcell *c = &t->cells[i];
        bool small = c->sensitive && c->count > 0 && c->count < k;
        c->state = small ? SMALLCELL_SMALL : SMALLCELL_SHOWN;
        any = any || small;
    }
    return any;
}

enum status smallcell_hide(const struct smallcell_tables *t, uint32_t k)
{
    CHECK(t->cell_count <= SMALLCELL_CELLS_MAX);
    CHECK(k == 0 || (k >= SMALLCELL_K_MIN && k <= SMALLCELL_K_MAX));
    if (!mark_small(t, k))
        return ST_OK;
    struct attack a = {.t = t, .k = k};
    enum status st = ST_OK;
    bool told = true;
    a.low = mem_array(t->cell_count, sizeof *a.low);
    a.high = mem_array(t->cell_count, sizeof *a.high);
    a.unknown_of = mem_array(t->cell_count, sizeof *a.unknown_of);
    a.told = mem_array(t->cell_count, sizeof *a.told);
    if (a.low == NULL || a.high == NULL || a.unknown_of == NULL || a.told == NULL)
        st = ST_NO_MEMORY;
    while (st == ST_OK && told) {
        st = attack(&a, &told);
        if (st == ST_OK && told && !hide_more(&a, true) && !hide_more(&a, false) && !hide_signs(&a))
            break; /* only what was never a number of a table */
    }
    mem_free(a.low);
    mem_free(a.high);
    mem_free(a.unknown_of);
    mem_free(a.told);
    mem_free(a.matrix);
    return st;
}
