#include "replicas/auditing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "proto/mem.h"

static struct audit_result *filled(void)
{
    struct audit_result *a = mem_alloc(sizeof *a);
    assert_non_null(a);
    a->offices = mem_array(2, sizeof *a->offices);
    a->totals = mem_array(1, sizeof *a->totals);
    a->heads = mem_array(1, sizeof *a->heads);
    a->attestations = mem_array(1, sizeof *a->attestations);
    a->offices[0] = (struct audit_office){
        .label = "iquique", .member = true, .head = {{7}}, .seq = 12, .time = 86400, .gaps = 3};
    a->offices[1] = (struct audit_office){.label = "talca", .silent = true};
    a->totals[0] = (struct audit_total){.currency = "CLP", .granted = 5, .balance = -2};
    a->heads[0] = (struct oid){{9}};
    a->attestations[0] = (struct attestation){
        .id = "00112233445566778899aabb", .office = "contraloria", .verdict = "clean"};
    a->office_count = 2;
    a->total_count = a->head_count = a->attestation_count = 1;
    a->verdict = AUDIT_FAILED;
    a->verified.finding_count = 1;
    a->verified.findings[0] = (struct verify_finding){.code = ST_CORRUPT, .text = "not \xff UTF-8"};
    finding_add(&a->findings, FINDING_FORK, 0);
    finding_record(&a->findings, (const uint8_t *)"\x01\x02", 2);
    finding_text(&a->findings, "iquique \"x\"");
    finding_number(&a->findings, 2);
    finding_text(&a->findings, "aa");
    finding_text(&a->findings, "bb");
    finding_since(&a->findings, 14426, &(struct oid){{5}});
    a->levels[FINDING_WARNING] = 1;
    return a;
}

static json_t *parsed(struct buf *row)
{
    json_error_t error;
    json_t *json = json_loads(buf_text(row), JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        fail_msg("%s: %s", error.text, buf_text(row));
    return json;
}

static const char *text(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static int64_t number(const json_t *json, const char *name)
{
    assert_true(json_is_integer(json_object_get(json, name)));
    return json_integer_value(json_object_get(json, name));
}

static void test_head(void **state)
{
    (void)state;
    struct audit_result *a = filled();
    struct buf row = {0};
    audit_json_head(a, &row);
    json_t *json = parsed(&row);
    assert_string_equal(text(json, "verdict"), "failed");
    assert_int_equal(number(json, "warnings"), 1);
    assert_int_equal(json_array_size(json_object_get(json, "refused")), 1);
    const json_t *complete = json_object_get(json, "complete");
    const json_t *iquique = json_object_get(complete, "iquique");
    assert_int_equal(number(iquique, "seq"), 12);
    assert_int_equal(number(iquique, "gaps"), 3);
    assert_string_equal(text(iquique, "last_contact"), "1970-01-02T00:00:00Z");
    assert_true(json_is_true(json_object_get(iquique, "member")));
    const json_t *talca = json_object_get(complete, "talca");
    assert_true(json_is_null(json_object_get(talca, "last_contact")));
    assert_true(json_is_null(json_object_get(talca, "head")));
    assert_true(json_is_true(json_object_get(talca, "silent")));
    const json_t *clp = json_object_get(json_object_get(json, "totals"), "CLP");
    assert_int_equal(number(clp, "granted"), 5);
    assert_int_equal(number(clp, "balance"), -2);
    assert_string_equal(text(json_array_get(json_object_get(json, "attestations"), 0), "office"),
                        "contraloria");
    json_decref(json);
    buf_release(&row);
    audit_free(a);
}

static void test_finding(void **state)
{
    (void)state;
    struct audit_result *a = filled();
    struct buf row = {0};
    audit_json_finding(&a->findings, 0, FINDING_SPANISH, &row);
    json_t *json = parsed(&row);
    assert_string_equal(text(json, "rule"), "fork");
    assert_string_equal(text(json, "severity"), "warning");
    assert_string_equal(json_string_value(json_array_get(json_object_get(json, "records"), 0)),
                        "0102");
    assert_string_equal(text(json, "since"), "2009-07-01");
    assert_string_equal(text(json, "text"),
                        "iquique \"x\" firm\xc3\xb3 dos commits con un mismo n\xc3\xbamero, el 2: "
                        "aa y bb");
    json_decref(json);
    buf_release(&row);
    audit_free(a);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct audit_result *a = filled();
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct buf row = {0};
        mem_fail_at(n);
        audit_json_head(a, &row);
        audit_json_finding(&a->findings, 0, FINDING_ENGLISH, &row);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&row), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&row);
    }
    audit_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
