/*
 * A home out of a backup: whole, or not at all.
 */
#include "tests/unit/replicas/homes.h"

#include <git2.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replicas/folder.h"
#include "replicas/restore.h"
#include "replicas/snapshot.h"

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

static void assert_nothing(void)
{
    char beside[256];
    snprintf(beside, sizeof beside, "%s.restoring", fresh);
    assert_int_equal(access(fresh, F_OK), -1);
    assert_int_equal(access(beside, F_OK), -1);
}

static void what_is_in_the_way(void **state)
{
    struct homes *p = *state;
    struct backup_about about;
    char inside[160];
    assert_int_equal(snapshot_write(p->a.home, secret, cheap, path, &about, &f), ST_NOT_FOUND);
    assert_int_equal(restore(secret), ST_USAGE); /* no such backup */
    make_backup(p, &about);
    assert_int_equal(snapshot_write(p->a.home, secret, cheap, path, &about, &f), ST_EXISTS);
    assert_int_equal(restore(BYTES("correct hors")), ST_WRONG_KEY);
    assert_nothing();
    assert_int_equal(restore(secret), ST_OK);
    assert_int_equal(restore(secret), ST_EXISTS);
    assert_int_equal(folder_remove(fresh, &f), ST_OK);
    assert_int_equal(mkdir(fresh, 0700), 0);
    assert_int_equal(restore(secret), ST_OK); /* an empty folder is not in the way */
    assert_int_equal(folder_remove(fresh, &f), ST_OK);
    snprintf(inside, sizeof inside, "%s.restoring", fresh);
    assert_int_equal(mkdir(inside, 0700), 0);
    snprintf(inside, sizeof inside, "%s.restoring/identity", fresh);
    FILE *file = fopen(inside, "w"); /* left by a crash */
    assert_non_null(file);
    fclose(file);
    assert_int_equal(restore(secret), ST_OK);
    assert_int_equal(snapshot_clear(p->a.home, &f), ST_OK);
    snprintf(inside, sizeof inside, "%s/snapshot", p->a.home);
    assert_int_equal(access(inside, F_OK), -1);
    assert_int_equal(snapshot_clear(p->a.home, &f), ST_OK);
}

static void put_file(const char *name, const uint8_t *data, size_t count)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, count, file), count);
    fclose(file);
}

/* Cut or changed anywhere: nothing is made. */
static void a_damaged_backup(void **state)
{
    struct homes *p = *state;
    struct backup_about about;
    make_backup(p, &about);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct buf all = {0};
    uint8_t *room = buf_reserve(&all, 4 * MIB);
    assert_non_null(room);
    all.count = fread(room, 1, 4 * MIB, file);
    fclose(file);
    assert_in_range(all.count, 1000, 4 * MIB - 1);
    for (size_t cut = 0; cut < all.count; cut += 1 + all.count / 41) {
        put_file(path, all.data, cut);
        assert_int_not_equal(restore(secret), ST_OK);
        assert_nothing();
    }
    for (size_t at = 23; at < all.count; at += 1 + all.count / 97) {
        all.data[at] ^= 0x10;
        put_file(path, all.data, all.count);
        assert_int_not_equal(restore(secret), ST_OK);
        assert_nothing();
        all.data[at] ^= 0x10;
    }
    put_file(path, all.data, all.count);
    assert_int_equal(restore(secret), ST_OK);
    buf_release(&all);
}

/* Whichever allocation fails, nothing is made; without a failure all of it. */
static void no_memory(void **state)
{
    struct homes *p = *state;
    struct backup_about about;
    enum status st = ST_NO_MEMORY;
    assert_int_equal(snapshot_take(p->a.replica, &f), ST_OK);
    for (uint64_t n = 1; st != ST_OK; n++) {
        mem_fail_at(n);
        st = snapshot_write(p->a.home, secret, cheap, path, &about, &f);
        mem_fail_at(0);
        assert_int_equal(access(path, F_OK), st == ST_OK ? 0 : -1);
        assert_in_range(n, 1, 1000);
    }
    st = ST_NO_MEMORY;
    for (uint64_t n = 1; st != ST_OK; n++) {
        mem_fail_at(n);
        st = restore(secret);
        mem_fail_at(0);
        if (st != ST_OK)
            assert_nothing();
        assert_in_range(n, 1, 1000);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_in_the_way),
        TEST(a_damaged_backup),
        TEST(no_memory),
    };
    if (sodium_init() < 0 || git_libgit2_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
