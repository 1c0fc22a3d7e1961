/*
 * A home as it stood at one moment comes out of its backup whole, whatever the office did since.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <sodium.h>
#include <sys/stat.h>

#include "replicas/restoration.h"
#include "replicas/restore.h"
#include "replicas/snapshot.h"
#include "replicas/verify.h"

static const struct passphrase_cost cheap = {.passes = 1, .memory_kib = PASSPHRASE_KIB_MIN};
static const struct bytes secret = {(const uint8_t *)"correct horse", 13};
static char path[96], fresh[96];
static struct fault f;

static int setup(void **state)
{
    int made = homes_setup(state);
    struct homes *p = *state;
    snprintf(path, sizeof path, "%s/backup", p->a.folder);
    snprintf(fresh, sizeof fresh, "%s/again/home", p->a.folder);
    f = (struct fault){0};
    home_set(&p->a, 1, "a", "\"uno\"");
    return made;
}

static void make_backup(struct homes *p, struct backup_about *about)
{
    assert_int_equal(snapshot_take(p->a.replica, &f), ST_OK);
    enum status st = snapshot_write(p->a.home, secret, cheap, path, about, &f);
    if (st != ST_OK)
        fail_msg("%s: %s", status_word(st), f.text);
}

static enum status restore(struct bytes passphrase)
{
    struct backup_about about;
    f = (struct fault){0};
    return restore_home(fresh, path, passphrase, 1795448040, &about, &f);
}

static void comes_out_whole(void **state)
{
    struct homes *p = *state;
    struct home again = {.replica = NULL};
    struct backup_about about;
    struct restoration note;
    struct verify_report *report = mem_alloc(sizeof *report);
    struct stat info;
    make_backup(p, &about);
    assert_string_equal(about.label, "santiago");
    assert_memory_equal(&about.network, &p->network, sizeof p->network);
    assert_int_equal(about.charter, 2);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    struct oid state_then = *replica_state(p->a.replica);
    home_set(&p->a, 1, "a", "\"dos\""); /* the office works on */
    assert_int_equal(restore(secret), ST_OK);
    assert_int_equal(verify_home(fresh, report, &f), ST_OK);
    assert_true(report->ok);
    mem_free(report);
    snprintf(again.home, sizeof again.home, "%s", fresh);
    home_open(&again);
    assert_memory_equal(replica_state(again.replica), &state_then, sizeof state_then);
    assert_memory_equal(&replica_identity(again.replica)->key, &replica_identity(p->a.replica)->key,
                        KEY_BYTES);
    assert_int_equal(restoration_of(again.replica, &note), ST_OK);
    assert_true(note.made == about.made && note.restored == 1795448040 && note.seq == about.seq);
    home_set(&again, 2, "a", "\"tres\"");
    assert_int_equal(replica_close(again.replica, &f), ST_OK);
}

/* What it took at one moment does not change with the home. */
static void stands_still(void **state)
{
    struct homes *p = *state;
    struct backup_about about;
    struct oid then = *replica_state(p->a.replica);
    struct home again = {.replica = NULL};
    assert_int_equal(snapshot_take(p->a.replica, &f), ST_OK);
    for (int i = 0; i < 20; i++) {
        home_set(&p->a, 1, "a", i % 2 == 0 ? "\"dos\"" : "\"tres\"");
        assert_int_equal(replica_checkpoint(p->a.replica, &f), ST_OK);
    }
    assert_int_equal(snapshot_write(p->a.home, secret, cheap, path, &about, &f), ST_OK);
    assert_int_equal(restore(secret), ST_OK);
    snprintf(again.home, sizeof again.home, "%s", fresh);
    home_open(&again);
    assert_memory_equal(replica_state(again.replica), &then, sizeof then);
    assert_int_equal(replica_close(again.replica, &f), ST_OK);
}

/* A crash leaves a snapshot behind: the next start removes it. */
static void a_snapshot_that_was_left(void **state)
{
    struct homes *p = *state;
    char left[160];
    assert_int_equal(snapshot_take(p->a.replica, &f), ST_OK);
    snprintf(left, sizeof left, "%s/snapshot/identity", p->a.home);
    assert_int_equal(access(left, F_OK), 0);
    replica_drop(p->a.replica);
    home_open(&p->a);
    assert_int_equal(access(left, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comes_out_whole),
        TEST(stands_still),
        TEST(a_snapshot_that_was_left),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
