/* csv: every row is taken, rejected or skipped; in chunks exactly as at once; lines of totals
 * before the header are read or refused, and rows that were taken are summed or beyond all bounds.
 */
#include <string.h>

#include "proto/check.h"
#include "replicas/import.h"
#include "replicas/import_total.h"
#include "tests/fuzz/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHUNK_BYTES = 64 };

static const char schema_json[] =
    "{\"types\":{"
    "\"pay\":{\"fields\":{"
    "\"amount\":{\"class\":\"open\",\"currency\":\"currency\",\"kind\":\"amount\",\"required\":"
    "true},"
    "\"currency\":{\"class\":\"open\",\"kind\":\"currency\",\"required\":true},"
    "\"office\":{\"class\":\"open\",\"kind\":\"label\"}},"
    "\"key\":\"pay\",\"shape\":\"entry\",\"writers\":[\"office\"]},"
    "\"visit\":{\"fields\":{"
    "\"date\":{\"class\":\"open\",\"kind\":\"date\"},"
    "\"name\":{\"class\":\"personal\",\"kind\":\"text\"},"
    "\"needs\":{\"class\":\"open\",\"kind\":\"set\"},"
    "\"of\":{\"class\":\"open\",\"kind\":\"reference\",\"to\":\"visit\"},"
    "\"score\":{\"class\":\"open\",\"kind\":\"integer\"},"
    "\"visit\":{\"class\":\"open\",\"kind\":\"text\"}},"
    "\"key\":\"visit\",\"shape\":\"record\",\"writers\":[\"office\"]}}}";

struct heard {
    const struct schema_type *type;
    uint64_t rows, rejects, sum; /* of lines */
};

static enum status take(void *user, const struct import_row *row)
{
    struct heard *h = user;
    h->rows++;
    h->sum += row->line;
    CHECK((row->content.data != NULL) == h->type->entry);
    if (h->type->entry) {
        enum status status = schema_check_entry(h->type, row->content, NULL);
        CHECK(status == ST_OK);
    }
    for (uint32_t i = 0; i < row->field_count; i++)
        CHECK(row->fields[i].field->class == SCHEMA_OPEN);
    return ST_OK;
}

static enum status reject(void *user, uint64_t line, struct bytes raw, const char *why)
{
    struct heard *h = user;
    h->rejects++;
    h->sum += line;
    CHECK(why[0] != '\0' && raw.count > 0);
    return ST_OK;
}

static enum status run(const struct schema *schema, struct bytes csv, struct bytes header,
                       uint64_t line, struct heard *heard, struct import_totals *totals)
{
    static const struct digest network;
    struct import_sink sink = {heard, take, reject, NULL, NULL};
    struct import_options o = {.schema = schema,
                               .type = heard->type,
                               .network = &network,
                               .writer = BYTES("santiago"),
                               .first_line = line,
                               .header = header};
    struct fault f;
    enum status status = import_csv(&o, csv, &sink, totals, &f);
    CHECK(status == ST_OK || status == ST_BAD_VALUE);
    return status;
}

static uint64_t lines_of(struct bytes text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.count; i++)
        if (text.data[i] == '\n' ||
            (text.data[i] == '\r' && (i + 1 == text.count || text.data[i + 1] != '\n')))
            lines++;
    return lines;
}

static void run_in_chunks(const struct schema *schema, struct bytes csv, struct heard *heard)
{
    struct import_totals totals;
    size_t head = import_chunk(csv, 1);
    struct bytes header = {csv.data, head}, rest = {csv.data + head, csv.count - head};
    uint64_t line = 1 + lines_of(header);
    for (size_t count; (count = import_chunk(rest, CHUNK_BYTES)) > 0;) {
        struct bytes part = {rest.data, count};
        enum status status = run(schema, part, header, line, heard, &totals);
        CHECK(status == ST_OK);
        line += lines_of(part);
        rest = (struct bytes){rest.data + count, rest.count - count};
    }
}

