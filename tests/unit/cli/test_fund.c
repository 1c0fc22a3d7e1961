#include "tests/unit/cli/shell.h"

static struct shell shell;

#define PAY                                                                                        \
    "\"action\":\"pay\",\"type\":\"disbursement\",\"id\":\"3fa9c0d21122\",\"ref\":\"D07\","        \
    "\"fields\":{\"amount\":400000,\"currency\":\"CLP\",\"enterprise\":\"aa\"},"                   \
    "\"accounts\":[{\"office\":\"iquique\",\"line\":\"enterprises\",\"currency\":\"CLP\","         \
    "\"before\":750000,\"after\":350000}],"                                                        \
    "\"enterprise\":{\"number\":\"E07\",\"currency\":\"CLP\",\"awarded\":400000,"                  \
    "\"disbursed\":400000,\"purchased\":0}"

/* One command against a daemon that answers with this row. */
static void answer(struct fake *d, const char *row)
{
    fake_home(d);
    fake_row(d, row);
    fake_end(d, "ok", "", "", 0);
    fake_start(d);
}

static void end(struct fake *d)
{
    fake_join(d);
    fake_stop(d);
}

static void says_what_was_written_and_what_is_left(void **state)
{
    (void)state;
    struct fake d;
    struct control_request asked;
    answer(&d, "{" PAY ",\"commit\":\"c0\",\"overridden\":[]}");
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--ref", "D07", NULL);
    assert_int_equal(shell.exit, 0);
    assert_string_equal(shell.out, "Written: payment of CLP 400,000 to E07 (D07, 3fa9c0d2); "
                                   "enterprises of iquique: CLP 350,000 left.\n");
    assert_string_equal(shell.err, "");
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_int_equal(asked.word_count, 4);
    assert_true(bytes_equal_text(asked.words[0], "pay"));
    assert_true(bytes_equal_text(control_option(&asked, "ref"), "D07"));
    assert_int_equal(control_option(&asked, "today").count, strlen("2026-05-01"));
    assert_false(control_has(&asked, "date"));
    fake_stop(&d);
}

static void a_dry_run_says_from_what_to_what(void **state)
{
    (void)state;
    struct fake d;
    answer(&d, "{" PAY ",\"commit\":null,\"dry_run\":true,\"overridden\":[]}");
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--dry-run", NULL);
    assert_string_equal(shell.out, "Would be written: payment of CLP 400,000 to E07; enterprises "
                                   "of iquique: from CLP 750,000 to CLP 350,000.\n");
    shell_has(shell.err, "Nothing was written: this was a dry run.");
    end(&d);
}

static void what_is_there_already_is_said(void **state)
{
    (void)state;
    struct fake d;
    answer(&d, "{" PAY ",\"commit\":null,\"unchanged\":true,\"overridden\":[]}");
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--ref", "D07", NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "Written before: payment of CLP 400,000 to E07 (D07, 3fa9c0d2)");
    shell_has(shell.err, "It was not written again");
    end(&d);
}

static void what_was_overridden_is_told(void **state)
{
    (void)state;
    struct fake d;
    answer(&d, "{" PAY ",\"commit\":\"c0\",\"overridden\":[\"the date 2126-01-01 is still to "
               "come\"]}");
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--anyway", NULL);
    shell_has(shell.err, "All the same: the date 2126-01-01 is still to come\n");
    end(&d);
}

