#include "replicas/lookup.h"

#include "tests/unit/replicas/offices.h"

static void types_and_fields_are_found_or_suggested(void **state)
{
    (void)state;
    struct office o;
    const struct schema_type *type = NULL;
    const struct schema_field *field = NULL;
    office_found(&o, "santiago");
    assert_int_equal(lookup_type(o.replica, BYTES("visit"), &type, &o.fault), ST_OK);
    assert_string_equal(type->name, "visit");
    assert_int_equal(lookup_field(type, BYTES("score"), &field, &o.fault), ST_OK);
    assert_string_equal(field->name, "score");
    assert_int_equal(lookup_field(type, BYTES("scor"), &field, &o.fault), ST_NOT_SCHEMA);
    assert_non_null(strstr(o.fault.fix, "'score'"));
    assert_int_equal(lookup_type(o.replica, BYTES("vist"), &type, &o.fault), ST_NOT_SCHEMA);
    assert_non_null(strstr(o.fault.fix, "'visit'"));
    assert_int_equal(lookup_type(o.replica, BYTES("zzzzzzzzzz"), &type, &o.fault), ST_NOT_SCHEMA);
    assert_non_null(strstr(o.fault.fix, "types: allotment"));
    office_close(&o);
}

static void whole_ids_are_found_though_the_index_is_behind(void **state)
{
    (void)state;
    struct office o;
    struct index_id found;
    char id[ENTRY_ID_TEXT + 1], other[ENTRY_ID_TEXT + 1];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "contact", "contact=C1", NULL);
    office_id(&o, id);
    for (int i = 0; i < 2; i++) { /* not indexed yet, then indexed */
        assert_int_equal(lookup_id(o.replica, bytes_of_text(id), &found, &o.fault), ST_OK);
        assert_string_equal(found.id, id);
        assert_string_equal(found.type, "contact");
    }
    office_run(&o, ST_OK, "set", id, "attendees=3", NULL);
    assert_int_equal(lookup_id(o.replica, bytes_of_text(id), &found, &o.fault), ST_OK);
    assert_string_equal(found.type, "contact");
    memcpy(other, id, sizeof other);
    other[0] = other[0] == '0' ? '1' : '0';
    assert_int_equal(lookup_id(o.replica, bytes_of_text(other), &found, &o.fault), ST_NOT_FOUND);
    office_close(&o);
}

static void commits_are_found_by_their_beginning(void **state)
{
    (void)state;
    struct office o;
    uint32_t node = 0;
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "contact", "contact=C1", NULL);
    struct bytes id = bytes_of_text(office_text(&o, 0, "commit"));
    for (size_t digits = LOOKUP_PREFIX_MIN; digits <= id.count; digits++) {
        struct bytes prefix = {id.data, digits};
        assert_int_equal(lookup_commit(o.replica, prefix, &node, &o.fault), ST_OK);
        assert_int_equal(node, 1);
    }
    struct bytes three = {id.data, 3};
    assert_int_equal(lookup_commit(o.replica, three, &node, &o.fault), ST_USAGE);
    assert_int_equal(lookup_commit(o.replica, BYTES("HEAD"), &node, &o.fault), ST_USAGE);
    char other[OID_TEXT + 1];
    snprintf(other, sizeof other, "%.*s", (int)id.count, (const char *)id.data);
    other[OID_TEXT - 1] = other[OID_TEXT - 1] == '0' ? '1' : '0';
    assert_int_equal(lookup_commit(o.replica, bytes_of_text(other), &node, &o.fault), ST_NOT_FOUND);
    office_close(&o);
}

static void references_have_their_type(void **state)
{
    (void)state;
    struct office o;
    char id[ENTRY_ID_TEXT + 1], word[64];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "contact", "contact=C1", NULL);
    office_id(&o, id);
    snprintf(word, sizeof word, "household=%.10s", id);
    office_run(&o, ST_BAD_VALUE, "add", "enterprise", word, NULL);
    assert_non_null(strstr(o.fault.text, "of type contact"));
    office_run(&o, ST_NOT_FOUND, "add", "enterprise", "household=0123456789", NULL);
    office_close(&o);
}

/* A whole id asks no index; what only an index can find is refused where there is none. */
static void references_without_an_index(void **state)
{
    (void)state;
    struct office o;
    char household[ENTRY_ID_TEXT + 1], purchase[ENTRY_ID_TEXT + 1], word[64];
    office_found(&o, "santiago");
    office_run(&o, ST_OK, "add", "household", "household=H1", NULL);
    office_id(&o, household);
    office_run(&o, ST_OK, "add", "enterprise", "enterprise=E1", NULL);
    char enterprise[ENTRY_ID_TEXT + 1];
    office_id(&o, enterprise);
    snprintf(word, sizeof word, "enterprise=%s", enterprise);
    office_run(&o, ST_OK, "add", "purchase", "ref=P1", "office=santiago", word, "date=2026-05-01",
               "currency=CLP", "amount=400", NULL);
    office_id(&o, purchase);
    if (replica_close(o.replica, &o.fault) != ST_OK)
        fail_msg("%s", o.fault.text);
    struct replica_options without = {.home = o.home, .wall_seconds = office_tick};
    assert_int_equal(replica_open(&without, &o.replica, &o.fault), ST_OK);
    snprintf(word, sizeof word, "household=%s", household);
    office_run(&o, ST_OK, "add", "enterprise", word, NULL);
    snprintf(word, sizeof word, "purchase=%s", purchase);
    office_run(&o, ST_OK, "add", "transfer", "ref=T1", word, "date=2026-05-02", NULL);
    office_run(&o, ST_BAD_CONFIG, "add", "enterprise", "household=H1", NULL);
    office_run(&o, ST_BAD_CONFIG, "add", "transfer", "ref=T2", "purchase=P1", "date=2026-05-02",
               NULL);
    office_close(&o);
}

static void labels_are_members(void **state)
{
    (void)state;
    struct office a, b;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    assert_int_equal(lookup_label(a.replica, BYTES("iquique"), &a.fault), ST_OK);
    assert_int_equal(lookup_label(a.replica, BYTES("iquqe"), &a.fault), ST_NOT_FOUND);
    assert_non_null(strstr(a.fault.fix, "'iquique'"));
    assert_int_equal(lookup_label(a.replica, BYTES("somebody"), &a.fault), ST_NOT_FOUND);
    assert_non_null(strstr(a.fault.fix, "member list"));
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_fields_are_found_or_suggested),
        cmocka_unit_test(whole_ids_are_found_though_the_index_is_behind),
        cmocka_unit_test(commits_are_found_by_their_beginning),
        cmocka_unit_test(references_have_their_type),
        cmocka_unit_test(references_without_an_index),
        cmocka_unit_test(labels_are_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
