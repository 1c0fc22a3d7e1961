/*
 * Class keys whose copies a member took out of their records: who was given one once has it.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/keyring.h"
#include "replicas/recall.h"

/* Takes every copy out of every class key. */
static void drop_all(struct office *o)
{
    struct op_list ops = {0};
    struct replica_commit done;
    office_run(o, ST_OK, "list", "classkey", NULL);
    for (size_t i = 0; i < office_rows(o); i++) {
        struct record record = {0};
        assert_int_equal(replica_record(o->replica, NULL, BYTES("classkey"),
                                        bytes_of_text(office_text(o, i, "id")), &record, &o->fault),
                         ST_OK);
        const struct record_set *set = record_set(&record, BYTES("copies"));
        for (uint32_t n = 0; set != NULL && n < set->count; n++) {
            const struct record_element *e = &record.elements[set->first + n];
            struct op op = {.verb = OP_DROP,
                            .type = BYTES("classkey"),
                            .name = BYTES("copies"),
                            .value = e->text,
                            .over = {record.changes[e->first].id, (size_t)e->count * CHANGE_BYTES}};
            assert_int_equal(hex_decode(record.id, op.id, RECORD_ID_BYTES), ST_OK);
            assert_int_equal(op_list_add(&ops, &op), ST_OK);
        }
        record_release(&record);
    }
    assert_true(ops.count > 0);
    if (replica_write(o->replica, &ops, BYTES("x <x@example.org>"), &done, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    op_list_release(&ops);
}

static void what_was_given_once_is_not_taken_back(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 2, false);
    kit_family(&k, "Nadie", id);
    kit_mix(&k, 3);
    drop_all(&k.o[IQUIQUE]);
    office_send(&k.o[IQUIQUE], &k.o[SANTIAGO]);
    kit_crash(&k, SANTIAGO); /* nobody has a key in memory */
    kit_crash(&k, IQUIQUE);
    for (uint32_t i = 0; i < 2; i++)
        assert_string_equal(kit_reads(&k.o[i], id, "head_name"), "Nadie");
    kit_mix(&k, 3); /* and the copies are there again */
    kit_crash(&k, SANTIAGO);
    office_run(&k.o[SANTIAGO], ST_OK, "set", id, "head_name=Alguien", NULL);
    kit_mix(&k, 3);
    assert_string_equal(kit_reads(&k.o[IQUIQUE], id, "head_name"), "Alguien");
    kit_end(&k);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct kit k;
    char id[ENTRY_ID_TEXT + 1];
    bool failed = true;
    kit_begin(&k, 1, false);
    kit_family(&k, "Nadie", id);
    struct office *o = &k.o[SANTIAGO];
    drop_all(o);
    struct replica *r = o->replica;
    struct keyring *fresh = NULL;
    struct seal_id key;
    assert_int_equal(keyring_create(replica_network(r), &fresh), ST_OK);
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status status = keyring_update(fresh, r->store, &r->state, &r->identity, &o->fault);
        if (status == ST_OK)
            status = recall_keys(r, fresh, &o->fault);
        failed = mem_failed();
        mem_fail_at(0);
        assert_true(status == ST_OK || (failed && status == ST_NO_MEMORY));
    }
    assert_int_equal(
        keyring_current(fresh, charter_newest(replica_charters(r)), SCHEMA_PERSONAL, &key), ST_OK);
    keyring_free(fresh);
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_once_is_not_taken_back),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
