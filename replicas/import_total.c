#include "replicas/import_total.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/limits.h"
#include "replicas/book.h"
#include "replicas/cells.h"
#include "replicas/currency.h"
#include "replicas/json.h"
#include "replicas/words.h"

enum { WORDS_MIN = 4, WORDS_MAX = 5 }; /* "#", "total", currency, amount, column */

static const int64_t AMOUNT_MAX = (INT64_C(1) << SAFE_INTEGER_BITS) - 1;

/* ---- Lines ---- */

static enum status wrong_line(uint64_t line, struct bytes text, struct fault *f)
{
    enum status status =
        fault_set(f, ST_BAD_VALUE, "line %llu: '%.*s' says no total", (unsigned long long)line,
                  words_shown(text), text.count > 0 ? (const char *)text.data : "");
    fault_fix(f, "write it as: # total CLP 12750002, and the column behind it where there are "
                 "several of amounts");
    return status;
}

static uint32_t split(struct bytes text, struct bytes out[static WORDS_MAX + 1])
{
    uint32_t count = 0;
    for (size_t at = 0; at < text.count && count <= WORDS_MAX;) {
        size_t end = at;
        while (end < text.count && text.data[end] != ' ' && text.data[end] != '\t')
            end++;
        if (end > at)
            out[count++] = (struct bytes){text.data + at, end - at};
        at = end + 1;
    }
    return count;
}

static enum status read_amount(struct bytes text, struct bytes currency, int64_t *out,
                               struct fault *f)
{
    const struct schema_field field = {.name = "total", .kind = SCHEMA_AMOUNT};
    struct buf json = {0};
    enum status status = schema_value(&field, text, currency, &json, f);
    if (status == ST_OK)
        status = json_take_integer(buf_bytes(&json), out);
    buf_release(&json);
    return status;
}

static enum status read_words(const struct bytes *words, uint32_t count, uint64_t line,
                              struct import_total *out, struct fault *f)
{
    *out = (struct import_total){.line = line};
    if (currency_digits(words[2]) < 0) {
        const char *near = currency_nearest(words[2]);
        fault_set(f, ST_BAD_VALUE, "line %llu: '%.*s' is no ISO 4217 currency",
                  (unsigned long long)line, words_shown(words[2]), (const char *)words[2].data);
        if (near != NULL)
            fault_fix(f, "did you mean '%s'?", near);
        return ST_BAD_VALUE;
    }
    memcpy(out->currency, words[2].data, sizeof out->currency - 1);
    if (count == WORDS_MAX) {
        if (words[4].count >= sizeof out->column || !name_is_valid(words[4]))
            return fault_set(f, ST_BAD_VALUE, "line %llu: '%.*s' is no name of a column",
                             (unsigned long long)line, words_shown(words[4]),
                             (const char *)words[4].data);
        memcpy(out->column, words[4].data, words[4].count);
    }
    enum status status = read_amount(words[3], words[2], &out->amount, f);
    return status == ST_OK ? ST_OK
                           : fault_context(f, status, "line %llu", (unsigned long long)line);
}

static bool same_sum(const struct import_total *a, const char *column, const char *currency)
{
    return strcmp(a->column, column) == 0 && strcmp(a->currency, currency) == 0;
}

static enum status read_line(struct cells *cells, struct bytes raw, uint64_t line,
                             struct import_total_list *out, struct fault *f)
{
    struct bytes words[WORDS_MAX + 1];
    struct import_total total;
    enum status status = cells_parse(cells, raw);
    if (status == ST_NO_MEMORY)
        return fault_set(f, status, "no memory to read line %llu", (unsigned long long)line);
    uint32_t count = status == ST_OK ? split(cells_at(cells, 0), words) : 0;
    bool good = count >= WORDS_MIN && count <= WORDS_MAX && bytes_equal_text(words[0], "#") &&
                bytes_equal_text(words[1], "total");
    for (uint32_t i = 1; status == ST_OK && i < cells_count(cells); i++)
        good = good && cells_at(cells, i).count == 0;
    if (!good)
        return wrong_line(line, raw, f);
    status = read_words(words, count, line, &total, f);
    if (status != ST_OK)
        return status;
    for (uint32_t i = 0; i < out->count; i++)
        if (same_sum(&out->list[i], total.column, total.currency))
            return fault_set(f, ST_BAD_VALUE, "line %llu: the total of %s is there twice",
                             (unsigned long long)line, total.currency);
    if (out->count == IMPORT_TOTALS_MAX)
        return fault_set(f, ST_BAD_VALUE, "line %llu: more than %d totals",
                         (unsigned long long)line, IMPORT_TOTALS_MAX);
    out->list[out->count++] = total;
    return ST_OK;
}

