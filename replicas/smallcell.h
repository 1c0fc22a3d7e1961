/*
 * smallcell: which counts of a set of tables are not shown, so that nobody in a small group is
 * recognised, and nobody gets such a count back from those that are shown.
 *
 * A sensitive cell of 1 .. k-1 is SMALL: shown as "<k" (HIDDEN where even that would tell it).
 * Where sums would tell it, further cells are HIDDEN: in each sum that it takes part in the next
 * smallest, until somebody who knows every shown cell, every sum and these rules finds at least two
 * possible values for each that is not shown. Cells may be of no table that is printed: what
 * anybody can subtract counts as shown.
 */
#ifndef REPLICAS_SMALLCELL_H
#define REPLICAS_SMALLCELL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/status.h"

enum {
    SMALLCELL_K_MIN = 3, /* below, "<k" tells the count itself */
    SMALLCELL_K_MAX = 1000,
    SMALLCELL_CELLS_MAX = 1 << 16,
};

enum smallcell_state { SMALLCELL_SHOWN, SMALLCELL_SMALL, SMALLCELL_HIDDEN };

struct smallcell {
    int64_t count; /* 0 .. ; negative: there is no number here, nothing to show */
    bool sensitive;
    enum smallcell_state state; /* set by smallcell_hide() */
};

struct smallcell_sum { /* cells[total] is the sum of its parts */
    uint32_t total;
    uint32_t first_part, part_count; /* in 'parts' */
};

struct smallcell_tables { /* borrowed */
    struct smallcell *cells;
    uint32_t cell_count;
    const struct smallcell_sum *sums; /* hold exactly; a sum over a cell without number is void */
    uint32_t sum_count;
    const uint32_t *parts; /* indices of cells */
};

/* smallcell_hide(): sets every state. k 0: all is shown. Errors: ST_NO_MEMORY */
MUST_USE enum status smallcell_hide(const struct smallcell_tables *t, uint32_t k);

#endif
