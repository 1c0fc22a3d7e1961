#include "tests/unit/replicas/book_kit.h"

#include "proto/mem.h"

/* The first row of this part, reason and type; fails where there is none. */
static size_t row(const struct office *o, const char *part, const char *why, const char *type)
{
    for (size_t i = 0; i < office_rows(o); i++)
        if (strcmp(office_text(o, i, "part"), part) == 0 &&
            strcmp(office_text(o, i, "why"), why) == 0 &&
            strcmp(office_text(o, i, "type"), type) == 0)
            return i;
    fail_msg("no row %s %s %s", part, why, type);
    return 0;
}

static size_t count_of(const struct office *o, const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < office_rows(o); i++)
        count += strcmp(office_text(o, i, "part"), part) == 0;
    return count;
}

static void a_purchase_goes_up_to_the_grant(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    office_run(&o, ST_OK, "trail", "P1", NULL);
    assert_string_equal(office_text(&o, 0, "id"), ids.purchase);
    assert_string_equal(office_text(&o, 0, "receipt"), "boleta 1");
    assert_int_equal(office_number(&o, 0, "amount"), 150000);
    assert_string_equal(office_text(&o, 0, "enterprise.number"), "E1");
    assert_string_equal(office_text(&o, 0, "commit.author"), "ana <ana@example.org>");
    assert_string_equal(office_text(&o, 0, "commit.signature"), "good");
    (void)row(&o, "up", "of", "enterprise");
    (void)row(&o, "up", "of", "household");
    (void)row(&o, "up", "awarded", "award");
    (void)row(&o, "up", "paid", "disbursement");
    size_t account = row(&o, "up", "from", "account");
    assert_string_equal(office_text(&o, account, "line"), "enterprises");
    assert_int_equal(office_number(&o, account, "credited"), 500000);
    assert_int_equal(office_number(&o, account, "balance"), 350000);
    (void)row(&o, "up", "fed", "allotment");
    size_t exchange = row(&o, "up", "fed", "exchange");
    assert_int_equal(office_number(&o, exchange, "other_amount"), 900000);
    size_t grant = row(&o, "up", "fed", "grant");
    assert_string_equal(office_text(&o, grant, "funder"), "FOSIS");
    (void)row(&o, "down", "handed-over", "transfer");
    for (size_t i = 0; i < office_rows(&o); i++)
        assert_string_not_equal(office_text(&o, i, "type"), "gap");
    office_close(&o);
}

static void every_kind_has_its_way(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    office_run(&o, ST_OK, "trail", "O1", NULL); /* the transfer of ownership */
    (void)row(&o, "up", "of", "purchase");
    (void)row(&o, "up", "fed", "grant");
    office_run(&o, ST_OK, "trail", "N1", NULL); /* an expense that was taken back */
    assert_string_equal(office_text(&o, 0, "reversed_by.type"), "reversal");
    (void)row(&o, "down", "reversed-by", "reversal");
    (void)row(&o, "up", "gave-back", "reversal");
    (void)row(&o, "up", "fed", "grant");
    office_run(&o, ST_OK, "trail", "B1", NULL); /* a statement: of that account */
    assert_string_equal(office_text(&o, row(&o, "up", "from", "account"), "line"), "community");
    (void)row(&o, "up", "fed", "pass");
    (void)row(&o, "up", "fed", "grant");
    office_run(&o, ST_OK, "trail", "W1", NULL); /* an award */
    (void)row(&o, "up", "fed", "grant");
    (void)row(&o, "down", "paid", "disbursement");
    (void)row(&o, "down", "bought", "purchase");
    office_run(&o, ST_OK, "trail", "A1", NULL); /* an allotment */
    (void)row(&o, "down", "spent", "disbursement");
    (void)row(&o, "down", "bought", "purchase");
    office_run(&o, ST_OK, "trail", "G1", NULL);
    assert_int_equal(count_of(&o, "up"), 0);
    (void)row(&o, "down", "spent", "exchange");
    (void)row(&o, "down", "all", "disbursement");
    static const char *const records[] = {"E1", "H1", "V1", "S1", "I1"};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        office_run(&o, ST_OK, "trail", records[i], NULL);
        assert_string_equal(office_text(&o, 0, "commit.signature"), "good");
        (void)row(&o, "up", "fed", "grant");
        (void)row(&o, "down", "bought", "purchase");
    }
    office_run(&o, ST_OK, "trail", "C1", NULL);
    (void)row(&o, "up", "no-money", "gap");
    office_run(&o, ST_OK, "trail", "Card", NULL);
    (void)row(&o, "down", "fed", "grant");
    office_close(&o);
}

