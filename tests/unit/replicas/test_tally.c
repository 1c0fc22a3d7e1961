#include "tests/unit/replicas/reach_book.h"

#include "replicas/tally.h"

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

static void axes_in_order(void **state)
{
    (void)state;
    struct sample s = {0};
    struct tally t;
    reach_enterprise(&s, "south", "zeal", "");
    reach_enterprise(&s, "north", "craft", "monitoring");
    reach_enterprise(&s, "", "idea", "monitoring");
    sample_close(&s);
    assert_int_equal(tally_begin(&t, &s.b, schema), ST_OK);
    static const char *const lines[] = {"strengthening", "idea", "innovation", "craft", "zeal"};
    const struct tally_values *v = &t.axes[TALLY_LINE]; /* the schema's, then others by name */
    assert_int_equal(v->count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_string_equal(v->names[i], lines[i]);
        assert_int_equal(tally_at(&t, TALLY_LINE, lines[i]), i);
    }
    static const char *const offices[] = {"north", "south", ""}; /* who says nothing, at last */
    assert_int_equal(t.axes[TALLY_OFFICE].count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_string_equal(t.axes[TALLY_OFFICE].names[i], offices[i]);
    tally_release(&t);
    reach_release(&s);
}

/* Beyond the most values that there is room for, the others are one. */
static void many_values(void **state)
{
    (void)state;
    struct sample s = {0};
    struct tally t;
    char name[32];
    for (int i = 0; i < TALLY_VALUES_MAX + 9; i++) {
        snprintf(name, sizeof name, "office-%03d", i);
        reach_household(&s, "", name, 1);
    }
    reach_household(&s, "", "", 1);
    sample_close(&s);
    assert_int_equal(tally_begin(&t, &s.b, schema), ST_OK);
    assert_int_equal(t.axes[TALLY_OFFICE].count, TALLY_VALUES_MAX + 2);
    assert_int_equal(tally_at(&t, TALLY_OFFICE, "office-000"), 0);
    assert_int_equal(tally_at(&t, TALLY_OFFICE, "office-264"), TALLY_VALUES_MAX);
    assert_string_equal(t.axes[TALLY_OFFICE].names[TALLY_VALUES_MAX], INDICATOR_OTHERS);
    assert_int_equal(tally_at(&t, TALLY_OFFICE, ""), TALLY_VALUES_MAX + 1);
    assert_false(tally_divides(&t, INDICATOR_ENTERPRISES, INDICATOR_BY_LINE_OFFICE)); /* too many */
    tally_release(&t);
    reach_release(&s);
}

/* Whatever offices write, currencies among it that nobody uses, the table is one that can be. */
static void many_currencies_and_offices(void **state)
{
    (void)state;
    enum { CURRENCIES = 180, OFFICES = 100 };
    struct sample s = {0};
    struct indicators *out = NULL;
    char name[32], code[] = "AAA";
    for (int i = 0; i < OFFICES; i++) {
        snprintf(name, sizeof name, "office-%03d", i);
        reach_household(&s, "", name, 1);
    }
    for (int i = 0; i < CURRENCIES; i++) {
        code[1] = (char)('A' + i / 26);
        code[2] = (char)('A' + i % 26);
        uint32_t at = sample_entry(&s, BOOK_DISBURSEMENT, "A", "office-000", "", "2009-09-01");
        s.b.entries[at].money = sample_money(5, code);
    }
    sample_close(&s);
    const struct indicator_options options = {.schema = schema, .k = 5};
    assert_int_equal(indicator_read(&s.b, &options, &out), ST_OK);
    const struct indicator *row =
        indicator_find(out, INDICATOR_DISBURSED, INDICATOR_ALL, NULL, "AAA");
    assert_non_null(row); /* each total is there */
    assert_null(indicator_find(out, INDICATOR_DISBURSED, INDICATOR_BY_OFFICE, "office-000", "AAA"));
    indicator_free(out);
    reach_release(&s);
}

static void rows_know_who_they_are(void **state)
{
    (void)state;
    struct sample s = {0};
    struct tally t;
    reach_fill(&s);
    assert_int_equal(tally_begin(&t, &s.b, schema), ST_OK);
    uint32_t clp = tally_at(&t, TALLY_CURRENCY, "CLP"), north = tally_at(&t, TALLY_OFFICE, "north");
    const struct indicator *row = tally_row(&t, INDICATOR_SPENT, INDICATOR_BY_OFFICE, clp, north);
    assert_string_equal(row->currency, "CLP");
    assert_string_equal(row->value, "north");
    assert_null(row->office);
    row = tally_row(&t, INDICATOR_ENTERPRISES, INDICATOR_BY_STAGE_OFFICE, 0, north);
    assert_string_equal(row->value, "selection");
    assert_string_equal(row->office, "north");
    assert_int_equal(row->missing.count, 0);
    row = tally_row(&t, INDICATOR_CONTACTS, INDICATOR_ALL, 0, 0);
    assert_null(row->value);
    assert_int_equal(row->denominator.count, BOOK_UNKNOWN);
    tally_release(&t);
    reach_release(&s);
}

static void sums_of_cells(void **state)
{
    (void)state;
    struct sample s = {0};
    struct tally t;
    struct indicators *all = NULL;
    reach_household(&s, "", "north", 1);
    reach_household(&s, "", "south", 1);
    sample_close(&s);
    assert_int_equal(tally_begin(&t, &s.b, schema), ST_OK);
    struct indicator *total = tally_row(&t, INDICATOR_FAMILIES_REACHED, INDICATOR_ALL, 0, 0);
    struct indicator *rows[2];
    for (uint32_t i = 0; i < 2; i++) {
        rows[i] = tally_row(&t, INDICATOR_FAMILIES_REACHED, INDICATOR_BY_OFFICE, i, 0);
        tally_add(&rows[i]->numerator.count, i == 0 ? 2 : 8);
        tally_add(&total->numerator.count, rows[i]->numerator.count);
        t.cells[tally_cell(&t, rows[i], TALLY_NUMERATOR)] =
            (struct smallcell){rows[i]->numerator.count, true, SMALLCELL_SHOWN};
    }
    t.cells[tally_cell(&t, total, TALLY_NUMERATOR)] = (struct smallcell){10, true, SMALLCELL_SHOWN};
    uint32_t copy = tally_new_cell(&t, 8);
    tally_same(&t, tally_cell(&t, rows[1], TALLY_NUMERATOR), copy);
    tally_begin_sum(&t, tally_cell(&t, total, TALLY_NUMERATOR));
    for (uint32_t i = 0; i < 2; i++)
        tally_part(&t, tally_cell(&t, rows[i], TALLY_NUMERATOR));
    assert_int_equal(tally_end(&t, 5, &all), ST_OK);
    const enum indicator_by by = INDICATOR_BY_OFFICE;
    assert_int_equal(
        indicator_find(all, INDICATOR_FAMILIES_REACHED, by, "north", NULL)->numerator.state,
        SMALLCELL_SMALL);
    assert_int_equal(
        indicator_find(all, INDICATOR_FAMILIES_REACHED, by, "south", NULL)->numerator.state,
        SMALLCELL_HIDDEN);
    assert_int_equal(t.cells[copy].state, SMALLCELL_HIDDEN);
    indicator_free(all);
    tally_release(&t);
    reach_release(&s);
}

static void numbers_stay_at_the_largest(void **state)
{
    (void)state;
    int64_t n = INT64_MAX - 1;
    tally_add(&n, 1);
    assert_int_equal(n, INT64_MAX);
    tally_add(&n, INT64_MAX);
    assert_int_equal(n, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_in_order),
        cmocka_unit_test(many_values),
        cmocka_unit_test(many_currencies_and_offices),
        cmocka_unit_test(rows_know_who_they_are),
        cmocka_unit_test(sums_of_cells),
        cmocka_unit_test(numbers_stay_at_the_largest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
