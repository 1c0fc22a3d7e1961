#include "tests/unit/replicas/schema_kit.h"

#include "proto/mem.h"

#define KEPT(retention)                                                                            \
    "\"a\":{\"fields\":{\"b\":" TEXT "},\"retention\":" retention                                  \
    ",\"shape\":\"record\",\"writers\":[\"office\"]}"

static void a_retention_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        uint32_t count;
        char unit;
    } cases[] = {
        {SCHEMA(KEPT("\"5y\"")), 5, 'y'},
        {SCHEMA(KEPT("\"18m\"")), 18, 'm'},
        {SCHEMA(KEPT("\"999d\"")), 999, 'd'},
        {SCHEMA(RECORD("a", "\"b\":" TEXT)), 0, '\0'},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct schema *schema = NULL;
        assert_int_equal(schema_parse(bytes_of_text(cases[i].json), &schema, NULL), ST_OK);
        assert_int_equal(schema->types[0].retention.count, cases[i].count);
        assert_int_equal(schema->types[0].retention.unit, cases[i].unit);
        schema_free(schema);
    }
}

static void what_a_schema_may_not_say(void **state)
{
    (void)state;
    static const struct schema_refusal cases[] = {
        {SCHEMA(""), "1 to 256 types"},
        {"{\"more\":1,\"types\":{" RECORD("a", "\"b\":" TEXT) "}}", "one object"},
        {SCHEMA("\"A\":{}"), "no valid type name"},
        {SCHEMA("\"a\":{}"), "needs shape, writers and fields"},
        {SCHEMA(RECORD("a", "")), "1 to 256 fields"},
        {SCHEMA(RECORD("a", "\"B\":" TEXT)), "no valid field name"},
        {SCHEMA(RECORD("a", "\"b\":{\"kind\":\"text\"}")), "needs a kind and a class"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"secret\",\"kind\":\"text\"}")), "no such class"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"kind\":\"float\"}")), "no such kind"},
        {SCHEMA(RECORD("a", "\"b\":{\"class\":\"open\",\"colour\":1,\"kind\":\"text\"}")),
         "no such member: colour"},
        {SCHEMA(KEPT("\"\"")), "a retention is"},
        {SCHEMA(KEPT("5")), "a retention is"},
        {SCHEMA(KEPT("\"5\"")), "a retention is"},
        {SCHEMA(KEPT("\"y\"")), "a retention is"},
        {SCHEMA(KEPT("\"0y\"")), "a retention is"},
        {SCHEMA(KEPT("\"05y\"")), "a retention is"},
        {SCHEMA(KEPT("\"5w\"")), "a retention is"},
        {SCHEMA(KEPT("\"5yy\"")), "a retention is"},
        {SCHEMA(KEPT("\"1000d\"")), "a retention is"},
    };
    schema_kit_refused(cases, sizeof cases / sizeof *cases);
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    struct buf json = programme_schema_json();
    for (size_t count = 0; count < json.count; count++) {
        struct schema *schema = NULL;
        assert_int_equal(schema_parse((struct bytes){json.data, count}, &schema, NULL),
                         ST_MALFORMED);
        assert_null(schema);
    }
    buf_release(&json);
}

static void every_flip_is_refused_or_still_a_schema(void **state)
{
    (void)state;
    struct buf json = programme_schema_json();
    uint32_t refused = 0;
    for (size_t i = 0; i < json.count; i++) {
        struct schema *schema = NULL;
        json.data[i] ^= 4;
        enum status status = schema_parse(buf_bytes(&json), &schema, NULL);
        if (status == ST_OK)
            assert_int_equal(schema->type_count, 19);
        else
            assert_true(status == ST_MALFORMED || status == ST_NOT_SCHEMA);
        refused += status != ST_OK;
        schema_free(schema);
        json.data[i] ^= 4;
    }
    /* Letters of titles and choices may change; the structure may not. */
    assert_true(refused > json.count / 2);
    buf_release(&json);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct buf json = programme_schema_json();
    enum status status = ST_NO_MEMORY;
    uint64_t n = 1;
    for (; n < 1000 && status == ST_NO_MEMORY; n++) {
        struct schema *schema = NULL;
        struct fault f = {0};
        mem_fail_at(n);
        status = schema_parse(buf_bytes(&json), &schema, &f);
        assert_true((status == ST_OK) == (schema != NULL));
        assert_true(status == (mem_failed() ? ST_NO_MEMORY : ST_OK));
        schema_free(schema);
    }
    mem_fail_at(0);
    assert_int_equal(status, ST_OK);
    assert_true(n > 20);
    buf_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retention_is_read),
        cmocka_unit_test(what_a_schema_may_not_say),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(every_flip_is_refused_or_still_a_schema),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
