/*
 * Values of class personal: written sealed, read where they may be, and nowhere else.
 */
#include "tests/unit/replicas/offices.h"

#include "replicas/sealed.h"

#define NAME "Xochiquetzal de prueba"

static const char VALUE[] =
    "{\"class\":\"personal\",\"key\":\"00000000000000000000000000000000000000a1\","
    "\"salt\":\"00000000000000000000000000000000000000b2\",\"sealed\":"
    "\"00000000000000000000000000000000000000000000000000000000000000c3\"}";

static void the_value_in_the_record(void **state)
{
    (void)state;
    struct sealed_value v;
    struct buf out = {0};
    struct bytes text = bytes_of_text(VALUE);
    assert_true(sealed_parse(text, &v));
    assert_int_equal(v.class, SCHEMA_PERSONAL);
    assert_int_equal(v.key.id[SEAL_ID_BYTES - 1], 0xa1);
    assert_int_equal(v.salt.id[SEAL_ID_BYTES - 1], 0xb2);
    assert_int_equal(v.name.id[DIGEST_BYTES - 1], 0xc3);
    sealed_write(&v, &out);
    assert_true(bytes_equal(buf_bytes(&out), text));
    v.class = SCHEMA_INTERNAL;
    buf_reset(&out);
    sealed_write(&v, &out);
    assert_true(sealed_parse(buf_bytes(&out), &v));
    assert_int_equal(v.class, SCHEMA_INTERNAL);
    buf_release(&out);
}

/* Whatever is not exactly such a value is none; what still is one is written back byte for byte. */
static void damaged_values(void **state)
{
    (void)state;
    char text[sizeof VALUE];
    struct sealed_value v;
    for (size_t count = 0; count < sizeof VALUE - 1; count++)
        assert_false(sealed_parse((struct bytes){(const uint8_t *)VALUE, count}, &v));
    for (size_t i = 0; i < sizeof VALUE - 1; i++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(text, VALUE, sizeof text);
            text[i] = (char)(text[i] ^ (1 << bit));
            struct bytes json = {(const uint8_t *)text, sizeof VALUE - 1};
            if (!sealed_parse(json, &v))
                continue;
            struct buf out = {0};
            sealed_write(&v, &out);
            assert_true(bytes_equal(buf_bytes(&out), json));
            buf_release(&out);
        }
}

static void written_sealed_and_read_in_clear(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "commune=Pudahuel", "head_name=" NAME, "people=3",
               NULL);
    office_id(&o, id);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "fields.head_name"), NAME);
    assert_string_equal(office_text(&o, 0, "fields.commune"), "Pudahuel");
    assert_null(office_at(&o, 0, "sealed"));
    office_run(&o, ST_OK, "set", id, "head_name=" NAME, NULL);
    assert_true(json_is_true(office_at(&o, 0, "unchanged")));
    office_run(&o, ST_OK, "set", id, "head_name=other", "phone=1", NULL);
    office_run(&o, ST_OK, "find", "OTHER", NULL);
    assert_int_equal(office_rows(&o), 1);
    office_run(&o, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&o), 0);
    office_run(&o, ST_OK, "list", "household", "phone=1", "--sort=head_name", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_string_equal(office_text(&o, 0, "fields.head_name"), "other");
    office_run(&o, ST_OK, "set", id, "phone=", NULL);
    office_run(&o, ST_OK, "list", "household", "phone=", NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_null(office_at(&o, 0, "fields.phone"));
    office_reopen(&o);
    office_run(&o, ST_OK, "list", "household", NULL);
    assert_string_equal(office_text(&o, 0, "fields.head_name"), "other");
    office_run(&o, ST_OK, "show", id, "--history", NULL);
    assert_string_equal(office_text(&o, 0, "history.2.changes.1.after"), NAME);
    office_close(&o);
}

static void read_where_it_may_be_read(void **state)
{
    (void)state;
    struct office santiago, iquique, fosis, auditor;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&santiago, "santiago");
    office_join(&iquique, &santiago, "iquique", CHARTER_OFFICE);
    office_join(&fosis, &santiago, "fosis", CHARTER_PARTNER);
    office_join(&auditor, &santiago, "auditor", CHARTER_AUDITOR);
    office_run(&santiago, ST_OK, "add", "household", "commune=Pudahuel", "head_name=" NAME, NULL);
    office_id(&santiago, id);
    office_send(&santiago, &iquique);
    office_send(&santiago, &fosis);
    office_send(&santiago, &auditor);
    assert_true(oid_equal(replica_state(fosis.replica), replica_state(santiago.replica)));

    office_run(&iquique, ST_OK, "show", id, NULL);
    assert_true(json_is_null(office_at(&iquique, 0, "fields.head_name")));
    assert_string_equal(office_text(&iquique, 0, "sealed.head_name"), "waiting");
    office_run(&iquique, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&iquique), 0);
    uint64_t values, files;
    assert_int_equal(custody_waiting(iquique.replica, &values, &files, NULL), ST_OK);
    assert_int_equal(values, 2); /* the item and its salt */
    assert_int_equal(files, 0);

    assert_int_equal(office_send_sealed(&fosis, &iquique), 0);
    assert_int_equal(office_send_sealed(&santiago, &fosis), 0);
    assert_int_equal(office_send_sealed(&santiago, &auditor), 0);
    assert_int_equal(office_send_sealed(&santiago, &iquique), 2);
    office_run(&iquique, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&iquique, 0, "fields.head_name"), NAME);
    office_run(&iquique, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&iquique), 1);
    assert_int_equal(custody_waiting(iquique.replica, &values, &files, NULL), ST_OK);
    assert_int_equal(values, 0);

    struct office *const others[] = {&fosis, &auditor};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(custody_waiting(others[i]->replica, &values, &files, NULL), ST_OK);
        assert_int_equal(values, 0);
        office_run(others[i], ST_OK, "show", id, NULL);
        assert_string_equal(office_text(others[i], 0, "sealed.head_name"), "not-entitled");
        office_run(others[i], ST_OK, "find", NAME, NULL);
        assert_int_equal(office_rows(others[i]), 0);
        office_run(others[i], ST_OK, "list", "household", NULL);
        assert_true(json_is_null(office_at(others[i], 0, "fields.head_name")));
    }
    office_close(&auditor);
    office_close(&fosis);
    office_close(&iquique);
    office_close(&santiago);
}

