#include "replicas/render.h"

#include "replicas/lookup.h"
#include "tests/unit/replicas/offices.h"

static void name_is(struct office *o, const char *expected)
{
    struct index_id id;
    struct record record = {0};
    struct buf name = {0};
    assert_int_equal(
        lookup_record(o->replica, bytes_of_text(office_text(o, 0, "id")), &id, &record, &o->fault),
        ST_OK);
    render_name(o->replica, &record, &name);
    assert_string_equal(buf_text(&name), expected);
    record_release(&record);
    buf_release(&name);
}

static void records_are_called_by_their_key(void **state)
{
    (void)state;
    struct office o;
    char digits[8];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E05", NULL);
    name_is(&o, "E05");
    office_run(&o, ST_OK, "add", "enterprise", "stage=workshop", NULL);
    snprintf(digits, sizeof digits, "%.6s", office_text(&o, 0, "id"));
    name_is(&o, digits);
    office_run(&o, ST_OK, "add", "grant", "amount=1", "currency=CLP", "date=2009-07-01", "ref=G1",
               NULL);
    name_is(&o, "G1");
    office_run(&o, ST_OK, "add", "grant", "amount=1", "currency=CLP", "date=2009-07-01", NULL);
    snprintf(digits, sizeof digits, "%.6s", office_text(&o, 0, "id"));
    name_is(&o, digits);
    office_close(&o);
}

static void changes_name_their_commit(void **state)
{
    (void)state;
    struct office o;
    struct index_id id;
    struct record record = {0};
    struct render_change by;
    office_found(&o, "santiago");
    offices_clock = 1777629720 - 60;
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E05", NULL);
    char commit[OID_TEXT + 1];
    snprintf(commit, sizeof commit, "%s", office_text(&o, 0, "commit"));
    assert_int_equal(
        lookup_record(o.replica, bytes_of_text(office_text(&o, 0, "id")), &id, &record, &o.fault),
        ST_OK);
    assert_int_equal(render_change(o.replica, &record, &record.seen[0].change, &by, &o.fault),
                     ST_OK);
    assert_string_equal(by.commit, commit);
    assert_string_equal(by.office, "santiago");
    assert_string_equal(by.author, "ana <ana@example.org>");
    assert_string_equal(by.time, "2026-05-01T10:02:00Z");
    assert_int_equal(by.height, 2);
    struct change unknown = {{1}};
    assert_int_equal(render_change(o.replica, &record, &unknown, &by, &o.fault), ST_OK);
    assert_string_equal(by.commit, "");
    record_release(&record);
    office_close(&o);
}

static void authors_have_names(void **state)
{
    (void)state;
    assert_true(bytes_equal_text(render_author_name("ana \xc3\xb1 <a@b>"), "ana \xc3\xb1"));
    assert_true(bytes_equal_text(render_author_name("ana"), "ana"));
    assert_true(bytes_equal_text(render_author_name(""), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_called_by_their_key),
        cmocka_unit_test(changes_name_their_commit),
        cmocka_unit_test(authors_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
