/*
 * Orders carried out: by everyone who holds something, confirmed by themselves alone, for what
 * comes later too, and once more after a crash at any point.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/erasure.h"
#include "replicas/purge.h"
#include "replicas/sealed.h"

static void order(struct kit *k, const char *id, unsigned who)
{
    office_run(&k->o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
    kit_mix(k, who);
    office_run(&k->o[IQUIQUE], ST_OK, "erase", id, "--approve", NULL);
    kit_mix(k, who);
}

static uint32_t confirmed_by(struct office *o, const char *id, const char *label)
{
    struct erasure e;
    uint32_t node = GRAPH_NONE;
    assert_int_equal(erasure_read(o->replica, bytes_of_text(id), &e, &o->fault), ST_OK);
    assert_true(e.order_count > 0);
    assert_int_equal(purge_confirmed(o->replica, &e, &e.orders[0], label, &node, &o->fault), ST_OK);
    erasure_release(&e);
    return node;
}

static void everyone_erases_and_says_so(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, true);
    kit_family(&k, "Nadie", id);
    kit_family(&k, "Alguien", other);
    kit_mix(&k, 15);
    assert_string_equal(kit_reads(&k.o[TALCA], id, "head_name"), "Nadie");
    order(&k, id, 15);
    for (uint32_t i = 0; i < k.count; i++) {
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "");
        assert_int_equal(kit_held(&k.o[i], "household", id), 0);
        assert_int_not_equal(confirmed_by(&k.o[i], id, "santiago"), GRAPH_NONE);
        assert_int_not_equal(confirmed_by(&k.o[i], id, "auditor"), GRAPH_NONE);
    }
    assert_string_equal(kit_reads(&k.o[TALCA], other, "head_name"), "Alguien");
    kit_end(&k);
}

static void who_was_away_confirms_later_and_what_it_wrote_goes(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 7);
    office_run(&k.o[TALCA], ST_OK, "set", id, "phone=1234", NULL);
    order(&k, id, 3);
    assert_int_equal(confirmed_by(&k.o[SANTIAGO], id, "talca"), GRAPH_NONE);
    office_run(&k.o[SANTIAGO], ST_OK, "set", id, "phone=5678", NULL); /* after the order */
    assert_string_equal(kit_reads(&k.o[SANTIAGO], id, "phone"), "5678");
    kit_mix(&k, 7);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_not_equal(confirmed_by(&k.o[i], id, "talca"), GRAPH_NONE);
        office_run(&k.o[i], ST_OK, "resolve", id, "phone=9", NULL);
        assert_string_equal(kit_reads(&k.o[i], id, "phone"), "9");
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "");
        office_run(&k.o[i], ST_OK, "find", "1234", NULL);
        assert_int_equal(office_rows(&k.o[i]), 0);
        if (i == 0)
            kit_mix(&k, 7);
        if (i == 0)
            break; /* one resolves, all read the same */
    }
    assert_string_equal(kit_reads(&k.o[TALCA], id, "phone"), "9");
    kit_end(&k);
}

/* Values sealed between approval and permanence have a salt that no order covers. */
static void a_value_written_on_the_order_stays(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 7);
    office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
    kit_mix(&k, 7);
    office_run(&k.o[IQUIQUE], ST_OK, "erase", id, "--approve", NULL);
    office_run(&k.o[IQUIQUE], ST_OK, "set", id, "phone=5678", NULL); /* not settled yet */
    kit_mix(&k, 7);
    for (uint32_t i = 0; i < 3; i++) {
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "");
        assert_string_equal(kit_reads(&k.o[i], id, "phone"), "5678");
    }
    kit_end(&k);
}

static void sealed_in(struct office *o, const char *id, const char *field, struct sealed_value *out)
{
    struct record record = {0};
    assert_int_equal(
        replica_record(o->replica, NULL, BYTES("household"), bytes_of_text(id), &record, &o->fault),
        ST_OK);
    const struct record_field *found = record_field(&record, bytes_of_text(field));
    assert_true(sealed_parse(record_reads(&record, found)->json, out));
    record_release(&record);
}

/* Writes a value of which nothing is known but the salt. */
static void name_salt(struct office *o, const char *id, struct sealed_value value)
{
    struct op_list ops = {0};
    struct replica_commit done;
    struct buf text = {0};
    struct op op = {.verb = OP_SET, .type = BYTES("household"), .name = BYTES("head_name")};
    value.name.id[0] ^= 1;
    sealed_write(&value, &text);
    op.value = buf_bytes(&text);
    assert_int_equal(hex_decode(bytes_of_text(id), op.id, RECORD_ID_BYTES), ST_OK);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(replica_write(o->replica, &ops, BYTES("x <x@example.org>"), &done, &o->fault),
                     ST_OK);
    op_list_release(&ops);
    buf_release(&text);
}

/* A commit that has no order in its past names the salt of a value that was written behind it; one
 * that has it names the salt of what is erased. Neither changes what goes. */
