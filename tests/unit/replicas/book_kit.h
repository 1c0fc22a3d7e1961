/*
 * book_kit: the reference programme in three offices, each with its own rows, and what its files
 * say, counted from them.
 */
#ifndef TESTS_BOOK_KIT_H
#define TESTS_BOOK_KIT_H

#include "tests/unit/replicas/offices.h"

#include "replicas/book.h"

enum { BOOK_OFFICES = 3 };

static const char *const book_labels[BOOK_OFFICES] = {"santiago", "iquique", "alto-hospicio"};

static inline void book_import(struct office *o, const char *type, const char *file,
                               const char *where)
{
    char path[256];
    snprintf(path, sizeof path, "%s/data/programme/%s", SHARED_DIR, file);
    struct buf text = programme_file(path);
    struct control_request q = {.verb = BYTES("import"), .word_count = 1};
    q.words[0] = bytes_of_text(type);
    q.options[q.option_count++] = (struct control_option){BYTES("content"), buf_bytes(&text)};
    if (where != NULL)
        q.options[q.option_count++] = (struct control_option){BYTES("where"), bytes_of_text(where)};
    struct verb_call call = {.replica = o->replica,
                             .request = &q,
                             .user = o,
                             .row = office_row,
                             .author = BYTES("ana <ana@example.org>")};
    json_array_clear(o->rows);
    if (verb_run(&call, &o->fault) != ST_OK)
        fail_msg("%s: %s (%s)", file, o->fault.text, o->fault.fix);
    assert_int_equal(replica_sync(o->replica, NULL), ST_OK);
    buf_release(&text);
}

/* Everyone has what everyone has. */
static inline void book_exchange(struct office *o, size_t count)
{
    for (unsigned round = 0; round < 2; round++)
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count; j++)
                if (i != j)
                    office_send(&o[i], &o[j]);
}

/* The treasurer's part, in the first office; all offices are there. */
static inline void book_found_programme(struct office *o)
{
    office_found(&o[0], book_labels[0]);
    for (size_t i = 1; i < BOOK_OFFICES; i++)
        office_join(&o[i], &o[0], book_labels[i], CHARTER_OFFICE);
    book_import(&o[0], "programme", "programme.json", NULL);
    book_import(&o[0], "allotment", "allotments.csv", NULL);
    for (size_t i = 1; i < BOOK_OFFICES; i++)
        office_send(&o[0], &o[i]);
}

static inline void book_import_office(struct office *o, const char *label)
{
    static const char *const files[][2] = {
        {"household", "households.csv"}, {"enterprise", "enterprises.csv"},
        {"visit", "visits.csv"},         {"disbursement", "disbursements.csv"},
        {"purchase", "purchases.csv"},   {"session", "sessions.csv"},
        {"income", "incomes.csv"},       {"contact", "contacts.csv"},
        {"expense", "expenses.csv"},
    };
    char where[64];
    snprintf(where, sizeof where, "office=%s", label);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        book_import(o, files[i][0], files[i][1], where);
}

static inline void book_whole_programme(struct office *o)
{
    book_found_programme(o);
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        book_import_office(&o[i], book_labels[i]);
    book_exchange(o, BOOK_OFFICES);
}

/* ---- What the files say: no cell of them has a comma or quotes ---- */

struct book_table {
    struct buf text;
    const char *cells[512][16]; /* the first row: headers */
    size_t rows, columns;
};

static inline void book_table_read(struct book_table *t, const char *file)
{
    char path[256];
    memset(t, 0, sizeof *t);
    snprintf(path, sizeof path, "%s/data/programme/%s", SHARED_DIR, file);
    t->text = programme_file(path);
    assert_null(strchr(buf_text(&t->text), '"'));
    char *at = (char *)t->text.data, *end = at + t->text.count;
    while (at < end) {
        size_t column = 0;
        char *line_end = memchr(at, '\n', (size_t)(end - at));
        assert_non_null(line_end);
        *line_end = '\0';
        if (line_end > at && line_end[-1] == '\r')
            line_end[-1] = '\0';
        for (char *cell = at; cell != NULL; column++) {
            char *comma = strchr(cell, ',');
            assert_true(column < 16 && t->rows < 512);
            t->cells[t->rows][column] = cell;
            if (comma != NULL)
                *comma++ = '\0';
            cell = comma;
        }
        t->columns = column > t->columns ? column : t->columns;
        t->rows++;
        at = line_end + 1;
    }
    t->rows--;
}

/* The cell of a row (1 .. rows) in the column of this name. */
static inline const char *book_cell(const struct book_table *t, size_t row, const char *column)
{
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->cells[0][i], column) == 0)
            return t->cells[row][i] != NULL ? t->cells[row][i] : "";
    fail_msg("no column %s", column);
    return "";
}

