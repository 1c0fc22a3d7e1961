/*
 * Wanting what only sealed items name: offices want every part, an auditor the lists of what it may
 * read and parts on demand, and whoever lost items wants them again.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/follow.h"

static uint8_t data[70000];

static uint64_t waits(struct office *o, bool files)
{
    uint64_t values = 0, parts = 0;
    assert_int_equal(custody_waiting(o->replica, &values, &parts, &o->fault), ST_OK);
    return files ? parts : values;
}

static void an_office_wants_all_an_auditor_lists(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], photo[ENTRY_ID_TEXT + 1], receipt[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    kit_mix(&k, 15);
    kit_family(&k, "Nadie", id);
    kit_attach(&k.o[SANTIAGO], id, data, sizeof data, NULL, photo);
    kit_attach(&k.o[SANTIAGO], id, data, sizeof data, "class=internal", receipt);
    for (int i = 0; i < 3; i++) {
        static const uint32_t others[] = {IQUIQUE, AUDITOR};
        for (size_t n = 0; n < 2; n++) {
            office_send(&k.o[SANTIAGO], &k.o[others[n]]);
            (void)office_send_sealed(&k.o[SANTIAGO], &k.o[others[n]]);
            kit_tend(&k, others[n]);
        }
    }
    assert_int_equal(waits(&k.o[IQUIQUE], true), 4);
    assert_int_equal(waits(&k.o[AUDITOR], true), 0);
    assert_int_equal(kit_held(&k.o[AUDITOR], "attachment", photo), 0);
    assert_true(kit_held(&k.o[AUDITOR], "document", receipt) >= 3);
    office_run(&k.o[AUDITOR], ST_PARTLY, "fetch", receipt, NULL);
    assert_int_equal(waits(&k.o[AUDITOR], true), 2);
    office_run(&k.o[AUDITOR], ST_NOT_ALLOWED, "fetch", photo, NULL);
    assert_int_equal(kit_send_files(&k.o[SANTIAGO], &k.o[AUDITOR], 9), 2);
    office_run(&k.o[AUDITOR], ST_OK, "fetch", receipt, NULL);
    kit_end(&k);
}

static void after_a_crash_it_wants_on(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], photo[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 2, false);
    kit_mix(&k, 3);
    kit_family(&k, "Nadie", id);
    kit_attach(&k.o[SANTIAGO], id, data, sizeof data, NULL, photo);
    office_send(&k.o[SANTIAGO], &k.o[IQUIQUE]);
    (void)office_send_sealed(&k.o[SANTIAGO], &k.o[IQUIQUE]);
    kit_crash(&k, IQUIQUE); /* before it looked at what came */
    kit_tend(&k, IQUIQUE);
    (void)office_send_sealed(&k.o[SANTIAGO], &k.o[IQUIQUE]);
    kit_crash(&k, IQUIQUE);
    kit_tend(&k, IQUIQUE);
    assert_int_equal(waits(&k.o[IQUIQUE], true), 2);
    follow_anew(k.o[IQUIQUE].replica->follow);
    follow_anew(NULL);
    kit_tend(&k, IQUIQUE);
    assert_int_equal(waits(&k.o[IQUIQUE], true), 2);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_office_wants_all_an_auditor_lists),
        cmocka_unit_test(after_a_crash_it_wants_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
