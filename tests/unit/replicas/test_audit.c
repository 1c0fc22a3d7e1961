/*
 * audit: the reference programme in three offices is clean; what is planted in it is found, on
 * every member alike, and nothing else.
 */
#include "tests/unit/replicas/audit_kit.h"

#include <time.h>

static struct office o[BOOK_OFFICES];

static int set_up(void **state)
{
    (void)state;
    offices_clock = (int64_t)time(NULL); /* founding asks the system: nothing is to be back-dated */
    book_whole_programme(o);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        office_close(&o[i]);
    return 0;
}

static void test_reference_programme_is_clean(void **state)
{
    (void)state;
    struct digest first, digest;
    for (size_t i = 0; i < BOOK_OFFICES; i++) {
        struct audit_result *a = audit_of(&o[i]);
        audit_expect_clean(a);
        assert_true(a->closed); /* two offices date their commits long after 2010-01-31 */
        const struct audit_total *clp = audit_total_of(a, "CLP"), *usd = audit_total_of(a, "USD");
        assert_int_equal(usd->granted, 20000000);
        assert_int_equal(usd->given, 20000000);
        assert_int_equal(usd->balance, 0);
        assert_int_equal(clp->received, 108000000);
        assert_int_equal(clp->allotted, 108000000);
        assert_int_equal(clp->disbursed, 12750002);
        assert_int_equal(clp->purchased, 12750002);
        assert_int_equal(clp->handed_over, clp->purchased);
        assert_int_equal(clp->receipted, clp->purchased + clp->expensed);
        assert_int_equal(clp->balance, clp->received - clp->disbursed - clp->expensed);
        assert_int_equal(a->kinds[BOOK_DISBURSEMENT], 47);
        assert_int_equal(a->office_count, BOOK_OFFICES);
        finding_digest(&a->findings, i == 0 ? &first : &digest);
        if (i > 0)
            assert_memory_equal(&first, &digest, sizeof first);
        audit_free(a);
    }
}

/* Money for workshops, beside the reference programme's, which is all spent. */
static void give_more(void)
{
    static const char *const labels[] = {"office=santiago", "office=iquique"};
    office_run(&o[0], ST_OK, "add", "grant", "holder=santiago", "date=2009-08-01", "currency=CLP",
               "amount=50000", "funder=a friend", "recipient=us", NULL);
    for (size_t i = 0; i < 2; i++)
        office_run(&o[0], ST_OK, "add", "allotment", "holder=santiago", labels[i],
                   "budget_line=workshops", "currency=CLP", "amount=25000", NULL);
    book_exchange(o, BOOK_OFFICES);
}

/* The same receipt number in two offices that are cut off from each other. */
static void test_receipt_twice_in_a_partition(void **state)
{
    (void)state;
    give_more();
    audit_spend(&o[0], "santiago", "1000", "boleta 990001");
    audit_spend(&o[1], "iquique", "2000", "Boleta 990.001");
    for (size_t i = 0; i < 2; i++) {
        struct audit_result *a = audit_of(&o[i]);
        audit_expect_clean(a); /* neither can know */
        audit_free(a);
    }
    book_exchange(o, BOOK_OFFICES);
    for (size_t i = 0; i < BOOK_OFFICES; i++) {
        struct audit_result *a = audit_of(&o[i]);
        audit_expect(a, FINDING_RECEIPT_TWICE, "receipt ");
        assert_int_equal(a->findings.list[0].record_count, 2);
        assert_false(oid_is_zero(&a->findings.list[0].commit));
        audit_free(a);
    }
}

