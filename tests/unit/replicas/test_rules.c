#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/mem.h"
#include "replicas/rules.h"

static struct charter charter;
static const uint8_t record_id[RECORD_ID_BYTES] = {0x3f};

static int set_up(void **unused)
{
    (void)unused;
    charter = (struct charter){.version = 1, .schema = programme_schema()};
    return charter.schema != NULL ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    schema_free(charter.schema);
    return 0;
}

static const struct charter_member office = {.label = "iquique", .role = CHARTER_OFFICE};
static const struct charter_member treasurer = {
    .label = "santiago", .role = CHARTER_OFFICE, .treasurer = true};
static const struct charter_member auditor = {.label = "auditor", .role = CHARTER_AUDITOR};
static const struct charter_member partner = {.label = "fosis", .role = CHARTER_PARTNER};

/* One operation on a record, as 'member'. */
static enum status judge(const struct charter_member *member, enum op_verb verb, const char *type,
                         const char *name, const char *value, struct fault *f)
{
    struct op op = {.verb = verb,
                    .type = bytes_of_text(type),
                    .name = bytes_of_text(name),
                    .value = bytes_of_text(value)};
    memcpy(op.id, record_id, sizeof op.id);
    struct op_list list = {.ops = &op, .count = 1};
    return rules_check(&charter, member, &list, f);
}

static void fields_fit_the_schema(void **unused)
{
    static const struct {
        enum op_verb verb;
        const char *type, *name, *value;
        enum status expected;
    } cases[] = {
        {OP_SET, "enterprise", "stage", "\"workshop\"", ST_OK},
        {OP_SET, "enterprise", "stage", "null", ST_OK},
        {OP_SET, "enterprise", "stage", "\"elsewhere\"", ST_BAD_VALUE},
        {OP_SET, "enterprise", "stage", "7", ST_BAD_VALUE},
        {OP_SET, "enterprise", "stag", "\"workshop\"", ST_NOT_SCHEMA},
        {OP_SET, "enterprises", "stage", "\"workshop\"", ST_NOT_SCHEMA},
        {OP_SET, "enterprise", "name", "\"x\"", ST_BAD_VALUE},        /* personal */
        {OP_SET, "decision", "because", "\"x\"", ST_BAD_VALUE},       /* internal */
        {OP_SET, "enterprise", "needs", "\"health\"", ST_NOT_SCHEMA}, /* a set as a register */
        {OP_ADD, "enterprise", "stage", "\"workshop\"", ST_NOT_SCHEMA},
        {OP_ADD, "enterprise", "needs", "\"health\"", ST_OK},
        {OP_ADD, "enterprise", "needs", "\"money\"", ST_BAD_VALUE},
        {OP_DROP, "enterprise", "needs", "\"money\"", ST_OK}, /* whatever is there may go */
        {OP_SET, "grant", "amount", "7", ST_NOT_SCHEMA},      /* an entry is written whole */
        {OP_ENTRY, "enterprise", "", "{\"ref\":\"1\"}", ST_NOT_SCHEMA},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = {.code = ST_OK};
        enum status st =
            judge(&treasurer, cases[i].verb, cases[i].type, cases[i].name, cases[i].value, &f);
        assert_int_equal(st, cases[i].expected);
        if (st != ST_OK)
            assert_true(f.code == st && strlen(f.text) > 0);
        assert_int_equal(
            judge(&treasurer, cases[i].verb, cases[i].type, cases[i].name, cases[i].value, NULL),
            cases[i].expected);
    }
}

static void personal_values_are_not_repeated_in_the_message(void **unused)
{
    struct fault f = {.code = ST_OK};
    (void)unused;
    assert_int_equal(judge(&office, OP_SET, "enterprise", "name", "\"planted\"", &f), ST_BAD_VALUE);
    assert_null(strstr(f.text, "planted"));
    assert_non_null(strstr(f.text, "personal"));
}

static void roles_write_what_the_schema_lets_them(void **unused)
{
    static const char entry[] = "{\"amount\":7,\"currency\":\"CLP\",\"ref\":\"1\"}";
    struct fault f = {.code = ST_OK};
    (void)unused;
    assert_int_equal(judge(&office, OP_SET, "enterprise", "stage", "\"workshop\"", &f), ST_OK);
    assert_int_equal(judge(&auditor, OP_SET, "enterprise", "stage", "\"workshop\"", &f),
                     ST_NOT_ALLOWED);
    assert_non_null(strstr(f.text, "auditor"));
    assert_true(strlen(f.fix) > 0);
    assert_int_equal(judge(&auditor, OP_SET, "decision", "field", "\"stage\"", &f), ST_OK);
    assert_int_equal(judge(&partner, OP_SET, "enterprise", "stage", "\"workshop\"", &f),
                     ST_NOT_ALLOWED);
    assert_int_equal(judge(&office, OP_ENTRY, "grant", "", entry, &f), ST_NOT_ALLOWED);
    assert_int_not_equal(judge(&treasurer, OP_ENTRY, "grant", "", entry, &f), ST_NOT_ALLOWED);
}

static void a_partner_makes_not_even_a_merge(void **unused)
{
    struct op_list none = {.count = 0};
    struct fault f = {.code = ST_OK};
    (void)unused;
    assert_int_equal(rules_check(&charter, &partner, &none, &f), ST_NOT_ALLOWED);
    assert_int_equal(rules_check(&charter, &auditor, &none, &f), ST_OK);
    assert_int_equal(rules_check(&charter, &office, &none, &f), ST_OK);
}

static void every_type_has_a_writer_and_no_partner_is_one(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < charter.schema->type_count; i++) {
        const struct schema_type *type = &charter.schema->types[i];
        assert_true(rules_may_write(&treasurer, type) || rules_may_write(&auditor, type));
        assert_false(rules_may_write(&partner, type));
        if (rules_may_write(&office, type))
            assert_true(rules_may_write(&treasurer, type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_fit_the_schema),
        cmocka_unit_test(personal_values_are_not_repeated_in_the_message),
        cmocka_unit_test(roles_write_what_the_schema_lets_them),
        cmocka_unit_test(a_partner_makes_not_even_a_merge),
        cmocka_unit_test(every_type_has_a_writer_and_no_partner_is_one),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
