#include "tests/unit/replicas/book_kit.h"

#include "proto/mem.h"

static struct office offices[BOOK_OFFICES];

static int make_offices(void **state)
{
    (void)state;
    book_whole_programme(offices);
    return 0;
}

static int close_offices(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        office_close(&offices[i]);
    return 0;
}

static const struct book_account *account(const struct book *b, const char *owner, const char *line,
                                          const char *currency)
{
    for (uint32_t i = 0; i < b->account_count; i++)
        if (strcmp(book_text(b, b->accounts[i].owner), owner) == 0 &&
            strcmp(book_text(b, b->accounts[i].line), line) == 0 &&
            strcmp(b->accounts[i].currency, currency) == 0)
            return &b->accounts[i];
    return NULL;
}

static void of_kind(const struct book *b, enum book_kind kind, uint32_t *count_out,
                    int64_t *sum_out)
{
    *count_out = 0;
    *sum_out = 0;
    for (uint32_t i = 0; i < b->entry_count; i++) {
        if (b->entries[i].kind != kind)
            continue;
        (*count_out)++;
        *sum_out += b->entries[i].money.amount;
    }
}

static void it_holds_what_the_files_say(void **state)
{
    (void)state;
    static const struct {
        enum book_kind kind;
        const char *file;
    } kinds[] = {
        {BOOK_ALLOTMENT, "allotments.csv"},
        {BOOK_DISBURSEMENT, "disbursements.csv"},
        {BOOK_PURCHASE, "purchases.csv"},
        {BOOK_EXPENSE, "expenses.csv"},
    };
    struct book *b = book_of(&offices[1]);
    struct book_table t;
    uint32_t count;
    int64_t sum;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        book_table_read(&t, kinds[i].file);
        of_kind(b, kinds[i].kind, &count, &sum);
        assert_int_equal(count, t.rows);
        assert_int_equal(sum, book_sum(&t, "amount", NULL, NULL));
        buf_release(&t.text);
    }
    of_kind(b, BOOK_DISBURSEMENT, &count, &sum);
    assert_int_equal(count, 47);
    assert_int_equal(sum, 12750002);
    of_kind(b, BOOK_ALLOTMENT, &count, &sum);
    assert_int_equal(sum, 108000000);
    of_kind(b, BOOK_GRANT, &count, &sum);
    assert_int_equal(count, 1);
    assert_int_equal(sum, 20000000);
    of_kind(b, BOOK_EXCHANGE, &count, &sum);
    assert_int_equal(count, 1);
    assert_int_equal(sum, 20000000);
    assert_int_equal(b->household_count, 100);
    assert_int_equal(b->enterprise_count, 47);
    assert_int_equal(b->visit_count, 68);
    assert_int_equal(b->session_count, 200);
    assert_int_equal(b->income_count, 94);
    assert_int_equal(b->contact_count, 45);
    assert_int_equal(b->programme_count, 1);
    assert_int_equal(b->conflict_count, 0);
    book_free(b);
}

/* The sums of an office's and line's rows in the files against the account. */
static void its_accounts_are_the_files_sums(void **state)
{
    (void)state;
    struct book *b = book_of(&offices[2]);
    struct book_table allotments, expenses, disbursements;
    book_table_read(&allotments, "allotments.csv");
    book_table_read(&expenses, "expenses.csv");
    book_table_read(&disbursements, "disbursements.csv");
    for (size_t i = 1; i <= allotments.rows; i++) {
        const char *line = book_cell(&allotments, i, "budget_line");
        const char *office = book_cell(&allotments, i, "office");
        int64_t spent = 0;
        for (size_t k = 1; k <= expenses.rows; k++)
            if (strcmp(book_cell(&expenses, k, "office"), office) == 0 &&
                strcmp(book_cell(&expenses, k, "budget_line"), line) == 0)
                spent += strtoll(book_cell(&expenses, k, "amount"), NULL, 10);
        if (strcmp(line, "enterprises") == 0)
            spent += book_sum(&disbursements, "amount", "office", office);
        const struct book_account *a = account(b, office, line, "CLP");
        assert_non_null(a);
        assert_int_equal(a->credited, strtoll(book_cell(&allotments, i, "amount"), NULL, 10));
        assert_int_equal(a->debited, spent);
    }
    const struct book_account *pool = account(b, "santiago", "pool", "USD");
    assert_non_null(pool);
    assert_int_equal(pool->credited, 20000000);
    assert_int_equal(pool->debited, 20000000);
    assert_int_equal(b->account_count, allotments.rows + 2);
    buf_release(&allotments.text);
    buf_release(&expenses.text);
    buf_release(&disbursements.text);
    book_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_accounts_are_the_files_sums),
        cmocka_unit_test(it_holds_what_the_files_say),
    };
    return cmocka_run_group_tests(tests, make_offices, close_offices);
}
