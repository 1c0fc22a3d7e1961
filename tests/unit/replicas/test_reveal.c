/*
 * Records as an office may read them, and memory that fails on the way.
 */
#include "tests/unit/replicas/offices.h"

#include "proto/mem.h"
#include "replicas/op_list.h"
#include "replicas/reveal.h"

#define NAME "Xochiquetzal de prueba"

static struct record load(struct office *o, const char *id)
{
    struct record record;
    if (replica_record(o->replica, NULL, BYTES("household"), bytes_of_text(id), &record,
                       &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    return record;
}

static void fields_words_and_plain(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1];
    struct buf fields = {0}, words = {0};
    uint32_t waiting;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_OK, "add", "household", "commune=Pudahuel", "head_name=" NAME, NULL);
    office_id(&a, id);
    office_send(&a, &b);
    struct record record = load(&a, id);
    assert_true(reveal_has_sealed(&record));
    assert_int_equal(reveal_fields(a.replica, &record, &fields, &words, NULL), ST_OK);
    assert_string_equal(buf_text(&fields), "{\"commune\":\"Pudahuel\",\"head_name\":\"" NAME "\"}");
    assert_string_equal(buf_text(&words), "{}");
    buf_reset(&fields);
    assert_int_equal(reveal_plain(a.replica, &record, &fields, &waiting, NULL), ST_OK);
    assert_string_equal(buf_text(&fields), "{\"head_name\":\"" NAME "\"}");
    assert_int_equal(waiting, 0);
    record_release(&record);
    record = load(&b, id);
    buf_reset(&fields);
    buf_reset(&words);
    assert_int_equal(reveal_fields(b.replica, &record, &fields, &words, NULL), ST_OK);
    assert_string_equal(buf_text(&fields), "{\"commune\":\"Pudahuel\",\"head_name\":null}");
    assert_string_equal(buf_text(&words), "{\"head_name\":\"waiting\"}");
    buf_reset(&fields);
    assert_int_equal(reveal_plain(b.replica, &record, &fields, &waiting, NULL), ST_OK);
    assert_string_equal(buf_text(&fields), "{}");
    assert_int_equal(waiting, 1);
    record_release(&record);
    buf_release(&fields);
    buf_release(&words);
    office_close(&b);
    office_close(&a);
}

static void what_says_the_same(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    enum reveal_sameness same;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL);
    office_id(&o, id);
    struct record record = load(&o, id);
    const struct record_field *field = record_field(&record, BYTES("head_name"));
    assert_int_equal(reveal_sameness(o.replica, &record, field, &same, NULL), ST_OK);
    assert_int_equal(same, REVEAL_SAME);
    assert_int_equal(reveal_says(o.replica, &record, field, BYTES("\"" NAME "\""), &same, NULL),
                     ST_OK);
    assert_int_equal(same, REVEAL_SAME);
    assert_int_equal(reveal_says(o.replica, &record, field, BYTES("\"otra\""), &same, NULL), ST_OK);
    assert_int_equal(same, REVEAL_DIFFERENT);
    record_release(&record);
    office_close(&o);
}

/* Each allocation in turn: told, nothing half said, and the next try reads all. */
static void no_memory_to_read(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1];
    bool done = false;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, "phone=7", NULL);
    office_id(&o, id);
    struct record record = load(&o, id);
    for (uint64_t n = 1; !done; n++) {
        struct buf fields = {0}, words = {0};
        mem_fail_at(n);
        enum status status = reveal_fields(o.replica, &record, &fields, &words, &o.fault);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, done ? ST_OK : ST_NO_MEMORY);
        buf_release(&fields);
        buf_release(&words);
    }
    record_release(&record);
    office_close(&o);
}

/* To seal: told, and no operation is left half made. */
static void no_memory_to_write(void **state)
{
    (void)state;
    struct office o;
    bool done = false;
    unsigned failures = 0;
    office_found(&o, "santiago");
    const struct schema_type *type =
        schema_type(charter_newest(replica_charters(o.replica))->schema, BYTES("household"));
    struct sealed_target target = {.type = BYTES("household"),
                                   .record = BYTES("0123456789abcdef01234567"),
                                   .field = schema_field(type, BYTES("head_name"))};
    for (uint64_t n = 1; !done; n++) {
        struct op_list ops = {0};
        struct buf json = {0};
        struct sealed_value value;
        mem_fail_at(n);
        enum status status =
            sealed_close(o.replica, &target, BYTES("\"" NAME "\""), &ops, &json, &o.fault);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, done ? ST_OK : ST_NO_MEMORY);
        failures += done ? 0 : 1;
        if (done)
            assert_true(sealed_parse(buf_bytes(&json), &value));
        op_list_release(&ops);
        buf_release(&json);
    }
    assert_true(failures > 2);
    office_run(&o, ST_OK, "add", "household", "head_name=" NAME, NULL);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_words_and_plain),
        cmocka_unit_test(what_says_the_same),
        cmocka_unit_test(no_memory_to_read),
        cmocka_unit_test(no_memory_to_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
