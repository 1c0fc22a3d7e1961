/* record: encoding, looking up, and what a record reads as. Parsing: test_record_parse.c. */
#include "tests/unit/replicas/sample.h"

#include <string.h>

static struct buf out;

#define C1 "00000000000000000000000000000001"
#define C2 "00000000000000000000000000000002"
#define C3 "00000000000000000000000000000003"

static const char example[] =
    "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\n"
    "\"seen\":{\"" C1 "\":\"42 santiago\",\"" C2 "\":\"61 santiago\",\"" C3 "\":\"57 iquique\"},\n"
    "\"fields\":{\n"
    "\"line\":{\"" C1 "\":\"strengthening\"},\n"
    "\"name\":{\"" C1 "\":{\"class\":\"personal\",\"sealed\":\"9f3c\"}},\n"
    "\"stage\":{\"" C2 "\":\"workshop\",\"" C3 "\":\"purchase\"}\n"
    "},\n"
    "\"sets\":{\n"
    "\"needs\":{\"health\":[\"" C1 "\"],\"housing\":[\"" C1 "\",\"" C3 "\"]}\n"
    "}}\n";

static struct record parsed(const char *text)
{
    struct record r;
    assert_int_equal(record_parse(bytes_of_text(text), &r), ST_OK);
    return r;
}

static void a_record_is_written_as_it_was_read(void **state)
{
    (void)state;
    struct record r = parsed(example);
    sample_assert_same(sample_encode(&r, &out), BYTES(example));
    record_release(&r);
    assert_null(r.block);
    assert_int_equal(r.seen_count, 0);
    record_release(&r);
    record_release(NULL);
}

static void random_records_pass_through(void **state)
{
    (void)state;
    static struct sample s;
    uint64_t seed = 11;
    for (unsigned i = 0; i < 2000; i++) {
        struct record again;
        struct buf text = {0};
        sample_make(&s, &seed, i % 2 != 0);
        record_encode(&s.record, &text);
        assert_int_equal(record_parse(buf_bytes(&text), &again), ST_OK);
        assert_true(sample_same(&again, &s.record));
        sample_assert_same(sample_encode(&again, &out), buf_bytes(&text));
        record_release(&again);
        buf_release(&text);
    }
}

static void an_entry_has_one_member_a_line(void **state)
{
    (void)state;
    struct record r = {.id = BYTES("3fa9c04be1d27788a0c4f19e3fa9c04be1d27788"),
                       .type = BYTES("grant"),
                       .entry = BYTES("{\"amount\":200000,\"parts\":[1,{\"a\":2}]}")};
    sample_assert_same(sample_encode(&r, &out),
                       BYTES("{\"id\":\"3fa9c04be1d27788a0c4f19e3fa9c04be1d27788\","
                             "\"type\":\"grant\",\"entry\":{\n"
                             "\"amount\":200000,\n"
                             "\"parts\":[1,{\"a\":2}]\n"
                             "}}\n"));
    r.entry = BYTES("{}");
    sample_assert_same(sample_encode(&r, &out),
                       BYTES("{\"id\":\"3fa9c04be1d27788a0c4f19e3fa9c04be1d27788\","
                             "\"type\":\"grant\",\"entry\":{}}\n"));
}

static void names_are_found(void **state)
{
    (void)state;
    struct record r = parsed(example);
    const struct record_field *stage = record_field(&r, BYTES("stage"));
    assert_non_null(stage);
    assert_int_equal(stage->count, 2);
    assert_null(record_field(&r, BYTES("stag")));
    assert_null(record_field(&r, BYTES("needs")));
    const struct record_set *needs = record_set(&r, BYTES("needs"));
    assert_non_null(needs);
    assert_null(record_set(&r, BYTES("stage")));
    const struct record_element *housing = record_element(&r, needs, BYTES("\"housing\""));
    assert_non_null(housing);
    assert_int_equal(housing->count, 2);
    assert_null(record_element(&r, needs, BYTES("housing")));
    for (uint32_t i = 0; i < r.seen_count; i++)
        assert_ptr_equal(record_seen(&r, &r.seen[i].change), &r.seen[i]);
    struct change absent = {{1}};
    assert_null(record_seen(&r, &absent));
    absent = (struct change){{0}};
    assert_null(record_seen(&r, &absent));
    assert_null(record_seen(&record_empty, &absent));
    record_release(&r);
}

static bool reads(const struct record *r, const char *field, const char *json)
{
    const struct record_field *f = record_field(r, bytes_of_text(field));
    return f != NULL && bytes_equal_text(record_reads(r, f)->json, json);
}

static void the_greatest_change_is_read(void **state)
{
    (void)state;
    struct record r = parsed(example);
    assert_true(reads(&r, "stage", "\"workshop\"")); /* by height, though the other id is greater */
    assert_true(reads(&r, "line", "\"strengthening\""));
    record_release(&r);
}

static void equal_heights_are_settled_by_label_then_id(void **state)
{
    (void)state;
    struct record r = parsed("{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\n"
                             "\"seen\":{\"" C1 "\":\"7 santiago\",\"" C2 "\":\"7 iquique\",\"" C3
                             "\":\"7 iquique\"},\n"
                             "\"fields\":{\n"
                             "\"a\":{\"" C1 "\":1,\"" C2 "\":2,\"" C3 "\":3},\n"
                             "\"b\":{\"" C2 "\":2,\"" C3 "\":3}\n"
                             "}}\n");
    assert_true(reads(&r, "a", "1"));
    assert_true(reads(&r, "b", "3"));
    record_release(&r);
}

static void only_different_values_conflict(void **state)
{
    (void)state;
    struct record r = parsed("{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\n"
                             "\"seen\":{\"" C1 "\":\"7 santiago\",\"" C2 "\":\"7 iquique\",\"" C3
                             "\":\"7 iquique\"},\n"
                             "\"fields\":{\n"
                             "\"a\":{\"" C1 "\":1,\"" C2 "\":1,\"" C3 "\":3},\n"
                             "\"b\":{\"" C2 "\":2,\"" C3 "\":2},\n"
                             "\"c\":{\"" C2 "\":2}\n"
                             "}}\n");
    assert_true(record_conflicts(&r, record_field(&r, BYTES("a"))));
    assert_false(record_conflicts(&r, record_field(&r, BYTES("b"))));
    assert_false(record_conflicts(&r, record_field(&r, BYTES("c"))));
    record_release(&r);
}

static void a_failed_allocation_shows_in_the_buffer(void **state)
{
    (void)state;
    struct record r = parsed(example);
    for (uint64_t n = 1;; n++) {
        struct buf text = {0};
        mem_fail_at(n);
        record_encode(&r, &text);
        bool failed = mem_failed();
        mem_fail_at(0);
        enum status status = buf_status(&text);
        buf_release(&text);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        if (!failed) {
            assert_true(n > 2);
            break;
        }
    }
    record_release(&r);
}

static int release_buffer(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_written_as_it_was_read),
        cmocka_unit_test(random_records_pass_through),
        cmocka_unit_test(an_entry_has_one_member_a_line),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(the_greatest_change_is_read),
        cmocka_unit_test(equal_heights_are_settled_by_label_then_id),
        cmocka_unit_test(only_different_values_conflict),
        cmocka_unit_test(a_failed_allocation_shows_in_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, release_buffer);
}
