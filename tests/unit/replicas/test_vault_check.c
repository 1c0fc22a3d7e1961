/*
 * A vault that nobody has open, looked at: every item that is not what its name says is named, and
 * no damage of the file is more than told.
 */
#include "tests/unit/replicas/vault_kit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/mem.h"
#include "replicas/vault_check.h"

enum { ITEMS = 20 };

static char folder[64], path[96];
static struct fault f;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/minga check?#%%-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/vault.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char log[128];
    snprintf(log, sizeof log, "%s-wal", path);
    (void)unlink(log);
    (void)unlink(path);
    return rmdir(folder);
}

static bool sorted; /* by a checkpoint, or still as they came */

static void fill(void)
{
    struct vault *v = NULL;
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_OK);
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct vault_kit_item salt = vault_kit_salt(i, i);
        assert_int_equal(vault_put(v, &salt.facts, vault_kit_bytes(&salt), &f), ST_OK);
    }
    assert_int_equal(vault_commit(v, &f), ST_OK);
    if (sorted)
        assert_int_equal(vault_checkpoint(v, &f), ST_OK);
    vault_close(v);
}

static int set_up_sorted(void **state)
{
    sorted = true;
    return set_up(state);
}

static int set_up_recent(void **state)
{
    sorted = false;
    return set_up(state);
}

static struct vault_facts last;

static void count(void *user, const struct vault_facts *facts)
{
    ++*(unsigned *)user;
    last = *facts;
}

static void a_sound_one(void **state)
{
    (void)state;
    unsigned damaged = 0;
    uint64_t checked;
    assert_int_equal(vault_check(path, count, &damaged, &checked, &f), ST_NOT_FOUND);
    fill();
    assert_int_equal(vault_check(path, count, &damaged, &checked, &f), ST_OK);
    assert_int_equal(damaged, 0);
    assert_int_equal(checked, ITEMS);
}

static void a_rotten_item_is_named(void **state)
{
    (void)state;
    struct vault_kit_item salt = vault_kit_salt(7, 7);
    unsigned damaged = 0;
    uint64_t checked;
    fill();
    int fd = open(path, O_RDWR);
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    uint8_t *all = mem_alloc((size_t)about.st_size);
    assert_int_equal(read(fd, all, (size_t)about.st_size), about.st_size);
    uint8_t *at = memmem(all, (size_t)about.st_size, salt.data, salt.count);
    assert_non_null(at);
    uint8_t rotten = (uint8_t)(at[3] ^ 4);
    assert_int_equal(pwrite(fd, &rotten, 1, at + 3 - all), 1);
    close(fd);
    mem_free(all);
    assert_int_equal(vault_check(path, count, &damaged, &checked, &f), ST_OK);
    assert_int_equal(damaged, 1);
    assert_int_equal(checked, ITEMS);
    assert_memory_equal(last.name.id, salt.facts.name.id, DIGEST_BYTES);
    assert_string_equal(last.record, salt.facts.record);
}

/* Bytes of every page changed, and the file cut anywhere: told, never a crash. */
static void a_damaged_file(void **state)
{
    (void)state;
    fill();
    int fd = open(path, O_RDWR);
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    for (off_t at = 0; at < about.st_size; at += 97) {
        uint8_t byte, changed;
        unsigned damaged = 0;
        uint64_t checked;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        changed = (uint8_t)~byte;
        assert_int_equal(pwrite(fd, &changed, 1, at), 1);
        enum status status = vault_check(path, count, &damaged, &checked, &f);
        assert_true(status == ST_OK || status == ST_CORRUPT || status == ST_IO);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    for (off_t size = about.st_size; size > 0; size -= 700) {
        unsigned damaged = 0;
        uint64_t checked;
        assert_int_equal(ftruncate(fd, size), 0);
        (void)!vault_check(path, count, &damaged, &checked, &f);
        assert_true(checked <= ITEMS);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_one, set_up_sorted, tear_down),
        cmocka_unit_test_setup_teardown(a_sound_one, set_up_recent, tear_down),
        cmocka_unit_test_setup_teardown(a_rotten_item_is_named, set_up_sorted, tear_down),
        cmocka_unit_test_setup_teardown(a_rotten_item_is_named, set_up_recent, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file, set_up_sorted, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file, set_up_recent, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
