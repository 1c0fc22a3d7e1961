#include "tests/unit/replicas/fund_kit.h"

#include "proto/mem.h"

static uint32_t commits(const struct office *o)
{
    return graph_count(replica_graph(o->replica));
}

/* From the grant to the goods handed over: what each command says, and where the money is. */
static void goes_the_whole_way(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    assert_int_equal(fund_kit_balance(s, "santiago", "pool", "USD"), 50);
    assert_int_equal(fund_kit_balance(s, "santiago", "pool", "CLP"), 500000);
    assert_int_equal(fund_kit_balance(i, "iquique", "enterprises", "CLP"), 500000);
    office_run(i, ST_OK, "fund", "award", "E07", "CLP", "400000", "--date=2026-05-02", NULL);
    assert_string_equal(office_text(i, 0, "action"), "award");
    assert_string_equal(office_text(i, 0, "type"), "award");
    assert_string_equal(office_text(i, 0, "fields.office"), "iquique");
    assert_string_equal(office_text(i, 0, "enterprise.number"), "E07");
    assert_int_equal(office_number(i, 0, "enterprise.awarded"), 400000);
    assert_int_equal(json_array_size(office_at(i, 0, "accounts")), 0);
    office_run(i, ST_OK, "fund", "pay", "E07", "CLP", "400000", "--date=2026-05-03", NULL);
    assert_string_equal(office_text(i, 0, "accounts.0.office"), "iquique");
    assert_string_equal(office_text(i, 0, "accounts.0.line"), "enterprises");
    assert_int_equal(office_number(i, 0, "accounts.0.before"), 500000);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 100000);
    assert_int_equal(office_number(i, 0, "enterprise.disbursed"), 400000);
    assert_int_equal(strlen(office_text(i, 0, "commit")), OID_TEXT);
    office_run(i, ST_OK, "fund", "purchase", "E07", "CLP", "50000", "mixer", "--receipt=boleta 78",
               "--supplier=Sodimac", "--date=2026-05-04", "--ref=P1", NULL);
    assert_string_equal(office_text(i, 0, "fields.item"), "mixer");
    assert_string_equal(office_text(i, 0, "fields.office"), "iquique");
    assert_string_equal(office_text(i, 0, "ref"), "P1");
    assert_int_equal(office_number(i, 0, "enterprise.purchased"), 50000);
    office_run(i, ST_OK, "fund", "transfer", "P1", "--date=2026-05-05", NULL);
    assert_string_equal(office_text(i, 0, "about"), "P1");
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "1000", "--receipt=f 9",
               "--date=2026-05-05", NULL);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 99000);
    office_run(i, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "9000", "--to-line=pool",
               "--date=2026-05-05", "--note=too much", NULL);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 90000);
    assert_string_equal(office_text(i, 0, "accounts.1.line"), "pool");
    assert_int_equal(office_number(i, 0, "accounts.1.after"), 509000);
    assert_string_equal(office_text(i, 0, "fields.note"), "too much");
    fund_kit_meet(&k);
    assert_int_equal(fund_kit_balance(s, "santiago", "pool", "CLP"), 509000);
    assert_int_equal(fund_kit_balance(s, "iquique", "enterprises", "CLP"), 90000);
    office_run(s, ST_OK, "fund", "balance", NULL);
    assert_int_equal(office_rows(s), 3);
    assert_int_equal(office_number(s, 0, "credited"), 500000);
    assert_int_equal(office_number(s, 0, "debited"), 410000);
    fund_kit_end(&k);
}

/* The line that money is passed to is the one that it comes from. */
static void passes_within_a_line(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    office_run(&k.iquique, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "7",
               "--date=2026-05-02", NULL);
    assert_string_equal(office_text(&k.iquique, 0, "fields.to_line"), "enterprises");
    fund_kit_end(&k);
}

static void a_dry_run_says_and_writes_nothing(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    uint32_t before = commits(i);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "2000", "--receipt=1",
               "--date=2026-05-03", "--dry-run", NULL);
    assert_true(json_is_true(office_at(i, 0, "dry_run")));
    assert_true(json_is_null(office_at(i, 0, "commit")));
    assert_int_equal(office_number(i, 0, "accounts.0.before"), 500000);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 498000);
    assert_int_equal(commits(i), before);
    assert_int_equal(fund_kit_balance(i, "iquique", "enterprises", "CLP"), 500000);
    office_run(i, ST_OVERDRAWN, "fund", "expense", "enterprises", "CLP", "500001", "--receipt=1",
               "--date=2026-05-03", "--dry-run", NULL);
    fund_kit_end(&k);
}

