/*
 * What an order covers goes out of one vault: the record, its files and its disclosures, and
 * nothing else; twice is once.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/erasure.h"
#include "replicas/expunge.h"
#include "replicas/json.h"
#include "replicas/sealed.h"

static void what_goes_and_what_stays(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1],
        receipt[ENTRY_ID_TEXT + 1], kept[ENTRY_ID_TEXT + 1];
    static uint8_t data[70000];
    struct erasure e;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_family(&k, "Alguien", other);
    kit_attach(o, id, data, sizeof data, "name=a.pdf", file);
    kit_attach(o, id, data, 10, "class=internal", receipt);
    kit_attach(o, other, data, 10, "name=b.pdf", kept);
    assert_int_equal(kit_held(o, "household", id), 2);     /* a value and its salt */
    assert_int_equal(kit_held(o, "attachment", file), 6);  /* name, content, list, 2 parts, salt */
    assert_int_equal(kit_held(o, "document", receipt), 5); /* name, content, list, part, salt */
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
        assert_int_equal(expunge_run(o->replica, &e, &o->fault), ST_OK);
        erasure_release(&e);
        assert_int_equal(kit_held(o, "household", id), 0);
        assert_int_equal(kit_held(o, "attachment", file), 0);
        assert_int_equal(kit_held(o, "document", receipt), 0);
        assert_int_equal(kit_held(o, "household", other), 2);
        assert_int_equal(kit_held(o, "attachment", kept), 5);
        office_reopen(o);
    }
    assert_string_equal(kit_reads(o, id, "head_name"), "");
    assert_string_equal(office_text(o, 0, "attachments.0.state"), "erased");
    office_run(o, ST_OK, "find", "Nadie", NULL);
    assert_int_equal(office_rows(o), 0);
    kit_end(&k);
}

static void without_an_order_nothing_goes(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    struct erasure e;
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    struct office *o = &k.o[SANTIAGO];
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
    assert_int_equal(expunge_run(o->replica, &e, &o->fault), ST_OK);
    erasure_release(&e);
    assert_int_equal(kit_held(o, "household", id), 2);
    kit_end(&k);
}

/* A member writes into a record that is erased what another record's values have: its salt, and as
 * the item of a disclosure a name that begins as the salt's id does. */
static void lend(struct office *o, const char *type, const char *id, const char *name,
                 struct bytes value)
{
    struct op_list ops = {0};
    struct replica_commit done;
    struct op op = {.verb = OP_SET, .type = bytes_of_text(type), .name = bytes_of_text(name)};
    op.value = value;
    assert_int_equal(hex_decode(bytes_of_text(id), op.id, RECORD_ID_BYTES), ST_OK);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(replica_write(o->replica, &ops, BYTES("x <x@example.org>"), &done, &o->fault),
                     ST_OK);
    op_list_release(&ops);
}

static void sealed_name(struct office *o, const char *id, struct sealed_value *out)
{
    struct record record = {0};
    assert_int_equal(
        replica_record(o->replica, NULL, BYTES("household"), bytes_of_text(id), &record, &o->fault),
        ST_OK);
    const struct record_field *field = record_field(&record, BYTES("head_name"));
    assert_true(sealed_parse(record_reads(&record, field)->json, out));
    record_release(&record);
}

static void what_another_record_has_stays(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1], hex[2 * DIGEST_BYTES + 3];
    char made[] = "0123456789abcdef01234567";
    struct sealed_value value;
    struct digest name;
    struct buf text = {0};
    struct erasure e;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_family(&k, "Alguien", other);
    sealed_name(o, other, &value);
    vault_salt_name(&value.salt, &name);
    name.id[DIGEST_BYTES - 1] = 1;
    hex[0] = '"';
    hex_encode(name.id, DIGEST_BYTES, hex + 1);
    hex[sizeof hex - 2] = '"';
    hex[sizeof hex - 1] = '\0';
    value.name.id[0] ^= 1;
    sealed_write(&value, &text);
    lend(o, "household", id, "phone", buf_bytes(&text));
    lend(o, "disclosure", made, "item", bytes_of_text(hex));
    buf_reset(&text);
    json_add_text(&text, bytes_of_text(id));
    lend(o, "disclosure", made, "record", buf_bytes(&text));
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
    assert_int_equal(expunge_run(o->replica, &e, &o->fault), ST_OK);
    erasure_release(&e);
    assert_int_equal(kit_held(o, "household", id), 0);
    assert_int_equal(kit_held(o, "household", other), 2);
    office_reopen(o);
    assert_string_equal(kit_reads(o, other, "head_name"), "Alguien");
    assert_string_equal(kit_reads(o, id, "head_name"), "");
    assert_string_equal(office_text(o, 0, "sealed.head_name"), "erased");
    buf_release(&text);
    kit_end(&k);
}

