#include "tests/unit/replicas/import_kit.h"

#include "proto/mem.h"

static void the_reference_programme(void **state)
{
    (void)state;
    static const struct {
        const char *type, *file, *left_out;
        uint32_t rows;
    } files[] = {
        {"household", "households", "head_name address phone status ", 100},
        {"enterprise", "enterprises", "name ", 47},
        {"visit", "visits", "", 68},
        {"disbursement", "disbursements", "", 47},
        {"purchase", "purchases", "", 115},
        {"session", "sessions", "", 200},
        {"income", "incomes", "", 94},
        {"contact", "contacts", "", 45},
        {"allotment", "allotments", "", 16},
        {"expense", "expenses", "", 82},
    };
    struct schema *schema = programme_schema();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[256];
        struct sunk s = {0}, again = {0};
        struct import_totals totals;
        struct fault f = {0};
        snprintf(path, sizeof path, SHARED_DIR "/data/programme/%s.csv", files[i].file);
        struct buf content = programme_file(path);
        if (run(schema, files[i].type, NULL, buf_bytes(&content), &s, &totals, &f) != ST_OK)
            fail_msg("%s: %s", path, f.text);
        assert_string_equal(buf_text(&s.rejects), "");
        assert_int_equal(s.row_count, files[i].rows);
        assert_int_equal(totals.rows, files[i].rows);
        assert_string_equal(buf_text(&s.left_out), files[i].left_out);
        assert_int_equal(run(schema, files[i].type, NULL, buf_bytes(&content), &again, &totals, &f),
                         ST_OK);
        assert_string_equal(buf_text(&s.rows), buf_text(&again.rows));
        assert_int_equal(s.random, 0);
        release(&s);
        release(&again);
        buf_release(&content);
    }
    schema_free(schema);
}

static void no_personal_cell_comes_through(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    struct buf content = programme_file(SHARED_DIR "/data/programme/households.csv");
    struct sunk s = {0};
    struct import_totals totals;
    struct fault f = {0};
    assert_int_equal(run(schema, "household", NULL, buf_bytes(&content), &s, &totals, &f), ST_OK);
    const char *rows = buf_text(&s.rows);
    assert_null(strstr(rows, "+56"));
    assert_null(strstr(rows, "refugee"));
    assert_null(strstr(rows, "Calle"));
    assert_non_null(strstr(rows, "commune=\"Independencia\" household=\"H001\" office=\"santiago\" "
                                 "people=2 referral=null\n"));
    release(&s);
    buf_release(&content);
    /* A column that someone forgot to mark is held back by its class. */
    static const char unmarked[] = "household,phone,people\nH1,123,2\n";
    assert_int_equal(run(schema, "household", NULL, BYTES(unmarked), &s, &totals, &f), ST_OK);
    assert_string_equal(buf_text(&s.left_out), "phone ");
    assert_null(strstr(buf_text(&s.rows), "123"));
    release(&s);
    schema_free(schema);
}

static void keys_make_ids_and_refs(void **state)
{
    (void)state;
    uint8_t household[RECORD_ID_BYTES];
    char household_hex[RECORD_ID_TEXT + 1], rows[512];
    op_record_id(&network, BYTES("household"), BYTES("H054"), household);
    hex_encode(household, RECORD_ID_BYTES, household_hex);
    snprintf(rows, sizeof rows, "2 id V001 household=\"%s\" score=78 visit=\"V001\"\n",
             household_hex);
    expect_rows("visit", "visit,household,score\nV001,H054,78\n", rows, "");
    char csv[128];
    snprintf(csv, sizeof csv, "visit,household,score\nV001,%s,78\n", household_hex);
    expect_rows("visit", csv, rows, "");
    expect_rows("allotment",
                "budget_line,office,currency,amount\nreserve,santiago,CLP,7\n"
                "reserve,santiago,USD,7.5\n",
                "2 - reserve/santiago/CLP {\"amount\":7,\"budget_line\":\"reserve\",\"currency\":"
                "\"CLP\",\"holder\":\"santiago\",\"office\":\"santiago\","
                "\"ref\":\"reserve/santiago/CLP\"}\n"
                "3 - reserve/santiago/USD {\"amount\":750,\"budget_line\":\"reserve\",\"currency\":"
                "\"USD\",\"holder\":\"santiago\",\"office\":\"santiago\","
                "\"ref\":\"reserve/santiago/USD\"}\n",
                "");
    expect_rows("expense",
                "expense,budget_line,office,date,currency,amount,receipt\n"
                "X1,workshops,iquique,2009-09-22,CLP,350000,\n",
                "2 - X1 {\"amount\":350000,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
                "\"date\":\"2009-09-22\",\"office\":\"iquique\",\"ref\":\"X1\"}\n",
                "");
}