static bool says_total(struct bytes raw)
{
    size_t quote = raw.count > 0 && raw.data[0] == '"' ? 1 : 0;
    return raw.count > quote && raw.data[quote] == '#';
}

enum status import_total_read(struct bytes content, struct import_total_list *out,
                              size_t *bytes_out, uint64_t *lines_out, struct fault *f)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t at = 0;
    uint64_t lines = 0;
    struct cells_row row;
    struct cells *cells = NULL;
    out->count = 0;
    *bytes_out = 0;
    *lines_out = 0;
    if (content.count >= sizeof mark - 1 && memcmp(content.data, mark, sizeof mark - 1) == 0)
        at = sizeof mark - 1;
    enum status status = cells_create(&cells);
    if (status != ST_OK)
        return fault_set(f, status, "no memory to import");
    while (status == ST_OK && at < content.count &&
           cells_next_row((struct bytes){content.data + at, content.count - at}, &row) &&
           says_total(row.raw)) {
        status = read_line(cells, row.raw, lines + 1, out, f);
        at += row.used;
        lines += row.lines;
    }
    cells_free(cells);
    if (status != ST_OK)
        return status;
    *bytes_out = lines > 0 ? at : 0;
    *lines_out = lines;
    return ST_OK;
}

/* ---- Sums ---- */

enum status import_total_add(struct import_total_list *sums, const char *column,
                             struct bytes currency, int64_t amount, struct fault *f)
{
    char code[sizeof sums->list[0].currency] = "";
    CHECK(currency.count < sizeof code && strlen(column) < SCHEMA_NAME_TEXT);
    CHECK(amount <= AMOUNT_MAX && amount >= -AMOUNT_MAX);
    memcpy(code, currency.data, currency.count);
    uint32_t i = 0;
    while (i < sums->count && !same_sum(&sums->list[i], column, code))
        i++;
    if (i == IMPORT_SUMS_MAX)
        return fault_set(f, ST_TOO_LARGE, "the rows are in too many currencies to be summed");
    if (i == sums->count) {
        sums->list[i] = (struct import_total){.amount = 0};
        memcpy(sums->list[i].currency, code, sizeof code);
        memcpy(sums->list[i].column, column, strlen(column));
        sums->count++;
    }
    sums->list[i].amount += amount; /* both are within 2^53: no overflow */
    if (sums->list[i].amount > AMOUNT_MAX || sums->list[i].amount < -AMOUNT_MAX)
        return fault_set(f, ST_TOO_LARGE, "the sum of %s in %s is beyond 2^53 - 1", column, code);
    return ST_OK;
}

struct summing {
    struct import_total_list *sums;
    uint64_t unread;
    struct fault *first, *fault;
};

static const struct import_field *field_of(const struct import_row *row, const char *name)
{
    for (uint32_t i = 0; i < row->field_count; i++)
        if (strcmp(row->fields[i].field->name, name) == 0)
            return &row->fields[i];
    return NULL;
}

static enum status sum_row(void *user, const struct import_row *row)
{
    struct summing *s = user;
    enum status status = ST_OK;
    struct buf code = {0};
    for (uint32_t i = 0; i < row->field_count && status == ST_OK; i++) {
        const struct import_field *cell = &row->fields[i];
        int64_t amount = 0;
        if (cell->field->kind != SCHEMA_AMOUNT ||
            json_take_integer(buf_bytes(&cell->json), &amount) != ST_OK)
            continue; /* an empty cell adds nothing */
        const struct import_field *in = field_of(row, cell->field->currency);
        CHECK(in != NULL); /* an amount was read by its currency */
        buf_reset(&code);
        status = json_take_text(buf_bytes(&in->json), &code);
        if (status == ST_OK)
            status =
                import_total_add(s->sums, cell->field->name, buf_bytes(&code), amount, s->fault);
    }
    buf_release(&code);
    return status;
}

static enum status skip_row(void *user, uint64_t line, struct bytes raw, const char *why)
{
    struct summing *s = user;
    (void)raw;
    if (s->unread++ == 0)
        (void)fault_set(s->first, ST_BAD_VALUE, "line %llu: %s", (unsigned long long)line, why);
    return ST_OK;
}

