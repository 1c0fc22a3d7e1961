#include "replicas/book.h"

#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/mem.h"
#include "replicas/booking.h"
#include "replicas/currency.h"
#include "replicas/schema.h"
#include "replicas/tree.h"

enum { DEAD_TEXTS_MAX = 64 * KIB }; /* that following may leave behind */

static const char *const words[BOOK_KINDS] = {
    [BOOK_GRANT] = "grant",         [BOOK_EXCHANGE] = "exchange",
    [BOOK_ALLOTMENT] = "allotment", [BOOK_PASS] = "pass",
    [BOOK_AWARD] = "award",         [BOOK_DISBURSEMENT] = "disbursement",
    [BOOK_PURCHASE] = "purchase",   [BOOK_TRANSFER] = "transfer",
    [BOOK_EXPENSE] = "expense",     [BOOK_REVERSAL] = "reversal",
    [BOOK_STATEMENT] = "statement",
};

void book_free(struct book *b)
{
    if (b == NULL)
        return;
    for (enum booking_list list = 0; list < BOOKING_LISTS; list++) {
        uint32_t count;
        mem_free(booking_rows(b, list, &count));
    }
    buf_release(&b->texts);
    if (b->inside != NULL) {
        mem_free(b->inside->words);
        mem_free(b->inside->by_id);
        mem_free(b->inside->of_enterprise);
        mem_free(b->inside->about);
        mem_free(b->inside->counted);
    }
    mem_free(b->inside);
    mem_free(b);
}

enum status book_read(struct replica *r, struct book **out, struct fault *f)
{
    struct book *b = NULL;
    *out = NULL;
    enum status status = booking_empty(&b);
    if (status == ST_OK) {
        struct booking w = {.replica = r, .book = b, .fault = f};
        status = booking_run(&w);
        CHECK(!w.anew);
    }
    if (status != ST_OK) {
        book_free(b);
        return status == ST_NO_MEMORY ? fault_set(f, status, "no memory to read the accounts")
                                      : status;
    }
    b->inside->texts_whole = b->texts.count;
    *out = b;
    return ST_OK;
}

/* Whether what the book was read from is a beginning of what is there now. */
static bool can_follow(struct replica *r, const struct book *b)
{
    struct oid empty;
    struct digest charter;
    tree_empty(&empty);
    booking_charter(r, &charter);
    return b->inside != NULL && memcmp(b->inside->charter.id, charter.id, DIGEST_BYTES) == 0 &&
           b->inside->nodes <= graph_count(replica_graph(r)) &&
           (oid_is_zero(&b->state) || oid_equal(&b->state, &empty) ||
            store_has(replica_store(r), &b->state)) &&
           b->texts.count / 2 <= b->inside->texts_whole + DEAD_TEXTS_MAX;
}

enum status book_follow(struct replica *r, struct book **book, struct fault *f)
{
    if (can_follow(r, *book)) {
        struct booking w = {.replica = r, .book = *book, .fault = f};
        enum status status = booking_run(&w);
        if (status == ST_OK && !w.anew)
            return ST_OK;
        if (status == ST_NO_MEMORY) {
            book_free(*book);
            *book = NULL;
            return fault_set(f, status, "no memory to read the accounts");
        }
    }
    book_free(*book);
    return book_read(r, book, f);
}

const char *book_text(const struct book *b, book_text_at at)
{
    CHECK(at == 0 || at < b->texts.count);
    return at > 0 ? (const char *)b->texts.data + at : "";
}

const char *book_word(enum book_kind kind)
{
    CHECK(kind < BOOK_KINDS);
    return words[kind];
}

uint32_t book_find(const struct book *b, const uint8_t id[20])
{
    return booking_find(b, id);
}

/* ---- Rows that name another ---- */

