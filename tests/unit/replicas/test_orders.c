/*
 * The list of orders that wait for somebody.
 */
#include "tests/unit/replicas/erase_kit.h"

static void from_proposed_to_nothing(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    struct office *o = &k.o[SANTIAGO];
    office_run(o, ST_OK, "erase", "--list", NULL);
    assert_int_equal(office_rows(o), 0);
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    kit_mix(&k, 3);
    office_run(&k.o[IQUIQUE], ST_OK, "erase", "--list", NULL);
    assert_int_equal(office_rows(&k.o[IQUIQUE]), 1);
    assert_string_equal(office_text(&k.o[IQUIQUE], 0, "record"), id);
    assert_string_equal(office_text(&k.o[IQUIQUE], 0, "type"), "household");
    assert_string_equal(office_text(&k.o[IQUIQUE], 0, "state"), "proposed");
    assert_string_equal(office_text(&k.o[IQUIQUE], 0, "office"), "santiago");
    office_run(&k.o[IQUIQUE], ST_OK, "erase", id, "--approve", NULL);
    office_run(&k.o[IQUIQUE], ST_OK, "erase", "--list", NULL);
    assert_string_equal(office_text(&k.o[IQUIQUE], 0, "state"), "approved");
    assert_int_equal(office_number(&k.o[IQUIQUE], 0, "by"), 1);
    assert_int_equal(office_number(&k.o[IQUIQUE], 0, "of"), 2);
    kit_mix(&k, 3);
    office_run(o, ST_OK, "erase", "--list", NULL);
    assert_int_equal(office_rows(o), 0);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_proposed_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
