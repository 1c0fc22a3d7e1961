#include "tests/unit/replicas/offices.h"

/* Two offices set one field without knowing of each other, and meet. */
static void quarrel(struct office *a, struct office *b, char id[static ENTRY_ID_TEXT + 1])
{
    office_found(a, "santiago");
    office_join(b, a, "iquique", CHARTER_OFFICE);
    office_run(a, ST_OK, "add", "enterprise", "enterprise=E05", "stage=selection", NULL);
    office_id(a, id);
    office_send(a, b);
    offices_clock = 1777629720 - 60; /* 2026-05-01T10:02:00Z is the next tick */
    office_run(a, ST_OK, "set", id, "stage=purchase", NULL);
    office_run(b, ST_OK, "set", id, "stage=monitoring", "--author=luz <luz@example.org>", NULL);
    office_send(a, b);
    office_send(b, a);
}

static void lists_conflicts_alike_everywhere(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1];
    quarrel(&a, &b, id);
    office_run(&a, ST_NEEDS_PERSON, "conflicts", NULL);
    assert_int_equal(office_rows(&a), 1);
    assert_string_equal(office_text(&a, 0, "id"), id);
    assert_string_equal(office_text(&a, 0, "type"), "enterprise");
    assert_string_equal(office_text(&a, 0, "field"), "stage");
    assert_int_equal(json_array_size(office_at(&a, 0, "values")), 2);
    assert_string_equal(office_text(&a, 0, "values.0.office"), "iquique");
    assert_string_equal(office_text(&a, 0, "values.0.value"), "monitoring");
    assert_string_equal(office_text(&a, 0, "values.0.author"), "luz <luz@example.org>");
    assert_string_equal(office_text(&a, 0, "values.1.time"), "2026-05-01T10:02:00Z");
    assert_int_equal(strlen(office_text(&a, 0, "values.1.commit")), OID_TEXT);
    assert_string_equal(office_text(&a, 0, "since"), "2026-05-01T10:03:00Z");
    office_run(&b, ST_NEEDS_PERSON, "conflicts", NULL);
    assert_true(json_equal(a.rows, b.rows));
    office_run(&a, ST_OK, "list", "enterprise", NULL);
    assert_string_equal(office_text(&a, 0, "conflicts.stage.1.value"), "purchase");
    office_close(&a);
    office_close(&b);
}

static void explains_in_one_sentence(void **state)
{
    (void)state;
    struct office a, b;
    char id[ENTRY_ID_TEXT + 1], command[128];
    quarrel(&a, &b, id);
    office_run(&b, ST_OK, "explain", id, NULL);
    assert_int_equal(office_rows(&b), 1);
    assert_string_equal(office_text(&b, 0, "text"),
                        "stage of enterprise E05 was set to \"monitoring\" by iquique (luz,"
                        " 2026-05-01 10:03) and to \"purchase\" by santiago (ana,"
                        " 2026-05-01 10:02) at the same time, neither knowing of the other;"
                        " everyone reads \"purchase\" until somebody settles it.");
    snprintf(command, sizeof command, "minga resolve %.6s stage=monitoring", id);
    assert_string_equal(office_text(&b, 0, "commands.0"), command);
    snprintf(command, sizeof command, "minga resolve %.6s --keep santiago", id);
    assert_string_equal(office_text(&b, 0, "commands.3"), command);
    snprintf(command, sizeof command, "%.6s", id);
    office_run(&b, ST_OK, "resolve", command, "stage=purchase", NULL);
    office_run(&b, ST_OK, "explain", id, NULL);
    assert_string_equal(office_text(&b, 0, "text"), "nothing of enterprise E05 is in conflict.");
    office_run(&b, ST_OK, "conflicts", NULL);
    assert_int_equal(office_rows(&b), 0);
    office_run(&b, ST_USAGE, "explain", NULL);
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_conflicts_alike_everywhere),
        cmocka_unit_test(explains_in_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
