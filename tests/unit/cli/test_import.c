#include "tests/unit/cli/shell.h"

#include "cli/import.h"

static size_t cut(const char *text, size_t max)
{
    return import_cut(bytes_of_text(text), max);
}

static void takes_all_that_fits(void **state)
{
    (void)state;
    assert_int_equal(cut("a,b\n1,2\n", 8), 8);
    assert_int_equal(cut("a,b\n1,2", 100), 7);
    assert_int_equal(cut("", 10), 0);
}

static void cuts_behind_whole_rows(void **state)
{
    (void)state;
    assert_int_equal(cut("a,b\n1,2\n3,4\n", 9), 8);
    assert_int_equal(cut("a,b\n1,2\n3,4\n", 8), 8);
    assert_int_equal(cut("a,b\r\n1,2\r\n", 6), 5);
    assert_int_equal(cut("a\nbbbb", 3), 2);
}

static void takes_a_long_row_alone(void **state)
{
    (void)state;
    assert_int_equal(cut("aaaaaaaa\nb\n", 3), 9);
    assert_int_equal(cut("aaaaaaaa", 3), 8);
}

static void keeps_quoted_line_ends_together(void **state)
{
    (void)state;
    const char *text = "a,\"x\ny\nz\"\nb,c\n";
    assert_int_equal(cut(text, 4), strlen("a,\"x\ny\nz\"\n"));
    assert_int_equal(cut("a,\"say \"\"hi\"\"\nx\"\nb\n", 5), strlen("a,\"say \"\"hi\"\"\nx\"\n"));
    assert_int_equal(cut("\"q\n\",b\nc\n", 2), strlen("\"q\n\",b\n"));
}

static void takes_a_quote_inside_a_cell_as_it_stands(void **state)
{
    (void)state;
    assert_int_equal(cut("5\" pipe,x\n6\" pipe,y\n", 4), strlen("5\" pipe,x\n"));
}

/* However small the parts are, they are the file, and none but the last ends within a row. */
static void gives_every_byte_once(void **state)
{
    (void)state;
    const char *text = "id,note\n1,\"a\nb\"\n2,plain\n3,\"x\"\"y\"\n4,\"\n\n\"\n5,end";
    static const size_t rows[] = {8, 16, 24, 33, 40, 45}; /* where they end */
    for (size_t max = 1; max < 60; max++) {
        struct bytes left = bytes_of_text(text);
        size_t done = 0, row = 0;
        while (left.count > 0) {
            size_t bytes = import_cut(left, max);
            assert_true(bytes > 0 && bytes <= left.count);
            done += bytes;
            while (row < 6 && rows[row] < done)
                row++;
            assert_int_equal(rows[row], done);
            left = (struct bytes){left.data + bytes, left.count - bytes};
        }
        assert_int_equal(done, strlen(text));
    }
}

static void counts_lines(void **state)
{
    (void)state;
    assert_int_equal(import_lines(BYTES("a\nb\n")), 2);
    assert_int_equal(import_lines(BYTES("a\nb")), 1);
    assert_int_equal(import_lines(BYTES("")), 0);
}

/* ---- The command, against a fake daemon ---- */

static struct shell shell;

