/*
 * What an order covers goes out of one vault: the record, its files and its disclosures, and
 * nothing else; twice is once.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/erasure.h"
#include "replicas/expunge.h"

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
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
