/*
 * What has been kept for too long: by the newest change's date, and only while there is something
 * to be erased.
 */
#include "tests/unit/replicas/erase_kit.h"

#include "replicas/retention.h"
#include "replicas/words.h"

static void from_when_on(void **state)
{
    (void)state;
    static const struct {
        struct schema_retention retention;
        const char *now, *limit;
    } cases[] = {
        {{5, 'y'}, "2026-05-01T10:02:00Z", "2021-05-01T10:02:00Z"},
        {{18, 'm'}, "2026-05-01T00:00:00Z", "2024-11-01T00:00:00Z"},
        {{90, 'd'}, "2026-05-01T00:00:00Z", "2026-01-31T00:00:00Z"},
        {{1, 'y'}, "2024-02-29T00:00:00Z", "2023-03-01T00:00:00Z"},
        {{1, 'm'}, "2026-01-15T00:00:00Z", "2025-12-15T00:00:00Z"},
        {{999, 'd'}, "2026-05-01T00:00:00Z", "2023-08-06T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t now = 0, limit = 0;
        assert_int_equal(words_moment(bytes_of_text(cases[i].now), &now, NULL, NULL), ST_OK);
        assert_int_equal(words_moment(bytes_of_text(cases[i].limit), &limit, NULL, NULL), ST_OK);
        assert_int_equal(retention_limit(&cases[i].retention, now), limit);
    }
}

static void what_is_due(void **state)
{
    (void)state;
    struct kit k;
    char old[ENTRY_ID_TEXT + 1], touched[ENTRY_ID_TEXT + 1], plain[ENTRY_ID_TEXT + 1];
    kit_begin(&k, 1, false);
    struct office *o = &k.o[SANTIAGO];
    int64_t start = offices_clock;
    kit_family(&k, "Nadie", old);
    kit_family(&k, "Alguien", touched);
    office_run(o, ST_OK, "add", "household", "commune=Pudahuel", NULL);
    office_id(o, plain);
    office_run(o, ST_OK, "retention", NULL);
    assert_int_equal(office_rows(o), 0);
    offices_clock += INT64_C(6) * 366 * 24 * 3600;
    office_run(o, ST_OK, "set", touched, "commune=Renca", NULL);
    office_run(o, ST_OK, "retention", NULL);
    assert_int_equal(office_rows(o), 1);
    assert_string_equal(office_text(o, 0, "type"), "household");
    assert_string_equal(office_text(o, 0, "retention"), "5y");
    assert_int_equal(office_number(o, 0, "count"), 1);
    assert_string_equal(office_text(o, 0, "ids.0"), old);
    office_run(o, ST_OK, "erase", old, "--reason=kept long enough", NULL);
    kit_tend(&k, SANTIAGO);
    offices_clock += INT64_C(6) * 366 * 24 * 3600;
    office_run(o, ST_OK, "retention", NULL);
    assert_int_equal(office_rows(o), 1);
    assert_int_equal(office_number(o, 0, "count"), 1);
    assert_string_equal(office_text(o, 0, "ids.0"), touched);
    offices_clock = start;
    kit_end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_when_on),
        cmocka_unit_test(what_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
