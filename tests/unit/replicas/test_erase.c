/*
 * The verb erase: what it refuses, in which words, and the certificate.
 */
#include "tests/unit/replicas/erase_kit.h"

static void what_is_refused(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], order[ENTRY_ID_TEXT + 1], grant[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    struct office *o = &k.o[SANTIAGO];
    office_run(o, ST_USAGE, "erase", NULL);
    office_run(o, ST_USAGE, "erase", id, NULL);
    office_run(o, ST_USAGE, "erase", id, "--approve", "--status", NULL);
    office_run(o, ST_USAGE, "erase", id, "--reason=", NULL);
    office_run(o, ST_USAGE, "erase", "--status", NULL);
    office_run(o, ST_NOT_FOUND, "erase", "ffffffff", "--status", NULL);
    office_run(o, ST_NOT_FOUND, "erase", id, "--approve", NULL);
    office_run(o, ST_NOT_FOUND, "erase", id, "--status", NULL);
    office_run(o, ST_OK, "add", "grant", "amount=5", "currency=USD", "date=2009-07-31", NULL);
    office_id(o, grant);
    office_run(o, ST_NOT_ALLOWED, "erase", grant, "--reason=x", NULL);
    assert_non_null(strstr(o->fault.text, "never erased"));
    office_run(o, ST_OK, "erase", id, "--reason=asked", "--dry-run", NULL);
    office_run(o, ST_NOT_FOUND, "erase", id, "--status", NULL);
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    snprintf(order, sizeof order, "%s", office_text(o, 0, "erasure"));
    office_run(o, ST_EXISTS, "erase", id, "--reason=again", NULL);
    office_run(o, ST_NOT_ALLOWED, "erase", id, "--approve", NULL);
    assert_non_null(strstr(o->fault.text, "another office"));
    office_run(o, ST_NEEDS_PERSON, "erase", order, "--status", NULL);
    assert_string_equal(office_text(o, 0, "record"), id);
    assert_string_equal(office_text(o, 0, "state"), "proposed");
    kit_end(&k);
}

static void an_auditor_orders_nothing(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 15);
    office_run(&k.o[AUDITOR], ST_NOT_ALLOWED, "erase", id, "--reason=x", NULL);
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=x", NULL);
    kit_mix(&k, 15);
    office_run(&k.o[AUDITOR], ST_NOT_ALLOWED, "erase", id, "--approve", NULL);
    kit_end(&k);
}

static void the_certificate(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 15);
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked by them", NULL);
    assert_string_equal(office_text(&k.o[SANTIAGO], 0, "state"), "proposed");
    assert_string_equal(office_text(&k.o[SANTIAGO], 0, "needs"), "approval");
    kit_mix(&k, 15 & ~4);
    office_run(&k.o[IQUIQUE], ST_OK, "erase", id, "--approve", NULL);
    assert_string_equal(office_text(&k.o[IQUIQUE], 0, "state"), "approved");
    office_run(&k.o[IQUIQUE], ST_EXISTS, "erase", id, "--approve", NULL);
    kit_mix(&k, 15 & ~4);
    struct office *o = &k.o[SANTIAGO];
    office_run(o, ST_NEEDS_PERSON, "erase", id, "--status", NULL);
    assert_string_equal(office_text(o, 0, "state"), "settled");
    assert_string_equal(office_text(o, 0, "proposed.office"), "santiago");
    assert_string_equal(office_text(o, 0, "approved.office"), "iquique");
    assert_string_equal(office_text(o, 0, "because"), "asked by them");
    assert_int_equal(json_array_size(office_at(o, 0, "confirmed")), 3);
    assert_int_equal(json_array_size(office_at(o, 0, "missing")), 1);
    assert_string_equal(office_text(o, 0, "missing.0.office"), "talca");
    kit_mix(&k, 15);
    office_run(o, ST_OK, "erase", id, "--status", NULL);
    assert_string_equal(office_text(o, 0, "state"), "done");
    assert_int_equal(office_number(o, 0, "settled.of"), 3);
    assert_int_equal(json_array_size(office_at(o, 0, "missing")), 0);
    /* What is written later can be erased in its turn. */
    office_run(o, ST_OK, "set", id, "head_name=Otra", NULL);
    office_run(o, ST_OK, "erase", id, "--reason=once more", NULL);
    kit_mix(&k, 15);
    office_run(&k.o[TALCA], ST_OK, "erase", id, "--approve", NULL);
    kit_mix(&k, 15);
    office_run(o, ST_OK, "erase", id, "--status", NULL);
    assert_string_equal(office_text(o, 0, "approved.office"), "talca");
    assert_string_equal(kit_reads(o, id, "head_name"), "");
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(an_auditor_orders_nothing),
        cmocka_unit_test(the_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