/* Where something is missing it is said, and nothing is made up. */
static void gaps_are_told(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1], word[128];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E9", NULL);
    office_id(&o, id);
    snprintf(word, sizeof word, "enterprise=%s", id);
    office_run(&o, ST_OK, "add", "purchase", "ref=P9", word, "office=santiago", "currency=CLP",
               "amount=5", "date=2009-09-19", NULL);
    office_run(&o, ST_OK, "trail", "P9", NULL);
    (void)row(&o, "up", "no-payment", "gap");
    assert_int_equal(count_of(&o, "down"), 0);
    office_close(&o);
}

/* Beyond the bound a sum stands for the entries, and nothing is lost from it. */
static void a_long_list_is_cut_to_a_sum(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    char word[128], ref[32];
    book_small(&o, &ids);
    snprintf(word, sizeof word, "enterprise=%s", ids.enterprise);
    for (unsigned i = 0; i < 5; i++) {
        snprintf(ref, sizeof ref, "ref=Q%u", i);
        office_run(&o, ST_OK, "add", "purchase", ref, word, "office=santiago", "currency=CLP",
                   "amount=100", "date=2009-10-01", NULL);
    }
    office_run(&o, ST_OK, "trail", "D1", "--limit=2", NULL);
    size_t more = row(&o, "down", "more", "purchase"), all = row(&o, "down", "all", "purchase");
    assert_int_equal(office_number(&o, more, "count"), 4);
    assert_int_equal(office_number(&o, all, "count"), 6);
    assert_int_equal(office_number(&o, all, "amount"), 150500);
    assert_int_equal(office_number(&o, all, "receipts"), 1);
    assert_int_equal(office_number(&o, all, "handed_over"), 1);
    office_run(&o, ST_OK, "trail", "D1", "--limit=0", NULL);
    assert_int_equal(office_number(&o, row(&o, "down", "all", "purchase"), "count"), 6);
    for (size_t i = 0; i < office_rows(&o); i++)
        assert_string_not_equal(office_text(&o, i, "why"), "more");
    office_close(&o);
}

static void what_was_mistyped_is_said(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    office_run(&o, ST_USAGE, "trail", NULL);
    office_run(&o, ST_USAGE, "trail", "P1", "--limit=many", NULL);
    office_run(&o, ST_NOT_FOUND, "trail", "boleta", "2", NULL);
    office_run(&o, ST_AMBIGUOUS, "trail", "boleta", "1", NULL);
    assert_int_equal(office_rows(&o), 0);
    office_close(&o);
}

static void it_survives_a_lack_of_memory(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    uint64_t n = 1;
    book_small(&o, &ids);
    office_run(&o, ST_OK, "trail", "P1", NULL);
    for (bool failed = true; failed; n++) {
        struct control_request q = {.verb = BYTES("trail"), .word_count = 1};
        q.words[0] = BYTES("P1");
        struct verb_call call = {
            .replica = o.replica, .request = &q, .user = &o, .row = office_row, .listen = ""};
        json_array_clear(o.rows);
        mem_fail_at(n);
        enum status status = verb_run(&call, &o.fault);
        failed = mem_failed();
        mem_fail_at(0);
        assert_true(status == ST_OK || (failed && status == ST_NO_MEMORY));
    }
    assert_true(n > 20);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_purchase_goes_up_to_the_grant),
        cmocka_unit_test(every_kind_has_its_way),
        cmocka_unit_test(gaps_are_told),
        cmocka_unit_test(a_long_list_is_cut_to_a_sum),
        cmocka_unit_test(what_was_mistyped_is_said),
        cmocka_unit_test(it_survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