static void one_number_is_one_entry(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    char id[ENTRY_ID_TEXT + 1];
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "2000", "--receipt=1",
               "--date=2026-05-03", "--ref=X1", NULL);
    office_id(i, id);
    uint32_t before = commits(i);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "2000", "--receipt=1",
               "--date=2026-05-03", "--ref=X1", NULL);
    assert_true(json_is_true(office_at(i, 0, "unchanged")));
    assert_string_equal(office_text(i, 0, "id"), id);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 498000);
    office_run(i, ST_EXISTS, "fund", "expense", "enterprises", "CLP", "2001", "--receipt=1",
               "--date=2026-05-03", "--ref=X1", "--anyway", NULL);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "2000", "--receipt=1",
               "--date=2026-05-03", "--ref=X1", "--dry-run", NULL);
    assert_true(json_is_true(office_at(i, 0, "unchanged")));
    office_run(i, ST_EXISTS, "fund", "expense", "enterprises", "CLP", "2001", "--receipt=1",
               "--date=2026-05-03", "--ref=X1", NULL);
    fund_kit_says(i, "iquique has written expense X1 already, and it says something else",
                  "minga find X1");
    assert_int_equal(commits(i), before);
    /* Another office counts by itself, and so does another type. */
    fund_kit_meet(&k);
    office_run(&k.santiago, ST_OK, "fund", "allot", "santiago", "workshops", "CLP", "10",
               "--date=2026-05-03", "--ref=X1", NULL);
    office_run(&k.santiago, ST_OK, "fund", "expense", "workshops", "CLP", "10", "--receipt=2",
               "--date=2026-05-03", "--ref=X1", NULL);
    fund_kit_end(&k);
}

/* Every commit of an office has one number, and so has the entry in it. */
static void numbers_of_their_own_do_not_collide(void **state)
{
    (void)state;
    struct fund_kit k;
    char first[SCHEMA_REF_BYTES_MAX + 1], next[SCHEMA_REF_BYTES_MAX + 1];
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    office_run(i, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "5", "--date=2026-05-02",
               NULL);
    snprintf(first, sizeof first, "%s", office_text(i, 0, "ref"));
    unsigned n = 0;
    assert_int_equal(sscanf(first, "iquique-%u", &n), 1);
    /* Two equal payments are two; a person's own number that is in the way is passed over. */
    snprintf(next, sizeof next, "--ref=iquique-%u", n + 2);
    office_run(i, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "6", "--date=2026-05-02",
               next, NULL);
    office_run(i, ST_OK, "fund", "pass", "santiago", "enterprises", "CLP", "5", "--date=2026-05-02",
               NULL);
    snprintf(next, sizeof next, "iquique-%u", n + 3);
    assert_string_equal(office_text(i, 0, "ref"), next);
    assert_int_equal(fund_kit_balance(i, "iquique", "enterprises", "CLP"), 500000 - 16);
    fund_kit_end(&k);
}

