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

#define TEST(name) cmocka_unit_test_setup_teardown(name, homes_setup, homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stock_tools_agree),
        TEST(a_foreign_commit_is_found),
        TEST(where_it_cannot),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
