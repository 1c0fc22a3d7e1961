#include "tests/unit/replicas/import_kit.h"

#include "replicas/import_row.h"

static void sets_are_lists(void **state)
{
    (void)state;
    expect_rows("enterprise", "enterprise,needs\nE1,housing; health;housing\nE2,\nE3,food\n",
                "2 id E1 enterprise=\"E1\" needs=[\"health\",\"housing\"]\n"
                "3 id E2 enterprise=\"E2\" needs=[]\n",
                "4 [E3,food] needs: \"food\" is none of its choices; it is one of: health, "
                "education, employment, housing, culture\n");
}

static struct bytes field_json(const struct import_row_maker *m, uint32_t index)
{
    assert_true(index < m->count);
    return buf_bytes(&m->fields[index].json);
}

static void a_row_is_made_again_and_again(void **state)
{
    (void)state;
    struct schema *schema = programme_schema();
    const struct schema_type *visit = schema_type(schema, BYTES("visit"));
    struct import_row_maker m;
    struct import_row row = {0};
    struct fault f = {0};
    struct bytes none = {NULL, 0};
    uint8_t id[RECORD_ID_BYTES];
    assert_int_equal(import_row_init(&m, visit, &network, 4), ST_OK);
    for (int round = 0; round < 3; round++) {
        import_row_reset(&m);
        assert_int_equal(
            import_row_add(&m, schema_field(visit, BYTES("date")), BYTES("2009-07-31"), none, &f),
            ST_OK);
        assert_int_equal(
            import_row_add(&m, schema_field(visit, BYTES("score")), BYTES("x"), none, &f),
            ST_BAD_VALUE);
        assert_int_equal(
            import_row_add(&m, schema_field(visit, BYTES("score")), BYTES("7"), none, &f), ST_OK);
        assert_true(bytes_equal_text(field_json(&m, 0), "\"2009-07-31\""));
        assert_true(bytes_equal_text(field_json(&m, 1), "7"));
        assert_int_equal(import_row_finish(&m, BYTES("V1"), none, &row, &f), ST_OK);
        assert_int_equal(row.field_count, 2);
        assert_true(row.has_id);
        op_record_id(&network, BYTES("visit"), BYTES("V1"), id);
        assert_memory_equal(id, row.id, sizeof id);
    }
    assert_int_equal(import_row_finish(&m, none, none, &row, &f), ST_OK);
    assert_false(row.has_id);
    import_row_release(&m);
    schema_free(schema);
}

static void an_entry_has_its_ref_in_order(void **state)
{
    (void)state;
    static const char json[] =
        "{\"types\":{\"pay\":{\"fields\":{\"a\":{\"class\":\"open\",\"kind\":\"text\"},"
        "\"z\":{\"class\":\"open\",\"kind\":\"text\"}},\"shape\":\"entry\","
        "\"writers\":[\"office\"]}}}";
    struct schema *schema = NULL;
    struct import_row_maker m;
    struct import_row row = {0};
    struct fault f = {0};
    struct bytes none = {NULL, 0};
    assert_int_equal(schema_parse(BYTES(json), &schema, &f), ST_OK);
    const struct schema_type *pay = &schema->types[0];
    assert_int_equal(import_row_init(&m, pay, &network, 2), ST_OK);
    assert_int_equal(import_row_finish(&m, none, BYTES("r"), &row, &f), ST_OK);
    assert_true(bytes_equal_text(row.content, "{\"ref\":\"r\"}"));
    assert_int_equal(import_row_add(&m, &pay->fields[0], BYTES("1"), none, &f), ST_OK);
    assert_int_equal(import_row_finish(&m, none, BYTES("r"), &row, &f), ST_OK);
    assert_true(bytes_equal_text(row.content, "{\"a\":\"1\",\"ref\":\"r\"}"));
    assert_int_equal(import_row_add(&m, &pay->fields[1], BYTES("2"), none, &f), ST_OK);
    assert_int_equal(import_row_finish(&m, none, BYTES("r"), &row, &f), ST_OK);
    assert_true(bytes_equal_text(row.content, "{\"a\":\"1\",\"ref\":\"r\",\"z\":\"2\"}"));
    assert_int_equal(import_row_finish(&m, none, none, &row, &f), ST_BAD_VALUE);
    import_row_reset(&m);
    assert_int_equal(import_row_add(&m, &pay->fields[1], none, none, &f), ST_OK);
    assert_int_equal(m.count, 0);
    import_row_release(&m);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_lists),
        cmocka_unit_test(a_row_is_made_again_and_again),
        cmocka_unit_test(an_entry_has_its_ref_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
