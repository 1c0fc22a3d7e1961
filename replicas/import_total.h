/*
 * import_total: what a CSV file says that its rows sum to, in lines before its header's row. Pure:
 * reads no file, writes nothing.
 *
 *     # total CLP 12750002
 *     # total USD 200000.00 from_amount
 *     enterprise,office,currency,amount
 *
 * A line is "# total", a currency, an amount as amounts are typed, and the column that it is the
 * sum of; without one, the only column of amounts. It counts every row of the file, also those that
 * --where leaves out. A spreadsheet may have added empty cells behind it. docs/CLI.md.
 */
#ifndef REPLICAS_IMPORT_TOTAL_H
#define REPLICAS_IMPORT_TOTAL_H

#include "replicas/import.h"

enum {
    IMPORT_TOTALS_MAX = 16, /* lines of totals: a file has few currencies */
    IMPORT_SUMS_MAX = 64,   /* columns of amounts by currencies that are summed */
};

struct import_total {
    char currency[4];
    char column[SCHEMA_NAME_TEXT]; /* "": the only one of amounts */
    int64_t amount;                /* minor units, or the rows' sum so far */
    uint64_t line;                 /* where it says so; of a sum: 0 */
};

struct import_total_list {
    struct import_total list[IMPORT_SUMS_MAX];
    uint32_t count;
};

/*
 * import_total_read(): the lines of totals at the front of a file.
 *
 * content    the file, whole; a byte order mark before it is no matter.
 * out        at most IMPORT_TOTALS_MAX, in their order.
 * bytes_out  behind the last of them (with the mark): there the header's row begins; 0: none.
 * lines_out  how many lines that is.
 * Errors: ST_BAD_VALUE  a line that begins with # and is no such line, an unknown currency, an
 *                       amount with marks for thousands or too many decimals, the same twice, too
 *                       many (the fault names the line); ST_NO_MEMORY
 */
MUST_USE enum status import_total_read(struct bytes content, struct import_total_list *out,
                                       size_t *bytes_out, uint64_t *lines_out, struct fault *f);

/* import_total_add(): 'amount' to the sum of a column and currency.
 * Errors: ST_TOO_LARGE  a sum beyond 2^53 - 1, or more than IMPORT_SUMS_MAX of them */
MUST_USE enum status import_total_add(struct import_total_list *sums, const char *column,
                                      struct bytes currency, int64_t amount, struct fault *f);

/*
 * import_total_sum(): add up the amounts of every row of 'content', by column and currency, as
 * import_csv() reads them ('where' is not looked at). A row that cannot be read has no amount:
 * unread_out counts them, 'first' (may be NULL) gets the first one's line and reason.
 * Errors: as import_csv() and import_total_add()
 */
MUST_USE enum status import_total_sum(const struct import_options *o, struct bytes content,
                                      struct import_total_list *sums, uint64_t *unread_out,
                                      struct fault *first, struct fault *f);

/*
 * import_total_compare(): whether what was said is what the rows sum to.
 * Errors: ST_BAD_VALUE  it is not (the fault names both sums), a column is not there or has to be
 *                       named, a currency of the rows has no total
 */
MUST_USE enum status import_total_compare(const struct import_total_list *said,
                                          const struct import_total_list *sums, struct fault *f);

#endif
