#include "tests/unit/replicas/reach_book.h"

#include "replicas/indicator_reach.h"

static struct schema *schema;
static struct sample s;
static struct tally t;

static int set_up(void **state)
{
    (void)state;
    schema = programme_schema();
    reach_fill(&s);
    assert_int_equal(tally_begin(&t, &s.b, schema), ST_OK);
    assert_int_equal(indicator_reach_count(&t), ST_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tally_release(&t);
    reach_release(&s);
    schema_free(schema);
    return 0;
}

static void check(enum indicator_what what, enum indicator_by by, const char *value,
                  int64_t numerator, int64_t denominator, int64_t missing)
{
    enum tally_axis axis = tally_axis_of(by);
    uint32_t at = value == NULL ? 0 : tally_at(&t, axis, value);
    const struct indicator *row = tally_row(&t, what, by, at, 0);
    if (row->numerator.count != numerator || row->denominator.count != denominator ||
        row->missing.count != missing)
        fail_msg("%s, %s: %lld of %lld, %lld missing", indicator_facts(what)->name,
                 value != NULL ? value : "all", (long long)row->numerator.count,
                 (long long)row->denominator.count, (long long)row->missing.count);
}

enum { NONE = BOOK_UNKNOWN };
static const enum indicator_by ALL = INDICATOR_ALL, OFFICE = INDICATOR_BY_OFFICE;

static void families(void **state)
{
    (void)state;
    check(INDICATOR_FAMILIES_REACHED, ALL, NULL, 5, 10, NONE);
    check(INDICATOR_FAMILIES_REACHED, OFFICE, "north", 3, NONE, NONE);
    check(INDICATOR_PEOPLE_REACHED, ALL, NULL, 14, 30, 1);
    check(INDICATOR_PEOPLE_REACHED, OFFICE, "south", 5, NONE, 1);
    check(INDICATOR_FAMILIES_VISITED, ALL, NULL, 3, 5, 1);
    check(INDICATOR_FAMILIES_VISITED, OFFICE, "north", 2, 3, 0);
    check(INDICATOR_FAMILIES_FEASIBLE, ALL, NULL, 2, 3, 1);
    check(INDICATOR_FAMILIES_SELECTED, ALL, NULL, 1, 3, 1);
    check(INDICATOR_FAMILIES_SELECTED, OFFICE, "south", 0, 1, 1);
}

static void enterprises(void **state)
{
    (void)state;
    check(INDICATOR_ENTERPRISES, ALL, NULL, 3, 5, 1);
    check(INDICATOR_ENTERPRISES, OFFICE, "south", 1, NONE, 1);
    check(INDICATOR_ENTERPRISES, INDICATOR_BY_LINE, "idea", 1, NONE, NONE);
    check(INDICATOR_ENTERPRISES, INDICATOR_BY_LINE, "strengthening", 0, NONE, NONE);
    check(INDICATOR_ENTERPRISES, INDICATOR_BY_LINE, "", 1, NONE, NONE);
    check(INDICATOR_ENTERPRISES, INDICATOR_BY_STAGE, "monitoring", 2, NONE, NONE);
    uint32_t line = tally_at(&t, TALLY_LINE, "idea"), north = tally_at(&t, TALLY_OFFICE, "north");
    assert_int_equal(tally_row(&t, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE_OFFICE, line, north)
                         ->numerator.count,
                     1);
}

static void sessions(void **state)
{
    (void)state;
    check(INDICATOR_SESSIONS_INDIVIDUAL, ALL, NULL, 5, 12, 1); /* the fifth of one makes up none */
    check(INDICATOR_SESSIONS_INDIVIDUAL, OFFICE, "north", 4, 8, 0);
    check(INDICATOR_SESSIONS_GROUP, ALL, NULL, 1, 8, 1);
    check(INDICATOR_SESSIONS_GROUP, OFFICE, "south", 0, 4, 0);
    check(INDICATOR_SESSIONS_GROUP, OFFICE, "east", 0, 0, 0);
}

static void incomes(void **state)
{
    (void)state;
    check(INDICATOR_INCOME_HIGHER, ALL, NULL, 1, 2, 1);
    check(INDICATOR_INCOME_HIGHER, OFFICE, "south", 0, 0, 1);
    check(INDICATOR_INCOME_HIGHER, INDICATOR_BY_LINE, "idea", 1, 1, 0);
    check(INDICATOR_INCOME_HIGHER, INDICATOR_BY_LINE, "innovation", 0, 1, 0);
}

static void contacts(void **state)
{
    (void)state;
    check(INDICATOR_CONTACTS, ALL, NULL, 3, NONE, NONE);
    check(INDICATOR_CONTACTS, INDICATOR_BY_SECTOR, "health", 2, NONE, NONE);
    check(INDICATOR_CONTACTS, INDICATOR_BY_SECTOR, "", 1, NONE, NONE);
    check(INDICATOR_ATTENDEES, ALL, NULL, 42, NONE, 1);
    check(INDICATOR_ATTENDEES, INDICATOR_BY_KIND, "awareness workshop", 42, NONE, 0);
    check(INDICATOR_ATTENDEES, INDICATOR_BY_KIND, "bilateral meeting", 0, NONE, 1);
}

/* Huge numbers of people stay at the largest that there is. */
static void saturates(void **state)
{
    (void)state;
    struct sample big = {0};
    struct tally sums;
    for (int i = 0; i < 3; i++)
        reach_household(&big, "", "north", INT64_MAX / 2);
    sample_close(&big);
    assert_int_equal(tally_begin(&sums, &big.b, schema), ST_OK);
    assert_int_equal(indicator_reach_count(&sums), ST_OK);
    assert_int_equal(tally_row(&sums, INDICATOR_PEOPLE_REACHED, ALL, 0, 0)->numerator.count,
                     INT64_MAX);
    tally_release(&sums);
    reach_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families), cmocka_unit_test(enterprises), cmocka_unit_test(sessions),
        cmocka_unit_test(incomes),  cmocka_unit_test(contacts),    cmocka_unit_test(saturates),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