static void amounts_currencies_and_lines_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *line, *currency, *amount, *text, *fix;
        enum status status;
    } cases[] = {
        {"enterprises", "CLP", "1.000.000", "amount: \"1.000.000\" is no amount", "without points",
         ST_BAD_VALUE},
        {"enterprises", "CLP", "1,000", "is no amount", "without points or commas", ST_BAD_VALUE},
        {"enterprises", "CLP", "400000.50", "is no amount", "CLP has no minor unit", ST_BAD_VALUE},
        {"enterprises", "USD", "1,000.00", "is no amount", "1234.50, without marks", ST_BAD_VALUE},
        {"enterprises", "USD", "1.005", "is no amount", "2 decimals", ST_BAD_VALUE},
        {"enterprises", "CLP", "9007199254740992", "beyond 2^53 - 1", "", ST_BAD_VALUE},
        {"enterprises", "CLP", "99999999999999999999", "beyond 2^53 - 1", "", ST_BAD_VALUE},
        {"enterprises", "CLP", "-5", "amount: \"-5\" is below zero", "", ST_BAD_VALUE},
        {"enterprises", "CLP", "0", "amount: an amount is above zero", "", ST_BAD_VALUE},
        {"enterprises", "CLP", "", "amount", "", ST_BAD_VALUE},
        {"enterprises", "CPL", "5", "\"CPL\" is no ISO 4217", "did you mean 'CLP'?", ST_BAD_VALUE},
        {"enterprises", "clp", "5", "\"clp\" is no ISO 4217", "did you mean 'CLP'?", ST_BAD_VALUE},
        {"workshop", "CLP", "5", "budget_line: \"workshop\"", "did you mean \"workshops\"?",
         ST_BAD_VALUE},
        {"pool", "CLP", "5", "budget_line: \"pool\"", "", ST_BAD_VALUE},
        {"enterprises", "CLP", "9007199254740991", "does not cover", "", ST_OVERDRAWN},
    };
    struct fund_kit k;
    fund_kit_begin(&k);
    uint32_t before = commits(&k.iquique);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        office_run(&k.iquique, cases[i].status, "fund", "expense", cases[i].line, cases[i].currency,
                   cases[i].amount, "--receipt=1", "--date=2026-05-03", "--anyway", NULL);
        fund_kit_says(&k.iquique, cases[i].text, cases[i].fix);
        assert_int_equal(office_rows(&k.iquique), 0);
    }
    assert_int_equal(commits(&k.iquique), before);
    fund_kit_end(&k);
}

/* Of an exchange both amounts, each in its own currency. */
static void both_sides_of_an_exchange(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago;
    office_run(s, ST_BAD_VALUE, "fund", "exchange", "USD", "0.50", "CLP", "270.5",
               "--date=2026-05-03", NULL);
    fund_kit_says(s, "to_amount: \"270.5\"", "CLP has no minor unit");
    office_run(s, ST_BAD_VALUE, "fund", "exchange", "USD", "0", "CLP", "270", "--date=2026-05-03",
               NULL);
    fund_kit_says(s, "from_amount: an amount is above zero", "");
    office_run(s, ST_OVERDRAWN, "fund", "exchange", "USD", "0.51", "CLP", "270",
               "--date=2026-05-03", NULL);
    fund_kit_says(s, "pool of santiago holds USD 0.50, which does not cover USD 0.51",
                  "register the grant");
    office_run(s, ST_BAD_VALUE, "fund", "exchange", "CLP", "5", "CLP", "6", "--date=2026-05-03",
               NULL);
    fund_kit_end(&k);
}

static void days_that_cannot_be(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    office_run(i, ST_BAD_VALUE, "fund", "expense", "enterprises", "CLP", "5", "--receipt=1",
               "--date=2026-02-30", NULL);
    fund_kit_says(i, "date: \"2026-02-30\" is no date", "");
    office_run(i, ST_NEEDS_PERSON, "fund", "expense", "enterprises", "CLP", "5", "--receipt=1",
               "--date=2126-05-20", "--today=2126-05-18", NULL);
    fund_kit_says(i, "the date 2126-05-20 is still to come", "--anyway");
    /* Tomorrow it is already, somewhere. */
    office_run(i, ST_NEEDS_PERSON, "fund", "expense", "enterprises", "CLP", "5", "--receipt=1",
               "--date=2126-05-19", "--today=2126-05-18", NULL);
    fund_kit_says(i, "outside the programme's period (2026-05-01 to 2026-06-30)", "--anyway");
    /* A clock that stands still is not believed: the history has seen later days. */
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "5", "--receipt=2",
               "--date=2026-05-01", "--today=1970-01-01", NULL);
    /* The day of who asks is the day of what says none; without either nothing is made up. */
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "5", "--receipt=3",
               "--today=2026-05-10", NULL);
    assert_string_equal(office_text(i, 0, "fields.date"), "2026-05-10");
    office_run(i, ST_BAD_VALUE, "fund", "expense", "enterprises", "CLP", "5", "--receipt=4", NULL);
    fund_kit_says(i, "date", "");
    fund_kit_end(&k);
}

