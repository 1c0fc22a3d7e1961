#include "tests/unit/replicas/offices.h"

/* Import 'text' and want 'expected'. 'where' and 'header' may be NULL. */
static void take(struct office *o, enum status expected, const char *type, struct bytes text,
                 const char *where, const char *option)
{
    struct control_request q = {.verb = BYTES("import"), .word_count = 1};
    q.words[0] = bytes_of_text(type);
    q.options[q.option_count++] = (struct control_option){BYTES("content"), text};
    if (option != NULL)
        q.options[q.option_count++] =
            (struct control_option){bytes_of_text(option), bytes_of_text("")};
    if (where != NULL)
        q.options[q.option_count++] = (struct control_option){BYTES("where"), bytes_of_text(where)};
    struct verb_call call = {.replica = o->replica,
                             .request = &q,
                             .user = o,
                             .row = office_row,
                             .author = BYTES("ana <ana@example.org>")};
    json_array_clear(o->rows);
    memset(&o->fault, 0, sizeof o->fault);
    enum status status = verb_run(&call, &o->fault);
    assert_int_equal(replica_sync(o->replica, NULL), ST_OK);
    if (status != expected)
        fail_msg("%s: %s: %s (%s)", type, status_word(status), o->fault.text, o->fault.fix);
}

static void take_file(struct office *o, const char *type, const char *file, const char *where)
{
    char path[256];
    snprintf(path, sizeof path, "%s/data/programme/%s", SHARED_DIR, file);
    struct buf text = programme_file(path);
    take(o, ST_OK, type, buf_bytes(&text), where, NULL);
    buf_release(&text);
}

static const struct file {
    const char *type, *name;
    int64_t rows;
} FILES[] = {
    {"household", "households.csv", 100}, {"enterprise", "enterprises.csv", 47},
    {"visit", "visits.csv", 68},          {"disbursement", "disbursements.csv", 47},
    {"purchase", "purchases.csv", 115},   {"session", "sessions.csv", 200},
    {"income", "incomes.csv", 94},        {"contact", "contacts.csv", 45},
    {"expense", "expenses.csv", 82},
};
enum { FILE_COUNT = sizeof FILES / sizeof FILES[0], OFFICES = 3 };

