#include "replicas/moment.h"

#include "proto/mem.h"
#include "tests/unit/replicas/offices.h"

static void shows_a_record_as_it_was(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1], at[64];
    office_found(&o, "santiago");
    offices_clock = 1777629720; /* 2026-05-01 */
    office_run(&o, ST_OK, "add", "enterprise", "stage=selection", NULL);
    office_id(&o, id);
    snprintf(at, sizeof at, "--at=%.8s", office_text(&o, 0, "commit"));
    offices_clock = 1777716120; /* 2026-05-02 */
    office_run(&o, ST_OK, "set", id, "stage=workshop", NULL);
    office_run(&o, ST_OK, "show", id, at, NULL);
    assert_string_equal(office_text(&o, 0, "fields.stage"), "selection");
    assert_int_equal(strlen(office_text(&o, 0, "at.commit")), OID_TEXT);
    office_run(&o, ST_OK, "show", id, "--at=2026-05-01", NULL);
    assert_string_equal(office_text(&o, 0, "fields.stage"), "selection");
    office_run(&o, ST_OK, "show", id, "--at=2026-05-02", NULL);
    assert_string_equal(office_text(&o, 0, "fields.stage"), "workshop");
    office_run(&o, ST_NOT_FOUND, "show", id, "--at=2026-04-30", NULL);
    office_run(&o, ST_NOT_FOUND, "show", id, "--at=abcdef", NULL);
    office_run(&o, ST_OK, "show", id, "--history", NULL);
    assert_int_equal(json_array_size(office_at(&o, 0, "history")), 2);
    assert_string_equal(office_text(&o, 0, "history.0.changes.0.after"), "workshop");
    assert_string_equal(office_text(&o, 0, "history.1.changes.0.after"), "selection");
    office_close(&o);
}

/* What one office wrote while it had not heard of the other stands beside the other's, at a time.
 */
static void a_time_joins_what_both_had_by_then(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1], at_a[64], at_b[64];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_OK, "add", "enterprise", "stage=selection", NULL);
    office_id(&a, id);
    office_send(&a, &b);
    office_run(&a, ST_OK, "set", id, "stage=purchase", NULL);
    snprintf(at_a, sizeof at_a, "--at=%s", office_text(&a, 0, "commit"));
    office_run(&b, ST_OK, "set", id, "stage=monitoring", NULL);
    snprintf(at_b, sizeof at_b, "--at=%s", office_text(&b, 0, "commit"));
    office_send(&b, &a);
    office_run(&a, ST_OK, "show", id, at_a, NULL);
    assert_string_equal(office_text(&a, 0, "fields.stage"), "purchase");
    assert_int_equal(json_object_size(office_at(&a, 0, "conflicts")), 0);
    office_run(&a, ST_OK, "show", id, at_b, NULL);
    assert_string_equal(office_text(&a, 0, "fields.stage"), "monitoring");
    office_run(&a, ST_OK, "show", id, "--at=2999-01-01", NULL);
    assert_int_equal(json_object_size(office_at(&a, 0, "conflicts")), 1);
    assert_true(json_is_null(office_at(&a, 0, "at.commit")));
    office_run(&a, ST_USAGE, "show", id, "--at=2026-13-01", NULL);
    office_close(&a);
    office_close(&b);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_OK, "add", "enterprise", "stage=selection", NULL);
    office_id(&a, id);
    office_send(&a, &b);
    office_run(&a, ST_OK, "set", id, "stage=purchase", NULL);
    office_run(&b, ST_OK, "set", id, "stage=monitoring", NULL);
    office_send(&b, &a);
    struct index_id which = {.type = "enterprise"};
    memcpy(which.id, id, sizeof which.id);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct record record = {0};
        struct buf row = {0};
        mem_fail_at(n);
        enum status st =
            moment_record(a.replica, BYTES("2999-01-01"), &which, &record, &row, &a.fault);
        if (st == ST_OK)
            st = buf_status(&row);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        record_release(&record);
        buf_release(&row);
        assert_true(n < 200);
    }
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_record_as_it_was),
        cmocka_unit_test(a_time_joins_what_both_had_by_then),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
