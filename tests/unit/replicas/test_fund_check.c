#include "tests/unit/replicas/fund_kit.h"

#include "proto/mem.h"
#include "replicas/fund_check.h"

/* A check at an office, of an expense that nothing speaks against. */
static void begin(struct fund_check *c, struct office *o)
{
    struct fault f = {0};
    *c = (struct fund_check){.label = replica_label(o->replica), .latest = BOOK_NO_DAY};
    if (book_read(o->replica, &c->book, &f) != ST_OK)
        fail_msg("%s", f.text);
    c->called = (book_text_at)c->book->texts.count;
    buf_add(&c->book->texts, "77", sizeof "77");
    c->entry = (struct book_entry){.kind = BOOK_EXPENSE,
                                   .ref = c->called,
                                   .receipt = c->called,
                                   .day = book_day(BYTES("2026-05-03")),
                                   .written = BOOK_NO_DAY,
                                   .handed_over = BOOK_NO_DAY,
                                   .money = {.amount = 100, .currency = "CLP"},
                                   .enterprise = BOOK_NONE,
                                   .about = BOOK_NONE,
                                   .reversed_by = BOOK_NONE};
    memset(c->entry.id, 0xab, sizeof c->entry.id);
    c->accounts[c->account_count++] = (struct fund_check_account){
        .posting = {.owner = "iquique", .line = "enterprises", .currency = "CLP", .amount = -100},
        .before = 500000};
}

static void end(struct fund_check *c)
{
    book_free(c->book);
    fund_check_release(c);
}

static enum status run(struct fund_check *c, struct fault *f)
{
    uint32_t before = c->book->entry_count;
    *f = (struct fault){0};
    enum status status = fund_check_run(c, f);
    assert_int_equal(c->book->entry_count, before); /* the book is as it was */
    return status;
}

static void what_nothing_speaks_against(void **state)
{
    (void)state;
    struct fund_kit k;
    struct fund_check c;
    struct fault f;
    fund_kit_begin(&k);
    begin(&c, &k.iquique);
    assert_int_equal(run(&c, &f), ST_OK);
    assert_int_equal(c.overridden.count, 0);
    end(&c);
    fund_kit_end(&k);
}

static void an_account_never_goes_below_zero(void **state)
{
    (void)state;
    struct fund_kit k;
    struct fund_check c;
    struct fault f;
    fund_kit_begin(&k);
    begin(&c, &k.iquique);
    c.accounts[0].before = 100;
    assert_int_equal(run(&c, &f), ST_OK);
    c.accounts[0].before = 99;
    assert_int_equal(run(&c, &f), ST_OVERDRAWN);
    c.anyway = true; /* which helps nothing here */
    assert_int_equal(run(&c, &f), ST_OVERDRAWN);
    c.accounts[0].before = -5; /* after a fork: what is credited is welcome */
    c.accounts[0].posting.amount = 3;
    assert_int_equal(run(&c, &f), ST_OK);
    c.accounts[0].before = INT64_MAX;
    assert_int_equal(run(&c, &f), ST_BAD_VALUE);
    end(&c);
    fund_kit_end(&k);
}

static void findings_refuse_or_are_told(void **state)
{
    (void)state;
    struct fund_kit k;
    struct fund_check c;
    struct fault f;
    fund_kit_begin(&k);
    begin(&c, &k.iquique);
    c.entry.receipt = 0;
    assert_int_equal(run(&c, &f), ST_NEEDS_PERSON);
    assert_non_null(strstr(f.text, "has no receipt"));
    c.paper = true;
    assert_int_equal(run(&c, &f), ST_OK);
    c.entry.day = book_day(BYTES("2027-01-01"));
    assert_int_equal(run(&c, &f), ST_NEEDS_PERSON);
    assert_non_null(strstr(f.text, "outside the programme's period"));
    c.latest = c.entry.day - 1;
    assert_int_equal(run(&c, &f), ST_NEEDS_PERSON);
    assert_string_equal(f.text, "the date 2027-01-01 is still to come");
    c.anyway = true;
    assert_int_equal(run(&c, &f), ST_OK);
    assert_int_equal(f.code, ST_OK);
    assert_non_null(
        strstr(buf_text(&c.overridden), "\"the date 2027-01-01 is still to come\",\"expense 77"));
    c.entry.day = BOOK_NO_DAY; /* nothing is said of no day */
    c.anyway = false;
    assert_int_equal(run(&c, &f), ST_OK);
    end(&c);
    fund_kit_end(&k);
}