/* One commit with two operations: another record, and the salt that the file's values have. */
static void a_file_that_another_seals_elsewhere(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    struct buf text = {0}, target = {0};
    struct record record = {0};
    struct sealed_value value;
    struct op_list ops = {0};
    struct replica_commit done;
    struct erasure e;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_family(&k, "Alguien", other);
    kit_attach(o, other, "abc", 3, "name=b.pdf", file);
    assert_int_equal(replica_record(o->replica, NULL, BYTES("attachment"), bytes_of_text(file),
                                    &record, &o->fault),
                     ST_OK);
    assert_true(
        sealed_parse(record_reads(&record, record_field(&record, BYTES("name")))->json, &value));
    value.name.id[0] ^= 1;
    sealed_write(&value, &text);
    json_add_text(&target, bytes_of_text(id));
    struct op op[2] = {
        {.verb = OP_SET, .type = BYTES("attachment"), .name = BYTES("name")},
        {.verb = OP_SET, .type = BYTES("attachment"), .name = BYTES("record")},
    };
    op[0].value = buf_bytes(&text);
    op[1].value = buf_bytes(&target);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hex_decode(bytes_of_text(file), op[i].id, RECORD_ID_BYTES), ST_OK);
        assert_int_equal(op_list_add(&ops, &op[i]), ST_OK);
    }
    assert_int_equal(replica_write(o->replica, &ops, BYTES("x <x@example.org>"), &done, &o->fault),
                     ST_OK);
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
    assert_int_equal(expunge_run(o->replica, &e, &o->fault), ST_OK);
    erasure_release(&e);
    assert_true(kit_held(o, "attachment", file) >= 5);
    /* Naming the salt once more behind the order saves nothing. */
    office_run(o, ST_OK, "erase", other, "--reason=asked", NULL);
    assert_int_equal(replica_write(o->replica, &ops, BYTES("x <x@example.org>"), &done, &o->fault),
                     ST_OK);
    assert_int_equal(erasure_read(o->replica, bytes_of_text(other), &e, &o->fault), ST_OK);
    assert_int_equal(expunge_run(o->replica, &e, &o->fault), ST_OK);
    erasure_release(&e);
    assert_int_equal(kit_held(o, "household", other), 0);
    record_release(&record);
    op_list_release(&ops);
    buf_release(&text);
    buf_release(&target);
    kit_end(&k);
}

/* Whoever points somebody's file at a record that is erased does not erase the file. */
static void a_file_that_another_points_elsewhere(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1],
        receipt[ENTRY_ID_TEXT + 1];
    struct buf text = {0};
    struct erasure e;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_family(&k, "Alguien", other);
    kit_attach(o, other, "abc", 3, "name=b.pdf", file);
    kit_attach(o, id, "abc", 3, "name=a.pdf", receipt);
    json_add_text(&text, bytes_of_text(id));
    lend(o, "attachment", file, "record", buf_bytes(&text));
    office_run(o, ST_OK, "set", receipt, "name=c.pdf", NULL); /* says nothing of its record */
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
    assert_int_equal(expunge_run(o->replica, &e, &o->fault), ST_OK);
    erasure_release(&e);
    assert_int_equal(kit_held(o, "household", id), 0);
    assert_int_equal(kit_held(o, "attachment", file), 5);
    assert_int_equal(kit_held(o, "attachment", receipt), 0);
    buf_release(&text);
    kit_end(&k);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    struct erasure e;
    bool failed = true;
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    kit_family(&k, "Nadie", id);
    kit_attach(o, id, "abc", 3, NULL, file);
    office_run(o, ST_OK, "erase", id, "--reason=asked", NULL);
    assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status status = expunge_run(o->replica, &e, &o->fault);
        failed = mem_failed();
        mem_fail_at(0);
        assert_true(status == ST_OK || (failed && status == ST_NO_MEMORY));
    }
    assert_int_equal(kit_held(o, "household", id), 0);
    assert_int_equal(kit_held(o, "attachment", file), 0);
    erasure_release(&e);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_and_what_stays),
        cmocka_unit_test(without_an_order_nothing_goes),
        cmocka_unit_test(what_another_record_has_stays),
        cmocka_unit_test(a_file_that_another_points_elsewhere),
        cmocka_unit_test(a_file_that_another_seals_elsewhere),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
