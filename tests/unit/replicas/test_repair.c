/*
 * Bringing back what can be derived: the index, the refs, the journal.
 */
#include "tests/unit/replicas/homes.h"

#include <fcntl.h>
#include <ftw.h>
#include <git2.h>
#include <sodium.h>

#include "replicas/repair.h"
#include "replicas/verify.h"

static char journal_file[160];

static int see_journal(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)place;
    if (kind == FTW_F && strstr(path, "/home/journal/") != NULL && strstr(path, ".log") != NULL)
        snprintf(journal_file, sizeof journal_file, "%s", path);
    return 0;
}

static void damage(const char *path, off_t at)
{
    uint8_t byte;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x55;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void put(struct homes *p, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", p->a.home, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A checkpoint, then more; closed as by a kill. */
static struct oid fill_and_kill(struct homes *p)
{
    struct fault f = {0};
    home_set(&p->a, 1, "a", "\"one\"");
    home_carry(&p->a, &p->b);
    home_set(&p->b, 1, "b", "\"two\"");
    home_carry(&p->b, &p->a);
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    home_set(&p->a, 2, "a", "\"three\"");
    home_set(&p->a, 3, "a", "\"four\"");
    assert_int_equal(journal_idle(replica_journal(p->a.replica), &f), ST_OK);
    struct oid state = *replica_state(p->a.replica);
    replica_drop(p->a.replica);
    p->a.replica = NULL;
    return state;
}

static void assert_sound(struct homes *p, const struct oid *state)
{
    struct verify_report r;
    struct fault f = {0};
    assert_int_equal(verify_home(p->a.home, &r, &f), ST_OK);
    if (!r.ok)
        fail_msg("%s", r.findings[0].text);
    assert_memory_equal(r.state.id, state->id, OID_BYTES);
    home_open(&p->a);
    assert_memory_equal(replica_state(p->a.replica)->id, state->id, OID_BYTES);
}

static void a_sound_home_stays_as_it_is(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct fault f = {0};
    struct oid before = fill_and_kill(p);
    assert_int_equal(repair_index(p->a.home, &r, &f), ST_OK);
    assert_int_equal(r.commits, 3); /* rows */
    assert_int_equal(repair_refs(p->a.home, &r, &f), ST_OK);
    assert_true(r.commits >= 3);
    assert_non_null(strstr(r.note, "refs"));
    if (repair_journal(p->a.home, &r, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_sound(p, &before);
}

static void the_index_is_garbage(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct fault f = {0};
    struct oid before = fill_and_kill(p);
    put(p, "index.db", "this is no database at all, and long enough to be looked at as one");
    if (repair_index(p->a.home, &r, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_int_equal(r.commits, 3);
    assert_sound(p, &before);
}

static void the_vault_is_garbage(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct replica_options options = {.home = p->a.home};
    struct replica *replica = NULL;
    struct fault f = {0};
    struct oid before = fill_and_kill(p);
    put(p, "vault.db", "this is no vault at all, and long enough to be looked at as one");
    assert_int_equal(replica_open(&options, &replica, &f), ST_CORRUPT);
    assert_null(replica);
    assert_string_equal(f.fix, "minga repair vault");
    if (repair_vault(p->a.home, &r, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_int_equal(r.commits, 0);
    assert_non_null(strstr(r.note, "minga sync"));
    assert_sound(p, &before);
    assert_int_equal(repair_vault(p->a.home, &r, &f), ST_LOCKED); /* a has it open */
}

static void refs_are_damaged_or_foreign(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct fault f = {0};
    struct verify_report v;
    struct oid before = fill_and_kill(p);
    put(p, "repo.git/refs/heads/iquique", "garbage\n");
    put(p, "repo.git/refs/heads/main", "0123456789012345678901234567890123456789\n");
    put(p, "repo.git/refs/heads/stray", "0123456789012345678901234567890123456789\n");
    assert_int_equal(verify_home(p->a.home, &v, &f), ST_OK);
    assert_false(v.ok);
    if (repair_refs(p->a.home, &r, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_sound(p, &before);
}

static void the_journal_is_gone(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct fault f = {0};
    char path[160], aside[176];
    home_set(&p->a, 1, "a", "\"one\"");
    assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    struct oid before = *replica_state(p->a.replica);
    uint32_t count = graph_count(replica_graph(p->a.replica));
    replica_drop(p->a.replica);
    p->a.replica = NULL;
    snprintf(path, sizeof path, "%s/journal", p->a.home);
    snprintf(aside, sizeof aside, "%s.elsewhere", path);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    if (repair_journal(p->a.home, &r, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_int_equal(r.commits, count);
    assert_sound(p, &before);
}

/* What the damage hides comes back from a peer, and the writer goes on without a fork. */
static void a_damaged_segment(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct fault f = {0};
    struct replica_options options = {.home = p->a.home};
    struct oid before = fill_and_kill(p);
    assert_int_equal(nftw(p->a.home, see_journal, 16, FTW_PHYS), 0);
    damage(journal_file, 200); /* within the first frame behind the checkpoint */
    assert_int_equal(replica_open(&options, &p->a.replica, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, ".log"));
    assert_non_null(strstr(f.fix, "repair journal"));
    if (repair_journal(p->a.home, &r, &f) != ST_OK)
        fail_msg("%s", f.text);
    assert_non_null(strstr(r.note, "minga sync"));
    home_open(&p->a);
    uint32_t count = graph_count(replica_graph(p->a.replica));
    assert_true(count >= 4); /* all that was in packs, at least */
    (void)before;
    home_carry(&p->b, &p->a);
    home_set(&p->a, 9, "a", "\"goes on\"");
    home_carry(&p->a, &p->b);
    homes_assert_same(p);
}

static void a_running_daemon_is_left_alone(void **state)
{
    struct homes *p = *state;
    struct repair_report r;
    struct fault f = {0};
    assert_int_equal(repair_index(p->a.home, &r, &f), ST_LOCKED);
    assert_int_equal(repair_refs(p->a.home, &r, &f), ST_LOCKED);
    assert_int_equal(repair_journal(p->a.home, &r, &f), ST_LOCKED);
    home_set(&p->a, 1, "a", "\"goes on\"");
    assert_int_equal(repair_journal(p->a.folder, &r, &f), ST_NO_REPLICA);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, homes_setup, homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_home_stays_as_it_is),
        TEST(the_index_is_garbage),
        TEST(the_vault_is_garbage),
        TEST(refs_are_damaged_or_foreign),
        TEST(the_journal_is_gone),
        TEST(a_damaged_segment),
        TEST(a_running_daemon_is_left_alone),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