static void no_entropy(void *user, void *out, size_t count)
{
    (void)user;
    memset(out, 0, count); /* nothing of it is kept */
}

enum status import_total_sum(const struct import_options *o, struct bytes content,
                             struct import_total_list *sums, uint64_t *unread_out,
                             struct fault *first, struct fault *f)
{
    struct import_options all = *o;
    struct import_totals counts;
    struct summing s = {.sums = sums, .first = first, .fault = f};
    const struct import_sink sink = {
        .user = &s, .row = sum_row, .reject = skip_row, .entropy = no_entropy};
    all.where_column = all.where_value = (struct bytes){NULL, 0};
    enum status status = import_csv(&all, content, &sink, &counts, f);
    *unread_out = s.unread;
    return status;
}

/* ---- Both ---- */

static enum status differs(const struct import_total *said, int64_t sum, struct fault *f)
{
    struct buf a = {0}, b = {0};
    book_amount(said->amount, said->currency, &a);
    book_amount(sum, said->currency, &b);
    fault_set(f, ST_BAD_VALUE, "line %llu says a total of %s %s, but the rows sum to %s %s",
              (unsigned long long)said->line, said->currency, buf_text(&a), said->currency,
              buf_text(&b));
    fault_fix(f, "nothing was imported: find the rows that are missing or wrong, or correct the "
                 "total");
    buf_release(&a);
    buf_release(&b);
    return ST_BAD_VALUE;
}

/* The column that a total without one means. "": none. NULL: there are several. */
static const char *only_column(const struct import_total_list *sums)
{
    const char *column = "";
    for (uint32_t i = 0; i < sums->count; i++) {
        if (column[0] != '\0' && strcmp(column, sums->list[i].column) != 0)
            return NULL;
        column = sums->list[i].column;
    }
    return column;
}

static const char *column_of(const struct import_total *said, const char *only)
{
    return said->column[0] != '\0' ? said->column : only;
}

static bool is_summed(const struct import_total_list *sums, const char *column)
{
    for (uint32_t i = 0; i < sums->count; i++)
        if (strcmp(sums->list[i].column, column) == 0)
            return true;
    return false;
}

/* A column of which something is said has a total for each of its currencies. */
static enum status check_said(const struct import_total_list *said, const struct import_total *sum,
                              const char *only, struct fault *f)
{
    bool column = false, currency = false;
    for (uint32_t i = 0; i < said->count; i++) {
        bool same = strcmp(column_of(&said->list[i], only), sum->column) == 0;
        column = column || same;
        currency = currency || (same && strcmp(said->list[i].currency, sum->currency) == 0);
    }
    if (!column || currency)
        return ST_OK;
    struct buf amount = {0};
    book_amount(sum->amount, sum->currency, &amount);
    fault_set(f, ST_BAD_VALUE, "the rows also sum to %s %s, of which no total is said",
              sum->currency, buf_text(&amount));
    fault_fix(f, "nothing was imported: add a line: # total %s %s %s", sum->currency,
              buf_text(&amount), sum->column);
    buf_release(&amount);
    return ST_BAD_VALUE;
}

enum status import_total_compare(const struct import_total_list *said,
                                 const struct import_total_list *sums, struct fault *f)
{
    const char *only = only_column(sums);
    for (uint32_t i = 0; i < said->count; i++) {
        const struct import_total *total = &said->list[i];
        const char *column = column_of(total, only);
        int64_t sum = 0;
        if (column == NULL) {
            fault_set(f, ST_BAD_VALUE, "line %llu: of which column is %s the total?",
                      (unsigned long long)total->line, total->currency);
            fault_fix(f, "nothing was imported: name it behind the amount, as in # total USD 100 "
                         "from_amount");
            return ST_BAD_VALUE;
        }
        if (column[0] != '\0' && sums->count > 0 && !is_summed(sums, column))
            return fault_set(f, ST_BAD_VALUE, "line %llu: there is no column of amounts '%s'",
                             (unsigned long long)total->line, column);
        for (uint32_t k = 0; k < sums->count; k++)
            if (same_sum(&sums->list[k], column, total->currency))
                sum = sums->list[k].amount;
        if (sum != total->amount)
            return differs(total, sum, f);
    }
    enum status status = ST_OK;
    for (uint32_t i = 0; i < sums->count && said->count > 0 && status == ST_OK; i++)
        status = check_said(said, &sums->list[i], only, f);
    return status;
}
