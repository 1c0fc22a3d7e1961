/*
 * cells: rows of a CSV text (RFC 4180): where each ends, and its cells without their quotes.
 *
 * A quotation mark that is never closed costs one line, not the rest of the file.
 */
#ifndef REPLICAS_CELLS_H
#define REPLICAS_CELLS_H

#include "proto/bytes.h"

enum { CELLS_MAX = 64, CELLS_ROW_BYTES_MAX = 64 * 1024 };

struct cells_row {
    struct bytes raw; /* without its line end */
    size_t used;      /* with it */
    uint64_t lines;   /* lines it takes: more than 1 with line breaks in quotes */
    bool unclosed;    /* a quotation mark is not closed within CELLS_ROW_BYTES_MAX */
};

/* cells_next_row(): the row at the front of 'rest'. false: nothing is left. Allocates: no. */
bool cells_next_row(struct bytes rest, struct cells_row *out);

struct cells; /* one row's cells; used again for the next row */
MUST_USE enum status cells_create(struct cells **out);
void cells_free(struct cells *c);

/*
 * cells_parse(): take a row apart. Errors: ST_MALFORMED  a quotation mark where none can be
 *         ST_TOO_LARGE  more than CELLS_MAX cells, or CELLS_ROW_BYTES_MAX bytes; ST_NO_MEMORY
 */
MUST_USE enum status cells_parse(struct cells *c, struct bytes raw);
uint32_t cells_count(const struct cells *c);
/* cells_at(): borrowed until the next cells_parse(). */
struct bytes cells_at(const struct cells *c, uint32_t index);

#endif
