#include "tests/unit/replicas/offices.h"

#include "replicas/history.h"
#include "replicas/provenance.h"

static json_t *parsed(const struct buf *text)
{
    json_error_t error;
    json_t *row = json_loadb((const char *)text->data, text->count, 0, &error);
    if (row == NULL)
        fail_msg("%s: %.*s", error.text, (int)text->count, (const char *)text->data);
    return row;
}

static const char *key_state(const json_t *row)
{
    return json_string_value(json_object_get(json_object_get(row, "key"), "state"));
}

/* What is said of a commit is what log says of it, and its signature is checked anew. */
static void it_agrees_with_log(void **state)
{
    (void)state;
    static const char *const same[] = {"commit", "change",  "office",     "author",
                                       "time",   "counted", "signature",  "settled",
                                       "seq",    "height",  "not_before", "back_dated"};
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_run(&a, ST_OK, "add", "enterprise", "enterprise=E1", NULL);
    office_send(&a, &b);
    office_run(&b, ST_OK, "add", "enterprise", "enterprise=E2", NULL);
    office_send(&b, &a);
    struct provenance p;
    assert_int_equal(provenance_begin(&p, a.replica), ST_OK);
    for (uint32_t i = 0; i < graph_count(replica_graph(a.replica)); i++) {
        struct buf own = {0}, log = {0};
        assert_int_equal(provenance_add(&p, i, &own, &a.fault), ST_OK);
        assert_int_equal(history_row(a.replica, i, &log, &a.fault), ST_OK);
        json_t *x = parsed(&own), *y = parsed(&log);
        for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
            assert_non_null(json_object_get(x, same[k]));
            assert_true(json_equal(json_object_get(x, same[k]), json_object_get(y, same[k])));
        }
        assert_string_equal(key_state(x), "in force");
        json_decref(x);
        json_decref(y);
        buf_release(&own);
        buf_release(&log);
    }
    provenance_end(&p);
    office_close(&a);
    office_close(&b);
}

/* Whose key was retired since is said of what it signed. */
static void a_retired_key_is_named(void **state)
{
    (void)state;
    struct office a, b;
    struct provenance p;
    struct buf row = {0};
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_send(&a, &b);
    office_run(&b, ST_OK, "add", "enterprise", "enterprise=E2", NULL);
    office_send(&b, &a);
    uint32_t node = graph_count(replica_graph(a.replica)) - 1;
    office_run(&a, ST_OK, "member", "remove", "iquique", NULL);
    assert_int_equal(provenance_begin(&p, a.replica), ST_OK);
    assert_int_equal(provenance_add(&p, node, &row, &a.fault), ST_OK);
    json_t *x = parsed(&row);
    assert_string_equal(json_string_value(json_object_get(x, "office")), "iquique");
    assert_string_equal(json_string_value(json_object_get(x, "signature")), "good");
    assert_string_equal(key_state(x), "retired");
    assert_true(json_is_true(json_object_get(x, "counted"))); /* it was kept */
    json_decref(x);
    buf_release(&row);
    provenance_end(&p);
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_log),
        cmocka_unit_test(a_retired_key_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
