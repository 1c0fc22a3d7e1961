#include "tests/unit/replicas/charter_kit.h"

static void what_may_stand_in_a_charter(void **state)
{
    (void)state;
    struct charter_member m = admin("santiago", 1).member;
    assert_int_equal(charter_file_check_member(&m, NULL), ST_OK);
    m.role = CHARTER_AUDITOR;
    assert_int_equal(charter_file_check_member(&m, NULL), ST_BAD_VALUE);
    m.treasurer = false;
    assert_int_equal(charter_file_check_member(&m, NULL), ST_OK);
    m.role = CHARTER_PARTNER;
    assert_int_equal(charter_file_check_member(&m, NULL), ST_BAD_VALUE);
    m.admin = false;
    assert_int_equal(charter_file_check_member(&m, NULL), ST_OK);
    static const char *const bad[] = {"a b:1", "a\"b:1", "a\x1b[0m:1", "a\\b", "a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(m.address, bad[i], strlen(bad[i]) + 1);
        assert_int_equal(charter_file_check_member(&m, NULL), ST_BAD_VALUE);
    }
    memcpy(m.address, "[::1]:7717", sizeof "[::1]:7717");
    assert_int_equal(charter_file_check_member(&m, NULL), ST_OK);
    memcpy(m.label, "x", sizeof "x");
    assert_int_equal(charter_file_check_member(&m, NULL), ST_BAD_VALUE);
    assert_true(charter_file_check_network(BYTES("Vicaría, Santiago")));
    assert_false(charter_file_check_network(BYTES("")));
    assert_false(charter_file_check_network(BYTES("a\tb")));
    assert_false(charter_file_check_network(BYTES("a\x7f")));
    assert_false(charter_file_check_network(BYTES("a\xff")));
}

static void the_body_reads_line_by_line(void **state)
{
    (void)state;
    struct charter_member m = {.label = "santiago", .role = CHARTER_OFFICE, .admin = true};
    struct oid kept[] = {{{1}}, {{2}}};
    struct charter_retired retired = {.label = "iquique", .kept = kept, .kept_count = 2};
    struct charter c = {.version = 7,
                        .network = "red \"norte\"",
                        .members = &m,
                        .member_count = 1,
                        .limits_json = BYTES("{}"),
                        .schema_json = BYTES("{\"types\":{\"a\":1,\"b\":{\"c\":2}}}")};
    struct buf body = {0};
    charter_file_add_body(&c, &body);
    assert_string_equal(
        buf_text(&body),
        "{\n\"limits\":{},\n\"members\":[\n"
        "{\"address\":\"\",\"key\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"label\":\"santiago\",\"rights\":[\"admin\"],\"role\":\"office\"}\n],\n"
        "\"network\":\"red \\\"norte\\\"\",\n\"previous\":\"\",\n\"retired\":[],\n"
        "\"schema\":{\"types\":{\n\"a\":1,\n\"b\":{\"c\":2}\n}},\n\"version\":7\n}");
    c.schema_json = BYTES("{\"audit\":{\"small_cell\":7},\"types\":{\"a\":1}}");
    c.retired = &retired;
    c.retired_count = 1;
    buf_reset(&body);
    charter_file_add_body(&c, &body);
    assert_non_null(strstr(buf_text(&body),
                           "\"retired\":[\n{\"kept\":[\"0100000000000000000000000000000000000000\","
                           "\"0200000000000000000000000000000000000000\"],\"key\":\"0000"));
    assert_non_null(strstr(buf_text(&body), "],\n\"schema\":{\"audit\":{\"small_cell\":7},\n"
                                            "\"types\":{\n\"a\":1\n}},\n\"version\":7\n}"));
    buf_release(&body);
}

static void the_hash_is_of_every_byte(void **state)
{
    (void)state;
    struct digest a, b;
    charter_file_hash(BYTES("{\n}"), &a);
    charter_file_hash(BYTES("{}"), &b);
    assert_memory_not_equal(&a, &b, sizeof a);
    uint8_t expected[DIGEST_BYTES];
    crypto_generichash(expected, sizeof expected, (const uint8_t *)"{}", 2, NULL, 0);
    assert_memory_equal(expected, b.id, sizeof expected);
    charter_file_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_stand_in_a_charter),
        cmocka_unit_test(the_body_reads_line_by_line),
        cmocka_unit_test(the_hash_is_of_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