static void write_file(const struct fake *d, const char *name, const char *text,
                       char path[static 128])
{
    snprintf(path, 128, "%s/%s", d->home, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void read_text(const char *path, char out[static 1024])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t bytes = fread(out, 1, 1023, file);
    out[bytes] = '\0';
    fclose(file);
}

#define TOTALS(added, same, rejected)                                                              \
    "{\"added\":" #added ",\"changed\":0,\"same\":" #same ",\"skipped\":0,\"rejected\":" #rejected \
    ",\"commits\":1,\"left_out\":[\"name\"],\"rejects\":["

static void sends_a_file_and_adds_up(void **state)
{
    (void)state;
    struct fake d;
    struct control_request asked;
    char path[128];
    fake_home(&d);
    write_file(&d, "v.csv", "visit,name*\nV1,x\n", path);
    fake_row(&d, TOTALS(1, 0, 0) "]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "import", "visit", path, "--key", "visit", "--where",
              "office=a", NULL);
    assert_int_equal(shell.exit, 0);
    assert_string_equal(shell.out,
                        "visit: 1 added, 0 changed, 0 the same, 0 rejected (1 commits)\n");
    shell_has(shell.err, "Left out, as personal data: name\n");
    fake_join(&d);
    fake_request(&d, 0, &asked);
    assert_int_equal(asked.word_count, 1); /* the file's name stays here */
    assert_true(bytes_equal_text(asked.words[0], "visit"));
    assert_true(bytes_equal_text(control_option(&asked, "content"), "visit,name*\nV1,x\n"));
    assert_true(bytes_equal_text(control_option(&asked, "key"), "visit"));
    assert_true(bytes_equal_text(control_option(&asked, "where"), "office=a"));
    assert_false(control_has(&asked, "header"));
    unlink(path);
    fake_stop(&d);
}

static void sends_a_long_file_in_parts(void **state)
{
    (void)state;
    struct fake d;
    struct control_request first, second;
    struct buf csv = {0};
    char path[128];
    fake_home(&d);
    buf_add_text(&csv, "\xef\xbb\xbfvisit,note\n");
    for (int i = 0; csv.count < IMPORT_PART_BYTES + 1000; i++)
        buf_add_format(&csv, "V%d,\"two\nlines\"\n", i);
    write_file(&d, "v.csv", buf_text(&csv), path);
    for (int i = 0; i < 2; i++) {
        fake_row(&d, TOTALS(5, 1, 0) "]}");
        fake_end(&d, "ok", "", "", 0);
    }
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "import", "visit", path, "--json", NULL);
    assert_string_equal(shell.out,
                        "{\"schema\":\"minga.import/1\",\"added\":10,\"changed\":0,\"same\":2,"
                        "\"skipped\":0,\"rejected\":0,\"commits\":2,\"reject_file\":null,"
                        "\"left_out\":[\"name\"],\"filled\":[]}\n");
    fake_join(&d);
    fake_request(&d, 0, &first);
    fake_request(&d, 1, &second);
    struct bytes part = control_option(&first, "content");
    assert_true(part.count <= IMPORT_PART_BYTES);
    assert_int_equal(memcmp(part.data + part.count - 8, "\nlines\"\n", 8), 0);
    assert_true(bytes_equal_text(control_option(&second, "header"), "visit,note\n"));
    char line[24];
    snprintf(line, sizeof line, "%llu", 1 + (unsigned long long)import_lines(part));
    assert_true(bytes_equal_text(control_option(&second, "first-line"), line));
    assert_int_equal(part.count + control_option(&second, "content").count, csv.count);
    unlink(path);
    fake_stop(&d);
    buf_release(&csv);
}

static void keeps_rejected_rows_in_a_file(void **state)
{
    (void)state;
    struct fake d;
    char path[128], rejects[128], text[1024];
    fake_home(&d);
    write_file(&d, "v.csv", "visit\nV1\n=2\n", path);
    fake_row(&d, TOTALS(1, 0, 2) "{\"line\":3,\"raw\":\"=2\",\"why\":\"no visit, that\"},"
                                 "{\"line\":4,\"raw\":\"a,\\\"b\",\"why\":\"ragged\"}]}");
    fake_end(&d, "partly", "2 rows were rejected", "", 3);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "import", "visit", path, NULL);
    assert_int_equal(shell.exit, 3);
    shell_has(shell.err, "line 3: no visit, that\n");
    snprintf(rejects, sizeof rejects, "%s/v.rejects.csv", d.home);
    shell_has(shell.err, rejects);
    read_text(rejects, text);
    assert_string_equal(text, "line,reason,row\r\n3,\"no visit, that\",'=2\r\n"
                              "4,ragged,\"a,\"\"b\"\r\n");
    unlink(path);
    unlink(rejects);
    fake_stop(&d);
}

#define SUMS(clp, unread)                                                                          \
    "{\"sums\":[{\"column\":\"amount\",\"currency\":\"CLP\",\"amount\":" #clp                      \
    "}],\"unread\":" #unread ",\"first\":\"line 4: no amount\"}"

static const char SUMMED[] = "# total CLP 12,,\npay,amount,currency\nP1,5,CLP\nP2,7,CLP\n";

/* The rows go in, without the line of the total, once they were found to sum to it. */
static void sums_the_rows_before_any_goes_in(void **state)
{
    (void)state;
    struct fake d;
    struct control_request first, second;
    char path[128];
    fake_home(&d);
    write_file(&d, "p.csv", SUMMED, path);
    fake_row(&d, SUMS(12, 0));
    fake_end(&d, "ok", "", "", 0);
    fake_row(&d, TOTALS(2, 0, 0) "]}");
    fake_end(&d, "ok", "", "", 0);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "import", "pay", path, "--where", "office=a", NULL);
    assert_int_equal(shell.exit, 0);
    assert_string_equal(shell.out, "pay: 2 added, 0 changed, 0 the same, 0 rejected (1 commits)\n");
    fake_join(&d);
    fake_request(&d, 0, &first);
    fake_request(&d, 1, &second);
    assert_true(control_has(&first, "sums") && !control_has(&second, "sums"));
    assert_true(bytes_equal_text(control_option(&second, "content"), strchr(SUMMED, '\n') + 1));
    assert_true(bytes_equal_text(control_option(&second, "first-line"), "2"));
    unlink(path);
    fake_stop(&d);
}

