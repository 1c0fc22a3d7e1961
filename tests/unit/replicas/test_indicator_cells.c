#include "tests/unit/replicas/reach_book.h"

#include "replicas/indicator.h"

/*
 * What a partner sees of books made by chance, and somebody who subtracts: from every table, every
 * total, and from one indicator what another says, nothing small comes back.
 */

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

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static void fill(struct sample *s, uint32_t seed)
{
    static const char *const offices[] = {"north", "south", "east"};
    static const char *const lines[] = {"idea", "innovation", "strengthening", ""};
    static const char *const stages[] = {"selection", "purchase", "monitoring"};
    static const char *const answers[] = {"feasible", "feasible", "not feasible", ""};
    struct book_programme *p = sample_programme(s, "Sowing");
    p->families = p->enterprises = 50;
    for (uint32_t i = 0; i < 40; i++) {
        const char *office = offices[next(&seed) % 7 % 3];
        uint32_t h = reach_household(s, "", office, next(&seed) % 9 == 0 ? BOOK_UNKNOWN : 3);
        if (next(&seed) % 8 != 0)
            reach_visit(s, h, "2009-07-01", answers[next(&seed) % 4], "selected");
    }
    for (uint32_t i = 0; i < 30; i++) {
        const char *office = offices[next(&seed) % 7 % 3];
        uint32_t e =
            reach_enterprise(s, office, lines[next(&seed) % 13 % 4], stages[next(&seed) % 5 % 3]);
        for (uint32_t n = next(&seed) % 5; n > 0; n--)
            reach_session(s, "individual", office, e);
        if (next(&seed) % 6 == 0)
            continue;
        reach_income(s, e, "baseline", "2009-07-15", 100, "CLP");
        reach_income(s, e, "follow-up", "2010-01-15", next(&seed) % 4 == 0 ? 90 : 120, "CLP");
    }
    sample_close(s);
}

static bool is_shown(const struct indicator_number *n)
{
    return n->count >= 0 && n->state == SMALLCELL_SHOWN;
}

static bool counts_people(const struct indicator *row)
{
    enum indicator_unit unit = indicator_facts(row->what)->unit;
    return unit == INDICATOR_OF_FAMILIES || unit == INDICATOR_OF_ENTERPRISES ||
           unit == INDICATOR_OF_PEOPLE;
}

static bool is_part_of(const struct indicator *row, const struct indicator *total)
{
    return row->what == total->what && total->by == INDICATOR_ALL && row->by != INDICATOR_ALL;
}

/* One table and its total: of what is not shown there are never exactly one. */
static void check_no_difference(const struct indicators *all, const struct indicator *total)
{
    for (int by = 1; by < INDICATOR_BYS; by++) {
        uint32_t hidden = is_shown(&total->numerator) ? 0 : 1, rows = 0;
        for (uint32_t i = 0; i < all->count; i++) {
            const struct indicator *row = &all->rows[i];
            if (!is_part_of(row, total) || row->by != (enum indicator_by)by)
                continue;
            rows++;
            hidden += is_shown(&row->numerator) ? 0 : 1;
        }
        assert_true(rows == 0 || hidden != 1);
    }
}

static const struct indicator *like(const struct indicators *all, enum indicator_what what,
                                    const struct indicator *row)
{
    return indicator_find(all, what, row->by, row->value, NULL);
}

/* Some of a whole, and the rest of it: neither small one is the difference of two that are shown.
 */
static void check_rest(const struct indicator *row, uint32_t k)
{
    if (row->denominator.count < 0 || !is_shown(&row->numerator) || !is_shown(&row->denominator))
        return;
    int64_t rest = row->denominator.count - row->numerator.count;
    if (row->what == INDICATOR_FAMILIES_FEASIBLE || row->what == INDICATOR_FAMILIES_SELECTED)
        return; /* there some say nothing: two unknown */
    assert_true(rest == 0 || rest >= k);
}

