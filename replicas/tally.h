/*
 * tally: the table under the indicators: values by which they divide, rows that are counted up, and
 * which counts are sums or copies of others, so that small cells can be hidden in all of them.
 *
 * An empty book makes the totals and the schema's choices, all 0. Failure is sticky: tally_end()
 * tells.
 */
#ifndef REPLICAS_TALLY_H
#define REPLICAS_TALLY_H

#include "replicas/indicator.h"

enum tally_axis {
    TALLY_OFFICE,
    TALLY_LINE,
    TALLY_STAGE,
    TALLY_BUDGET,
    TALLY_SECTOR,
    TALLY_KIND,
    TALLY_CURRENCY,
    TALLY_AXES,
};

enum { TALLY_VALUES_MAX = 256 }; /* as many as a field has choices */

enum tally_part { TALLY_NUMERATOR, TALLY_DENOMINATOR, TALLY_MISSING, TALLY_PARTS };

struct tally_values {
    const char *names[TALLY_VALUES_MAX + 2]; /* at last: INDICATOR_OTHERS, and "" */
    uint32_t count;
    bool others, unsaid; /* whether these two occur */
};

struct tally {
    const struct book *book;
    const struct schema *schema;
    struct tally_values axes[TALLY_AXES];
    struct indicator *rows;
    uint32_t row_count;
    uint32_t first[INDICATORS][INDICATOR_BYS]; /* row; UINT32_MAX: not divided so */
    struct smallcell *cells; /* TALLY_PARTS of each row, then those that no table prints */
    uint32_t cell_count, cell_capacity;
    struct smallcell_sum *sums;
    uint32_t sum_count, sum_capacity;
    uint32_t *parts;
    uint32_t part_count, part_capacity;
    bool failed;
};

/* tally_begin(): values and rows for a book. Release also after a failure.
 * Errors: ST_NO_MEMORY */
MUST_USE enum status tally_begin(struct tally *t, const struct book *b, const struct schema *s);
void tally_release(struct tally *t);

/* tally_at(): where a value of the book or the schema stands on its axis. */
uint32_t tally_at(const struct tally *t, enum tally_axis axis, const char *name);

/* tally_axis_of(): by which it divides; TALLY_AXES: by none. */
enum tally_axis tally_axis_of(enum indicator_by by);

/* tally_row(): 'i' on the first axis, 'j' on the second one (office), 0 where there is none. Of
 * money 'i' is the currency, 'j' on the axis of 'by'. */
struct indicator *tally_row(const struct tally *t, enum indicator_what what, enum indicator_by by,
                            uint32_t i, uint32_t j);
bool tally_divides(const struct tally *t, enum indicator_what what, enum indicator_by by);

/* tally_add(): to a number; it stays at INT64_MAX. */
void tally_add(int64_t *number, int64_t more);

/* tally_cell(): of a row. tally_new_cell(): one that no table prints. */
uint32_t tally_cell(const struct tally *t, const struct indicator *row, enum tally_part part);
uint32_t tally_new_cell(struct tally *t, int64_t count);
/* tally_begin_sum(), tally_part(): the parts of a sum, one after another. */
void tally_begin_sum(struct tally *t, uint32_t total);
void tally_part(struct tally *t, uint32_t cell);
/* tally_same(): two cells that say the same. */
void tally_same(struct tally *t, uint32_t one, uint32_t other);

/* tally_end(): hide what is small, move the rows out. Errors: ST_NO_MEMORY, here or before */
MUST_USE enum status tally_end(struct tally *t, uint32_t k, struct indicators **out);

#endif