static void naming_a_salt_erases_and_saves_nothing(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    struct sealed_value before, behind;
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 7);
    sealed_in(&k.o[SANTIAGO], id, "head_name", &before);
    order(&k, id, 3);
    kit_mix(&k, 3);
    office_run(&k.o[SANTIAGO], ST_OK, "set", id, "phone=5678", NULL);
    sealed_in(&k.o[SANTIAGO], id, "phone", &behind);
    kit_mix(&k, 3);
    name_salt(&k.o[TALCA], id, behind);
    name_salt(&k.o[IQUIQUE], id, before);
    kit_mix(&k, 7);
    for (uint32_t i = 0; i < k.count; i++) {
        bool erased = false;
        assert_string_equal(kit_reads(&k.o[i], id, "phone"), "5678");
        assert_int_equal(vault_is_erased(replica_vault(k.o[i].replica), &before.salt, id, &erased,
                                         &k.o[i].fault),
                         ST_OK);
        assert_true(erased);
    }
    kit_end(&k);
}

static void nobody_confirms_for_another(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], erasure[RECORD_ID_TEXT + 1], said[RECORD_ID_TEXT + 1];
    struct op_list ops = {0};
    struct replica_commit done;
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 7);
    order(&k, id, 3);
    struct office *o = &k.o[SANTIAGO];
    erasure_id(replica_network(o->replica), bytes_of_text(id), erasure);
    purge_confirmation(replica_network(o->replica), erasure, "talca", said);
    struct op op = {.verb = OP_SET,
                    .type = BYTES("confirmation"),
                    .name = BYTES("office"),
                    .value = BYTES("\"talca\"")};
    assert_int_equal(hex_decode(bytes_of_text(said), op.id, RECORD_ID_BYTES), ST_OK);
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    assert_int_equal(
        replica_write(o->replica, &ops, BYTES("ana <ana@example.org>"), &done, &o->fault), ST_OK);
    assert_int_equal(confirmed_by(o, id, "talca"), GRAPH_NONE);
    op_list_release(&ops);
    kit_end(&k);
}

/* After any number of quiet moments the process ends without a word. */
static void a_crash_at_any_step(void **state)
{
    (void)state;
    for (int steps = 0; steps < 4; steps++) {
        struct kit k;
        char id[ENTRY_ID_TEXT + 1];
        kit_begin(&k, 2, false);
        kit_family(&k, "Nadie", id);
        kit_mix(&k, 3);
        office_run(&k.o[SANTIAGO], ST_OK, "erase", id, "--reason=asked", NULL);
        kit_mix(&k, 3);
        office_run(&k.o[IQUIQUE], ST_OK, "erase", id, "--approve", NULL);
        office_send(&k.o[IQUIQUE], &k.o[SANTIAGO]);
        office_run(&k.o[SANTIAGO], ST_OK, "add", "contact", "institution=x", NULL);
        for (int i = 0; i < steps; i++) {
            uint64_t next;
            bool wrote;
            k.now_ms += 1000;
            assert_int_equal(
                tend_run(&k.tend[SANTIAGO], k.o[SANTIAGO].replica, k.now_ms, &next, &wrote, NULL),
                ST_OK); /* what it wrote is not synced */
        }
        kit_crash(&k, SANTIAGO);
        kit_mix(&k, 3);
        assert_int_equal(kit_held(&k.o[SANTIAGO], "household", id), 0);
        assert_int_not_equal(confirmed_by(&k.o[IQUIQUE], id, "santiago"), GRAPH_NONE);
        kit_crash(&k, SANTIAGO);
        assert_string_equal(kit_reads(&k.o[SANTIAGO], id, "head_name"), "");
        kit_end(&k);
    }
}

/* An item of an erased salt is never taken again, whoever has it still. */
static void what_is_erased_is_not_taken_again(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 7);
    order(&k, id, 3);
    assert_true(kit_held(&k.o[TALCA], "household", id) > 0);
    assert_int_equal(office_send_sealed(&k.o[TALCA], &k.o[SANTIAGO]), 0);
    assert_int_equal(kit_held(&k.o[SANTIAGO], "household", id), 0);
    kit_end(&k);
}

/* A file by its own id: the record that it belongs to stays, and what is written later reads. */
static void a_file_alone(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1], file[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 3, false);
    kit_family(&k, "Nadie", id);
    kit_attach(&k.o[SANTIAGO], id, "abc", 3, "name=a.txt", file);
    kit_mix(&k, 7);
    office_run(&k.o[TALCA], ST_OK, "set", file, "name=b.txt", NULL);
    order(&k, file, 3);
    office_run(&k.o[SANTIAGO], ST_OK, "set", file, "name=c.txt", NULL);
    assert_string_equal(kit_reads(&k.o[SANTIAGO], file, "name"), "c.txt");
    kit_mix(&k, 7);
    for (uint32_t i = 0; i < 3; i++) {
        office_run(&k.o[i], ST_NOT_FOUND, "fetch", file, NULL);
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "Nadie");
        assert_int_equal(kit_held(&k.o[i], "attachment", file), 2); /* the name c.txt, its salt */
    }
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyone_erases_and_says_so),
        cmocka_unit_test(who_was_away_confirms_later_and_what_it_wrote_goes),
        cmocka_unit_test(a_value_written_on_the_order_stays),
        cmocka_unit_test(naming_a_salt_erases_and_saves_nothing),
        cmocka_unit_test(nobody_confirms_for_another),
        cmocka_unit_test(a_crash_at_any_step),
        cmocka_unit_test(what_is_erased_is_not_taken_again),
        cmocka_unit_test(a_file_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
