#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/reading.h"

/* Changes of an a, a b and a c: only their order matters here. */
#define A "a0000000000000000000000000000000"
#define B "b0000000000000000000000000000000"
#define C "c0000000000000000000000000000000"

static const char RECORD[] =
    "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\n"
    "\"seen\":{\"" A "\":\"42 santiago\",\"" B "\":\"61 santiago\",\"" C "\":\"57 iquique\"},\n"
    "\"fields\":{\n"
    "\"line\":{\"" A "\":\"strengthening\"},\n"
    "\"name\":{\"" A "\":{\"class\":\"personal\",\"sealed\":\"9f3c\"}},\n"
    "\"people\":{\"" A "\":3,\"" C "\":3},\n"
    "\"stage\":{\"" B "\":\"workshop\",\"" C "\":\"purchase\"},\n"
    "\"trade\":{\"" B "\":null}\n"
    "},\n"
    "\"sets\":{\n"
    "\"needs\":{\"health\":[\"" A "\"],\"housing\":[\"" C "\"]}\n"
    "}}\n";

static const char READS[] =
    "{\"line\":\"strengthening\",\"name\":null,\"needs\":[\"health\",\"housing\"],\"people\":3,"
    "\"stage\":\"workshop\"}";

static void a_record_reads_as_one_object(void **state)
{
    (void)state;
    struct record record;
    struct buf out = {0};
    assert_int_equal(record_parse(bytes_of_text(RECORD), &record), ST_OK);
    reading_fields(&record, &out);
    assert_int_equal(buf_status(&out), ST_OK);
    assert_string_equal(buf_text(&out), READS);
    assert_int_equal(reading_conflicts(&record), 1); /* equal values are none */
    record_release(&record);
    buf_release(&out);
}

static void out_of_memory_is_told(void **state)
{
    (void)state;
    struct record record;
    assert_int_equal(record_parse(bytes_of_text(RECORD), &record), ST_OK);
    for (uint64_t n = 1;; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        reading_fields(&record, &out);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
        if (!failed)
            break;
    }
    record_release(&record);
}

static void values_read_as_they_are_typed(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"\"a \\\"b\\\"\"", "a \"b\""}, {"12", "12"}, {"null", ""}, {"", ""}, {"true", "true"},
        {"\"broken", "\"broken"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = {0};
        buf_add_text(&out, "=");
        reading_text(bytes_of_text(cases[i].json), &out);
        assert_string_equal(buf_text(&out) + 1, cases[i].text);
        buf_release(&out);
    }
    assert_true(reading_is_sealed(BYTES("{\"class\":\"personal\"}")));
    assert_false(reading_is_sealed(BYTES("\"{\"")));
    assert_false(reading_is_sealed((struct bytes){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_reads_as_one_object),
        cmocka_unit_test(out_of_memory_is_told),
        cmocka_unit_test(values_read_as_they_are_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