static void more_than_an_account_holds(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(i, ST_OVERDRAWN, "fund", "expense", "enterprises", "CLP", "500001", "--receipt=1",
               "--date=2026-05-03", "--anyway", NULL);
    fund_kit_says(i, "enterprises of iquique holds CLP 500000, which does not cover CLP 500001",
                  "santiago could allot CLP 1: minga fund allot iquique enterprises CLP 1");
    office_run(i, ST_OVERDRAWN, "fund", "pass", "santiago", "workshops", "CLP", "1",
               "--date=2026-05-03", NULL);
    fund_kit_says(i, "workshops of iquique holds CLP 0", "santiago could allot CLP 1");
    /* Where the pools are empty an office with the same line may help; else nobody. */
    office_run(s, ST_OK, "fund", "allot", "santiago", "enterprises", "CLP", "500000",
               "--date=2026-05-03", NULL);
    fund_kit_meet(&k);
    office_run(i, ST_OVERDRAWN, "fund", "pass", "santiago", "enterprises", "CLP", "500002",
               "--date=2026-05-03", NULL);
    fund_kit_says(i, "", "santiago could pass CLP 2: minga fund pass iquique enterprises CLP 2");
    office_run(i, ST_OVERDRAWN, "fund", "pass", "santiago", "enterprises", "CLP", "1000001",
               "--date=2026-05-03", NULL);
    fund_kit_says(i, "", "no office has CLP 500001 for enterprises to spare");
    office_run(s, ST_OVERDRAWN, "fund", "allot", "iquique", "workshops", "CLP", "1",
               "--date=2026-05-03", NULL);
    fund_kit_says(s, "pool of santiago holds CLP 0", "register the grant or the exchange");
    fund_kit_end(&k);
}

static void from_anothers_account(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    office_run(i, ST_NOT_ALLOWED, "fund", "pay", "E01", "CLP", "5", "--date=2026-05-03",
               "--office=santiago", "--anyway", NULL);
    fund_kit_says(i, "santiago alone spends from its accounts, and this is iquique",
                  "type it at santiago");
    office_run(i, ST_NOT_FOUND, "fund", "pay", "E01", "CLP", "5", "--office=santigo", NULL);
    fund_kit_says(i, "no member is called 'santigo'", "did you mean 'santiago'?");
    office_run(i, ST_NOT_ALLOWED, "fund", "grant", "CLP", "5", "--from=X", "--date=2026-05-03",
               NULL);
    fund_kit_says(i, "iquique may not write entries of type grant", "a treasurer writes them");
    office_run(i, ST_NOT_ALLOWED, "fund", "allot", "iquique", "workshops", "CLP", "5", NULL);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "5", "--date=2026-05-03",
               "--office=iquique", "--receipt=1", NULL);
    fund_kit_end(&k);
}

/* What the audit would list: refused, and with --anyway written and told. */
static void what_the_rules_find(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    office_run(i, ST_NEEDS_PERSON, "fund", "award", "E07", "CLP", "400001", "--date=2026-05-02",
               NULL);
    fund_kit_says(i, "enterprise E07 of iquique was awarded CLP 400001, above the CLP 400000 of",
                  "--anyway writes it, and the audit will list it");
    office_run(i, ST_OK, "fund", "award", "E07", "CLP", "300000", "--date=2026-05-02", NULL);
    office_run(i, ST_NEEDS_PERSON, "fund", "pay", "E07", "CLP", "300001", "--date=2026-05-03",
               NULL);
    fund_kit_says(i, "was paid CLP 300001, above the CLP 300000 that it was awarded", "--anyway");
    office_run(i, ST_NEEDS_PERSON, "fund", "pay", "E07", "CLP", "5", "--date=2026-05-01", NULL);
    fund_kit_says(i, "before its award (2026-05-02)", "--anyway");
    office_run(i, ST_OK, "fund", "pay", "E07", "CLP", "300000", "--date=2026-05-03", NULL);
    office_run(i, ST_NEEDS_PERSON, "fund", "purchase", "E07", "CLP", "300001", "oven",
               "--receipt=1", "--date=2026-05-04", NULL);
    fund_kit_says(i, "goods of CLP 300001 were bought, above the CLP 300000 paid for it", "");
    office_run(i, ST_NEEDS_PERSON, "fund", "purchase", "E07", "CLP", "5", "oven",
               "--date=2026-05-04", NULL);
    fund_kit_says(i, "the purchase (new) of iquique (CLP 5, 2026-05-04) has no receipt", "");
    office_run(i, ST_OK, "fund", "purchase", "E07", "CLP", "5", "oven", "--date=2026-05-04",
               "--paper", NULL);
    office_run(i, ST_NEEDS_PERSON, "fund", "purchase", "E01", "CLP", "5", "oven", "--receipt=8",
               "--date=2026-05-04", NULL);
    fund_kit_says(i, "the enterprise E01 is of santiago, not of iquique", "--anyway");
    uint32_t before = commits(i);
    office_run(i, ST_OK, "fund", "pay", "E07", "CLP", "7", "--date=2126-07-03",
               "--today=2026-05-03", "--anyway", NULL);
    assert_int_equal(commits(i), before + 1);
    assert_int_equal(json_array_size(office_at(i, 0, "overridden")), 3);
    assert_string_equal(office_text(i, 0, "overridden.0"), "the date 2126-07-03 is still to come");
    fund_kit_end(&k);
}

