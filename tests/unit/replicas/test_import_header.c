#include "tests/unit/replicas/import_kit.h"

static void headers_are_checked_first(void **state)
{
    (void)state;
    struct import_options key = {.key = BYTES("nothing")};
    struct import_options personal = {.key = BYTES("phone")};
    struct import_options where = {.where_column = BYTES("nothing"), .where_value = BYTES("x")};
    expect_fault("visit", NULL, "", "empty", "");
    expect_fault("visit", NULL, "\n", "no row of names", "");
    expect_fault("visit", NULL, "visit,\xff\n", "UTF-8", "CSV UTF-8");
    expect_fault("visit", NULL, "visit,scroe\nV1,2\n", "no field \"scroe\"", "\"score\"");
    expect_fault("visit", NULL, "visit,xylophone\n", "no field \"xylophone\"", "mark it with *");
    expect_fault("visit", NULL, "visit,score,score\n", "twice", "");
    expect_fault("visit", NULL, "visit,,score\n", "column 2 has no name", "");
    expect_fault("visit", NULL, "score\n1\n", "key column \"visit\"", "--key");
    expect_fault("visit", &key, "visit,score\n", "key column \"nothing\"", "--key");
    expect_fault("household", &personal, "household,phone\n", "cannot be the key", "");
    expect_fault("visit", &where, "visit,score\n", "--where", "");
    expect_fault("income", NULL, "income,monthly_amount\n", "needs the column \"currency\"", "");
    expect_fault("grant", NULL, "grant,currency,amount\n", "needs the column \"date\"", "");
    struct import_options receipt = {.key = BYTES("receipt")};
    expect_fault("purchase", &receipt, "purchase,receipt\n", "no field \"purchase\"", "--key");
}

static void columns_may_stand_in_any_order(void **state)
{
    (void)state;
    expect_rows("income", "monthly_amount,income,currency\n60500,I1,CLP\n12.5,I2,USD\n,I3,\n",
                "2 id I1 currency=\"CLP\" income=\"I1\" monthly_amount=60500\n"
                "3 id I2 currency=\"USD\" income=\"I2\" monthly_amount=1250\n"
                "4 id I3 currency=null income=\"I3\" monthly_amount=null\n",
                "");
}

/* A column of a class that may be read is its field, with or without its star; another is left out.
 */
static void starred_columns(void **state)
{
    (void)state;
    static const struct {
        unsigned classes;
        const char *rows, *left_out;
    } cases[] = {
        {0, "2 id H1 household=\"H1\"\n", "head_name phone commune nothing "},
        {1U << SCHEMA_INTERNAL, "2 id H1 household=\"H1\"\n", "head_name phone commune nothing "},
        {1U << SCHEMA_PERSONAL, "2 id H1 head_name=\"Ana\" household=\"H1\" phone=\"7\"\n",
         "commune nothing "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct schema *schema = programme_schema();
        struct sunk s = {0};
        struct import_totals totals;
        struct fault f = {0};
        struct import_options o = {.classes = cases[i].classes};
        struct bytes csv = BYTES("household,head_name*,phone,commune*,nothing*\nH1,Ana,7,x,y\n");
        if (run(schema, "household", &o, csv, &s, &totals, &f) != ST_OK)
            fail_msg("%s", f.text);
        assert_string_equal(buf_text(&s.rows), cases[i].rows);
        assert_string_equal(buf_text(&s.left_out), cases[i].left_out);
        release(&s);
        schema_free(schema);
    }
    struct import_options key = {.key = BYTES("phone"), .classes = 1U << SCHEMA_PERSONAL};
    expect_fault("household", &key, "household,phone\n", "cannot be the key", "");
}

static void notes_of_an_export(void **state)
{
    (void)state;
    expect_rows("visit", "visit,#id,#commit\nV1,abc,\n", "2 id V1 visit=\"V1\"\n", "");
    expect_fault("visit", NULL, "visit,id\nV1,1\n", "visit has no field \"id\"", "");
}

/* The file that an export wrote tells entries apart by their refs, also where an import usually
 * goes by something else. */
static void a_column_of_refs_is_the_key(void **state)
{
    (void)state;
    expect_rows("allotment",
                "ref,holder,office,budget_line,currency,amount\n"
                "A/1,santiago,iquique,workshops,CLP,5\n",
                "2 - A/1 {\"amount\":5,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
                "\"holder\":\"santiago\",\"office\":\"iquique\",\"ref\":\"A/1\"}\n",
                "");
    expect_rows("disbursement",
                "ref,office,enterprise,date,currency,amount\n"
                "'=D1,santiago,000102030405060708090a0b,2009-09-01,CLP,5\n",
                "2 - =D1 {\"amount\":5,\"currency\":\"CLP\",\"date\":\"2009-09-01\","
                "\"enterprise\":\"000102030405060708090a0b\",\"office\":\"santiago\","
                "\"ref\":\"=D1\"}\n",
                "");
    expect_fault("visit", NULL, "ref,visit\n1,V1\n", "visit has no field \"ref\"", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_checked_first),
        cmocka_unit_test(columns_may_stand_in_any_order),
        cmocka_unit_test(starred_columns),
        cmocka_unit_test(notes_of_an_export),
        cmocka_unit_test(a_column_of_refs_is_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