static void another_key_and_none(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    struct sunk s = {0};
    struct import_totals totals;
    struct fault f = {0};
    static const char csv[] = "budget_line,office,date,currency,amount,receipt\n"
                              "reserve,iquique,2009-09-22,CLP,1,b 7\n";
    struct import_options o = {.key = BYTES("receipt,office")};
    assert_int_equal(run(schema, "expense", &o, BYTES(csv), &s, &totals, &f), ST_OK);
    assert_non_null(strstr(buf_text(&s.rows), "\"ref\":\"b 7/iquique\""));
    release(&s);
    static const char decisions[] = "record,field\nabc,stage\nabc,stage\n";
    assert_int_equal(run(schema, "decision", NULL, BYTES(decisions), &s, &totals, &f), ST_OK);
    assert_string_equal(buf_text(&s.rows), "2 -  field=\"stage\" record=\"abc\"\n"
                                           "3 -  field=\"stage\" record=\"abc\"\n");
    release(&s);
    schema_free(schema);
}

static void bad_rows_are_rejected_alone(void **state)
{
    (void)state;
    expect_rows("contact",
                "contact,attendees,date,sector\n"
                "C1,x,2009-08-07,health\n"
                "C2,1,2009-08-07\n"
                ",1,2009-08-07,health\n"
                "\n"
                "C3,1,2009-02-30,health\n"
                "C4,1,2009-08-07,healht\n"
                "C\xff,1,,\n"
                "C5,1\"2,,\n"
                "C6,9007199254740992,,\n"
                "C7,,2009-08-07,\n",
                "11 id C7 attendees=null contact=\"C7\" date=\"2009-08-07\" "
                "sector=null\n",
                "2 [C1,x,2009-08-07,health] attendees: \"x\" is no whole number\n"
                "3 [C2,1,2009-08-07] row has 3 cells, the header has 4\n"
                "4 [,1,2009-08-07,health] the key (column 1) is empty\n"
                "6 [C3,1,2009-02-30,health] date: \"2009-02-30\" is no date (YYYY-MM-DD, such as "
                "2009-07-31)\n"
                "7 [C4,1,2009-08-07,healht] sector: \"healht\" is none of its choices; did you "
                "mean \"health\"? It is one of: health, education, employment, housing, culture\n"
                "8 [C\xff,1,,] the row is no valid UTF-8\n"
                "9 [C5,1\"2,,] a quotation mark stands inside a cell: quote the cell, double it\n"
                "10 [C6,9007199254740992,,] attendees: \"9007199254740992\" is beyond 2^53 - 1\n");
    expect_rows("grant",
                "grant,date,currency,amount\nG1,2009-07-01,CLP,5.5\nG2,,CLP,5\n"
                "G3,2009-07-01,,5\nG4,2009-07-01,USD,-5\n",
                "",
                "2 [G1,2009-07-01,CLP,5.5] amount: \"5.5\" is no amount of this currency; CLP has "
                "no minor unit: write whole units, without points or commas\n"
                "3 [G2,,CLP,5] date: it cannot be empty\n"
                "4 [G3,2009-07-01,,5] amount: \"5\" is an amount whose currency is not known\n"
                "5 [G4,2009-07-01,USD,-5] amount: \"-500\" is below zero; a correction is a "
                "reversal\n");
}

