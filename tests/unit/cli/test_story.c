#include "tests/unit/cli/shell.h"

#include "cli/language.h"

static struct shell shell;

#define QUARREL                                                                                    \
    "\"values\":[{\"value\":\"workshop\",\"office\":\"iquique\",\"author\":\"luz <luz@x>\","       \
    "\"time\":\"2026-05-01T10:02:33Z\",\"commit\":\"c1\"},{\"value\":\"purchase\","                \
    "\"office\":\"santiago\",\"author\":\"ana <ana@x>\",\"time\":\"2026-05-01T10:03:00Z\","        \
    "\"commit\":\"c2\"}]"

static void tells_changes_in_words(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d,
             "{\"commit\":\"c0ffee00c0ffee00\",\"office\":\"santiago\",\"author\":\"ana <a@x>\","
             "\"time\":\"2026-05-01T10:02:33Z\",\"seq\":4,\"subject\":\"enterprise: 1 changed\","
             "\"changes\":[{\"record\":\"3fa9c04be1d2\",\"type\":\"enterprise\","
             "\"field\":\"stage\",\"before\":\"workshop\",\"after\":\"purchase\"},"
             "{\"record\":\"3fa9c04be1d2\",\"type\":\"enterprise\",\"field\":\"line\","
             "\"before\":null,\"after\":\"idea\"},{\"record\":\"77aa00000000\","
             "\"type\":\"grant\",\"field\":null,\"before\":null,\"after\":{}}]}");
    fake_row(&d, "{\"commit\":\"beef0000beef0000\",\"office\":\"iquique\",\"author\":\"luz\","
                 "\"time\":\"2026-05-01T09:00:00Z\",\"subject\":\"merge\",\"changes\":[]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "log", NULL);
    assert_string_equal(shell.out,
                        "2026-05-01 10:02 ana@santiago: enterprise 3fa9c04b: stage: workshop "
                        "\xe2\x86\x92 purchase\n"
                        "2026-05-01 10:02 ana@santiago: enterprise 3fa9c04b: line: idea\n"
                        "2026-05-01 10:02 ana@santiago: grant 77aa0000: new entry\n"
                        "2026-05-01 09:00 luz@iquique: merge (beef0000)\n");
    fake_stop(&d);
}

#define STANDING                                                                                   \
    "{\"commit\":\"beef0000beef0000\",\"office\":\"iquique\",\"author\":\"luz\","                  \
    "\"time\":\"2026-05-01T09:00:00Z\",\"subject\":\"merge\",\"changes\":[],\"counted\":false,"    \
    "\"settled\":{\"by\":2,\"of\":3,\"enough\":true},\"not_before\":\"2026-05-01T10:00:00Z\","     \
    "\"not_after\":\"2026-05-02T10:00:00Z\",\"back_dated\":true}"

static void tells_how_far_a_commit_has_come(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    for (int i = 0; i < 3; i++) {
        fake_row(&d, STANDING);
        fake_end(&d, "ok", "", "", 0);
    }
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "log", NULL);
    assert_string_equal(shell.out, "2026-05-01 09:00 luz@iquique: merge (beef0000)  [2/3]  "
                                   "[back-dated]  [does not count]\n");
    shell_run(&shell, d.home, NULL, "log", "-v", NULL);
    assert_non_null(strstr(shell.out, "    settled: 2 of 3 offices have it below their own\n"
                                      "    not before 2026-05-01 10:00, say two other offices\n"
                                      "    not after 2026-05-02 10:00, say two other offices\n"));
    language_set(LANGUAGE_SPANISH);
    shell_run(&shell, d.home, NULL, "log", "-v", NULL);
    language_set(LANGUAGE_ENGLISH);
    assert_non_null(strstr(shell.out, "[no cuenta]\n    asentado: 2 de 3 oficinas"));
    fake_stop(&d);
}

static void sums_up_what_an_import_changed(void **state)
{
    (void)state;
    struct fake d;
    struct buf row = {0};
    buf_add_text(&row, "{\"commit\":\"beef0000beef\",\"office\":\"iquique\",\"author\":\"luz\","
                       "\"time\":\"2026-05-01T09:00:00Z\",\"subject\":\"visit: 40 written\","
                       "\"changes\":[");
    for (int i = 0; i < 40; i++)
        buf_add_format(&row,
                       "%s{\"record\":\"%024d\",\"type\":\"visit\",\"field\":\"score\","
                       "\"before\":null,\"after\":%d}",
                       i > 0 ? "," : "", i, i);
    buf_add_text(&row, "]}");
    fake_home(&d);
    fake_row(&d, buf_text(&row));
    fake_end(&d, "ok", "", "", 0);
    fake_row(&d, buf_text(&row));
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "log", NULL);
    assert_string_equal(shell.out, "2026-05-01 09:00 luz@iquique: visit: 40 written (beef0000)\n");
    shell_run(&shell, d.home, NULL, "log", "-v", NULL);
    shell_has(shell.out, "visit 00000000: score: 39\n");
    fake_stop(&d);
    buf_release(&row);
}

#define CHANGE(TYPE, FIELD, AFTER)                                                                 \
    "{\"record\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"" TYPE "\",\"field\":\"" FIELD            \
    "\",\"before\":null,\"after\":" AFTER "}"

