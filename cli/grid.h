/*
 * grid: a table that is shown in a terminal and on a page: the first row names the columns, the
 * first column the rows.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stdio.h>

#include "proto/bytes.h"

enum { GRID_COLUMNS_MAX = 16 };

struct grid {
    const char *caption; /* lent; "": none */
    uint32_t columns;
    uint64_t right;   /* bit of each column of numbers */
    bool foot;        /* the last row sums the others up */
    struct buf cells; /* each with a NUL behind it */
    uint64_t count;
};

/* grid_begin(): release it. 'right' as above. */
void grid_begin(struct grid *g, const char *caption, uint32_t columns, uint64_t right);
void grid_release(struct grid *g);

/* grid_cell(): the next one; raw text, made safe when it is shown. grid_take(): the same out of a
 * buffer, which is emptied. */
void grid_cell(struct grid *g, const char *text);
void grid_take(struct grid *g, struct buf *text);

/* grid_print(): to a terminal, each line indented by two. grid_html(): as <table>. Nothing where no
 * row but the first is there. */
void grid_print(const struct grid *g, FILE *file);
void grid_html(const struct grid *g, struct buf *out);

#endif
