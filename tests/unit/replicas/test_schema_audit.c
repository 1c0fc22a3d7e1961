#include "replicas/schema_audit.h"

#include "tests/unit/replicas/schema_kit.h"

#define ONE RECORD("a", "\"b\":" TEXT)
#define WITH(audit) "{\"audit\":" audit ",\"types\":{" ONE "}}"

static struct schema_audit audit_of(const char *json)
{
    struct schema *schema = NULL;
    struct fault f = {0};
    if (schema_parse(bytes_of_text(json), &schema, &f) != ST_OK)
        fail_msg("%s: %s", json, f.text);
    struct schema_audit audit = schema->audit;
    schema_free(schema);
    return audit;
}

static void says(const char *json, uint32_t group, uint32_t individual, uint32_t small_cell)
{
    struct schema_audit audit = audit_of(json);
    assert_int_equal(audit.sessions_group, group);
    assert_int_equal(audit.sessions_individual, individual);
    assert_int_equal(audit.small_cell, small_cell);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    says(SCHEMA(ONE), 4, 4, 5);
    says(WITH("{}"), 4, 4, 5);
    says(WITH("{\"small_cell\":1}"), 4, 4, 1);
    says(WITH("{\"sessions\":{},\"small_cell\":1000}"), 4, 4, 1000);
    says(WITH("{\"sessions\":{\"group\":0}}"), 0, 4, 5);
    says(WITH("{\"sessions\":{\"group\":366,\"individual\":0},\"small_cell\":12}"), 366, 0, 12);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct schema_refusal cases[] = {
        {WITH("[]"), "it is an object"},
        {WITH("null"), "it is an object"},
        {WITH("{\"small_cells\":5}"), "it has \"sessions\" and \"small_cell\" only"},
        {WITH("{\"small_cell\":0}"), "from 1 to 1000, not: 0"},
        {WITH("{\"small_cell\":1001}"), "from 1 to 1000"},
        {WITH("{\"small_cell\":\"5\"}"), "from 1 to 1000"},
        {WITH("{\"sessions\":4}"), "\"sessions\" is an object"},
        {WITH("{\"sessions\":{\"group\":-1}}"), "from 0 to 366, not: -1"},
        {WITH("{\"sessions\":{\"group\":367}}"), "from 0 to 366"},
        {WITH("{\"sessions\":{\"individual\":[]}}"), "from 0 to 366"},
        {WITH("{\"sessions\":{\"pairs\":1}}"), "\"group\" and \"individual\""},
        {"{\"audits\":{},\"types\":{" ONE "}}", "\"types\" and perhaps \"audit\""},
        {"{\"audit\":{}}", "\"types\""},
    };
    schema_kit_refused(cases, sizeof cases / sizeof cases[0]);
    struct schema_audit audit = {1, 2, 3};
    assert_int_equal(
        schema_audit_parse(BYTES("{\"sessions\":{\"group\":9},\"small_cell\":0}"), &audit, NULL),
        ST_NOT_SCHEMA);
    assert_int_equal(audit.sessions_group, 1);
}

/* Unlike everything else in a schema it may go down, and go. */
static void any_version_may_change_it(void **state)
{
    (void)state;
    struct schema *a = NULL, *b = NULL;
    assert_int_equal(schema_parse(BYTES(WITH("{\"small_cell\":9}")), &a, NULL), ST_OK);
    assert_int_equal(schema_parse(BYTES(SCHEMA(ONE)), &b, NULL), ST_OK);
    assert_int_equal(schema_grows(a, b, NULL), ST_OK);
    assert_int_equal(schema_grows(b, a, NULL), ST_OK);
    schema_free(a);
    schema_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(any_version_may_change_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