/* The first link to 'to' from a row behind 'after', among links in their order. */
static uint32_t first_link(const struct booking_link *links, uint32_t count, uint32_t to,
                           uint32_t after)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct booking_link *at = &links[middle];
        if (at->to < to || (at->to == to && after != BOOK_NONE && at->from <= after))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t next_of(const struct book *b, const struct booking_link *links, uint32_t count,
                        uint32_t to, enum book_kind kind, uint32_t after)
{
    for (uint32_t i = first_link(links, count, to, after); i < count && links[i].to == to; i++)
        if (b->entries[links[i].from].kind == kind)
            return links[i].from;
    return BOOK_NONE;
}

uint32_t book_of_enterprise(const struct book *b, uint32_t enterprise, enum book_kind kind,
                            uint32_t after)
{
    if (b->inside != NULL)
        return next_of(b, b->inside->of_enterprise, b->inside->of_enterprise_count, enterprise,
                       kind, after);
    for (uint32_t i = after == BOOK_NONE ? 0 : after + 1; i < b->entry_count; i++)
        if (b->entries[i].enterprise == enterprise && b->entries[i].kind == kind)
            return i;
    return BOOK_NONE;
}

uint32_t book_about(const struct book *b, uint32_t entry, enum book_kind kind, uint32_t after)
{
    if (b->inside != NULL)
        return next_of(b, b->inside->about, b->inside->about_count, entry, kind, after);
    for (uint32_t i = after == BOOK_NONE ? 0 : after + 1; i < b->entry_count; i++)
        if (b->entries[i].about == entry && b->entries[i].kind == kind)
            return i;
    return BOOK_NONE;
}

/* ---- Days and amounts ---- */

enum { DAYS_OF_ERA = 146097, YEARS_OF_ERA = 400, DAYS_TO_1970 = 719468 };

/* Days since 1970-01-01 of a day in the Gregorian calendar; years run from March, so that the odd
 * day of a leap year is the last. */
static int32_t day_of(int32_t year, int32_t month, int32_t day)
{
    int32_t y = month <= 2 ? year - 1 : year, m = month > 2 ? month - 3 : month + 9;
    int32_t era = y / YEARS_OF_ERA, of_era = y % YEARS_OF_ERA;
    int32_t of_year = (153 * m + 2) / 5 + day - 1;
    return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

void book_day_text(int32_t day, char out[static BOOK_DAY_TEXT])
{
    out[0] = '\0';
    if (day < -DAYS_TO_1970 + 306 || day > 2932896) /* years 1 .. 9999 */
        return;
    int32_t z = day + DAYS_TO_1970, era = z / DAYS_OF_ERA, of_era = z % DAYS_OF_ERA;
    int32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int32_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int32_t month = m < 10 ? m + 3 : m - 9;
    year += era * YEARS_OF_ERA + (month <= 2);
    unsigned y = (unsigned)year % 10000, d = (unsigned)(of_year - (153 * m + 2) / 5 + 1) % 100;
    snprintf(out, BOOK_DAY_TEXT, "%04u-%02u-%02u", y, (unsigned)month % 100, d);
}

int32_t book_day(struct bytes text)
{
    static const char form[] = "dddd-dd-dd";
    int32_t number[3] = {0};
    int part = 0;
    if (text.count != sizeof form - 1)
        return BOOK_NO_DAY;
    for (size_t i = 0; i < text.count; i++) {
        char c = (char)text.data[i];
        bool digit = c >= '0' && c <= '9';
        if (digit != (form[i] == 'd') || (!digit && c != '-'))
            return BOOK_NO_DAY;
        if (digit)
            number[part] = 10 * number[part] + (c - '0');
        else
            part++;
    }
    if (number[0] < 1 || number[1] < 1 || number[1] > 12 || number[2] < 1 || number[2] > 31)
        return BOOK_NO_DAY;
    int32_t day = day_of(number[0], number[1], number[2]);
    char back[BOOK_DAY_TEXT];
    book_day_text(day, back);
    return bytes_equal_text(text, back) ? day : BOOK_NO_DAY; /* 30 February */
}

void book_amount(int64_t amount, const char *currency, struct buf *out)
{
    currency_amount(amount, currency, out);
}
