#include "tests/unit/replicas/programme.h"

#include <string.h>

#include "proto/mem.h"
#include "replicas/import.h"
#include "replicas/op.h"

static const struct digest network = {{7}};

static enum status take(void *user, const struct schema_type *type, const struct import_row *row)
{
    struct buf *out = user;
    uint8_t id[RECORD_ID_BYTES];
    assert_int_equal(row->line, 0);
    buf_add_format(out, "%s", type->name);
    if (row->has_id) {
        op_record_id(&network, bytes_of_text(type->name), row->key, id);
        assert_memory_equal(id, row->id, sizeof id);
    }
    for (uint32_t i = 0; !type->entry && i < row->field_count; i++)
        buf_add_format(out, " %s=%.*s", row->fields[i].field->name, (int)row->fields[i].json.count,
                       (const char *)row->fields[i].json.data);
    if (type->entry) {
        struct fault f = {0};
        enum status status = schema_check_entry(type, row->content, &f);
        if (status == ST_BAD_VALUE)
            fail_msg("%s", f.text);
        buf_add_text(out, " ");
        buf_add_bytes(out, row->content);
    }
    buf_add_text(out, "\n");
    return ST_OK;
}

static enum status run(const char *json, struct buf *out, struct fault *f)
{
    struct schema *schema = programme_schema();
    enum status status =
        import_programme(schema, &network, BYTES("santiago"), bytes_of_text(json), take, out, f);
    schema_free(schema);
    return status;
}

static void the_reference_programme(void **state)
{
    (void)state;
    struct buf json = programme_file(SHARED_DIR "/data/programme/programme.json");
    struct buf out = {0}, again = {0};
    struct fault f = {0};
    if (run(buf_text(&json), &out, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_string_equal(
        buf_text(&out),
        "programme country=\"Chile\" enterprises=47 families=100 funding=\"public\" "
        "income_increase_percent=40 line_idea=150000 line_innovation=227778 "
        "line_strengthening=400000 lines_currency=\"CLP\" location=\"Santiago\" "
        "mpa_component=\"Resettlement\" "
        "partners=[\"ACNUR - Vicaria de Pastoral Social\",\"FOSIS\",\"Municipalities\"] people=300 "
        "period_end=\"2010-01-31\" period_start=\"2009-07-01\" "
        "stages=[\"monitoring\",\"purchase\",\"selection\",\"workshop\"] "
        "themes=[\"Governments, states, municipalities\",\"Income Generation\",\"Microfinance\"] "
        "title=\"Microenterprise and Community Development Project\"\n"
        "grant {\"amount\":20000000,\"currency\":\"USD\",\"date\":\"2009-07-01\",\"funder\":"
        "\"FOSIS\",\"holder\":\"santiago\",\"recipient\":\"Vicaria de Pastoral "
        "Social\",\"ref\":\"grant/Microenterprise "
        "and "
        "Community Development Project\"}\n"
        "exchange {\"date\":\"2009-07-03\",\"from_amount\":20000000,\"from_currency\":\"USD\","
        "\"holder\":\"santiago\",\"note\":\"invented rate\",\"ref\":\"exchange/Microenterprise and "
        "Community Development "
        "Project\",\"to_amount\":108000000,\"to_currency\":\"CLP\"}\n");
    assert_int_equal(run(buf_text(&json), &again, &f), ST_OK);
    assert_string_equal(buf_text(&out), buf_text(&again));
    buf_release(&out);
    buf_release(&again);
    buf_release(&json);
}

static void a_long_title_still_gives_a_ref(void **state)
{
    (void)state;
    struct buf out = {0};
    struct fault f = {0};
    assert_int_equal(
        run("{\"title\":\"0123456789012345678901234567890123456789012345678901234567890"
            "1234\",\"grant\":{\"currency\":\"CLP\",\"amount\":\"5\",\"date\":"
            "\"2009-07-01\"}}",
            &out, &f),
        ST_OK);
    const char *ref = strstr(buf_text(&out), "\"ref\":\"grant/");
    assert_non_null(ref);
    assert_int_equal(strspn(ref + sizeof "\"ref\":\"grant/" - 1, "0123456789abcdef"), 24);
    buf_release(&out);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum status status;
        const char *text, *fix;
    } cases[] = {
        {"{", ST_MALFORMED, "programme: line 1", ""},
        {"[]", ST_MALFORMED, "no object", ""},
        {"{}", ST_BAD_VALUE, "\"title\": it is missing", ""},
        {"{\"title\":\"a\",\"partner\":[]}", ST_BAD_VALUE, "\"partner\"", "\"partners\""},
        {"{\"title\":\"a\",\"partners\":\"b\"}", ST_BAD_VALUE, "it is no list", ""},
        {"{\"title\":\"a\",\"partners\":[\"b;c\"]}", ST_BAD_VALUE, "\";\"", ""},
        {"{\"title\":\"a\",\"period\":[\"2009-07-01\"]}", ST_BAD_VALUE, "a list of two", ""},
        {"{\"title\":\"a\",\"period\":[\"1\",\"2\",\"3\"]}", ST_BAD_VALUE, "a list of two", ""},
        {"{\"title\":\"a\",\"period\":[\"July\",\"\"]}", ST_BAD_VALUE, "no date", ""},
        {"{\"title\":\"a\",\"reach\":{\"fish\":3}}", ST_NOT_SCHEMA, "\"fish\"", ""},
        {"{\"title\":\"a\",\"reach\":3}", ST_BAD_VALUE, "no object", ""},
        {"{\"title\":\"a\",\"lines_clp\":{\"idea\":[]}}", ST_BAD_VALUE, "no text", ""},
        {"{\"title\":\"a\",\"lines_xyz\":{\"idea\":1}}", ST_BAD_VALUE, "", ""},
        {"{\"title\":\"a\",\"exchange\":{\"rate\":1}}", ST_BAD_VALUE, "only", ""},
        {"{\"title\":\"a\",\"grant\":{\"amount\":1}}", ST_BAD_VALUE, "currency", ""},
        {"{\"title\":\"a\",\"grant\":{\"amount\":1.5}}", ST_MALFORMED, "integer", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = {0};
        struct fault f = {0};
        enum status status = run(cases[i].json, &out, &f);
        if (status != cases[i].status || strstr(f.text, cases[i].text) == NULL ||
            strstr(f.fix, cases[i].fix) == NULL)
            fail_msg("%s: %s: %s (%s)", cases[i].json, status_text(status), f.text, f.fix);
        buf_release(&out);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct buf json = programme_file(SHARED_DIR "/data/programme/programme.json");
    struct schema *schema = programme_schema();
    enum status status = ST_NO_MEMORY;
    uint64_t n = 1;
    for (; n < 1000 && status == ST_NO_MEMORY; n++) {
        struct buf out = {0};
        struct fault f = {0};
        mem_fail_at(n);
        status =
            import_programme(schema, &network, BYTES("santiago"), buf_bytes(&json), take, &out, &f);
        if (status == ST_OK && mem_failed())
            status = ST_NO_MEMORY; /* the failure was the sink's */
        buf_release(&out);
    }
    mem_fail_at(0);
    assert_int_equal(status, ST_OK);
    assert_true(n > 30);
    schema_free(schema);
    buf_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_programme),
        cmocka_unit_test(a_long_title_still_gives_a_ref),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