/* A receipt that anybody used, however it is written; another supplier's number is another. */
static void a_receipt_is_used_once(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(s, ST_OK, "fund", "allot", "santiago", "workshops", "CLP", "100",
               "--date=2026-05-02", NULL);
    office_run(s, ST_OK, "fund", "expense", "workshops", "CLP", "10", "--receipt=Boleta N. 7",
               "--supplier=Sodimac", "--date=2026-05-02", "--ref=G1", NULL);
    fund_kit_meet(&k);
    office_run(i, ST_NEEDS_PERSON, "fund", "expense", "enterprises", "CLP", "10",
               "--receipt=BOLETA n 7", "--supplier=sodimac", "--date=2026-05-03", NULL);
    fund_kit_says(i, "is used 2 times: by G1 santiago, (new) iquique", "--anyway");
    office_run(i, ST_NEEDS_PERSON, "fund", "expense", "enterprises", "CLP", "10",
               "--receipt=boleta n 7", "--date=2026-05-03", NULL);
    fund_kit_says(i, "the supplier is not always named", "");
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "10", "--receipt=boleta n 7",
               "--supplier=Easy", "--date=2026-05-03", NULL);
    /* What was reversed used no receipt. */
    office_run(s, ST_OK, "fund", "reverse", "G1", "--because=typed twice", NULL);
    fund_kit_meet(&k);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "10", "--receipt=boleta n 7",
               "--supplier=sodimac", "--date=2026-05-03", NULL);
    fund_kit_end(&k);
}

static void a_grant_is_registered_once(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    office_run(&k.santiago, ST_NEEDS_PERSON, "fund", "grant", "USD", "2000", "--from=fosis",
               "--date=2026-05-01", NULL);
    fund_kit_says(&k.santiago, "is registered 2 times", "--anyway");
    fund_kit_end(&k);
}

static void takes_back_what_was_written(void **state)
{
    (void)state;
    struct fund_kit k;
    char id[ENTRY_ID_TEXT + 1], digits[16];
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "300", "--receipt=1",
               "--date=2026-05-03", "--ref=X1", NULL);
    office_id(i, id);
    snprintf(digits, sizeof digits, "%.8s", id);
    office_run(i, ST_USAGE, "fund", "reverse", "X1", NULL);
    fund_kit_says(i, "fund reverse needs --because TEXT", "fund reverse ENTRY");
    office_run(i, ST_OK, "fund", "reverse", digits, "--because=the wrong line", "--dry-run", NULL);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 500000);
    uint32_t before = commits(i);
    office_run(i, ST_OK, "fund", "reverse", "X1", "--because=the wrong line", NULL);
    assert_string_equal(office_text(i, 0, "ref"), id);
    assert_string_equal(office_text(i, 0, "about"), "X1");
    assert_int_equal(office_number(i, 0, "accounts.0.before"), 499700);
    assert_int_equal(office_number(i, 0, "accounts.0.after"), 500000);
    assert_int_equal(commits(i), before + 1); /* the reason is in the same commit */
    office_run(i, ST_OK, "list", "decision", "--limit=9", NULL);
    assert_string_equal(office_text(i, 0, "fields.because"), "the wrong line");
    assert_string_equal(office_text(i, 0, "fields.record"), id);
    assert_int_equal(fund_kit_balance(i, "iquique", "enterprises", "CLP"), 500000);
    office_run(i, ST_EXISTS, "fund", "reverse", "X1", "--because=again", "--anyway", NULL);
    fund_kit_says(i, "expense X1 was reversed already, by iquique", "");
    fund_kit_meet(&k);
    office_run(s, ST_EXISTS, "fund", "reverse", digits, "--because=again", NULL);
    office_run(i, ST_OK, "list", "reversal", NULL);
    office_id(i, id);
    office_run(i, ST_NOT_ALLOWED, "fund", "reverse", id, "--because=after all", NULL);
    fund_kit_says(i, "a reversal is not reversed", "write the entry anew");
    fund_kit_end(&k);
}