/* Two offices that say the same under seals of their own do not agree until somebody who reads both
 * says so. */
static void two_offices_that_say_the_same(void **state)
{
    (void)state;
    struct office a, b, auditor;
    char id[ENTRY_ID_TEXT + 1];
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_join(&auditor, &a, "auditor", CHARTER_AUDITOR);
    office_run(&a, ST_OK, "add", "household", "commune=Pudahuel", NULL);
    office_id(&a, id);
    office_send(&a, &b);
    office_run(&a, ST_OK, "set", id, "head_name=" NAME, "phone=1", NULL);
    office_run(&b, ST_OK, "set", id, "head_name=" NAME, "phone=2", NULL);
    office_send(&a, &b);
    office_send(&b, &a);
    office_run(&b, ST_NOT_ALLOWED, "resolve", id, "--equal", "head_name", NULL);
    assert_non_null(strstr(b.fault.text, "cannot all be read here"));
    office_send_sealed(&a, &b);
    office_send(&a, &auditor);
    office_send(&b, &auditor);
    office_run(&auditor, ST_OK, "explain", id, NULL);
    assert_non_null(
        strstr(office_text(&auditor, 0, "text"), "a sealed value (not for this office)"));
    office_run(&b, ST_OK, "explain", id, NULL);
    assert_non_null(strstr(office_text(&b, 0, "text"), "they say the same"));
    assert_non_null(strstr(office_text(&b, 0, "commands.0"), "--equal head_name"));
    assert_non_null(strstr(office_text(&b, 1, "text"), "everyone reads"));
    office_run(&b, ST_NOT_ALLOWED, "resolve", id, "--equal", "phone", NULL);
    assert_non_null(strstr(b.fault.text, "do not say the same"));
    office_run(&b, ST_OK, "resolve", id, "--equal", NULL);
    assert_int_equal(office_number(&b, 0, "conflicts"), 1);
    office_run(&b, ST_OK, "resolve", id, "--keep=santiago", "phone", NULL);
    office_run(&b, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&b, 0, "fields.phone"), "1");
    assert_string_equal(office_text(&b, 0, "fields.head_name"), NAME);
    office_run(&b, ST_NOTHING, "resolve", id, "--equal", NULL);
    office_send(&b, &a);
    office_run(&a, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&a, 0, "fields.head_name"), NAME);
    office_close(&auditor);
    office_close(&b);
    office_close(&a);
}

/* What a salt's erasure leaves: the word, and nothing to find. */
static void erased(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    struct record record;
    struct sealed_value v;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL);
    office_id(&o, id);
    office_run(&o, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&o), 1);
    assert_int_equal(
        replica_record(o.replica, NULL, BYTES("household"), bytes_of_text(id), &record, &o.fault),
        ST_OK);
    assert_true(sealed_parse(record.values[0].json, &v));
    record_release(&record);
    assert_int_equal(
        custody_erase(o.replica, &v.salt, BYTES("household"), bytes_of_text(id), &o.fault), ST_OK);
    office_run(&o, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&o), 0);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "sealed.head_name"), "erased");
    office_run(&o, ST_OK, "set", id, "phone=3", NULL); /* with a salt of its own */
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "fields.phone"), "3");
    office_close(&o);
}

/* A sealed value put into another record, or another field, opens nowhere: said, and no crash. */
static void out_of_its_place(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    struct record record;
    struct op_list ops = {0};
    struct replica_commit commit;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL);
    office_id(&o, id);
    assert_int_equal(
        replica_record(o.replica, NULL, BYTES("household"), bytes_of_text(id), &record, &o.fault),
        ST_OK);
    struct op op = {.verb = OP_SET,
                    .type = BYTES("household"),
                    .id = {7},
                    .name = BYTES("head_name"),
                    .value = record.values[0].json};
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    op.name = BYTES("phone");
    assert_int_equal(hex_decode(bytes_of_text(id), op.id, RECORD_ID_BYTES), ST_OK);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    record_release(&record);
    assert_int_equal(
        replica_write(o.replica, &ops, BYTES("ana <ana@example.org>"), &commit, &o.fault), ST_OK);
    assert_int_equal(replica_sync(o.replica, &o.fault), ST_OK);
    office_run(&o, ST_OK, "show", id, NULL);
    assert_string_equal(office_text(&o, 0, "fields.head_name"), NAME);
    assert_string_equal(office_text(&o, 0, "sealed.phone"), "damaged");
    office_run(&o, ST_OK, "show", "070000000000000000000000", NULL);
    assert_string_equal(office_text(&o, 0, "sealed.head_name"), "damaged");
    office_run(&o, ST_OK, "find", NAME, NULL);
    assert_int_equal(office_rows(&o), 1);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_value_in_the_record),
        cmocka_unit_test(damaged_values),
        cmocka_unit_test(written_sealed_and_read_in_clear),
        cmocka_unit_test(read_where_it_may_be_read),
        cmocka_unit_test(two_offices_that_say_the_same),
        cmocka_unit_test(erased),
        cmocka_unit_test(out_of_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