static void the_whole_programme_goes_in_once(void **state)
{
    (void)state;
    static const char *const where[OFFICES] = {"office=santiago", "office=iquique",
                                               "office=alto-hospicio"};
    struct office o[OFFICES];
    int64_t added[FILE_COUNT] = {0};
    office_found(&o[0], "santiago");
    office_join(&o[1], &o[0], "iquique", CHARTER_OFFICE);
    office_join(&o[2], &o[0], "alto-hospicio", CHARTER_OFFICE);
    take_file(&o[0], "programme", "programme.json", NULL);
    assert_int_equal(office_number(&o[0], 0, "added"), 3);
    take_file(&o[0], "allotment", "allotments.csv", NULL);
    assert_int_equal(office_number(&o[0], 0, "added"), 16);
    office_send(&o[0], &o[1]);
    office_send(&o[0], &o[2]);
    for (size_t i = 0; i < OFFICES; i++) {
        for (size_t n = 0; n < FILE_COUNT; n++) {
            take_file(&o[i], FILES[n].type, FILES[n].name, where[i]);
            added[n] += office_number(&o[i], 0, "added");
            assert_int_equal(office_number(&o[i], 0, "rejected"), 0);
        }
    }
    for (size_t n = 0; n < FILE_COUNT; n++)
        assert_int_equal(added[n], FILES[n].rows);
    for (unsigned round = 0; round < 2; round++)
        for (size_t i = 0; i < OFFICES; i++)
            for (size_t j = 0; j < OFFICES; j++)
                if (i != j)
                    office_send(&o[i], &o[j]);
    for (size_t i = 1; i < OFFICES; i++)
        assert_true(oid_equal(replica_state(o[0].replica), replica_state(o[i].replica)));
    struct oid before = *replica_state(o[0].replica);
    for (size_t i = 0; i < OFFICES; i++) {
        for (size_t n = 0; n < FILE_COUNT; n++) { /* again, anywhere, all rows: nothing changes */
            take_file(&o[i], FILES[n].type, FILES[n].name, NULL);
            assert_int_equal(office_number(&o[i], 0, "same"), FILES[n].rows);
            assert_int_equal(office_number(&o[i], 0, "commits"), 0);
        }
    }
    take_file(&o[0], "programme", "programme.json", NULL);
    assert_int_equal(office_number(&o[0], 0, "same"), 3);
    take_file(&o[0], "allotment", "allotments.csv", NULL);
    assert_int_equal(office_number(&o[0], 0, "same"), 16);
    assert_true(oid_equal(replica_state(o[0].replica), &before));
    office_run(&o[1], ST_OK, "list", "enterprise", "enterprise=E05", NULL);
    assert_int_equal(office_rows(&o[1]), 1);
    assert_true(json_is_null(office_at(&o[1], 0, "fields.name")));
    for (size_t i = 0; i < OFFICES; i++)
        for (size_t j = 0; j < OFFICES; j++)
            if (i != j)
                office_send_sealed(&o[i], &o[j]);
    office_run(&o[1], ST_OK, "list", "enterprise", "enterprise=E05", NULL);
    assert_true(strlen(office_text(&o[1], 0, "fields.name")) > 0);
    assert_int_equal(strlen(office_text(&o[1], 0, "fields.household")), RECORD_ID_TEXT);
    for (size_t i = 0; i < OFFICES; i++)
        office_close(&o[i]);
}

static void bad_rows_are_handed_back_and_good_ones_go_in(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    struct bytes text = BYTES("contact,kind,attendees\n"
                              "C1,formal approach,3\n"
                              "C2,party,4\n"
                              "C3,formal approach\n"
                              "C4,\"awareness workshop\",5\n");
    take(&o, ST_PARTLY, "contact", text, NULL, NULL);
    assert_int_equal(office_number(&o, 0, "added"), 2);
    assert_int_equal(office_number(&o, 0, "rejected"), 2);
    assert_int_equal(office_number(&o, 0, "rejects.0.line"), 3);
    assert_string_equal(office_text(&o, 0, "rejects.0.raw"), "C2,party,4");
    assert_non_null(strstr(office_text(&o, 0, "rejects.0.why"), "kind"));
    assert_int_equal(office_number(&o, 0, "rejects.1.line"), 4);
    take(&o, ST_BAD_VALUE, "contact", BYTES("contact,knd\nC1,x\n"), NULL, NULL);
    take(&o, ST_NOT_SCHEMA, "contacts", text, NULL, NULL);
    take(&o, ST_USAGE, "contact", text, "office", NULL);
    office_close(&o);
}