static void add_commit(struct fake *d, const char *changes)
{
    struct buf row = {0};
    buf_add_format(&row,
                   "{\"commit\":\"beef0000beef0000\",\"office\":\"iquique\",\"author\":\"luz\","
                   "\"time\":\"2026-05-01T09:00:00Z\",\"changes\":[%s]}",
                   changes);
    fake_row(d, buf_text(&row));
    buf_release(&row);
}

static void tells_in_a_line_what_minga_wrote(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    for (int i = 0; i < 2; i++) {
        add_commit(&d, CHANGE("classkey", "class", "\"personal\"") "," //
                   CHANGE("classkey", "epoch", "2") ","                //
                   CHANGE("classkey", "copies", "\"aaaa\"") ","        //
                   CHANGE("classkey", "copies", "\"bbbb\""));
        add_commit(&d, CHANGE("attachment", "bytes", "300") ","        //
                   CHANGE("attachment", "media", "\"image/jpeg\"") "," //
                   CHANGE("attachment", "name", "\"a.jpg\""));
        add_commit(&d, CHANGE("disclosure", "record", "\"706ea97f1f2212fc8744effb\"") "," //
                   CHANGE("disclosure", "to", "\"auditor\"") ","                          //
                   CHANGE("disclosure", "fields", "\"name\"") ","                         //
                   CHANGE("disclosure", "fields", "\"phone\""));
        fake_end(&d, "ok", "", "", 0);
    }
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "log", NULL);
    assert_string_equal(
        shell.out,
        "2026-05-01 09:00 luz@iquique: classkey 3fa9c04b: personal, epoch 2, sealed to keys: 2\n"
        "2026-05-01 09:00 luz@iquique: attachment 3fa9c04b: a.jpg, image/jpeg, 300 bytes\n"
        "2026-05-01 09:00 luz@iquique: disclosure 3fa9c04b: name, phone of 706ea97f, to auditor\n");
    shell_run(&shell, d.home, NULL, "log", "-v", NULL);
    shell_has(shell.out, "classkey 3fa9c04b: copies: aaaa\n");
    fake_stop(&d);
}

static void lists_conflicts_and_needs_a_person(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\"name\":\"E05\","
                 "\"field\":\"stage\"," QUARREL ",\"since\":\"2026-05-01T10:03:00Z\"}");
    fake_end(&d, "needs-person", "1 field is in conflict: somebody has to choose", "explain", 4);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "conflicts", NULL);
    assert_int_equal(shell.exit, 4);
    assert_string_equal(shell.out, "enterprise E05 (3fa9c04b), stage, since 2026-05-01 10:03:\n"
                                   "  - workshop  (iquique, luz, 2026-05-01 10:02)\n"
                                   "  - purchase  (santiago, ana, 2026-05-01 10:03)\n");
    fake_stop(&d);
}

static void explains_in_both_languages(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    for (int i = 0; i < 2; i++) {
        fake_row(&d,
                 "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"enterprise\",\"name\":\"E05\","
                 "\"field\":\"stage\",\"text\":\"stage was set twice\",\"commands\":["
                 "\"minga resolve 3fa9c0 --keep iquique\"]," QUARREL "}");
        fake_end(&d, "ok", "", "", 0);
    }
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "explain", "3fa9", NULL);
    assert_string_equal(shell.out, "stage was set twice\nAny of these settles it:\n"
                                   "  minga resolve 3fa9c0 --keep iquique\n");
    language_set(LANGUAGE_SPANISH);
    shell_run(&shell, d.home, NULL, "explain", "3fa9", NULL);
    language_set(LANGUAGE_ENGLISH);
    shell_has(shell.out, "stage de enterprise E05 recibió «workshop» de iquique (luz, 2026-05-01 "
                         "10:02) y «purchase» de santiago (ana, 2026-05-01 10:03)");
    shell_has(shell.out, "todos leen «purchase» hasta que alguien lo resuelva.");
    shell_has(shell.out, "Cualquiera de estas órdenes lo resuelve:");
    fake_stop(&d);
}

static void says_that_nothing_is_in_conflict(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"type\":\"visit\",\"field\":null,"
                 "\"text\":\"x\",\"commands\":[],\"values\":[]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "explain", "3fa9", NULL);
    assert_string_equal(shell.out, "visit 3fa9c04b: nothing is in conflict.\n");
    fake_stop(&d);
}

static void resolves_and_says_what_was_not_kept(void **state)
{
    (void)state;
    struct fake d;
    struct control_request asked;
    fake_home(&d);
    fake_row(&d, "{\"id\":\"3fa9c04be1d27788a0c4f19e\",\"commit\":\"0123456789abcdef\","
                 "\"conflicts\":0,\"notes\":[\"the reason was not kept\"]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "resolve", "3fa9", "--keep", "iquique", "--because", "seen",
              NULL);
    assert_string_equal(shell.out, "3fa9c04b: done, commit 01234567\n");
    assert_string_equal(shell.err, "minga: the reason was not kept\n");
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_true(bytes_equal_text(control_option(&asked, "keep"), "iquique"));
    assert_true(bytes_equal_text(control_option(&asked, "because"), "seen"));
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_changes_in_words),
        cmocka_unit_test(tells_how_far_a_commit_has_come),
        cmocka_unit_test(sums_up_what_an_import_changed),
        cmocka_unit_test(tells_in_a_line_what_minga_wrote),
        cmocka_unit_test(lists_conflicts_and_needs_a_person),
        cmocka_unit_test(explains_in_both_languages),
        cmocka_unit_test(says_that_nothing_is_in_conflict),
        cmocka_unit_test(resolves_and_says_what_was_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
