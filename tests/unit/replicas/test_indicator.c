#include "tests/unit/replicas/book_kit.h"
#include "tests/unit/replicas/reach_book.h"

#include "proto/mem.h"
#include "replicas/indicator.h"

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

static struct indicators *read_all(const struct book *b, uint32_t k)
{
    struct indicators *all = NULL;
    struct indicator_options o = {schema, k};
    assert_int_equal(indicator_read(b, &o, &all), ST_OK);
    return all;
}

static void check(const struct indicators *all, enum indicator_what what, enum indicator_by by,
                  const char *value, const char *currency, int64_t numerator, int64_t denominator,
                  int64_t missing)
{
    const struct indicator *row = indicator_find(all, what, by, value, currency);
    if (row == NULL)
        fail_msg("no row of %s, %s", indicator_facts(what)->name, value != NULL ? value : "all");
    if (row->numerator.count != numerator || row->denominator.count != denominator ||
        row->missing.count != missing)
        fail_msg("%s, %s: %lld of %lld, %lld missing", indicator_facts(what)->name,
                 value != NULL ? value : "all", (long long)row->numerator.count,
                 (long long)row->denominator.count, (long long)row->missing.count);
}

/* The published facts of the reference programme, out of three replicas' records. */
static void the_reference_programme(void **state)
{
    (void)state;
    static struct office o[BOOK_OFFICES];
    book_whole_programme(o);
    struct book *b = book_of(&o[1]);
    struct indicators *all = read_all(b, 0);
    enum indicator_by total = INDICATOR_ALL;
    check(all, INDICATOR_FAMILIES_REACHED, total, NULL, NULL, 100, 100, BOOK_UNKNOWN);
    check(all, INDICATOR_PEOPLE_REACHED, total, NULL, NULL, 300, 300, 0);
    check(all, INDICATOR_ENTERPRISES, total, NULL, NULL, 47, 47, 0);
    check(all, INDICATOR_FAMILIES_VISITED, total, NULL, NULL, 68, 100, 0);
    check(all, INDICATOR_FAMILIES_SELECTED, total, NULL, NULL, 47, 68, 0);
    check(all, INDICATOR_SESSIONS_INDIVIDUAL, total, NULL, NULL, 188, 188, 0);
    check(all, INDICATOR_SESSIONS_GROUP, total, NULL, NULL, 12, 12, 0);
    check(all, INDICATOR_INCOME_HIGHER, total, NULL, NULL, 19, 47, 0);
    check(all, INDICATOR_CONTACTS, total, NULL, NULL, 45, BOOK_UNKNOWN, BOOK_UNKNOWN);
    check(all, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE, "strengthening", NULL, 20, BOOK_UNKNOWN,
          BOOK_UNKNOWN);
    check(all, INDICATOR_ENTERPRISES, INDICATOR_BY_STAGE, "monitoring", NULL, 47, BOOK_UNKNOWN,
          BOOK_UNKNOWN);
    check(all, INDICATOR_GRANTED, total, NULL, "USD", 20000000, BOOK_UNKNOWN, BOOK_UNKNOWN);
    check(all, INDICATOR_ALLOTTED, total, NULL, "CLP", 108000000, 108000000, BOOK_UNKNOWN);
    check(all, INDICATOR_DISBURSED, total, NULL, "CLP", 12750002, 12750002, BOOK_UNKNOWN);
    check(all, INDICATOR_PURCHASED, total, NULL, "CLP", 12750002, 12750002, 0);
    check(all, INDICATOR_HANDED_OVER, total, NULL, "CLP", 12750002, 12750002, 0);
    const struct indicator *higher =
        indicator_find(all, INDICATOR_INCOME_HIGHER, total, NULL, NULL);
    assert_int_equal(indicator_percent(higher), 40);
    indicator_free(all);
    book_free(b);
    for (size_t i = 0; i < BOOK_OFFICES; i++)
        office_close(&o[i]);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct sample s = {0};
    sample_close(&s);
    struct indicators *all = read_all(&s.b, 5);
    for (uint32_t i = 0; i < all->count; i++) {
        assert_int_equal(all->rows[i].numerator.count, 0);
        assert_int_equal(indicator_percent(&all->rows[i]), BOOK_UNKNOWN); /* no division by 0 */
    }
    assert_null(indicator_find(all, INDICATOR_GRANTED, INDICATOR_ALL, NULL, "CLP"));
    check(all, INDICATOR_INCOME_HIGHER, INDICATOR_ALL, NULL, NULL, 0, 0, 0);
    check(all, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE, "idea", NULL, 0, BOOK_UNKNOWN,
          BOOK_UNKNOWN);
    indicator_free(all);
    reach_release(&s);
}