static uint32_t entry_of(const struct book *b, const char *ref)
{
    for (uint32_t i = 0; i < b->entry_count; i++)
        if (strcmp(book_text(b, b->entries[i].ref), ref) == 0)
            return i;
    fail_msg("no entry %s", ref);
    return BOOK_NONE;
}

static void a_reversal_posts_the_opposite(void **state)
{
    (void)state;
    struct fund_kit k;
    struct fund_check c;
    struct fault f = {0};
    fund_kit_begin(&k);
    begin(&c, &k.iquique);
    c.account_count = 0;
    assert_int_equal(fund_check_reversal(&c, entry_of(c.book, "A1"), &f), ST_OK);
    assert_int_equal(c.account_count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        bool ours = strcmp(c.accounts[i].posting.owner, "iquique") == 0;
        assert_int_equal(c.accounts[i].before, 500000);
        assert_int_equal(c.accounts[i].posting.amount, ours ? -500000 : 500000);
        assert_string_equal(c.accounts[i].posting.line, ours ? "enterprises" : "pool");
    }
    c.label = "santiago"; /* does not hold what it would take back */
    c.account_count = 0;
    assert_int_equal(fund_check_reversal(&c, entry_of(c.book, "A1"), &f), ST_NOT_ALLOWED);
    end(&c);
    fund_kit_end(&k);
}

static void sums_leave_out_what_was_reversed(void **state)
{
    (void)state;
    struct fund_kit k;
    struct fund_check c;
    fund_kit_begin(&k);
    office_run(&k.iquique, ST_OK, "fund", "award", "E07", "CLP", "40", "--date=2026-05-02", NULL);
    office_run(&k.iquique, ST_OK, "fund", "pay", "E07", "CLP", "30", "--date=2026-05-02", NULL);
    office_run(&k.iquique, ST_OK, "fund", "pay", "E07", "CLP", "4", "--date=2026-05-02", "--ref=D2",
               NULL);
    office_run(&k.iquique, ST_OK, "fund", "reverse", "D2", "--because=x", NULL);
    begin(&c, &k.iquique);
    uint32_t e = 0;
    while (strcmp(book_text(c.book, c.book->enterprises[e].number), "E07") != 0)
        e++;
    assert_int_equal(fund_check_sum(c.book, e, BOOK_AWARD, "CLP"), 40);
    assert_int_equal(fund_check_sum(c.book, e, BOOK_DISBURSEMENT, "CLP"), 30);
    assert_int_equal(fund_check_sum(c.book, e, BOOK_DISBURSEMENT, "USD"), 0);
    assert_int_equal(fund_check_sum(c.book, e, BOOK_PURCHASE, "CLP"), 0);
    assert_int_equal(fund_check_balance(c.book, "iquique", "enterprises", "CLP"), 499970);
    assert_int_equal(fund_check_balance(c.book, "iquique", "enterprises", "USD"), 0);
    assert_int_equal(fund_check_balance(c.book, "arica", "enterprises", "CLP"), 0);
    end(&c);
    fund_kit_end(&k);
}

static void without_memory(void **state)
{
    (void)state;
    struct fund_kit k;
    struct fund_check c;
    struct fault f;
    fund_kit_begin(&k);
    begin(&c, &k.iquique);
    c.entry.day = book_day(BYTES("2027-01-01"));
    c.anyway = true;
    bool through = false;
    for (uint64_t n = 1; !through; n++) {
        mem_fail_at(n);
        enum status status = run(&c, &f);
        through = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, through ? ST_OK : ST_NO_MEMORY);
        buf_release(&c.overridden);
        assert_true(n < 1000);
    }
    end(&c);
    fund_kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nothing_speaks_against),
        cmocka_unit_test(an_account_never_goes_below_zero),
        cmocka_unit_test(findings_refuse_or_are_told),
        cmocka_unit_test(a_reversal_posts_the_opposite),
        cmocka_unit_test(sums_leave_out_what_was_reversed),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