/* Only who holds what would be taken back gives it back. */
static void who_may_reverse(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(s, ST_NOT_ALLOWED, "fund", "reverse", "A1", "--because=a mistake", NULL);
    fund_kit_says(s, "santiago cannot reverse allotment A1: the account is of iquique",
                  "at iquique: minga fund reverse A1");
    office_run(i, ST_OK, "fund", "award", "E07", "CLP", "5", "--date=2026-05-03", "--ref=W1", NULL);
    office_run(i, ST_OK, "fund", "pay", "E07", "CLP", "5", "--date=2026-05-03", "--ref=D1", NULL);
    fund_kit_meet(&k);
    office_run(s, ST_NOT_ALLOWED, "fund", "reverse", "W1", "--because=no", NULL);
    office_run(s, ST_NOT_ALLOWED, "fund", "reverse", "D1", "--because=no", NULL);
    office_run(i, ST_OVERDRAWN, "fund", "reverse", "A1", "--because=not wanted", NULL);
    fund_kit_says(i, "enterprises of iquique holds CLP 499995", "");
    office_run(i, ST_OK, "fund", "reverse", "D1", "--because=not paid", NULL);
    office_run(i, ST_OK, "fund", "reverse", "W1", "--because=withdrawn", NULL);
    office_run(i, ST_OK, "fund", "reverse", "A1", "--because=not wanted", NULL);
    fund_kit_meet(&k);
    assert_int_equal(fund_kit_balance(s, "santiago", "pool", "CLP"), 1000000);
    assert_int_equal(fund_kit_balance(s, "iquique", "enterprises", "CLP"), 0);
    fund_kit_end(&k);
}

static void hands_over_once(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(i, ST_OK, "fund", "purchase", "E07", "CLP", "5", "oven", "--receipt=1",
               "--date=2026-05-04", "--ref=P1", "--anyway", NULL);
    office_run(i, ST_OK, "add", "purchase", "office=iquique", "enterprise=E07", "amount=5",
               "currency=CLP", "date=2026-05-04", "ownership_transferred=2026-05-06", "ref=P2",
               NULL);
    office_run(i, ST_OK, "fund", "transfer", "P1", "--date=2026-05-05", "--ref=T1", NULL);
    office_run(i, ST_NEEDS_PERSON, "fund", "transfer", "P1", "--date=2026-05-06", NULL);
    fund_kit_says(i, "what was bought as P1 is handed over since 2026-05-05", "--anyway");
    office_run(i, ST_NEEDS_PERSON, "fund", "transfer", "P2", "--date=2026-05-06", NULL);
    fund_kit_says(i, "P2 is handed over since 2026-05-06", "--anyway");
    fund_kit_meet(&k);
    office_run(s, ST_NEEDS_PERSON, "fund", "transfer", "P2", "--date=2026-05-06", NULL);
    fund_kit_says(s, "the purchase P2 is of iquique, not of santiago", "--anyway");
    office_run(i, ST_NOT_FOUND, "fund", "transfer", "T1", NULL); /* a transfer is no purchase */
    fund_kit_says(i, "there is no purchase 'T1' here", "minga list purchase");
    fund_kit_end(&k);
}

/* Two offices that cannot hear each other spend what each was given, and no more. */
static void nobody_overspends_alone(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *s = &k.santiago, *i = &k.iquique;
    office_run(s, ST_OK, "fund", "allot", "santiago", "enterprises", "CLP", "500000",
               "--date=2026-05-02", NULL);
    fund_kit_meet(&k);
    office_run(s, ST_OVERDRAWN, "fund", "expense", "enterprises", "CLP", "500001", "--receipt=1",
               "--date=2026-05-03", NULL);
    office_run(s, ST_OK, "fund", "expense", "enterprises", "CLP", "500000", "--receipt=1",
               "--date=2026-05-03", NULL);
    office_run(i, ST_OK, "fund", "expense", "enterprises", "CLP", "500000", "--receipt=2",
               "--date=2026-05-03", NULL);
    office_run(i, ST_OVERDRAWN, "fund", "expense", "enterprises", "CLP", "1", "--receipt=3",
               "--date=2026-05-03", NULL);
    fund_kit_meet(&k);
    for (int n = 0; n < 2; n++) {
        struct office *o = n == 0 ? s : i;
        office_run(o, ST_OK, "fund", "balance", NULL);
        for (size_t row = 0; row < office_rows(o); row++)
            assert_true(office_number(o, row, "balance") >= 0);
    }
    fund_kit_end(&k);
}