/* A table's rows add up to its total, in every part that has a number. */
static void rows_add_up(void **state)
{
    (void)state;
    struct sample s = {0};
    reach_fill(&s);
    struct indicators *all = read_all(&s.b, 0);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct indicator *total = &all->rows[i];
        int64_t sum[INDICATOR_BYS] = {0}, missing[INDICATOR_BYS] = {0};
        bool any[INDICATOR_BYS] = {false};
        for (uint32_t r = 0; r < all->count; r++) {
            const struct indicator *row = &all->rows[r];
            if (row->what != total->what || strcmp(row->currency, total->currency) != 0)
                continue;
            sum[row->by] += row->numerator.count;
            missing[row->by] += row->missing.count;
            any[row->by] = true;
        }
        for (int by = 0; total->by == INDICATOR_ALL && by < INDICATOR_BYS; by++) {
            if (any[by])
                assert_int_equal(sum[by], total->numerator.count);
            if (any[by] && missing[by] > 0 && total->what != INDICATOR_FAMILIES_VISITED &&
                total->what != INDICATOR_SESSIONS_INDIVIDUAL &&
                total->what != INDICATOR_SESSIONS_GROUP) /* those that name nobody */
                assert_int_equal(missing[by], total->missing.count);
        }
    }
    indicator_free(all);
    reach_release(&s);
}

static void percents(void **state)
{
    (void)state;
    static const struct {
        int64_t numerator, denominator, percent;
    } cases[] = {
        {19, 47, 40},
        {1, 200, 1}, /* a half rounds up */
        {1, 201, 0},
        {0, 7, 0},
        {7, 0, BOOK_UNKNOWN},
        {0, 0, BOOK_UNKNOWN},
        {BOOK_UNKNOWN, 3, BOOK_UNKNOWN},
        {3, BOOK_UNKNOWN, BOOK_UNKNOWN},
        {3, 2, 150},
        {INT64_MAX, INT64_MAX, 100},
        {INT64_MAX / 2, INT64_MAX, 50},
        {0, INT64_MAX, 0},
        {INT64_MAX / 100, INT64_MAX, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct indicator row = {.numerator.count = cases[i].numerator,
                                .denominator.count = cases[i].denominator};
        assert_int_equal(indicator_percent(&row), cases[i].percent);
        row.numerator.state = SMALLCELL_HIDDEN;
        assert_int_equal(indicator_percent(&row), BOOK_UNKNOWN);
    }
    struct indicator most = {.numerator.count = INT64_MAX, .denominator.count = 1};
    assert_true(indicator_percent(&most) > 1000000); /* and nothing overflows */
}

static void facts_are_whole(void **state)
{
    (void)state;
    for (int w = 0; w < INDICATORS; w++) {
        const struct indicator_facts *f = indicator_facts((enum indicator_what)w);
        for (int other = 0; other < w; other++)
            assert_string_not_equal(f->name, indicator_facts((enum indicator_what)other)->name);
        for (int l = 0; l < INDICATOR_LANGUAGES; l++) {
            assert_non_null(f->sentence[l]);
            assert_int_equal(f->of[l] == NULL, f->of[0] == NULL);
            assert_int_equal(f->missing[l] == NULL, f->missing[0] == NULL);
        }
        assert_string_not_equal(indicator_unit_word(f->unit), "");
    }
    for (int by = 1; by < INDICATOR_BYS; by++)
        for (int other = 0; other < by; other++)
            assert_string_not_equal(indicator_by_word((enum indicator_by)by),
                                    indicator_by_word((enum indicator_by)other));
}

static void survives_a_failed_allocation(void **state)
{
    (void)state;
    struct sample s = {0};
    reach_fill(&s);
    struct indicator_options o = {schema, 5};
    uint64_t n = 1;
    for (;; n++) {
        struct indicators *all = NULL;
        mem_fail_at(n);
        enum status st = indicator_read(&s.b, &o, &all);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(all == NULL, failed);
        indicator_free(all);
        if (!failed)
            break;
    }
    assert_true(n > 10);
    reach_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_programme),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(rows_add_up),
        cmocka_unit_test(percents),
        cmocka_unit_test(facts_are_whole),
        cmocka_unit_test(survives_a_failed_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
