#include "tests/unit/replicas/programme.h"

#include <string.h>

/* Types of a schema under test; one open text field each unless it says otherwise. */
#define RECORD(name, fields)                                                                       \
    "\"" name "\":{\"fields\":{" fields "},\"shape\":\"record\",\"writers\":[\"office\"]}"
#define TEXT "{\"class\":\"open\",\"kind\":\"text\"}"
#define SCHEMA(types) "{\"types\":{" types "}}"

static struct schema *parse(const char *json)
{
    struct schema *schema = NULL;
    struct fault f = {0};
    if (schema_parse(bytes_of_text(json), &schema, &f) != ST_OK)
        fail_msg("%s: %s", json, f.text);
    return schema;
}

static void names_are_found_and_guessed(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    const struct schema_type *visit = schema_type(schema, BYTES("visit"));
    assert_non_null(visit);
    assert_string_equal(visit->key, "visit");
    assert_false(visit->entry);
    assert_null(schema_type(schema, BYTES("visits")));
    assert_string_equal(schema_nearest_type(schema, BYTES("visits")), "visit");
    assert_null(schema_nearest_type(schema, BYTES("xyzzy")));
    assert_null(schema_field(visit, BYTES("skore")));
    assert_string_equal(schema_nearest_field(visit, BYTES("skore")), "score");
    const struct schema_field *household = schema_field(visit, BYTES("household"));
    assert_int_equal(household->kind, SCHEMA_REFERENCE);
    assert_string_equal(household->to, "household");
    assert_true(household->index);
    assert_false(household->to_entry);
    for (uint32_t i = 1; i < schema->type_count; i++)
        assert_true(strcmp(schema->types[i - 1].name, schema->types[i].name) < 0);
    schema_free(schema);
}

static bool posts_to_writer(const struct schema_type *type)
{
    for (uint32_t i = 0; i < type->posting_count; i++)
        if (type->postings[i].account_field[0] == '\0')
            return true;
    return false;
}

static bool names_its_writer(const struct schema_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++)
        if (type->fields[i].is_writer && type->fields[i].required)
            return true;
    return false;
}

static void every_type_of_the_shipped_schema_has_its_writers_and_postings(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool entry;
        unsigned writers;
        uint32_t postings;
    } types[] = {
        {"programme", false, SCHEMA_TREASURER, 0},
        {"household", false, SCHEMA_OFFICE, 0},
        {"enterprise", false, SCHEMA_OFFICE, 0},
        {"visit", false, SCHEMA_OFFICE, 0},
        {"session", false, SCHEMA_OFFICE, 0},
        {"income", false, SCHEMA_OFFICE, 0},
        {"contact", false, SCHEMA_OFFICE, 0},
        {"grant", true, SCHEMA_TREASURER, 1},
        {"exchange", true, SCHEMA_TREASURER, 2},
        {"allotment", true, SCHEMA_TREASURER, 2},
        {"pass", true, SCHEMA_OFFICE, 2},
        {"award", true, SCHEMA_OFFICE, 0},
        {"disbursement", true, SCHEMA_OFFICE, 1},
        {"expense", true, SCHEMA_OFFICE, 1},
        {"purchase", true, SCHEMA_OFFICE, 0},
        {"transfer", true, SCHEMA_OFFICE, 0},
        {"reversal", true, SCHEMA_OFFICE, 0},
        {"statement", true, SCHEMA_OFFICE, 0},
        {"decision", false, SCHEMA_OFFICE | SCHEMA_AUDITOR, 0},
    };
    struct schema *schema = programme_schema();
    assert_int_equal(schema->type_count, sizeof types / sizeof types[0]);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct schema_type *type = schema_type(schema, bytes_of_text(types[i].type));
        assert_non_null(type);
        assert_int_equal(type->entry, types[i].entry);
        assert_int_equal(type->writers, types[i].writers);
        assert_int_equal(type->posting_count, types[i].postings);
        assert_int_equal(type->reverses[0] != '\0', strcmp(types[i].type, "reversal") == 0);
        if (posts_to_writer(type)) /* else nobody could reverse it */
            assert_true(names_its_writer(type));
    }
    const struct schema_type *household = schema_type(schema, BYTES("household"));
    assert_int_equal(schema_field(household, BYTES("phone"))->class, SCHEMA_PERSONAL);
    assert_int_equal(schema_field(household, BYTES("status"))->class, SCHEMA_PERSONAL);
    assert_true(
        schema_field(schema_type(schema, BYTES("disbursement")), BYTES("office"))->is_writer);
    schema_free(schema);
}