static void every_command_has_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *row, *says;
    } cases[] = {
        {"{\"action\":\"grant\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{\"amount\":100,"
         "\"currency\":\"USD\",\"funder\":\"FOSIS\"},\"accounts\":[{\"office\":\"s\",\"line\":"
         "\"pool\",\"currency\":\"USD\",\"before\":0,\"after\":100}]}",
         "Written: grant of USD 1.00 by FOSIS (r, 3fa9c0d2); pool of s: now USD 1.00.\n"},
        {"{\"action\":\"exchange\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{"
         "\"from_amount\":100,\"from_currency\":\"USD\",\"to_amount\":540,\"to_currency\":\"CLP\"}"
         "}",
         "Written: exchange of USD 1.00 for CLP 540 (r, 3fa9c0d2).\n"},
        {"{\"action\":\"allot\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{\"amount\":1000,"
         "\"currency\":\"CLP\",\"office\":\"talca\",\"budget_line\":\"workshops\"}}",
         "Written: allotment of CLP 1,000 to talca for workshops (r, 3fa9c0d2).\n"},
        {"{\"action\":\"pass\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{\"amount\":1000,"
         "\"currency\":\"CLP\",\"to\":\"talca\",\"budget_line\":\"workshops\",\"to_line\":\"pool\"}"
         "}",
         "Written: CLP 1,000 passed from workshops to pool of talca (r, 3fa9c0d2).\n"},
        {"{\"action\":\"award\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{\"amount\":1000,"
         "\"currency\":\"CLP\"},\"enterprise\":{\"number\":\"E07\",\"currency\":\"CLP\","
         "\"awarded\":3000,\"disbursed\":500,\"purchased\":0}}",
         "Written: award of CLP 1,000 to E07 (r, 3fa9c0d2); awarded in all: CLP 3,000, still to be "
         "paid: CLP 2,500.\n"},
        {"{\"action\":\"purchase\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{\"amount\":"
         "1000,"
         "\"currency\":\"CLP\",\"item\":\"mixer\"},\"enterprise\":{\"number\":\"E07\",\"currency\":"
         "\"CLP\",\"awarded\":0,\"disbursed\":500,\"purchased\":1000}}",
         "Written: purchase of mixer for E07, CLP 1,000 (r, 3fa9c0d2); paid to it: CLP 500, not "
         "covered by purchases yet: CLP 0.\n"},
        {"{\"action\":\"expense\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"fields\":{\"amount\":"
         "1000,"
         "\"currency\":\"CLP\",\"budget_line\":\"workshops\"}}",
         "Written: expense of CLP 1,000 on workshops (r, 3fa9c0d2).\n"},
        {"{\"action\":\"transfer\",\"id\":\"3fa9c0d21122\",\"ref\":\"r\",\"about\":\"P1\"}",
         "Written: transfer of ownership of P1 (r, 3fa9c0d2).\n"},
        {"{\"action\":\"reverse\",\"id\":\"3fa9c0d21122\",\"ref\":\"aabb\",\"about\":\"D07\"}",
         "Written: reversal of D07 (3fa9c0d2).\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake d;
        answer(&d, cases[i].row);
        shell_run(&shell, d.home, NULL, "fund", "x", NULL);
        assert_string_equal(shell.out, cases[i].says);
        end(&d);
    }
}

static void json_is_the_daemons_row(void **state)
{
    (void)state;
    struct fake d;
    answer(&d, "{" PAY ",\"commit\":\"c0\",\"overridden\":[]}");
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--json", NULL);
    assert_string_equal(shell.out,
                        "{\"schema\":\"minga.fund/1\"," PAY ",\"commit\":\"c0\",\"overridden\":[]}"
                        "\n");
    end(&d);
}

static void a_refusal_is_the_daemons(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_end(&d, "overdrawn", "pool of s holds CLP 0, which does not cover CLP 5", "ask", 1);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "fund", "allot", "s", "workshops", "CLP", "5", NULL);
    assert_int_equal(shell.exit, 1);
    assert_string_equal(shell.out, "");
    shell_has(shell.err, "pool of s holds CLP 0, which does not cover CLP 5\n");
    end(&d);
}

/* The daemon went away with the answer: what to do depends on the number. */
static void an_answer_that_was_lost(void **state)
{
    (void)state;
    for (int numbered = 0; numbered < 2; numbered++) {
        struct fake d;
        fake_home(&d);
        d.answer_count = 1; /* empty: it closes without one */
        fake_start(&d);
        shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "5",
                  numbered == 1 ? "--ref=D1" : "--dry-run", NULL);
        assert_int_not_equal(shell.exit, 0);
        shell_has(shell.err, numbered == 1 ? "under one number it is written once"
                                           : "it may have been written: minga log --limit 1");
        end(&d);
    }
}

