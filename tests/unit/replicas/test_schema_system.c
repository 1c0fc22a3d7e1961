#include "proto/mem.h"
#include "replicas/schema_system.h"
#include "tests/unit/replicas/schema_kit.h"

static const char own[] = SCHEMA(RECORD("zebra", "\"b\":" TEXT) "," RECORD("apple", "\"a\":" TEXT));

static void the_system_types_are_added_in_order(void **state)
{
    (void)state;
    struct buf merged = {0};
    struct schema *schema = NULL;
    assert_int_equal(schema_system_merge(bytes_of_text(own), &merged, NULL), ST_OK);
    assert_int_equal(schema_parse(buf_bytes(&merged), &schema, NULL), ST_OK);
    static const char *const names[] = {"apple",        "attachment", "classkey",
                                        "confirmation", "decision",   "disclosure",
                                        "document",     "erasure",    "zebra"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(schema_type(schema, bytes_of_text(names[i])));
    schema_free(schema);
    buf_release(&merged);
}

static void merging_twice_changes_nothing(void **state)
{
    (void)state;
    struct buf once = {0}, twice = {0};
    assert_int_equal(schema_system_merge(bytes_of_text(own), &once, NULL), ST_OK);
    assert_int_equal(schema_system_merge(buf_bytes(&once), &twice, NULL), ST_OK);
    assert_true(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    buf_release(&once);
    buf_release(&twice);
}

static void a_type_that_contradicts_the_system_is_named(void **state)
{
    (void)state;
    struct buf merged = {0};
    struct fault f = {0};
    static const char other[] = SCHEMA(RECORD("decision", "\"because\":" TEXT));
    assert_int_equal(schema_system_merge(bytes_of_text(other), &merged, &f), ST_NOT_SCHEMA);
    assert_non_null(strstr(f.text, "decision"));
    assert_int_equal(merged.count, 0);
    assert_int_equal(schema_system_merge(BYTES("{"), &merged, &f), ST_NOT_SCHEMA);
    assert_int_equal(merged.count, 0);
    buf_release(&merged);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct buf merged = {0};
        mem_fail_at(n);
        enum status status = schema_system_merge(bytes_of_text(own), &merged, NULL);
        bool failed = mem_failed();
        mem_fail_at(0);
        buf_release(&merged);
        if (!failed) {
            assert_int_equal(status, ST_OK);
            return;
        }
        assert_int_equal(status, ST_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_types_are_added_in_order),
        cmocka_unit_test(merging_twice_changes_nothing),
        cmocka_unit_test(a_type_that_contradicts_the_system_is_named),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
