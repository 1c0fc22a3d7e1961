#include "tests/unit/replicas/programme.h"

#include "replicas/object.h"

static void members_in_their_order(void **state)
{
    (void)state;
    struct object o;
    struct bytes name, value;
    object_begin(&o, BYTES("{\"a\":[1,{\"b\":2}],\"c\":\"x\\\"y\"}"));
    assert_true(object_next(&o, &name, &value));
    assert_true(bytes_equal_text(name, "a"));
    assert_true(bytes_equal_text(value, "[1,{\"b\":2}]"));
    assert_int_equal(object_end(&o), ST_MALFORMED);
    assert_true(object_next(&o, &name, &value));
    assert_true(bytes_equal_text(value, "\"x\\\"y\""));
    assert_true(bytes_equal_text(object_unquoted(value), "x\\\"y"));
    assert_false(object_next(&o, &name, &value));
    assert_false(object_next(&o, &name, &value));
    assert_int_equal(object_end(&o), ST_OK);
}

static void counts_and_finds(void **state)
{
    (void)state;
    uint32_t count = 7;
    assert_int_equal(object_count(BYTES("{}"), &count), ST_OK);
    assert_int_equal(count, 0);
    assert_int_equal(object_count(BYTES("[1,2,3]"), &count), ST_OK);
    assert_int_equal(count, 3);
    assert_int_equal(object_count(BYTES("{\"a\":1,\"b\":[1]}"), &count), ST_OK);
    assert_int_equal(count, 2);
    assert_true(bytes_equal_text(object_find(BYTES("{\"a\":1,\"b\":[1]}"), "b"), "[1]"));
    assert_null(object_find(BYTES("{\"a\":1}"), "b").data);
    assert_null(object_find(BYTES("[1]"), "b").data);
    assert_null(object_unquoted(BYTES("1")).data);
    assert_null(object_unquoted(BYTES("\"")).data);
    assert_int_equal(object_unquoted(BYTES("\"\"")).count, 0);
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,{\"b\":2}],\"c\":\"x\"}";
    uint32_t count = 7;
    for (size_t i = 0; i < sizeof text - 1; i++)
        assert_int_not_equal(object_count((struct bytes){(const uint8_t *)text, i}, &count), ST_OK);
    assert_int_not_equal(object_count(BYTES("{\"a\":1,}"), &count), ST_OK);
    assert_int_not_equal(object_count(BYTES("{\"a\":1}x"), &count), ST_OK);
    assert_int_not_equal(object_count(BYTES("{\"a\" :1}"), &count), ST_OK);
    assert_int_not_equal(object_count(BYTES("[1,]"), &count), ST_OK);
    assert_int_not_equal(object_count(BYTES("[1}"), &count), ST_OK);
    assert_int_not_equal(object_count(BYTES("7"), &count), ST_OK);
    assert_int_equal(count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_in_their_order),
        cmocka_unit_test(counts_and_finds),
        cmocka_unit_test(every_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