static void a_changed_row_changes_its_record_and_an_empty_cell_nothing(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    take(&o, ST_OK, "contact", BYTES("contact,kind,attendees\nC1,formal approach,3\n"), NULL, NULL);
    take(&o, ST_OK, "contact", BYTES("contact,kind,attendees\nC1,,4\n"), NULL, "dry-run");
    assert_int_equal(office_number(&o, 0, "changed"), 1);
    assert_int_equal(office_number(&o, 0, "commits"), 0);
    take(&o, ST_OK, "contact", BYTES("contact,kind,attendees\nC1,,4\n"), NULL, NULL);
    assert_int_equal(office_number(&o, 0, "changed"), 1);
    assert_int_equal(office_number(&o, 0, "commits"), 1);
    office_run(&o, ST_OK, "list", "contact", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_int_equal(office_number(&o, 0, "fields.attendees"), 4);
    assert_string_equal(office_text(&o, 0, "fields.kind"), "formal approach");
    office_close(&o);
}

static void money_is_rejected_row_by_row(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "grant", "amount=1000", "currency=CLP", "date=2009-07-01", NULL);
    office_run(&o, ST_OK, "add", "allotment", "budget_line=workshops", "office=santiago",
               "currency=CLP", "amount=700", NULL);
    struct bytes text = BYTES("expense,budget_line,office,date,currency,amount,receipt\n"
                              "X1,workshops,santiago,2009-09-30,CLP,400,a\n"
                              "X2,workshops,santiago,2009-09-30,CLP,400,b\n"
                              "X3,workshops,santiago,2009-09-30,CLP,300,c\n"
                              "X4,workshops,iquique,2009-09-30,CLP,1,d\n");
    take(&o, ST_PARTLY, "expense", text, NULL, NULL);
    assert_int_equal(office_number(&o, 0, "added"), 2);
    assert_int_equal(office_number(&o, 0, "rejected"), 2);
    assert_int_equal(office_number(&o, 0, "rejects.0.line"), 5); /* whose it is shows at once */
    assert_non_null(strstr(office_text(&o, 0, "rejects.0.why"), "--where office=santiago"));
    assert_int_equal(office_number(&o, 0, "rejects.1.line"), 3);
    /* The same receipt number with another amount would be a second payment. */
    take(&o, ST_PARTLY, "expense",
         BYTES("expense,budget_line,office,date,currency,amount,receipt\n"
               "X1,workshops,santiago,2009-09-30,CLP,1,a\n"),
         NULL, NULL);
    assert_int_equal(office_number(&o, 0, "rejected"), 1);
    assert_non_null(strstr(office_text(&o, 0, "rejects.0.why"), "reversal"));
    office_close(&o);
}

/* Whose entry it is goes without saying, and is said, before and after. */
static void what_the_file_leaves_out_is_the_importers(void **state)
{
    (void)state;
    struct office o;
    struct bytes grants = BYTES("grant,date,currency,amount\nG1,2009-07-01,CLP,1000\n");
    office_found(&o, "santiago");
    take(&o, ST_OK, "grant", grants, NULL, "dry-run");
    assert_string_equal(office_text(&o, 0, "filled.0"), "holder=santiago");
    take(&o, ST_OK, "grant", grants, NULL, NULL);
    assert_int_equal(office_number(&o, 0, "added"), 1);
    assert_string_equal(office_text(&o, 0, "filled.0"), "holder=santiago");
    take(&o, ST_OK, "grant",
         BYTES("grant,date,currency,amount,holder\nG1,2009-07-01,CLP,1000,santiago\n"), NULL, NULL);
    assert_int_equal(office_number(&o, 0, "same"), 1);
    take(&o, ST_PARTLY, "grant",
         BYTES("grant,date,currency,amount,holder\nG2,2009-07-01,CLP,1000,iquique\n"), NULL, NULL);
    assert_non_null(strstr(office_text(&o, 0, "rejects.0.why"), "iquique has to write this grant"));
    office_close(&o);
}

static void a_key_twice_in_one_file_is_one_record(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    take(&o, ST_OK, "contact", BYTES("contact,attendees\nC1,3\nC1,3\nC1,4\n"), NULL, NULL);
    assert_int_equal(office_number(&o, 0, "added"), 1);
    assert_int_equal(office_number(&o, 0, "same"), 1);
    assert_int_equal(office_number(&o, 0, "changed"), 1);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_programme_goes_in_once),
        cmocka_unit_test(bad_rows_are_handed_back_and_good_ones_go_in),
        cmocka_unit_test(a_changed_row_changes_its_record_and_an_empty_cell_nothing),
        cmocka_unit_test(money_is_rejected_row_by_row),
        cmocka_unit_test(what_the_file_leaves_out_is_the_importers),
        cmocka_unit_test(a_key_twice_in_one_file_is_one_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