static void a_schema_only_grows(void **state)
{
    (void)state;
    static const struct {
        const char *next;
        enum status status;
    } cases[] = {
        {SCHEMA(RECORD("a", "\"b\":{\"choices\":[\"x\",\"y\"],\"class\":\"open\",\"kind\":"
                            "\"choice\"}")),
         ST_OK},
        {SCHEMA(RECORD("a",
                       "\"b\":{\"choices\":[\"y\",\"z\",\"x\"],\"class\":\"open\",\"index\":true,"
                       "\"kind\":\"choice\"},\"c\":" TEXT) "," RECORD("d", "\"e\":" TEXT)),
         ST_OK},
        {SCHEMA(RECORD("a", "\"b\":{\"choices\":[\"x\"],\"class\":\"open\",\"kind\":\"choice\"}")),
         ST_NOT_SCHEMA},
        {SCHEMA(RECORD("a", "\"b\":{\"choices\":[\"x\",\"y\"],\"class\":\"internal\",\"kind\":"
                            "\"choice\"}")),
         ST_NOT_SCHEMA},
        {SCHEMA(RECORD("a", "\"b\":" TEXT)), ST_NOT_SCHEMA},
        {SCHEMA(RECORD("a", "\"c\":" TEXT)), ST_NOT_SCHEMA},
        {SCHEMA(RECORD("d", "\"b\":" TEXT)), ST_NOT_SCHEMA},
        {SCHEMA("\"a\":{\"fields\":{\"b\":{\"choices\":[\"x\",\"y\"],\"class\":\"open\",\"kind\":"
                "\"choice\"}},\"shape\":\"entry\",\"writers\":[\"office\"]}"),
         ST_NOT_SCHEMA},
    };
    struct schema *before = parse(cases[0].next);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f = {0};
        struct schema *next = parse(cases[i].next);
        if (schema_grows(before, next, &f) != cases[i].status)
            fail_msg("%s: %s", cases[i].next, f.text);
        schema_free(next);
    }
    schema_free(before);
    struct schema *shipped = programme_schema();
    assert_int_equal(schema_grows(shipped, shipped, NULL), ST_OK);
    schema_free(shipped);
}

static void a_retention_may_come_and_change_and_never_goes(void **state)
{
    (void)state;
#define KEPT(member)                                                                               \
    SCHEMA("\"a\":{\"fields\":{\"b\":" TEXT "}," member                                            \
           "\"shape\":\"record\",\"writers\":[\"office\"]}")
    struct schema *none = parse(KEPT("")), *years = parse(KEPT("\"retention\":\"5y\",")),
                  *days = parse(KEPT("\"retention\":\"90d\","));
#undef KEPT
    assert_int_equal(schema_grows(none, years, NULL), ST_OK);
    assert_int_equal(schema_grows(years, days, NULL), ST_OK);
    assert_int_equal(schema_grows(days, none, NULL), ST_NOT_SCHEMA);
    schema_free(none);
    schema_free(years);
    schema_free(days);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_and_guessed),
        cmocka_unit_test(every_type_of_the_shipped_schema_has_its_writers_and_postings),
        cmocka_unit_test(a_schema_only_grows),
        cmocka_unit_test(a_retention_may_come_and_change_and_never_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