static void write_paper(const struct fake *d, char out[static 128])
{
    snprintf(out, 128, "%s/boleta.jpg", d->home);
    FILE *file = fopen(out, "w");
    assert_non_null(file);
    assert_true(fputs("a photo", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_file_goes_behind_its_entry(void **state)
{
    (void)state;
    struct fake d;
    struct control_request fund, attach;
    char path[128];
    fake_home(&d);
    write_paper(&d, path);
    fake_row(&d, "{" PAY ",\"commit\":\"c0\",\"overridden\":[]}");
    fake_end(&d, "ok", "", "", 0);
    fake_row(&d, "{\"id\":\"d0c0\",\"type\":\"document\"}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--file", path, "--json",
              NULL);
    assert_int_equal(shell.exit, 0);
    shell_has(shell.out, "\"overridden\":[],\"file\":\"d0c0\"}\n");
    fake_join(&d);
    fake_request(&d, 0, &fund);
    fake_request(&d, 1, &attach);
    assert_true(control_has(&fund, "paper") && !control_has(&fund, "file"));
    assert_true(bytes_equal_text(attach.verb, "attach"));
    assert_true(bytes_equal_text(attach.words[0], "3fa9c0d21122"));
    assert_true(bytes_equal_text(control_option(&attach, "class"), "internal"));
    assert_true(bytes_equal_text(control_option(&attach, "name"), "boleta.jpg"));
    unlink(path);
    fake_stop(&d);
}

static void the_entry_stands_without_its_file(void **state)
{
    (void)state;
    struct fake d;
    char path[128];
    fake_home(&d);
    write_paper(&d, path);
    fake_row(&d, "{" PAY ",\"commit\":\"c0\",\"overridden\":[]}");
    fake_end(&d, "ok", "", "", 0);
    fake_end(&d, "disk-full", "the disk is full", "", 1);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "400000", "--file", path, NULL);
    assert_int_equal(shell.exit, 3);
    shell_has(shell.out, "Written: payment of CLP 400,000");
    shell_has(shell.err, "the entry 3fa9c0d2 stands, but ");
    shell_has(shell.err, "was not attached: the disk is full\n");
    shell_has(shell.err, "minga attach 3fa9c0d2 ");
    end(&d);
    unlink(path);
}

/* Nothing is asked of anybody. */
static void a_file_that_is_not_there(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "fund", "pay", "E07", "CLP", "5", "--file", "/no/such", NULL);
    assert_int_equal(shell.exit, 1);
    shell_has(shell.err, "there is no file /no/such");
    end(&d);
}

static void balances_stand_in_a_table(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_row(&d, "{\"office\":\"iquique\",\"line\":\"workshops\",\"currency\":\"CLP\","
                 "\"credited\":1721000,\"debited\":21000,\"balance\":1700000}");
    fake_row(&d, "{\"office\":\"santiago\",\"line\":\"pool\",\"currency\":\"CLP\","
                 "\"credited\":5,\"debited\":0,\"balance\":5}");
    fake_row(&d, "{\"office\":\"santiago\",\"line\":\"pool\",\"currency\":\"USD\","
                 "\"credited\":1050,\"debited\":0,\"balance\":1050}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "fund", "balance", NULL);
    assert_string_equal(shell.out,
                        "office    line       currency   credited  debited    balance\n"
                        "iquique   workshops  CLP       1,721,000   21,000  1,700,000\n"
                        "santiago  pool       CLP               5        0          5\n"
                        "santiago  pool       USD           10.50     0.00      10.50\n"
                        "in all               CLP       1,721,005   21,000  1,700,005\n"
                        "in all               USD           10.50     0.00      10.50\n");
    end(&d);
}

static void no_account_at_all(void **state)
{
    (void)state;
    struct fake d;
    fake_home(&d);
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "fund", "balance", "--currency", "EUR", NULL);
    assert_int_equal(shell.exit, 0);
    assert_string_equal(shell.out, "");
    shell_has(shell.err, "No such account holds or held anything.");
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_was_written_and_what_is_left),
        cmocka_unit_test(a_dry_run_says_from_what_to_what),
        cmocka_unit_test(what_is_there_already_is_said),
        cmocka_unit_test(what_was_overridden_is_told),
        cmocka_unit_test(every_command_has_its_words),
        cmocka_unit_test(json_is_the_daemons_row),
        cmocka_unit_test(a_refusal_is_the_daemons),
        cmocka_unit_test(an_answer_that_was_lost),
        cmocka_unit_test(a_file_goes_behind_its_entry),
        cmocka_unit_test(the_entry_stands_without_its_file),
        cmocka_unit_test(a_file_that_is_not_there),
        cmocka_unit_test(balances_stand_in_a_table),
        cmocka_unit_test(no_account_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
