#include "replicas/import.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "replicas/cells.h"
#include "replicas/import_header.h"
#include "replicas/import_row.h"
#include "replicas/sheet.h"

enum { REF_RANDOM_BYTES = 12, WHY_BYTES = FAULT_TEXT_BYTES + FAULT_FIX_BYTES + 4 };

static_assert((int)IMPORT_ROW_BYTES_MAX == (int)CELLS_ROW_BYTES_MAX, "one bound of a row");

struct importer {
    const struct import_options *options;
    const struct import_sink *sink;
    struct import_header header;
    struct import_totals totals;
    struct import_row_maker maker;
    struct cells *cells;
    struct buf key;
    struct buf cell, currency; /* what is not as its cell has it */
    struct fault *fault;
};

static struct bytes without_bom(struct bytes text)
{
    if (text.count >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        return (struct bytes){text.data + 3, text.count - 3};
    return text;
}

static bool is_blank(struct bytes raw)
{
    for (size_t i = 0; i < raw.count; i++)
        if (raw.data[i] != ' ' && raw.data[i] != '\t')
            return false;
    return true;
}

static enum status reject(struct importer *im, const struct import_row *row, const char *why)
{
    im->totals.rejected++;
    return im->sink->reject(im->sink->user, row->line, row->raw, why);
}

/* A fault of the row's own is a reject; anything else ends the import. */
static enum status reject_fault(struct importer *im, const struct import_row *row,
                                enum status status, const struct fault *f)
{
    char why[WHY_BYTES];
    if (status != ST_BAD_VALUE && status != ST_NOT_SCHEMA)
        return fault_set(im->fault, status, "line %llu: %s", (unsigned long long)row->line,
                         f->code == status ? f->text : status_text(status));
    snprintf(why, sizeof why, "%s%s%s", f->text, f->fix[0] != '\0' ? "; " : "", f->fix);
    return reject(im, row, why);
}

/* What the cell of a column says: as it stands, or as an export would have written it. Borrowed
 * from the row or from 'room'. */
static struct bytes cell_of(const struct importer *im, uint32_t column, struct buf *room)
{
    return sheet_plain(cells_at(im->cells, column), room);
}

/* The cells of the key, joined. Empty where the type has none. */
static enum status make_key(struct importer *im, struct fault *f)
{
    buf_reset(&im->key);
    for (uint32_t i = 0; i < im->header.key_count; i++) {
        struct bytes cell = cell_of(im, im->header.key[i], &im->cell);
        if (cell.count == 0)
            return fault_set(f, ST_BAD_VALUE, "the key (column %u) is empty",
                             im->header.key[i] + 1);
        if (im->header.key_count > 1 && memchr(cell.data, '/', cell.count) != NULL)
            return fault_set(f, ST_BAD_VALUE, "a key of several columns cannot hold \"/\"");
        if (i > 0)
            buf_add_byte(&im->key, '/');
        buf_add_bytes(&im->key, cell);
    }
    if (im->key.count > IMPORT_ROW_KEY_BYTES_MAX)
        return fault_set(f, ST_BAD_VALUE, "the key is longer than %d bytes",
                         IMPORT_ROW_KEY_BYTES_MAX);
    return buf_status(&im->key);
}

/* An entry's ref: its key, or random, so that two equal payments are two. */
static struct bytes make_ref(struct importer *im, char out[static 2 * REF_RANDOM_BYTES + 1])
{
    uint8_t random[REF_RANDOM_BYTES];
    if (im->key.count > 0)
        return buf_bytes(&im->key);
    CHECK(im->sink->entropy != NULL);
    im->sink->entropy(im->sink->user, random, sizeof random);
    hex_encode(random, sizeof random, out);
    return bytes_of_text(out);
}

static enum status make_fields(struct importer *im, struct fault *f)
{
    import_row_reset(&im->maker);
    for (uint32_t i = 0; i < im->header.field_count; i++) {
        const struct import_header_field *one = &im->header.fields[i];
        struct bytes currency = {NULL, 0};
        enum status status;
        if (one->currency != IMPORT_HEADER_NONE)
            currency = cell_of(im, one->currency, &im->currency);
        if (one->column == IMPORT_HEADER_NONE)
            status = import_row_fill(&im->maker, one->field, im->options->writer, f);
        else
            status = import_row_add(&im->maker, one->field, cell_of(im, one->column, &im->cell),
                                    currency, f);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static enum status make_row(struct importer *im, struct import_row *row)
{
    struct fault f = {0};
    char ref[2 * REF_RANDOM_BYTES + 1];
    enum status status = make_key(im, &f);
    if (status == ST_OK)
        status = make_fields(im, &f);
    if (status == ST_OK && im->maker.type->entry)
        status = import_row_finish(&im->maker, buf_bytes(&im->key), make_ref(im, ref), row, &f);
    else if (status == ST_OK)
        status =
            import_row_finish(&im->maker, buf_bytes(&im->key), (struct bytes){NULL, 0}, row, &f);
    return status == ST_OK ? im->sink->row(im->sink->user, row) : reject_fault(im, row, status, &f);
}

static bool is_wanted(struct importer *im)
{
    return im->header.where == IMPORT_HEADER_NONE ||
           bytes_equal(cell_of(im, im->header.where, &im->cell), im->options->where_value);
}

static enum status take_row(struct importer *im, const struct cells_row *text, uint64_t line)
{
    struct import_row row = {.line = line, .raw = text->raw};
    char why[WHY_BYTES];
    im->totals.rows++;
    if (text->unclosed)
        return reject(im, &row, "a quotation mark that opens here is never closed");
    if (!bytes_are_utf8(text->raw))
        return reject(im, &row, "the row is no valid UTF-8");
    enum status status = cells_parse(im->cells, text->raw);
    if (status == ST_MALFORMED)
        return reject(im, &row, "a quotation mark stands inside a cell: quote the cell, double it");
    if (status == ST_TOO_LARGE)
        return reject(im, &row, "the row has more than 64 cells or 64 KiB");
    if (status != ST_OK)
        return fault_set(im->fault, status, "no memory to read line %llu",
                         (unsigned long long)line);
    if (cells_count(im->cells) != im->header.column_count) {
        snprintf(why, sizeof why, "row has %u cells, the header has %u", cells_count(im->cells),
                 im->header.column_count);
        return reject(im, &row, why);
    }
    if (!is_wanted(im)) {
        im->totals.skipped++;
        return ST_OK;
    }
    return make_row(im, &row);
}

static enum status take_header(struct importer *im, struct bytes raw)
{
    const struct import_options *o = im->options;
    bool first = o->header.data == NULL;
    if (!bytes_are_utf8(raw)) {
        enum status status = fault_set(im->fault, ST_BAD_VALUE, "the header is no valid UTF-8");
        fault_fix(im->fault, "save the file as \"CSV UTF-8\"");
        return status;
    }
    enum status status = is_blank(raw) ? ST_MALFORMED : cells_parse(im->cells, raw);
    if (status == ST_NO_MEMORY)
        return fault_set(im->fault, status, "no memory to read the header");
    if (status != ST_OK)
        return fault_set(im->fault, ST_BAD_VALUE, "header: the first line is no row of names");
    return import_header_read(o, im->cells, first ? im->sink->left_out : NULL, im->sink->user,
                              &im->header, im->fault);
}

static enum status take_rows(struct importer *im, struct bytes content)
{
    struct bytes rest = content;
    struct cells_row text;
    uint64_t line = im->options->first_line > 0 ? im->options->first_line : 1;
    bool header_read = im->options->header.data != NULL;
    enum status status = ST_OK;
    if (header_read) {
        if (!cells_next_row(without_bom(im->options->header), &text))
            text = (struct cells_row){0};
        status = take_header(im, text.raw);
    } else {
        rest = without_bom(rest);
        if (rest.count == 0)
            return fault_set(im->fault, ST_BAD_VALUE, "the file is empty");
    }
    while (status == ST_OK && cells_next_row(rest, &text)) {
        if (!header_read)
            status = take_header(im, text.raw);
        else if (!is_blank(text.raw))
            status = take_row(im, &text, line);
        header_read = true;
        line += text.lines;
        rest = (struct bytes){rest.data + text.used, rest.count - text.used};
    }
    return status;
}

enum status import_csv(const struct import_options *o, struct bytes content,
                       const struct import_sink *sink, struct import_totals *out, struct fault *f)
{
    struct importer im = {.options = o, .sink = sink, .fault = f};
    CHECK(o->writer.count > 0);
    CHECK(o->type != NULL && o->network != NULL && sink->row != NULL && sink->reject != NULL);
    *out = (struct import_totals){0};
    enum status status = import_row_init(&im.maker, o->type, o->network, IMPORT_COLUMNS_MAX);
    if (status == ST_OK)
        status = cells_create(&im.cells);
    if (status != ST_OK)
        (void)fault_set(f, status, "no memory to import");
    else
        status = take_rows(&im, content);
    *out = im.totals;
    cells_free(im.cells);
    import_row_release(&im.maker);
    buf_release(&im.key);
    buf_release(&im.cell);
    buf_release(&im.currency);
    return status;
}

size_t import_chunk(struct bytes content, size_t bytes_max)
{
    size_t used = 0;
    struct cells_row row;
    while (cells_next_row((struct bytes){content.data + used, content.count - used}, &row)) {
        if (used > 0 && used + row.used > bytes_max)
            break;
        used += row.used;
    }
    return used;
}
