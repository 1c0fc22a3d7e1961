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

/* An item that opens to nothing, or was made for somebody else, is one of which nothing comes. */
static void what_is_no_disclosure(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], hex[2 * DIGEST_BYTES + 1], word[3][128];
    kit_begin(&k, 3, true);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 15);
    struct office *o = &k.o[SANTIAGO], *auditor = &k.o[AUDITOR];
    static const size_t sizes[] = {1, crypto_box_SEALBYTES, 200};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        static struct disclosure d;
        struct vault_facts facts;
        struct digest name;
        uint8_t junk[200];
        memset(junk, (int)i + 1, sizeof junk);
        seal_name((struct bytes){junk, sizes[i]}, &name);
        memcpy(d.type, "household", sizeof "household");
        memcpy(d.record, id, RECORD_ID_TEXT);
        disclosure_facts(&d, &name, &replica_identity(auditor->replica)->key, &facts);
        assert_int_equal(
            vault_put(o->replica->vault, &facts, (struct bytes){junk, sizes[i]}, &o->fault), ST_OK);
        hex_encode(name.id, DIGEST_BYTES, hex);
        snprintf(word[0], sizeof word[0], "item=%s", hex);
        snprintf(word[1], sizeof word[1], "record=%s", id);
        office_run(o, ST_OK, "add", "disclosure", word[0], word[1], "to=auditor", NULL);
        kit_mix(&k, 15);
        assert_string_equal(kit_reads(auditor, id, "head_name"), "");
        assert_string_equal(office_text(auditor, 0, "sealed.head_name"), "not-entitled");
    }
    office_run(o, ST_OK, "add", "disclosure", "item=nonsense", "record=nonsense", "to=auditor",
               NULL);
    office_run(o, ST_OK, "disclose", id, "--fields=head_name", "--to=auditor", NULL);
    kit_mix(&k, 15);
    assert_string_equal(kit_reads(auditor, id, "head_name"), "Nadie");
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(that_value_alone),
        cmocka_unit_test(until_it_is_erased),
        cmocka_unit_test(who_may_hold_it),
        cmocka_unit_test(what_is_no_disclosure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
