/*
 * What a role may write and a schema admits, as a function of the charter and the operations alone.
 */
#include "tests/unit/replicas/members.h"

#include "replicas/rules.h"
#include "tests/unit/replicas/forge.h"

static enum status check(struct members *m, int who, struct op_list *ops)
{
    const struct charter *c = charter_newest(&m->chain);
    memset(&m->f, 0, sizeof m->f);
    enum status st =
        rules_check(c, charter_by_label(c, bytes_of_text(m->of[who].member.label)), ops, &m->f);
    assert_int_equal(m->f.code, st);
    op_list_release(ops);
    return st;
}

static enum status set(struct members *m, int who, const char *type, const char *field,
                       const char *json)
{
    struct op_list ops = {0};
    forge_set(&ops, type, 1, field, json);
    return check(m, who, &ops);
}

static enum status entry(struct members *m, int who, const char *type, const char *json)
{
    struct op_list ops = {0};
    forge_entry(&ops, type, json);
    return check(m, who, &ops);
}

static enum status element(struct members *m, enum op_verb verb, const char *name, const char *json)
{
    struct op_list ops = {0};
    struct op op = {.verb = verb,
                    .type = BYTES("case"),
                    .name = bytes_of_text(name),
                    .value = bytes_of_text(json)};
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    return check(m, IQUIQUE, &ops);
}

static void who_writes_what(void **state)
{
    struct members *m = *state;
    static const char grant[] = "{\"amount\":5,\"currency\":\"CLP\",\"ref\":\"g\"}";
    struct op_list none = {0};
    assert_int_equal(set(m, SANTIAGO, "case", "a", "\"x\""), ST_OK);
    assert_int_equal(set(m, IQUIQUE, "case", "a", "\"x\""), ST_OK);
    assert_int_equal(set(m, AUDITOR, "case", "a", "\"x\""), ST_NOT_ALLOWED);
    assert_non_null(strstr(m->f.text, "auditor, as auditor, may not write case"));
    assert_true(m->f.fix[0] != '\0');
    assert_int_equal(set(m, AUDITOR, "finding", "says", "\"x\""), ST_OK);
    assert_int_equal(set(m, SANTIAGO, "finding", "says", "\"x\""), ST_NOT_ALLOWED);
    assert_int_equal(entry(m, SANTIAGO, "grant", grant), ST_OK);
    assert_int_equal(entry(m, IQUIQUE, "grant", grant), ST_NOT_ALLOWED);
    assert_int_equal(check(m, IQUIQUE, &none), ST_OK);
    assert_int_equal(check(m, AUDITOR, &none), ST_OK); /* an acknowledgement */
    assert_int_equal(check(m, FOSIS, &none), ST_NOT_ALLOWED);
    assert_int_equal(set(m, FOSIS, "case", "a", "\"x\""), ST_NOT_ALLOWED);
}

static void may_write_is_the_same_question(void **state)
{
    struct members *m = *state;
    const struct schema *s = charter_newest(&m->chain)->schema;
    assert_true(rules_may_write(&m->of[SANTIAGO].member, schema_type(s, BYTES("grant"))));
    assert_false(rules_may_write(&m->of[IQUIQUE].member, schema_type(s, BYTES("grant"))));
    assert_true(rules_may_write(&m->of[AUDITOR].member, schema_type(s, BYTES("finding"))));
    assert_false(rules_may_write(&m->of[FOSIS].member, schema_type(s, BYTES("case"))));
}

static void types_fields_and_shapes(void **state)
{
    struct members *m = *state;
    assert_int_equal(set(m, IQUIQUE, "boat", "a", "1"), ST_NOT_SCHEMA);
    assert_non_null(strstr(m->f.text, "\"boat\""));
    assert_int_equal(set(m, IQUIQUE, "case", "sails", "1"), ST_NOT_SCHEMA);
    assert_non_null(strstr(m->f.text, "type case has no field \"sails\""));
    assert_int_equal(set(m, IQUIQUE, "payment", "amount", "1"), ST_NOT_SCHEMA);
    assert_int_equal(entry(m, IQUIQUE, "case", "{\"ref\":\"x\"}"), ST_NOT_SCHEMA);
    assert_int_equal(set(m, IQUIQUE, "case", "tags", "\"x\""), ST_NOT_SCHEMA);
    assert_int_equal(element(m, OP_ADD, "a", "\"x\""), ST_NOT_SCHEMA);
    assert_int_equal(element(m, OP_ADD, "tags", "\"x\""), ST_OK);
    assert_int_equal(element(m, OP_DROP, "tags", "\"x\""), ST_OK);
}

static void values(void **state)
{
    struct members *m = *state;
    assert_int_equal(set(m, IQUIQUE, "case", "people", "3"), ST_OK);
    assert_int_equal(set(m, IQUIQUE, "case", "people", "null"), ST_OK); /* cleared */
    assert_int_equal(set(m, IQUIQUE, "case", "people", "\"3\""), ST_BAD_VALUE);
    assert_int_equal(entry(m, SANTIAGO, "grant", "{\"amount\":5,\"ref\":\"g\"}"), ST_BAD_VALUE);
    assert_int_equal(
        entry(m, SANTIAGO, "grant", "{\"amount\":\"5\",\"currency\":\"CLP\",\"ref\":\"g\"}"),
        ST_BAD_VALUE);
}

#define SEALED(class)                                                                              \
    "{\"class\":\"" class "\",\"key\":\"00000000000000000000000000000000000000a1\",\"salt\":\""    \
                          "00000000000000000000000000000000000000b2\",\"sealed\":\""               \
                          "00000000000000000000000000000000000000000000000000000000000000c3\"}"

/* In clear neither class enters, whatever the value; sealed it does, in its own class alone. */
static void classes_that_enter_sealed_only(void **state)
{
    struct members *m = *state;
    assert_int_equal(set(m, IQUIQUE, "case", "name", "\"x\""), ST_BAD_VALUE);
    assert_non_null(strstr(m->f.text, "personal data"));
    assert_int_equal(set(m, IQUIQUE, "case", "memo", "\"x\""), ST_BAD_VALUE);
    assert_non_null(strstr(m->f.text, "internal data"));
    assert_int_equal(set(m, IQUIQUE, "case", "name", "{\"class\":\"personal\"}"), ST_BAD_VALUE);
    assert_int_equal(set(m, IQUIQUE, "case", "name", "null"), ST_OK); /* cleared */
    assert_int_equal(set(m, IQUIQUE, "case", "name", SEALED("personal")), ST_OK);
    assert_int_equal(set(m, IQUIQUE, "case", "memo", SEALED("internal")), ST_OK);
    assert_int_equal(set(m, IQUIQUE, "case", "name", SEALED("internal")), ST_BAD_VALUE);
    assert_int_equal(set(m, IQUIQUE, "case", "memo", SEALED("personal")), ST_BAD_VALUE);
    assert_int_equal(set(m, IQUIQUE, "case", "a", SEALED("personal")), ST_BAD_VALUE);
    assert_int_equal(element(m, OP_ADD, "name", "\"x\""), ST_NOT_SCHEMA);
}

/* The first that is wrong is told, wherever it stands. */
static void one_of_many(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    forge_set(&ops, "case", 1, "a", "\"x\"");
    forge_set(&ops, "case", 2, "a", "\"x\"");
    forge_set(&ops, "case", 3, "a", "7");
    assert_int_equal(check(m, IQUIQUE, &ops), ST_BAD_VALUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_writes_what), TEST(may_write_is_the_same_question), TEST(types_fields_and_shapes),
        TEST(values),          TEST(classes_that_enter_sealed_only), TEST(one_of_many),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
