/*
 * What an outsider gets, judged by stock git and ssh-keygen, and by verify on the clone.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <sodium.h>

#include "replicas/export.h"
#include "replicas/verify.h"
#include "tests/unit/replicas/judge.h"

static void run(struct judge *j, const char *command)
{
    if (judge_run(j, "%s", command) != 0)
        fail_msg("%s: %s", command, j->output);
}

static void fill(struct homes *p)
{
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    home_set(&p->b, 1, "b", "\"two\"");
    home_carry(&p->b, &p->a);
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
}

static void stock_tools_agree(void **state)
{
    struct homes *p = *state;
    struct export_report e;
    struct verify_report v;
    struct fault f = {0};
    struct judge j;
    char dir[128], clone[128];
    fill(p);
    assert_int_equal(judge_open(&j), 0);
    snprintf(dir, sizeof dir, "%s/kit", j.folder);
    snprintf(clone, sizeof clone, "%s/history", j.folder);
    if (export_git(p->a.home, dir, &e, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_int_equal(e.refs, 3);
    assert_true(e.objects > 10);
    run(&j, "git clone -q kit/minga.bundle history");
    run(&j, "git -C history fsck --strict --no-dangling");
    run(&j, "git -C history -c gpg.ssh.allowedSignersFile=$PWD/kit/allowed_signers log --all "
            "--format=%G? | sort | uniq");
    assert_string_equal(j.output, "G");
    run(&j, "grep -c ssh-ed25519 kit/allowed_signers");
    assert_string_equal(j.output, "2");
    run(&j, "cat kit/CHECK.txt");
    assert_non_null(strstr(j.output, "git clone minga.bundle"));

    assert_int_equal(verify_repo(clone, &p->network, &v, &f), ST_OK);
    if (!v.ok)
        fail_msg("%s", v.findings[0].text);
    assert_int_equal(v.commits, graph_count(replica_graph(p->a.replica)));
    assert_memory_equal(v.state.id, replica_state(p->a.replica)->id, OID_BYTES);
    assert_true(v.unchecked[0] != '\0');
    assert_int_equal(verify_repo(clone, NULL, &v, &f), ST_OK);
    assert_memory_equal(v.network.id, p->network.id, DIGEST_BYTES);
    assert_non_null(strstr(v.unchecked, "compare its id"));
    struct digest other = {{1}};
    assert_int_equal(verify_repo(clone, &other, &v, &f), ST_OK);
    assert_false(v.ok);
    judge_close(&j);
}

/* A commit that stock git made on top: found. */
static void a_foreign_commit_is_found(void **state)
{
    struct homes *p = *state;
    struct export_report e;
    struct verify_report v;
    struct fault f = {0};
    struct judge j;
    char dir[128], clone[128];
    fill(p);
    assert_int_equal(judge_open(&j), 0);
    snprintf(dir, sizeof dir, "%s/kit", j.folder);
    snprintf(clone, sizeof clone, "%s/history", j.folder);
    assert_int_equal(export_git(p->a.home, dir, &e, &f), ST_OK);
    run(&j, "git clone -q kit/minga.bundle history");
    run(&j, "git -C history -c user.name=eve -c user.email=eve@x commit -q --allow-empty -m hello");
    assert_int_equal(verify_repo(clone, &p->network, &v, &f), ST_OK);
    assert_false(v.ok);
    assert_non_null(strstr(v.findings[0].text, "no commit of Minga"));
    assert_int_equal(v.commits, graph_count(replica_graph(p->a.replica)));
    judge_close(&j);
}

