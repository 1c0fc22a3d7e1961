#include "tests/unit/replicas/offices.h"

static void adds_and_shows_a_record(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1], prefix[8];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E05", "stage=selection",
               "trade=Peluquer\xc3\xad"
               "a",
               "office=santiago", NULL);
    office_id(&o, id);
    assert_int_equal(strlen(id), RECORD_ID_TEXT);
    assert_int_equal(strlen(office_text(&o, 0, "commit")), OID_TEXT);
    snprintf(prefix, sizeof prefix, "%.6s", id);
    office_run(&o, ST_OK, "show", prefix, NULL);
    assert_string_equal(office_text(&o, 0, "id"), id);
    assert_string_equal(office_text(&o, 0, "type"), "enterprise");
    assert_string_equal(office_text(&o, 0, "fields.stage"), "selection");
    assert_string_equal(office_text(&o, 0, "fields.trade"), "Peluquer\xc3\xad"
                                                            "a");
    assert_int_equal(json_object_size(office_at(&o, 0, "conflicts")), 0);
    office_reopen(&o);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "fields.stage"), "selection");
    office_close(&o);
}

static void sets_adds_drops_and_clears(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "stage=selection", "needs+=health", NULL);
    office_id(&o, id);
    office_run(&o, ST_OK, "set", id, "stage=workshop", "needs+=housing", "needs-=health", NULL);
    assert_int_equal(office_number(&o, 0, "conflicts"), 0);
    assert_int_equal(strlen(office_text(&o, 0, "commit")), OID_TEXT);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "fields.stage"), "workshop");
    assert_string_equal(office_text(&o, 0, "fields.needs.0"), "housing");
    assert_null(office_at(&o, 0, "fields.needs.1"));
    office_run(&o, ST_OK, "set", id, "stage=", "needs=", NULL);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_int_equal(json_object_size(office_at(&o, 0, "fields")), 0);
    office_close(&o);
}

static void what_is_there_already_makes_no_commit(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "stage=selection", "needs+=health", NULL);
    office_id(&o, id);
    uint32_t commits = graph_count(replica_graph(o.replica));
    office_run(&o, ST_OK, "set", id, "stage=selection", "needs+=health", "needs-=housing",
               "trade=", NULL);
    assert_true(json_is_null(office_at(&o, 0, "commit")));
    assert_true(json_is_true(office_at(&o, 0, "unchanged")));
    office_run(&o, ST_OK, "set", id, "stage=workshop", "--dry-run", NULL);
    assert_true(json_is_true(office_at(&o, 0, "dry_run")));
    assert_int_equal(graph_count(replica_graph(o.replica)), commits);
    office_close(&o);
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    uint32_t commits = graph_count(replica_graph(o.replica));
    office_run(&o, ST_NOT_SCHEMA, "add", "enterprize", "stage=selection", NULL);
    assert_non_null(strstr(o.fault.fix, "'enterprise'"));
    office_run(&o, ST_NOT_SCHEMA, "add", "enterprise", "stge=selection", NULL);
    assert_non_null(strstr(o.fault.fix, "'stage'"));
    office_run(&o, ST_BAD_VALUE, "add", "enterprise", "stage=finished", NULL);
    assert_non_null(strstr(o.fault.text, "stage"));
    office_run(&o, ST_USAGE, "add", "enterprise", "stage", NULL);
    office_run(&o, ST_USAGE, "add", "enterprise", NULL);
    office_run(&o, ST_USAGE, "add", "enterprise", "stage=selection", "stage=workshop", NULL);
    office_run(&o, ST_USAGE, "add", "enterprise", "needs=health", NULL);
    office_run(&o, ST_USAGE, "add", "enterprise", "stage+=selection", NULL);
    office_run(&o, ST_NOT_FOUND, "add", "enterprise", "office=santigo", NULL);
    assert_non_null(strstr(o.fault.fix, "'santiago'"));
    office_run(&o, ST_NOT_FOUND, "add", "enterprise", "household=H999", NULL);
    assert_non_null(strstr(o.fault.text, "H999"));
    office_run(&o, ST_BAD_VALUE, "add", "household", "status=secretive", NULL);
    assert_null(strstr(o.fault.text, "secretive")); /* what is personal stands in no error */
    office_run(&o, ST_USAGE, "set", "xyz0", "stage=workshop", NULL);
    office_run(&o, ST_USAGE, "set", "abc", "stage=workshop", NULL);
    office_run(&o, ST_NOT_FOUND, "set", "abcdef", "stage=workshop", NULL);
    assert_int_equal(graph_count(replica_graph(o.replica)), commits);
    office_run(&o, ST_OK, "add", "enterprise", "stage=selection", NULL);
    office_id(&o, id);
    office_run(&o, ST_NOT_FOUND, "set", id, "stage=workshop", "--as-of=abcdef", NULL);
    office_run(&o, ST_USAGE, "set", id, "stage=workshop", "--author=a<b", NULL);
    office_close(&o);
}

static void references_are_found_by_key_and_by_id(void **state)
{
    (void)state;
    struct office o;
    char household[ENTRY_ID_TEXT + 1], word[64];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "household=H001", "people=3", NULL);
    office_id(&o, household);
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E01", "household=H001", NULL);
    office_run(&o, ST_OK, "show", office_text(&o, 0, "id"), NULL);
    assert_string_equal(office_text(&o, 0, "fields.household"), household);
    snprintf(word, sizeof word, "household=%.8s", household);
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E02", word, NULL);
    office_run(&o, ST_OK, "list", "enterprise", "household=H001", "--sort=-enterprise", NULL);
    assert_int_equal(office_rows(&o), 2);
    assert_string_equal(office_text(&o, 0, "fields.enterprise"), "E02");
    office_close(&o);
}

