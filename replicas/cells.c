#include "replicas/cells.h"

#include <csv.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"

enum { CELL_BLOCK_BYTES = 4096 }; /* libcsv grows its buffer by so many */

struct cells {
    struct csv_parser parser;
    struct buf text; /* of all cells, one behind the other */
    size_t ends[CELLS_MAX];
    uint32_t count;
    bool too_many;
};

static bool ends_line(uint8_t c)
{
    return c == '\n' || c == '\r';
}

/* Where the row ends that begins the text: a line break outside of quotes, or the end. */
static size_t row_bytes(struct bytes rest, bool *unclosed)
{
    bool quoted = false, at_start = true;
    size_t i = 0;
    for (; i < rest.count && (!quoted || i <= CELLS_ROW_BYTES_MAX); i++) {
        uint8_t c = rest.data[i];
        if (quoted && c == '"' && i + 1 < rest.count && rest.data[i + 1] == '"')
            i++;
        else if (c == '"' && (quoted || at_start))
            quoted = !quoted;
        else if (!quoted && ends_line(c))
            break;
        at_start = !quoted && c == ',';
    }
    *unclosed = quoted;
    if (quoted)
        for (i = 0; i < rest.count && !ends_line(rest.data[i]);)
            i++;
    return i;
}

bool cells_next_row(struct bytes rest, struct cells_row *out)
{
    if (rest.count == 0)
        return false;
    struct cells_row row = {.lines = 1};
    size_t count = row_bytes(rest, &row.unclosed);
    row.raw = (struct bytes){rest.data, count};
    row.used = count;
    if (count < rest.count)
        row.used +=
            rest.data[count] == '\r' && count + 1 < rest.count && rest.data[count + 1] == '\n' ? 2
                                                                                               : 1;
    for (size_t i = 0; i < count; i++)
        if (rest.data[i] == '\n' ||
            (rest.data[i] == '\r' && i + 1 < count && rest.data[i + 1] != '\n'))
            row.lines++;
    CHECK(row.used > 0 && row.used <= rest.count);
    *out = row;
    return true;
}

/* Nothing is cut from a cell: what stands between the commas is the value. */
static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void start(struct cells *c)
{
    int failed = csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI);
    CHECK(failed == 0);
    csv_set_realloc_func(&c->parser, mem_resize);
    csv_set_free_func(&c->parser, mem_free);
    csv_set_blk_size(&c->parser, CELL_BLOCK_BYTES);
    csv_set_space_func(&c->parser, no_space);
}

enum status cells_create(struct cells **out)
{
    struct cells *c = mem_alloc(sizeof *c);
    *out = c;
    if (c == NULL)
        return ST_NO_MEMORY;
    start(c);
    return ST_OK;
}

void cells_free(struct cells *c)
{
    if (c == NULL)
        return;
    csv_free(&c->parser);
    buf_release(&c->text);
    mem_free(c);
}

static void take_cell(void *data, size_t count, void *user)
{
    struct cells *c = user;
    if (c->count == CELLS_MAX) {
        c->too_many = true;
        return;
    }
    buf_add(&c->text, data, count);
    c->ends[c->count++] = c->text.count;
}

static void take_row(int terminator, void *user)
{
    (void)terminator;
    (void)user;
}

enum status cells_parse(struct cells *c, struct bytes raw)
{
    buf_reset(&c->text);
    c->count = 0;
    c->too_many = false;
    if (raw.count > CELLS_ROW_BYTES_MAX)
        return ST_TOO_LARGE;
    size_t read = csv_parse(&c->parser, raw.data, raw.count, take_cell, take_row, c);
    bool whole = read == raw.count && csv_fini(&c->parser, take_cell, take_row, c) == 0;
    if (!whole) {
        bool memory = csv_error(&c->parser) == CSV_ENOMEM;
        csv_free(&c->parser);
        start(c); /* the parser keeps its place after an error */
        return memory ? ST_NO_MEMORY : ST_MALFORMED;
    }
    if (c->too_many)
        return ST_TOO_LARGE;
    return buf_status(&c->text);
}

uint32_t cells_count(const struct cells *c)
{
    return c->count;
}

struct bytes cells_at(const struct cells *c, uint32_t index)
{
    CHECK(index < c->count);
    size_t from = index == 0 ? 0 : c->ends[index - 1];
    if (c->ends[index] == from)
        return (struct bytes){NULL, 0};
    return (struct bytes){c->text.data + from, c->ends[index] - from};
}
