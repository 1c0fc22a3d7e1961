#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/limits.h"
#include "proto/mem.h"

static enum status check(enum schema_kind kind, const char *json)
{
    struct schema_field field = {.name = "f", .kind = kind};
    return schema_check(&field, bytes_of_text(json), NULL);
}

static void values_have_the_shape_of_their_kind(void **state)
{
    (void)state;
    assert_int_equal(check(SCHEMA_TEXT, "\"\""), ST_OK);
    assert_int_equal(check(SCHEMA_TEXT, "1"), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_TEXT, "[\"a\"]"), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_TEXT, "\"\\u0000\""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_TEXT, "\"a"), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_TEXT, ""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_INTEGER, "12"), ST_OK);
    assert_int_equal(check(SCHEMA_INTEGER, "-12"), ST_OK);
    assert_int_equal(check(SCHEMA_INTEGER, "012"), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_INTEGER, "1.5"), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_INTEGER, "\"12\""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_INTEGER, "9007199254740992"), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_BOOLEAN, "true"), ST_OK);
    assert_int_equal(check(SCHEMA_BOOLEAN, "\"true\""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_DATE, "\"2009-07-31\""), ST_OK);
    assert_int_equal(check(SCHEMA_DATE, "\"\""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_LABEL, "\"santiago\""), ST_OK);
    assert_int_equal(check(SCHEMA_CURRENCY, "\"CLP\""), ST_OK);
    assert_int_equal(check(SCHEMA_CURRENCY, "\"ZZZ\""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_SET, "\"a\""), ST_OK);
    assert_int_equal(check(SCHEMA_SET, "\"\""), ST_BAD_VALUE);
    assert_int_equal(check(SCHEMA_SET, "null"), ST_BAD_VALUE);
    for (int kind = SCHEMA_TEXT; kind < SCHEMA_SET; kind++)
        assert_int_equal(check((enum schema_kind)kind, "null"), ST_OK);
    struct schema_field required = {.name = "f", .kind = SCHEMA_TEXT, .required = true};
    assert_int_equal(schema_check(&required, BYTES("null"), NULL), ST_BAD_VALUE);
    static char longer[VALUE_BYTES_MAX + 3];
    memset(longer, 'a', sizeof longer - 1);
    longer[0] = longer[VALUE_BYTES_MAX - 1] = '"';
    longer[VALUE_BYTES_MAX] = '\0';
    assert_int_equal(check(SCHEMA_TEXT, longer), ST_OK);
    longer[VALUE_BYTES_MAX - 1] = 'a';
    longer[VALUE_BYTES_MAX] = '"';
    assert_int_equal(check(SCHEMA_TEXT, longer), ST_BAD_VALUE);
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_file_is_its_hash_and_its_list(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum status status;
    } cases[] = {
        {"{\"file\":\"" HASH "\",\"list\":\"" HASH "\"}", ST_OK},
        {"null", ST_OK},
        {"\"" HASH "\"", ST_BAD_VALUE},
        {"{}", ST_BAD_VALUE},
        {"{\"file\":\"" HASH "\"}", ST_BAD_VALUE},
        {"{\"list\":\"" HASH "\"}", ST_BAD_VALUE},
        {"{\"file\":\"" HASH "\",\"list\":1}", ST_BAD_VALUE},
        {"{\"file\":\"" HASH "\",\"list\":\"" HASH "0\"}", ST_BAD_VALUE},
        {"{\"file\":\"" HASH "\",\"list\":\"" HASH "\",\"more\":1}", ST_BAD_VALUE},
        {"{\"file\":\"" HASH "\",\"list\":\"" HASH "\"", ST_BAD_VALUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (check(SCHEMA_FILE, cases[i].json) != cases[i].status)
            fail_msg("%s", cases[i].json);
}

static const char expense[] =
    "{\"amount\":350000,\"budget_line\":\"workshops\",\"currency\":\"CLP\","
    "\"date\":\"2009-09-22\",\"office\":\"iquique\",\"ref\":\"X1\"}";

static void entries(void **state)
{
    (void)state;
    static const struct {
        const char *content, *text;
        enum status status;
    } cases[] = {
        {expense, "", ST_OK},
        {"", "no canonical JSON object", ST_BAD_VALUE},
        {"[]", "no canonical JSON object", ST_BAD_VALUE},
        {"{}", "no ref", ST_BAD_VALUE},
        {"{\"ref\":\"\"}", "1 to 64 bytes", ST_BAD_VALUE},
        {"{\"ref\":7}", "1 to 64 bytes", ST_BAD_VALUE},
        {"{\"ref\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}",
         "1 to 64 bytes", ST_BAD_VALUE},
        {"{\"ref\":\"X1\"}", "amount: expense needs it", ST_BAD_VALUE},
        {"{\"colour\":1,\"ref\":\"X1\"}", "no field \"colour\"", ST_NOT_SCHEMA},
        {"{\"receipt\":null,\"ref\":\"X1\"}", "leaves out what is empty", ST_BAD_VALUE},
        {"{\"amount\":-1,\"ref\":\"X1\"}", "below zero", ST_BAD_VALUE},
        {"{\"budget_line\":\"fun\",\"ref\":\"X1\"}", "none of its choices", ST_BAD_VALUE},
        {"{\"ref\":\"X1\", \"amount\":1}", "no canonical JSON object", ST_BAD_VALUE},
    };
    struct schema *schema = programme_schema();
    const struct schema_type *type = schema_type(schema, BYTES("expense"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f = {0};
        enum status status = schema_check_entry(type, bytes_of_text(cases[i].content), &f);
        if (status != cases[i].status || strstr(f.text, cases[i].text) == NULL)
            fail_msg("%s: %s: %s", cases[i].content, status_text(status), f.text);
    }
    for (size_t count = 0; count < sizeof expense - 1; count++)
        assert_int_equal(
            schema_check_entry(type, (struct bytes){(const uint8_t *)expense, count}, NULL),
            ST_BAD_VALUE);
    schema_free(schema);
}

/* The id of what it reverses is its number, so that there is one reversal of an entry. */
static void reversals(void **state)
{
    (void)state;
#define ID "0123456789abcdef0123456789abcdef01234567"
    static const struct {
        const char *content, *text;
        enum status status;
    } cases[] = {
        {"{\"entry\":\"" ID "\",\"office\":\"arica\",\"ref\":\"" ID "\"}", "", ST_OK},
        {"{\"entry\":\"" ID "\",\"office\":\"arica\",\"ref\":\"R1\"}", "the id of the entry",
         ST_BAD_VALUE},
        {"{\"entry\":\"0123\",\"office\":\"arica\",\"ref\":\"0123\"}", "40 hex digits",
         ST_BAD_VALUE},
        {"{\"entry\":\"0123456789ABCDEF0123456789abcdef01234567\",\"office\":\"arica\",\"ref\":"
         "\"0123456789ABCDEF0123456789abcdef01234567\"}",
         "40 hex digits", ST_BAD_VALUE},
        {"{\"office\":\"arica\",\"ref\":\"" ID "\"}", "entry: reversal needs it", ST_BAD_VALUE},
        {"{\"amount\":1,\"entry\":\"" ID "\",\"office\":\"arica\",\"ref\":\"" ID "\"}",
         "no field \"amount\"", ST_NOT_SCHEMA},
    };
#undef ID
    struct schema *schema = programme_schema();
    const struct schema_type *type = schema_type(schema, BYTES("reversal"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault f = {0};
        enum status status = schema_check_entry(type, bytes_of_text(cases[i].content), &f);
        if (status != cases[i].status || strstr(f.text, cases[i].text) == NULL)
            fail_msg("%s: %s: %s", cases[i].content, status_text(status), f.text);
    }
    schema_free(schema);
}

static void no_memory_is_no_bad_value(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    const struct schema_type *type = schema_type(schema, BYTES("expense"));
    enum status status = ST_NO_MEMORY;
    uint64_t n = 1;
    for (; n < 100 && status == ST_NO_MEMORY; n++) {
        mem_fail_at(n);
        status = schema_check_entry(type, BYTES(expense), NULL);
        assert_true(status == (mem_failed() ? ST_NO_MEMORY : ST_OK));
    }
    mem_fail_at(0);
    assert_true(n > 4);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_shape_of_their_kind),
        cmocka_unit_test(a_file_is_its_hash_and_its_list),
        cmocka_unit_test(entries),
        cmocka_unit_test(reversals),
        cmocka_unit_test(no_memory_is_no_bad_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