static void check_book(uint32_t seed, uint32_t k, uint32_t *hidden)
{
    struct sample s = {0};
    struct indicators *all = NULL;
    struct indicator_options o = {schema, k};
    fill(&s, seed);
    assert_int_equal(indicator_read(&s.b, &o, &all), ST_OK);
    for (uint32_t i = 0; i < all->count; i++) {
        const struct indicator *row = &all->rows[i];
        if (counts_people(row))
            assert_true(!is_shown(&row->numerator) || row->numerator.count == 0 ||
                        row->numerator.count >= k);
        if (row->by == INDICATOR_ALL && counts_people(row))
            check_no_difference(all, row);
        if (row->what == INDICATOR_FAMILIES_VISITED || row->what == INDICATOR_INCOME_HIGHER)
            check_rest(row, k);
        if (row->what == INDICATOR_INCOME_HIGHER) {
            const struct indicator *whole = like(all, INDICATOR_ENTERPRISES, row);
            assert_true(!is_shown(&whole->numerator) ||
                        is_shown(&row->denominator) == is_shown(&row->missing));
        }
        if (row->what == INDICATOR_SESSIONS_INDIVIDUAL) { /* as many as the enterprises, times 4 */
            const struct indicator *whole = like(all, INDICATOR_ENTERPRISES, row);
            assert_int_equal(is_shown(&whole->numerator), is_shown(&row->denominator));
            assert_int_equal(is_shown(&whole->numerator), is_shown(&row->numerator));
        }
        *hidden += row->numerator.state == SMALLCELL_HIDDEN ? 1 : 0;
    }
    indicator_free(all);
    reach_release(&s);
}

static void nothing_small_comes_back(void **state)
{
    (void)state;
    uint32_t hidden = 0;
    for (uint32_t seed = 1; seed <= 40; seed++)
        check_book(seed * 2654435761u, 5 + seed % 2, &hidden);
    assert_true(hidden > 40);
}

/* For offices and auditors nothing is hidden. */
static void all_is_shown_without_k(void **state)
{
    (void)state;
    struct sample s = {0};
    struct indicators *all = NULL;
    struct indicator_options o = {schema, 0};
    fill(&s, 7);
    assert_int_equal(indicator_read(&s.b, &o, &all), ST_OK);
    for (uint32_t i = 0; i < all->count; i++) {
        assert_int_equal(all->rows[i].numerator.state, SMALLCELL_SHOWN);
        assert_int_equal(all->rows[i].denominator.state, SMALLCELL_SHOWN);
        assert_int_equal(all->rows[i].missing.state, SMALLCELL_SHOWN);
    }
    indicator_free(all);
    reach_release(&s);
}

/* Money and what was promised are shown even where nearly everything else is not. */
static void money_and_promises_stay(void **state)
{
    (void)state;
    struct sample s = {0};
    struct indicators *all = NULL;
    struct indicator_options o = {schema, 5};
    reach_fill(&s);
    assert_int_equal(indicator_read(&s.b, &o, &all), ST_OK);
    for (uint32_t i = 0; i < all->count; i++)
        if (all->rows[i].what >= INDICATOR_GRANTED)
            assert_int_equal(all->rows[i].numerator.state, SMALLCELL_SHOWN);
    const struct indicator *unbought =
        indicator_find(all, INDICATOR_PURCHASED, INDICATOR_ALL, NULL, "CLP");
    assert_int_equal(unbought->missing.count, 1); /* one enterprise */
    assert_int_equal(unbought->missing.state, SMALLCELL_SMALL);
    const struct indicator *families =
        indicator_find(all, INDICATOR_FAMILIES_REACHED, INDICATOR_ALL, NULL, NULL);
    assert_int_equal(families->denominator.count, 10);
    assert_int_equal(families->denominator.state, SMALLCELL_SHOWN);
    indicator_free(all);
    reach_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_small_comes_back),
        cmocka_unit_test(all_is_shown_without_k),
        cmocka_unit_test(money_and_promises_stay),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