/* The sum of a column over the rows whose 'where' column reads 'is' (NULL: all). */
static inline int64_t book_sum(const struct book_table *t, const char *column, const char *where,
                               const char *is)
{
    int64_t sum = 0;
    for (size_t i = 1; i <= t->rows; i++)
        if (where == NULL || strcmp(book_cell(t, i, where), is) == 0)
            sum += strtoll(book_cell(t, i, column), NULL, 10);
    return sum;
}

/* One office with an entry of every kind and a record of each: a book of some 2 KB. Ids of the
 * purchase and of the enterprise come back. */
struct book_ids {
    char enterprise[ENTRY_ID_TEXT + 1], purchase[ENTRY_ID_TEXT + 1], expense[ENTRY_ID_TEXT + 1];
};

static inline void book_small(struct office *o, struct book_ids *ids)
{
    char word[128], household[ENTRY_ID_TEXT + 1];
    office_found(o, "santiago");
    office_run(o, ST_OK, "add", "programme", "title=Card", "country=Chile", "partners+=FOSIS",
               "partners+=ACNUR", "period_start=2009-07-01", "lines_currency=CLP",
               "line_idea=150000", NULL);
    office_run(o, ST_OK, "add", "household", "household=H1", "office=santiago", "people=4",
               "commune=Pudahuel", NULL);
    office_id(o, household);
    snprintf(word, sizeof word, "household=%s", household);
    office_run(o, ST_OK, "add", "enterprise", "enterprise=E1", "line=idea", word, "office=santiago",
               "trade=oven", "stage=purchase", NULL);
    office_id(o, ids->enterprise);
    office_run(o, ST_OK, "add", "visit", "visit=V1", word, "date=2009-07-14", "score=78",
               "feasibility=feasible", "decision=selected", NULL);
    snprintf(word, sizeof word, "enterprise=%s", ids->enterprise);
    office_run(o, ST_OK, "add", "session", "session=S1", word, "kind=individual", "number=1",
               "date=2009-10-07", NULL);
    office_run(o, ST_OK, "add", "income", "income=I1", word, "currency=CLP", "monthly_amount=60500",
               "point=baseline", NULL);
    office_run(o, ST_OK, "add", "contact", "contact=C1", "institution=health network",
               "attendees=9", NULL);
    office_run(o, ST_OK, "add", "grant", "ref=G1", "holder=santiago", "date=2009-07-01",
               "currency=USD", "amount=2000.50", "funder=FOSIS", NULL);
    office_run(o, ST_OK, "add", "exchange", "ref=X1", "holder=santiago", "date=2009-07-03",
               "from_currency=USD", "from_amount=2000.50", "to_currency=CLP", "to_amount=900000",
               NULL);
    office_run(o, ST_OK, "add", "allotment", "ref=A1", "holder=santiago", "office=santiago",
               "budget_line=enterprises", "currency=CLP", "amount=500000", NULL);
    office_run(o, ST_OK, "add", "allotment", "ref=A2", "holder=santiago", "office=santiago",
               "budget_line=workshops", "currency=CLP", "amount=300000", NULL);
    office_run(o, ST_OK, "add", "pass", "ref=T1", "office=santiago", "budget_line=workshops",
               "to=santiago", "to_line=community", "currency=CLP", "amount=1000", "date=2009-08-01",
               NULL);
    office_run(o, ST_OK, "add", "award", "ref=W1", "office=santiago", word, "currency=CLP",
               "amount=150000", "date=2009-09-01", NULL);
    office_run(o, ST_OK, "add", "disbursement", "ref=D1", "office=santiago", word, "currency=CLP",
               "amount=150000", "date=2009-09-10", NULL);
    office_run(o, ST_OK, "add", "purchase", "ref=P1", "office=santiago", word, "currency=CLP",
               "amount=150000", "date=2009-09-19", "item=mixer", "receipt=boleta 1",
               "supplier=shop", NULL);
    office_id(o, ids->purchase);
    snprintf(word, sizeof word, "purchase=%s", ids->purchase);
    office_run(o, ST_OK, "add", "transfer", "ref=O1", "office=santiago", word, "date=2009-11-14",
               NULL);
    office_run(o, ST_OK, "add", "expense", "ref=N1", "office=santiago", "budget_line=workshops",
               "currency=CLP", "amount=7000", "date=2009-09-30", "receipt=boleta 1", NULL);
    office_id(o, ids->expense);
    snprintf(word, sizeof word, "entry=%s", ids->expense);
    char ref[64];
    snprintf(ref, sizeof ref, "ref=%s", ids->expense);
    office_run(o, ST_OK, "add", "reversal", ref, "office=santiago", word, NULL);
    office_run(o, ST_OK, "add", "statement", "ref=B1", "office=santiago", "currency=CLP",
               "balance=1000", "date=2009-12-31", "budget_line=community", NULL);
}

static inline struct book *book_of(struct office *o)
{
    struct book *b = NULL;
    if (book_read(o->replica, &b, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    return b;
}

#endif
