#include "tests/unit/replicas/offices.h"

static void fill(struct office *o)
{
    office_found(o, "santiago");
    office_run(o, ST_OK, "add", "contact", "contact=C001",
               "institution=Municipalidad de \xc3\x91u\xc3\xb1oa", "kind=bilateral meeting",
               "attendees=12", "date=2009-08-14", NULL);
    office_run(o, ST_OK, "add", "contact", "contact=C002", "institution=Hospital",
               "kind=formal approach", "attendees=3", "date=2009-08-07", NULL);
    office_run(o, ST_OK, "add", "contact", "contact=C003", "institution=Escuela",
               "kind=formal approach", NULL);
    office_run(o, ST_OK, "add", "enterprise", "enterprise=E01", "needs+=health", "needs+=housing",
               NULL);
    office_run(o, ST_OK, "add", "enterprise", "enterprise=E02", "needs+=health", NULL);
}

static void lists_filters_and_sorts(void **state)
{
    (void)state;
    struct office o;
    fill(&o);
    office_run(&o, ST_OK, "list", "contact", NULL);
    assert_int_equal(office_rows(&o), 3);
    assert_true(strcmp(office_text(&o, 0, "id"), office_text(&o, 1, "id")) < 0);
    office_run(&o, ST_OK, "list", "contact", "kind=formal approach", "--sort=contact", NULL);
    assert_int_equal(office_rows(&o), 2);
    assert_string_equal(office_text(&o, 0, "fields.contact"), "C002");
    office_run(&o, ST_OK, "list", "contact", "--sort=-attendees", "--limit=1", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "fields.contact"), "C001");
    office_run(&o, ST_OK, "list", "contact", "attendees=3", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "list", "contact", "attendees=", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "fields.contact"), "C003");
    office_run(&o, ST_OK, "list", "contact", "institution=municipalidad de nunoa", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "list", "enterprise", "needs=housing", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "list", "enterprise", "needs=health", "--count", NULL);
    assert_int_equal(office_number(&o, 0, "count"), 2);
    office_run(&o, ST_OK, "list", "visit", NULL);
    assert_int_equal(office_rows(&o), 0);
    office_close(&o);
}

static void refuses_bad_questions(void **state)
{
    (void)state;
    struct office o;
    fill(&o);
    office_run(&o, ST_USAGE, "list", NULL);
    office_run(&o, ST_NOT_SCHEMA, "list", "contacts", NULL);
    assert_non_null(strstr(o.fault.fix, "contact"));
    office_run(&o, ST_NOT_SCHEMA, "list", "contact", "kin=formal approach", NULL);
    office_run(&o, ST_NOT_SCHEMA, "list", "contact", "--sort=kin", NULL);
    office_run(&o, ST_BAD_VALUE, "list", "contact", "kind=party", NULL);
    office_run(&o, ST_BAD_VALUE, "list", "contact", "attendees=many", NULL);
    office_run(&o, ST_USAGE, "list", "contact", "--limit=ten", NULL);
    office_run(&o, ST_USAGE, "list", "contact", "kind+=formal approach", NULL);
    office_run(&o, ST_USAGE, "find", NULL);
    office_run(&o, ST_USAGE, "show", NULL);
    office_run(&o, ST_NOT_FOUND, "show", "0123456789", NULL);
    office_run(&o, ST_USAGE, "list", "disbursement", "amount=4", NULL);
    office_close(&o);
}

static void finds_without_case_and_accents(void **state)
{
    (void)state;
    struct office o;
    fill(&o);
    office_run(&o, ST_OK, "find", "NUNOA", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "fields.contact"), "C001");
    office_run(&o, ST_OK, "find", "\xc3\x91u\xc3\xb1", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "find", "hous", NULL); /* an element of a set */
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "find", "formal", "approach", "--limit=1", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "find", "institution", NULL); /* a name of a field is no value */
    assert_int_equal(office_rows(&o), 0);
    office_close(&o);
}

static void tells_ambiguous_ids(void **state)
{
    (void)state;
    struct office o;
    office_found(&o, "santiago");
    char prefix[8] = "";
    /* 2,000 ids of 4 digits: some two begin alike. */
    struct control_request q = {.verb = BYTES("import"), .word_count = 1, .option_count = 1};
    struct buf text = {0};
    buf_add_text(&text, "contact\n");
    for (unsigned i = 0; i < 2000; i++)
        buf_add_format(&text, "K%u\n", i);
    q.words[0] = BYTES("contact");
    q.options[0] = (struct control_option){BYTES("content"), buf_bytes(&text)};
    struct verb_call call = {.replica = o.replica,
                             .request = &q,
                             .author = BYTES("ana <ana@x>"),
                             .user = &o,
                             .row = office_row};
    if (verb_run(&call, &o.fault) != ST_OK)
        fail_msg("%s", o.fault.text);
    assert_int_equal(office_number(&o, 0, "added"), 2000);
    office_run(&o, ST_OK, "list", "contact", NULL);
    for (size_t i = 1; i < office_rows(&o) && prefix[0] == '\0'; i++)
        if (strncmp(office_text(&o, i, "id"), office_text(&o, i - 1, "id"), 4) == 0)
            snprintf(prefix, sizeof prefix, "%.4s", office_text(&o, i, "id"));
    assert_string_not_equal(prefix, "");
    office_run(&o, ST_AMBIGUOUS, "show", prefix, NULL);
    assert_non_null(strstr(o.fault.text, "(contact)"));
    office_run(&o, ST_OK, "list", "contact", "--count", NULL);
    assert_int_equal(office_number(&o, 0, "count"), 2000);
    buf_release(&text);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_filters_and_sorts),
        cmocka_unit_test(refuses_bad_questions),
        cmocka_unit_test(finds_without_case_and_accents),
        cmocka_unit_test(tells_ambiguous_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