static void quotes_lines_and_boms(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    struct sunk s = {0};
    struct import_totals totals;
    struct fault f = {0};
    static const char csv[] = "\xef\xbb\xbf"
                              "session,topic\r\n"
                              "S1,\"a, \"\"b\"\"\r\nand c\"\r\n"
                              "S2,never \r\n"
                              "S3,\"open\r\n"
                              "S4,\r\n"
                              "S5,last";
    assert_int_equal(run(schema, "session", NULL, BYTES(csv), &s, &totals, &f), ST_OK);
    const char *rows = buf_text(&s.rows);
    assert_non_null(strstr(rows, "S1 session=\"S1\" topic=\"a, \\\"b\\\"\\r\\nand c\"\n"));
    assert_non_null(strstr(rows, "S2 session=\"S2\" topic=\"never \"\n"));
    assert_non_null(strstr(rows, "S4 session=\"S4\" topic=null\n"));
    assert_int_equal(strncmp(strstr(rows, "S5") - 5, "7 id ", 5), 0);
    assert_string_equal(buf_text(&s.rejects),
                        "5 [S3,\"open] a quotation mark that opens here is never closed\n");
    release(&s);
    schema_free(schema);
}

static void where_and_chunks(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    struct buf content = programme_file(SHARED_DIR "/data/programme/sessions.csv");
    struct sunk whole = {0}, parts = {0};
    struct import_totals totals;
    struct fault f = {0};
    struct import_options o = {.where_column = BYTES("office"), .where_value = BYTES("iquique")};
    assert_int_equal(run(schema, "session", &o, buf_bytes(&content), &whole, &totals, &f), ST_OK);
    assert_true(whole.row_count > 0 && whole.row_count < 200);
    assert_int_equal(totals.skipped, 200 - whole.row_count);
    struct bytes rest = buf_bytes(&content);
    struct bytes header = {rest.data, import_chunk(rest, 1)};
    o.header = header;
    o.first_line = 2;
    rest = (struct bytes){rest.data + header.count, rest.count - header.count};
    for (size_t count; (count = import_chunk(rest, 1000)) > 0;) {
        assert_true(count <= 1000);
        assert_int_equal(
            run(schema, "session", &o, (struct bytes){rest.data, count}, &parts, &totals, &f),
            ST_OK);
        o.first_line += totals.rows;
        rest = (struct bytes){rest.data + count, rest.count - count};
    }
    assert_string_equal(buf_text(&whole.rows), buf_text(&parts.rows));
    release(&whole);
    release(&parts);
    buf_release(&content);
    schema_free(schema);
}

static void the_sink_has_the_last_word(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    struct sunk s = {.answer = ST_DISK_FULL};
    struct import_totals totals;
    struct fault f = {0};
    assert_int_equal(run(schema, "visit", NULL, BYTES("visit\nV1\nV2\n"), &s, &totals, &f),
                     ST_DISK_FULL);
    assert_int_equal(s.row_count, 1);
    release(&s);
    schema_free(schema);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    static const char csv[] = "enterprise,household,needs\nE1,H1,health;housing\nE2,\"H\n2\",\n";
    enum status status = ST_NO_MEMORY;
    uint64_t n = 1;
    for (; n < 1000 && status == ST_NO_MEMORY; n++) {
        struct sunk s = {0};
        struct import_totals totals;
        struct fault f = {0};
        mem_fail_at(n);
        status = run(schema, "enterprise", NULL, BYTES(csv), &s, &totals, &f);
        /* The sink's own buffers may be what failed. */
        if (status == ST_OK && (buf_status(&s.rows) != ST_OK || mem_failed()))
            status = ST_NO_MEMORY;
        assert_int_equal(s.reject_count, 0);
        release(&s);
    }
    mem_fail_at(0);
    assert_true(n > 8 && n < 1000);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_programme),
        cmocka_unit_test(no_personal_cell_comes_through),
        cmocka_unit_test(keys_make_ids_and_refs),
        cmocka_unit_test(another_key_and_none),
        cmocka_unit_test(bad_rows_are_rejected_alone),
        cmocka_unit_test(quotes_lines_and_boms),
        cmocka_unit_test(where_and_chunks),
        cmocka_unit_test(the_sink_has_the_last_word),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