/* The rows behind the totals, if there are any. */
static struct bytes read_totals(struct bytes csv)
{
    struct import_total_list said;
    size_t bytes = 0;
    uint64_t lines = 0;
    enum status status = import_total_read(csv, &said, &bytes, &lines, NULL);
    CHECK(status == ST_OK || status == ST_BAD_VALUE);
    CHECK(status == ST_OK || bytes == 0);
    CHECK(bytes <= csv.count && lines <= bytes && (status != ST_OK || said.count == lines));
    return (struct bytes){csv.data + bytes, csv.count - bytes};
}

static void run_sums(const struct schema *schema, struct bytes csv, const struct heard *heard,
                     const struct import_totals *totals)
{
    static const struct digest network;
    struct import_total_list sums = {.count = 0};
    struct import_options o = {
        .schema = schema, .type = heard->type, .network = &network, .writer = BYTES("santiago")};
    struct fault f = {0};
    uint64_t unread = 0;
    enum status status = import_total_sum(&o, csv, &sums, &unread, NULL, &f);
    CHECK(status == ST_TOO_LARGE || (status == ST_OK && unread == totals->rejected));
    CHECK(sums.count <= IMPORT_SUMS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema *schema = NULL;
    struct import_totals totals;
    struct bytes none = {NULL, 0};
    if (size == 0)
        return 0;
    enum status status = schema_parse(BYTES(schema_json), &schema, NULL);
    CHECK(status == ST_OK);
    const struct schema_type *type = &schema->types[data[0] & 1u];
    struct heard whole = {.type = type}, parts = {.type = type};
    struct bytes csv = read_totals((struct bytes){data + 1, size - 1});
    if (run(schema, csv, none, 1, &whole, &totals) == ST_OK) {
        CHECK(totals.rows == whole.rows + whole.rejects + totals.skipped);
        CHECK(totals.rejected == whole.rejects);
        run_sums(schema, csv, &whole, &totals);
        run_in_chunks(schema, csv, &parts);
        CHECK(parts.rows == whole.rows && parts.rejects == whole.rejects && parts.sum == whole.sum);
    }
    schema_free(schema);
    return 0;
}

/* Cells, between separators of any dialect. */
static bool is_mark(uint8_t byte)
{
    return memchr(",;\t\n\r", byte, 5) != NULL;
}

static struct bytes choose_cell(struct bytes in, struct chance *c)
{
    size_t from = 1 + chance_below(c, (uint32_t)in.count), to;
    while (from > 1 && !is_mark(in.data[from - 1]))
        from--;
    for (to = from; to < in.count && !is_mark(in.data[to]); to++)
        continue;
    return (struct bytes){in.data + from, to - from};
}

static bool mutate_cells(struct bytes in, struct chance *c, struct buf *out)
{
    static const char *const cells[] = {
        "\"a\nb\"",           "\"\"\"\"", "\xef\xbb\xbf", "=1+1",       "-1",
        "1.234,56",           "\"",       "31/12/2026",   "2026-02-30", "USD",
        "999999999999999999", "\xff",     "\r",           "a;b",        "'=1",
    };
    if (in.count < 2)
        return false;
    struct bytes cell = choose_cell(in, c), other = choose_cell(in, c);
    const uint8_t *behind = cell.data + cell.count;
    bool changed = true;
    buf_add(out, in.data, (size_t)(cell.data - in.data));
    switch (chance_below(c, 5)) {
    case 0:
        buf_add_text(out, cells[chance_below(c, sizeof cells / sizeof *cells)]);
        break;
    case 1:
        buf_add_bytes(out, other);
        break;
    case 2:
        buf_add_byte(out, (uint8_t) ",;\t\n\r\""[chance_below(c, 6)]);
        buf_add_bytes(out, cell);
        break;
    case 3:
        buf_reset(out);
        buf_add_byte(out, in.data[0]);
        return mutate_lines((struct bytes){in.data + 1, in.count - 1}, c, out);
    default:
        changed = mutate_plain(cell, c, out);
        break;
    }
    buf_add(out, behind, (size_t)(in.data + in.count - behind));
    return changed;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
    return mutate_input(mutate_cells, data, size, room, seed);
}