static void entries_are_checked_and_never_change(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E01", NULL);
    office_run(&o, ST_OVERDRAWN, "add", "disbursement", "enterprise=E01", "amount=400000",
               "currency=CLP", "date=2009-09-14", NULL);
    office_run(&o, ST_USAGE, "add", "grant", "amount=200000", "date=2009-07-01", NULL);
    assert_non_null(strstr(o.fault.text, "currency"));
    office_run(&o, ST_OK, "add", "grant", "amount=1000000", "currency=CLP", "date=2009-07-01",
               "funder=FOSIS", NULL);
    office_run(&o, ST_OK, "add", "allotment", "budget_line=enterprises", "office=santiago",
               "currency=CLP", "amount=500000", NULL);
    office_run(&o, ST_OK, "add", "disbursement", "enterprise=E01", "amount=400000", "currency=CLP",
               "date=2009-09-14", NULL);
    office_id(&o, id);
    assert_int_equal(strlen(id), ENTRY_ID_TEXT);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_int_equal(office_number(&o, 0, "fields.amount"), 400000);
    assert_string_equal(office_text(&o, 0, "fields.office"), "santiago");
    office_run(&o, ST_OVERDRAWN, "add", "disbursement", "enterprise=E01", "amount=400000",
               "currency=CLP", "date=2009-09-14", NULL);
    office_run(&o, ST_NOT_ALLOWED, "set", id, "amount=1", NULL);
    office_run(&o, ST_OK, "list", "disbursement", NULL);
    assert_int_equal(office_rows(&o), 1);
    /* What it reverses is its number; a second time it is there already. */
    char entry[64 + ENTRY_ID_TEXT];
    snprintf(entry, sizeof entry, "entry=%s", id);
    office_run(&o, ST_BAD_VALUE, "add", "reversal", "entry=0123", NULL);
    office_run(&o, ST_BAD_VALUE, "add", "reversal", entry, "ref=R1", NULL);
    office_run(&o, ST_BAD_VALUE, "add", "reversal", "ref=R1", NULL);
    office_run(&o, ST_OK, "add", "reversal", entry, NULL);
    office_id(&o, id);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "fields.entry"), entry + sizeof "entry=" - 1);
    assert_string_equal(office_text(&o, 0, "fields.office"), "santiago");
    office_run(&o, ST_OK, "add", "reversal", entry, NULL);
    office_run(&o, ST_OK, "list", "reversal", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "add", "disbursement", "enterprise=E01", "amount=500000", "currency=CLP",
               "date=2009-09-14", NULL);
    office_close(&o);
}

static void two_offices_conflict_and_one_settles(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_OK, "add", "enterprise", "enterprise=E05", "stage=selection", NULL);
    office_id(&a, id);
    office_send(&a, &b);
    office_run(&a, ST_OK, "set", id, "stage=purchase", NULL);
    office_run(&b, ST_OK, "set", id, "stage=monitoring", "trade=bakery", NULL);
    office_send(&a, &b);
    office_send(&b, &a);
    assert_true(oid_equal(replica_state(a.replica), replica_state(b.replica)));
    office_run(&a, ST_OK, "set", id, "line=idea", NULL);
    assert_int_equal(office_number(&a, 0, "conflicts"), 1);
    office_run(&a, ST_NOTHING, "resolve", id, "line=innovation", NULL);
    office_run(&a, ST_NOTHING, "resolve", id, "--keep=iquique", "trade", NULL);
    office_run(&a, ST_OK, "resolve", id, "--keep=iquique", "--because=they saw it", NULL);
    assert_int_equal(office_number(&a, 0, "conflicts"), 0);
    office_run(&a, ST_OK, "list", "decision", NULL);
    assert_int_equal(office_rows(&a), 1);
    assert_string_equal(office_text(&a, 0, "fields.because"), "they saw it");
    assert_string_equal(office_text(&a, 0, "fields.field"), "stage");
    assert_string_equal(office_text(&a, 0, "fields.record"), id);
    office_run(&a, ST_NOTHING, "resolve", id, "--keep=iquique", NULL);
    office_send(&a, &b);
    office_run(&b, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&b, 0, "fields.stage"), "monitoring");
    assert_string_equal(office_text(&b, 0, "fields.line"), "idea");
    assert_int_equal(json_object_size(office_at(&b, 0, "conflicts")), 0);
    office_close(&a);
    office_close(&b);
}

static void an_edit_of_what_one_had_looked_at_is_kept_beside_what_came_since(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1], as_of[64];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "stage=selection", NULL);
    office_id(&o, id);
    snprintf(as_of, sizeof as_of, "--as-of=%s", office_text(&o, 0, "commit"));
    office_run(&o, ST_OK, "set", id, "stage=workshop", NULL);
    office_run(&o, ST_OK, "set", id, "stage=monitoring", as_of, NULL);
    assert_int_equal(office_number(&o, 0, "conflicts"), 1);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "conflicts.stage.0.value"), "workshop");
    assert_string_equal(office_text(&o, 0, "conflicts.stage.1.value"), "monitoring");
    office_run(&o, ST_AMBIGUOUS, "resolve", id, "--keep=santiago", NULL);
    office_run(&o, ST_OK, "resolve", id, "stage=purchase", NULL);
    assert_int_equal(office_number(&o, 0, "conflicts"), 0);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_and_shows_a_record),
        cmocka_unit_test(sets_adds_drops_and_clears),
        cmocka_unit_test(what_is_there_already_makes_no_commit),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(references_are_found_by_key_and_by_id),
        cmocka_unit_test(entries_are_checked_and_never_change),
        cmocka_unit_test(two_offices_conflict_and_one_settles),
        cmocka_unit_test(an_edit_of_what_one_had_looked_at_is_kept_beside_what_came_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