static void test_closed_by_two_offices_or_by_the_caller(void **state)
{
    (void)state;
    static const struct audit_options closing = {.close = true};
    struct office alone;
    struct audit_result *a = NULL;
    int64_t clock = offices_clock;
    offices_clock = 1259625600; /* 2009-12-01 */
    office_found(&alone, "arica");
    book_import(&alone, "programme", "programme.json", NULL);
    office_run(&alone, ST_OK, "add", "enterprise", "office=arica", "enterprise=E99", "line=idea",
               NULL);
    a = audit_of(&alone);
    assert_false(a->closed);
    audit_expect_clean(a);
    audit_free(a);
    assert_int_equal(audit_run(alone.replica, &closing, &a, &alone.fault), ST_OK);
    assert_true(a->closed);
    assert_int_equal(audit_count(a, FINDING_SESSIONS_MISSING), 2);
    audit_free(a);
    offices_clock = 1264982400 - 120; /* 2010-01-31T23:58 */
    office_run(&alone, ST_OK, "add", "contact", "office=arica", NULL);
    a = audit_of(&alone);
    assert_false(a->closed); /* within its last day */
    audit_free(a);
    office_run(&alone, ST_OK, "add", "contact", "office=arica", NULL);
    a = audit_of(&alone);
    assert_true(a->closed); /* an office alone says so itself */
    audit_free(a);
    offices_clock = clock;
    office_close(&alone);
}

static void test_of_a_home(void **state)
{
    (void)state;
    static const struct audit_options options;
    struct audit_result *a = NULL, *live = NULL;
    struct fault f = {0};
    live = audit_of(&o[0]);
    assert_int_equal(audit_home(o[0].home, &options, &a, &f), ST_OK);
    assert_true(a->verified.ok);
    assert_int_equal(a->verified.commits, graph_count(replica_graph(o[0].replica)));
    audit_expect(a, FINDING_RECEIPT_TWICE, "receipt ");
    struct digest mine, theirs;
    finding_digest(&a->findings, &mine);
    finding_digest(&live->findings, &theirs);
    assert_memory_equal(&mine, &theirs, sizeof mine);
    assert_true(oid_equal(&a->state, replica_state(o[0].replica)));
    audit_free(a);
    audit_free(live);
}

/* A byte of the journal that is changed: failed, by name, and the rest is told all the same. */
static void test_of_a_damaged_home(void **state)
{
    (void)state;
    static const struct audit_options options;
    struct audit_result *a = NULL;
    struct fault f = {0};
    char path[128], name[128] = "";
    office_reopen(&o[2]);
    snprintf(path, sizeof path, "ls %s/journal/*.feed 2>/dev/null | head -n 1", o[2].home);
    FILE *listing = popen(path, "r");
    assert_non_null(listing);
    bool listed = fgets(name, sizeof name, listing) != NULL;
    pclose(listing);
    if (!listed) {
        snprintf(path, sizeof path, "ls %s/journal/* | head -n 1", o[2].home);
        listing = popen(path, "r");
        assert_non_null(listing);
        assert_non_null(fgets(name, sizeof name, listing));
        pclose(listing);
    }
    name[strcspn(name, "\n")] = '\0';
    FILE *file = fopen(name, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 200, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, 200, SEEK_SET), 0);
    fputc(byte ^ 0x20, file);
    fclose(file);
    assert_int_equal(audit_home(o[2].home, &options, &a, &f), ST_OK);
    assert_int_equal(a->verdict, AUDIT_FAILED);
    assert_false(a->verified.ok);
    assert_true(a->verified.finding_count > 0);
    audit_free(a);
    file = fopen(name, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 200, SEEK_SET), 0);
    fputc(byte, file);
    fclose(file);
}

static void test_no_home(void **state)
{
    (void)state;
    static const struct audit_options options;
    struct audit_result *a = NULL;
    struct fault f = {0};
    assert_int_equal(audit_home("/tmp/there-is-none", &options, &a, &f), ST_NO_REPLICA);
    assert_null(a);
    assert_true(f.text[0] != '\0');
}

static void test_verdict_words(void **state)
{
    (void)state;
    assert_string_equal(audit_verdict_word(AUDIT_CLEAN), "clean");
    assert_string_equal(audit_verdict_word(AUDIT_FINDINGS), "findings");
    assert_string_equal(audit_verdict_word(AUDIT_FAILED), "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_programme_is_clean),
        cmocka_unit_test(test_of_a_damaged_home),
        cmocka_unit_test(test_receipt_twice_in_a_partition),
        cmocka_unit_test(test_of_a_home), /* with what was planted */
        cmocka_unit_test(test_closed_by_two_offices_or_by_the_caller),
        cmocka_unit_test(test_no_home),
        cmocka_unit_test(test_verdict_words),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
