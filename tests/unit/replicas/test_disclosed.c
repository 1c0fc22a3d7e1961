/*
 * What was disclosed is read by that auditor, by nobody else, that value alone, and no more after
 * an erasure.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/disclosed.h"

static void that_value_alone(void **state)
{
    (void)state;
    struct kit k;
    struct office second;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    office_join(&second, &k.o[SANTIAGO], "second", CHARTER_AUDITOR);
    kit_family(&k, "Nadie", id);
    kit_family(&k, "Alguien", other);
    struct office *o = &k.o[SANTIAGO], *auditor = &k.o[AUDITOR];
    office_run(o, ST_OK, "set", id, "phone=1234", NULL);
    kit_mix(&k, 15);
    assert_string_equal(kit_reads(auditor, id, "head_name"), "");
    assert_int_equal(kit_held(auditor, "household", id), 0);
    office_run(o, ST_OK, "disclose", id, "--fields=head_name", "--to=auditor", NULL);
    kit_mix(&k, 15);
    office_send(o, &second);
    assert_int_equal(office_send_sealed(o, &second), 0);
    assert_string_equal(kit_reads(auditor, id, "head_name"), "Nadie");
    assert_string_equal(kit_reads(auditor, id, "phone"), "");
    assert_string_equal(kit_reads(auditor, other, "head_name"), "");
    assert_int_equal(kit_held(auditor, "household", id), 2); /* the keys, the value */
    assert_string_equal(kit_reads(&second, id, "head_name"), "");
    /* Only the value as it was; a later one is not disclosed. */
    office_run(o, ST_OK, "set", id, "head_name=Otra", NULL);
    kit_mix(&k, 15);
    assert_string_equal(kit_reads(auditor, id, "head_name"), "");
    kit_crash(&k, AUDITOR);
    assert_string_equal(kit_reads(auditor, id, "head_name"), "");
    office_close(&second);
    kit_end(&k);
}

static void until_it_is_erased(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    kit_family(&k, "Nadie", id);
    office_run(&k.o[SANTIAGO], ST_OK, "disclose", id, "--fields=head_name", "--to=auditor", NULL);
    kit_mix(&k, 15);
    assert_string_equal(kit_reads(&k.o[AUDITOR], id, "head_name"), "Nadie");
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
    kit_mix(&k, 15);
    office_run(&k.o[IQUIQUE], ST_OK, "erase", id, "--approve", NULL);
    kit_mix(&k, 15);
    for (uint32_t i = 0; i < k.count; i++) {
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "");
        assert_string_equal(office_text(&k.o[i], 0, "sealed.head_name"), "erased");
        assert_int_equal(kit_held(&k.o[i], "household", id), 0);
    }
    office_run(&k.o[SANTIAGO], ST_NOT_FOUND, "disclose", id, "--fields=head_name", "--to=auditor",
               NULL);
    kit_end(&k);
}

/* Whoever makes up a record of disclosure to itself gets nothing by it. */
static void who_may_hold_it(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    struct vault_facts facts = {.kind = VAULT_VALUE, .class = SCHEMA_PERSONAL, .type = "household"};
    bool allowed = true;
    kit_begin(&k, 3, true);
    kit_family(&k, "Nadie", id);
    memcpy(facts.record, id, RECORD_ID_TEXT);
    assert_int_equal(disclosed_allows(k.o[SANTIAGO].replica, "auditor", &facts, &allowed, NULL),
                     ST_OK);
    assert_false(allowed);
    kit_mix(&k, 15);
    office_run(&k.o[AUDITOR], ST_NOT_ALLOWED, "add", "disclosure", "to=auditor", "record=x", NULL);
    struct seal_key key;
    assert_int_equal(disclosed_find(k.o[AUDITOR].replica, BYTES("household"), bytes_of_text(id),
                                    &facts.name, &key, NULL),
                     ST_NOT_FOUND);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(that_value_alone),
        cmocka_unit_test(until_it_is_erased),
        cmocka_unit_test(who_may_hold_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