/* Whichever allocation fails, an entry is whole or not there. */
static void without_memory(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    struct control_request q = {
        .verb = BYTES("fund"),
        .word_count = 4,
        .words = {BYTES("expense"), BYTES("enterprises"), BYTES("CLP"), BYTES("5")},
        .option_count = 3,
        .options = {{BYTES("date"), BYTES("2026-05-03")},
                    {BYTES("dry-run"), BYTES("")},
                    {BYTES("receipt"), BYTES("1")}},
    };
    struct verb_call call = {.replica = i->replica,
                             .request = &q,
                             .author = BYTES("ana <ana@example.org>"),
                             .user = i,
                             .row = office_row};
    uint32_t before = commits(i);
    bool through = false;
    for (uint64_t n = 1; !through; n += n < 100 ? 1 : 7) {
        struct fault f = {0};
        mem_fail_at(n);
        enum status status = verb_run(&call, &f);
        bool failed = mem_failed();
        mem_fail_at(0);
        through = status == ST_OK && !failed;
        assert_true(status == ST_OK || status == ST_NO_MEMORY);
        assert_true(n < 20000);
    }
    assert_int_equal(commits(i), before);
    fund_kit_end(&k);
}

/* Whatever fails while an entry is written, the same command again makes it one entry. */
static void once_though_memory_ran_out(void **state)
{
    (void)state;
    struct fund_kit k;
    fund_kit_begin(&k);
    struct office *i = &k.iquique;
    char ref[32];
    struct control_request q = {
        .verb = BYTES("fund"),
        .word_count = 5,
        .words = {BYTES("pass"), BYTES("santiago"), BYTES("enterprises"), BYTES("CLP"), BYTES("1")},
        .option_count = 2,
        .options = {{BYTES("date"), BYTES("2026-05-03")}, {BYTES("ref"), BYTES("")}},
    };
    struct verb_call call = {.replica = i->replica,
                             .request = &q,
                             .author = BYTES("ana <ana@example.org>"),
                             .user = i,
                             .row = office_row};
    int64_t written = 0;
    bool through = false;
    for (uint64_t n = 1; !through; n += 29) {
        struct fault f = {0};
        snprintf(ref, sizeof ref, "M%llu", (unsigned long long)n);
        q.options[1].value = bytes_of_text(ref);
        mem_fail_at(n);
        enum status status = verb_run(&call, &f);
        through = !mem_failed();
        mem_fail_at(0);
        assert_true(status == ST_OK || status == ST_NO_MEMORY);
        if (status != ST_OK && verb_run(&call, &f) != ST_OK)
            fail_msg("%s: %s", ref, f.text);
        written++;
        assert_true(n < 20000);
    }
    assert_int_equal(replica_sync(i->replica, NULL), ST_OK);
    assert_true(written > 3);
    assert_int_equal(fund_kit_balance(i, "iquique", "enterprises", "CLP"), 500000 - written);
    fund_kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_the_whole_way),
        cmocka_unit_test(passes_within_a_line),
        cmocka_unit_test(a_dry_run_says_and_writes_nothing),
        cmocka_unit_test(one_number_is_one_entry),
        cmocka_unit_test(numbers_of_their_own_do_not_collide),
        cmocka_unit_test(amounts_currencies_and_lines_that_are_none),
        cmocka_unit_test(both_sides_of_an_exchange),
        cmocka_unit_test(days_that_cannot_be),
        cmocka_unit_test(more_than_an_account_holds),
        cmocka_unit_test(from_anothers_account),
        cmocka_unit_test(what_the_rules_find),
        cmocka_unit_test(a_receipt_is_used_once),
        cmocka_unit_test(a_grant_is_registered_once),
        cmocka_unit_test(takes_back_what_was_written),
        cmocka_unit_test(who_may_reverse),
        cmocka_unit_test(hands_over_once),
        cmocka_unit_test(nobody_overspends_alone),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(once_though_memory_ran_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
