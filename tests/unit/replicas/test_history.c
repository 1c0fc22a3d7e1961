#include "tests/unit/replicas/offices.h"

static void logs_who_changed_what(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_OK, "add", "enterprise", "enterprise=E05", "stage=selection", NULL);
    office_id(&a, id);
    office_send(&a, &b);
    office_run(&b, ST_OK, "set", id, "stage=workshop", "needs+=health", "--author=luz", NULL);
    office_send(&b, &a);
    office_run(&a, ST_OK, "log", id, NULL);
    assert_int_equal(office_rows(&a), 2);
    assert_string_equal(office_text(&a, 0, "office"), "iquique");
    assert_string_equal(office_text(&a, 0, "author"), "luz <iquique@minga>");
    assert_string_equal(office_text(&a, 0, "subject"), "enterprise: 1 changed");
    assert_string_equal(office_text(&a, 0, "signature"), "good");
    assert_string_equal(office_text(&a, 0, "changes.0.record"), id);
    assert_string_equal(office_text(&a, 0, "changes.0.field"), "stage");
    assert_string_equal(office_text(&a, 0, "changes.0.before"), "selection");
    assert_string_equal(office_text(&a, 0, "changes.0.after"), "workshop");
    assert_string_equal(office_text(&a, 0, "changes.1.field"), "needs");
    assert_true(json_is_null(office_at(&a, 0, "changes.1.before")));
    assert_string_equal(office_text(&a, 0, "changes.1.after"), "health");
    assert_int_equal(office_number(&a, 0, "settled.n"), 2);
    assert_int_equal(office_number(&a, 0, "settled.k"), 1);
    assert_int_equal(office_number(&a, 1, "settled.k"), 2);
    assert_true(json_is_null(office_at(&a, 1, "changes.0.before")));
    office_run(&a, ST_OK, "log", "--by=iquique", NULL);
    assert_true(office_rows(&a) >= 1);
    for (size_t i = 0; i < office_rows(&a); i++)
        assert_string_equal(office_text(&a, i, "office"), "iquique");
    office_run(&a, ST_OK, "log", "--limit=1", NULL);
    assert_int_equal(office_rows(&a), 1);
    assert_string_equal(office_text(&a, 0, "author"), "luz <iquique@minga>");
    office_run(&a, ST_OK, "log", "--since=2999-01-01", NULL);
    assert_int_equal(office_rows(&a), 0);
    office_run(&a, ST_NOT_FOUND, "log", "--by=iquiqe", NULL);
    assert_non_null(strstr(a.fault.fix, "'iquique'"));
    office_run(&a, ST_USAGE, "log", "--since=soon", NULL);
    office_run(&a, ST_NOT_FOUND, "log", "abcdef", NULL);
    office_close(&a);
    office_close(&b);
}

static void finds_the_commit_of_an_entry(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1], commit[OID_TEXT + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "contact", "contact=C1", NULL);
    office_run(&o, ST_OK, "add", "grant", "amount=12.50", "currency=USD", "date=2009-07-01", NULL);
    office_id(&o, id);
    snprintf(commit, sizeof commit, "%s", office_text(&o, 0, "commit"));
    for (unsigned i = 0; i < 5; i++)
        office_run(&o, ST_OK, "add", "contact", "contact=C2", NULL);
    office_run(&o, ST_OK, "log", id, NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "commit"), commit);
    assert_true(json_is_null(office_at(&o, 0, "changes.0.field")));
    assert_int_equal(office_number(&o, 0, "changes.0.after.amount"), 1250);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_who_changed_what),
        cmocka_unit_test(finds_the_commit_of_an_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