static void imports_nothing_where_the_sums_differ(void **state)
{
    (void)state;
    static const struct {
        const char *row, *says;
    } cases[] = {
        {SUMS(11, 0), "line 1 says a total of CLP 12, but the rows sum to CLP 11\n"},
        {SUMS(12, 1), "the total cannot be checked: line 4: no amount\n"},
        {"{\"sums\":[],\"unread\":0,\"first\":\"\"}", "but the rows sum to CLP 0\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake d;
        struct control_request only;
        char path[128];
        fake_home(&d);
        write_file(&d, "p.csv", SUMMED, path);
        fake_row(&d, cases[i].row);
        fake_end(&d, "ok", "", "", 0);
        fake_start(&d);
        shell_run(&shell, d.home, NULL, "import", "pay", path, NULL);
        assert_int_equal(shell.exit, 2);
        assert_string_equal(shell.out, "");
        shell_has(shell.err, cases[i].says);
        shell_has(shell.err, "nothing was imported");
        fake_join(&d);
        fake_request(&d, 0, &only); /* there is no second one: the fake daemon had no answer */
        assert_true(control_has(&only, "sums"));
        unlink(path);
        fake_stop(&d);
    }
}

/* A line that says no total is refused before anybody is asked. */
static void refuses_a_malformed_total(void **state)
{
    (void)state;
    struct fake d;
    char path[128];
    fake_home(&d);
    write_file(&d, "p.csv", "# total CLP 1.000\npay,amount,currency\n", path);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "import", "pay", path, NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "p.csv: line 1: total: \"1.000\" is no amount of this currency\n");
    fake_join(&d);
    unlink(path);
    fake_stop(&d);
}

static void ends_with_the_daemons_refusal(void **state)
{
    (void)state;
    struct fake d;
    char path[128];
    fake_home(&d);
    write_file(&d, "v.csv", "vist\n", path);
    fake_end(&d, "bad-value", "header: visit has no field \"vist\"", "did you mean \"visit\"?", 2);
    fake_start(&d);
    shell_run(&shell, d.home, NULL, "import", "visit", path, NULL);
    assert_int_equal(shell.exit, 2);
    assert_string_equal(shell.out, "");
    shell_has(shell.err, "did you mean \"visit\"?");
    unlink(path);
    fake_stop(&d);
}

static void refuses_files_before_sending(void **state)
{
    (void)state;
    struct fake d;
    char path[128];
    fake_home(&d);
    shell_run(&shell, d.home, NULL, "import", "visit", "/no/such.csv", NULL);
    assert_int_equal(shell.exit, 1);
    write_file(&d, "v.csv", "visit\nV1\n\xe9\n", path);
    shell_run(&shell, d.home, NULL, "import", "visit", path, NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "line 3 of ");
    shell_has(shell.err, "iconv");
    write_file(&d, "v.csv", "", path);
    shell_run(&shell, d.home, NULL, "import", "visit", path, NULL);
    assert_int_equal(shell.exit, 2);
    shell_has(shell.err, "is empty");
    unlink(path);
    fake_stop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_a_file_and_adds_up),
        cmocka_unit_test(sends_a_long_file_in_parts),
        cmocka_unit_test(keeps_rejected_rows_in_a_file),
        cmocka_unit_test(sums_the_rows_before_any_goes_in),
        cmocka_unit_test(imports_nothing_where_the_sums_differ),
        cmocka_unit_test(refuses_a_malformed_total),
        cmocka_unit_test(ends_with_the_daemons_refusal),
        cmocka_unit_test(refuses_files_before_sending),
        cmocka_unit_test(takes_all_that_fits),
        cmocka_unit_test(cuts_behind_whole_rows),
        cmocka_unit_test(takes_a_long_row_alone),
        cmocka_unit_test(keeps_quoted_line_ends_together),
        cmocka_unit_test(takes_a_quote_inside_a_cell_as_it_stands),
        cmocka_unit_test(gives_every_byte_once),
        cmocka_unit_test(counts_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