static void where_it_cannot(void **state)
{
    struct homes *p = *state;
    struct export_report e;
    struct fault f = {0};
    char dir[160];
    fill(p);
    snprintf(dir, sizeof dir, "%s/kit", p->a.folder);
    assert_int_equal(export_git(p->a.folder, dir, &e, &f), ST_NO_REPLICA);
    assert_int_equal(export_git(p->a.home, p->a.home, &e, &f), ST_EXISTS);
    assert_true(f.fix[0] != '\0');
    assert_int_equal(export_git(p->a.home, "/nonexistent/x", &e, &f), ST_IO);
    assert_int_equal(export_git(p->a.home, dir, &e, &f), ST_OK);
    assert_int_equal(export_git(p->a.home, dir, &e, &f), ST_EXISTS); /* now it holds something */
}

/* The same state, the same bytes; what the network does not say has a default that says so. */
static void books_of_a_replica(void **state)
{
    static const char *const marks[] = {"; State ", "option \"title\"", "<iati-activities"};
    struct homes *p = *state;
    struct fault f = {0};
    struct book *b = NULL;
    struct export_options usual = {.reporter = NULL}, named = {"CL-1", "CL"};
    uint32_t left_out;
    char reporter[64], network[2 * DIGEST_BYTES + 1];
    fill(p);
    hex_encode(p->network.id, DIGEST_BYTES, network);
    snprintf(reporter, sizeof reporter, "ref=\"X-MINGA-%.16s\"", network);
    assert_int_equal(book_read(p->a.replica, &b, &f), ST_OK);
    for (int format = EXPORT_LEDGER; format <= EXPORT_IATI; format++) {
        struct buf out = {0}, again = {0};
        assert_int_equal(
            export_book(p->a.replica, b, (enum export_format)format, &usual, &left_out, &out, &f),
            ST_OK);
        assert_int_equal(
            export_book(p->b.replica, b, (enum export_format)format, &usual, &left_out, &again, &f),
            ST_OK);
        assert_int_equal(left_out, 0);
        assert_true(bytes_equal(buf_bytes(&out), buf_bytes(&again)));
        assert_non_null(strstr(buf_text(&out), marks[format]));
        if (format == EXPORT_IATI) {
            assert_non_null(strstr(buf_text(&out), reporter));
            buf_reset(&again);
            assert_int_equal(
                export_book(p->a.replica, b, EXPORT_IATI, &named, &left_out, &again, &f), ST_OK);
            assert_non_null(strstr(buf_text(&again), "ref=\"CL-1\""));
            assert_non_null(strstr(buf_text(&again), "<recipient-country code=\"CL\">"));
        }
        buf_release(&out);
        buf_release(&again);
    }
    book_free(b);
}

static void sheets_in_a_folder(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    struct book *b = NULL;
    uint32_t files = 0;
    char dir[160], path[200];
    fill(p);
    snprintf(dir, sizeof dir, "%s/sheets", p->a.folder);
    snprintf(path, sizeof path, "%s/case.csv", dir);
    assert_int_equal(book_read(p->a.replica, &b, &f), ST_OK);
    assert_int_equal(export_csv(p->a.replica, b, dir, &files, &f), ST_OK);
    assert_true(files > 3);
    FILE *file = fopen(path, "r");
    char line[64];
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "a,b,tags,#id\r\n");
    fclose(file);
    assert_int_equal(export_csv(p->a.replica, b, dir, &files, &f), ST_EXISTS);
    assert_int_equal(export_csv(p->a.replica, b, "/nonexistent/x", &files, &f), ST_IO);
    book_free(b);
}

static void a_file_is_never_written_over(void **state)
{
    struct homes *p = *state;
    struct fault f = {0};
    assert_int_equal(export_file(p->a.folder, "x.txt", BYTES("one"), &f), ST_OK);
    assert_int_equal(export_file(p->a.folder, "x.txt", BYTES("two"), &f), ST_IO);
    assert_int_equal(export_file("/nonexistent", "x.txt", BYTES("two"), &f), ST_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, homes_setup, homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stock_tools_agree),  TEST(a_foreign_commit_is_found),
        TEST(where_it_cannot),    TEST(books_of_a_replica),
        TEST(sheets_in_a_folder), TEST(a_file_is_never_written_over),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
