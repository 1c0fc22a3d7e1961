#include "tests/unit/replicas/reach_book.h"

#include "replicas/indicator_money.h"

enum { NONE = BOOK_UNKNOWN };

static void check(const struct indicators *all, enum indicator_what what, enum indicator_by by,
                  const char *value, int64_t numerator, int64_t denominator, int64_t missing)
{
    const struct indicator *row = indicator_find(all, what, by, value, "CLP");
    assert_non_null(row);
    if (row->numerator.count != numerator || row->denominator.count != denominator ||
        row->missing.count != missing)
        fail_msg("%s, %s: %lld of %lld, %lld missing", indicator_facts(what)->name,
                 value != NULL ? value : "all", (long long)row->numerator.count,
                 (long long)row->denominator.count, (long long)row->missing.count);
}

static struct schema *schema;

static int set_up(void **state)
{
    (void)state;
    schema = programme_schema();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

static struct indicators *count(struct sample *s)
{
    struct tally t;
    struct indicators *all = NULL;
    assert_int_equal(tally_begin(&t, &s->b, schema), ST_OK);
    assert_int_equal(indicator_money_count(&t), ST_OK);
    assert_int_equal(tally_end(&t, 0, &all), ST_OK);
    tally_release(&t);
    return all;
}

static void every_share(void **state)
{
    (void)state;
    struct sample s = {0};
    reach_fill(&s);
    struct indicators *all = count(&s);
    check(all, INDICATOR_ALLOTTED, INDICATOR_ALL, NULL, 80000, 100000, NONE);
    check(all, INDICATOR_ALLOTTED, INDICATOR_BY_OFFICE, "north", 50000, 100000, NONE);
    check(all, INDICATOR_ALLOTTED, INDICATOR_BY_BUDGET, "workshops", 30000, 100000, NONE);
    check(all, INDICATOR_SPENT, INDICATOR_ALL, NULL, 40000, 80000, NONE);
    check(all, INDICATOR_SPENT, INDICATOR_BY_OFFICE, "south", 10000, 30000, NONE);
    check(all, INDICATOR_SPENT, INDICATOR_BY_BUDGET, "enterprises", 30000, 50000, NONE);
    check(all, INDICATOR_DISBURSED, INDICATOR_ALL, NULL, 30000, 50000, NONE);
    check(all, INDICATOR_PURCHASED, INDICATOR_ALL, NULL, 20000, 30000, 1);
    check(all, INDICATOR_RECEIPTED, INDICATOR_ALL, NULL, 23000, 30000, 2);
    check(all, INDICATOR_HANDED_OVER, INDICATOR_ALL, NULL, 20000, 20000, 0);
    const struct indicator *usd =
        indicator_find(all, INDICATOR_GRANTED, INDICATOR_ALL, NULL, "USD");
    assert_int_equal(usd->numerator.count, 200000);
    assert_null(indicator_find(all, INDICATOR_SPENT, INDICATOR_ALL, NULL, "USD"));
    indicator_free(all);
    reach_release(&s);
}

/* Money that was passed on is the other's; back in the pool it is nobody's. */
static void passes(void **state)
{
    (void)state;
    struct sample s = {0};
    sample_grant(&s, "G", "north", "2009-07-01", 1000, "CLP");
    sample_allot(&s, "A", "north", "north", "workshops", 600, "CLP");
    static const struct {
        const char *to, *line;
        int64_t amount;
    } passes[] = {{"south", "workshops", 200}, {"north", "pool", 100}};
    for (size_t i = 0; i < 2; i++) {
        uint32_t p = sample_entry(&s, BOOK_PASS, "", "north", "workshops", "2009-08-01");
        s.b.entries[p].to = sample_text(&s, passes[i].to);
        s.b.entries[p].to_line = sample_text(&s, passes[i].line);
        s.b.entries[p].money = sample_money(passes[i].amount, "CLP");
    }
    sample_close(&s);
    struct indicators *all = count(&s);
    check(all, INDICATOR_ALLOTTED, INDICATOR_ALL, NULL, 500, 1000, NONE);
    check(all, INDICATOR_ALLOTTED, INDICATOR_BY_OFFICE, "north", 300, 1000, NONE);
    check(all, INDICATOR_SPENT, INDICATOR_BY_OFFICE, "south", 0, 200, NONE);
    indicator_free(all);
    reach_release(&s);
}

static void what_counts_as_receipted_and_handed_over(void **state)
{
    (void)state;
    struct sample s = {0};
    uint32_t e = reach_enterprise(&s, "north", "idea", "");
    uint32_t bare = reach_purchase(&s, e, 1, "", ""), paper = reach_purchase(&s, e, 1, "b 1", "");
    uint32_t scan = reach_purchase(&s, e, 1, "", ""),
             dated = reach_purchase(&s, e, 1, "", "2009-12-01");
    s.b.entries[scan].documents = 1;
    assert_false(indicator_money_is_receipted(&s.b, &s.b.entries[bare]));
    assert_true(indicator_money_is_receipted(&s.b, &s.b.entries[paper]));
    assert_true(indicator_money_is_receipted(&s.b, &s.b.entries[scan]));
    assert_true(indicator_money_is_handed_over(&s.b, dated));
    assert_false(indicator_money_is_handed_over(&s.b, bare));
    uint32_t transfer = sample_entry(&s, BOOK_TRANSFER, "", "north", "", "2009-12-01");
    s.b.entries[transfer].about = bare;
    assert_true(indicator_money_is_handed_over(&s.b, bare));
    sample_reverse(&s, transfer);
    assert_false(indicator_money_is_handed_over(&s.b, bare));
    reach_release(&s);
}

/* Sums beyond what there are numbers for, and more passed on than was there. */
static void extremes(void **state)
{
    (void)state;
    struct sample s = {0};
    for (int i = 0; i < 3; i++) {
        uint32_t e = sample_entry(&s, BOOK_GRANT, "", "north", "pool", "");
        s.b.entries[e].money = sample_money(INT64_MAX / 2, "CLP");
    }
    uint32_t p = sample_entry(&s, BOOK_PASS, "", "north", "workshops", "");
    s.b.entries[p].to = sample_text(&s, "south");
    s.b.entries[p].to_line = sample_text(&s, "workshops");
    s.b.entries[p].money = sample_money(70, "CLP");
    sample_close(&s);
    struct indicators *all = count(&s);
    check(all, INDICATOR_GRANTED, INDICATOR_ALL, NULL, INT64_MAX, NONE, NONE);
    check(all, INDICATOR_ALLOTTED, INDICATOR_BY_OFFICE, "north", 0, INT64_MAX, NONE);
    check(all, INDICATOR_ALLOTTED, INDICATOR_BY_OFFICE, "south", 70, INT64_MAX, NONE);
    indicator_free(all);
    reach_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_share),
        cmocka_unit_test(passes),
        cmocka_unit_test(what_counts_as_receipted_and_handed_over),
        cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
