#include "tests/unit/replicas/vault_kit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "proto/mem.h"
#include "tests/unit/replicas/failing_vfs.h"
#include "tests/unit/replicas/judge.h"

enum { PATH_BYTES = JUDGE_PATH_MAX + 32, PAGE = 4096, ITEMS = 300 };

static struct judge judge; /* for its folder */
static char path[PATH_BYTES];
static struct fault f;
static uint64_t kept, lost;

static struct vault *open_vault(void)
{
    struct vault *v = NULL;
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_OK);
    return v;
}

static struct vault_kit_item item_of(uint32_t i)
{
    return vault_kit_item(i, i / 3, i / 3, VAULT_VALUE, i % 50 == 0 ? 4000 : 137);
}

/* 300 items, and the salt of none of them refused. */
static int set_up(void **unused)
{
    (void)unused;
    struct vault *v = NULL;
    struct vault_kit_item erased = vault_kit_salt(9000, 1);
    if (judge_open(&judge) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/vault.db", judge.folder);
    v = open_vault();
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct vault_kit_item item = item_of(i);
        assert_int_equal(vault_kit_put(v, &item), ST_OK);
    }
    assert_int_equal(vault_refuse(v, &erased.facts.salt, &f), ST_OK);
    assert_int_equal(vault_commit(v, &f), ST_OK);
    vault_close(v);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    judge_close(&judge);
    return 0;
}

static long size_of_file(void)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return (long)info.st_size;
}

static void overwrite(long at, size_t count)
{
    uint8_t noise[PAGE];
    vault_kit_fill((uint32_t)at, noise, sizeof noise);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && count <= sizeof noise);
    assert_int_equal(pwrite(fd, noise, count, at), count);
    close(fd);
}

/* How many are held, each whole, after a salvage; the vault is well again. */
static uint32_t salvage(void)
{
    uint32_t held = 0;
    struct stat info;
    char beside[PATH_BYTES + 16];
    assert_int_equal(vault_salvage(path, &kept, &lost, &f), ST_OK);
    struct vault *v = open_vault();
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct vault_kit_item item = item_of(i);
        held += vault_kit_holds(v, &item);
    }
    assert_int_equal(held, kept);
    struct vault_kit_item more = vault_kit_item(5000, 5000, 5000, VAULT_VALUE, 137);
    assert_int_equal(vault_kit_put(v, &more), ST_OK);
    vault_rollback(v);
    vault_close(v);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    snprintf(beside, sizeof beside, "%s.salvage", path);
    assert_int_not_equal(stat(beside, &info), 0);
    return held;
}

static bool is_refused(void)
{
    bool refused = false;
    struct vault_kit_item erased = vault_kit_salt(9000, 1);
    struct vault *v = open_vault();
    assert_int_equal(vault_is_refused(v, &erased.facts.salt, &refused, &f), ST_OK);
    vault_close(v);
    return refused;
}

static void a_sound_vault_stays_whole(void **unused)
{
    (void)unused;
    assert_int_equal(salvage(), ITEMS);
    assert_int_equal(lost, 0);
    assert_true(is_refused());
}

static void a_page_of_noise_costs_what_stood_on_it(void **unused)
{
    (void)unused;
    uint32_t least = ITEMS, refusals = 0, pages = (uint32_t)(size_of_file() / PAGE);
    for (uint32_t page = 1; page < pages; page++) {
        assert_int_equal(tear_down(NULL), 0);
        assert_int_equal(set_up(NULL), 0);
        overwrite((long)page * PAGE, PAGE);
        uint32_t held = salvage();
        least = held < least ? held : least;
        refusals += is_refused();
    }
    assert_true(least < ITEMS);
    assert_true(refusals >= pages - 3); /* lost with the page of refused salts at most */
}

static void a_row_that_is_not_what_its_name_says_is_left(void **unused)
{
    (void)unused;
    struct vault_kit_item item = item_of(7);
    struct buf all = {0};
    uint8_t block[PAGE];
    FILE *file = fopen(path, "rb");
    for (size_t count; (count = fread(block, 1, sizeof block, file)) > 0;)
        buf_add(&all, block, count);
    fclose(file);
    uint8_t *at = memmem(all.data, all.count, item.data, item.count);
    assert_non_null(at);
    overwrite(at - all.data + 20, 4);
    assert_int_equal(salvage(), ITEMS - 1);
    assert_int_equal(lost, 1);
    buf_release(&all);
}

static void nothing_at_all_makes_an_empty_vault(void **unused)
{
    (void)unused;
    struct vault *v = NULL;
    overwrite(0, PAGE);
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_CORRUPT);
    assert_int_equal(salvage(), 0);
    assert_false(is_refused());
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_CORRUPT);
    assert_int_equal(salvage(), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(salvage(), 0);
}

static void a_file_that_was_cut_gives_what_is_left(void **unused)
{
    (void)unused;
    long size = size_of_file();
    assert_int_equal(truncate(path, size / 8 * 7), 0);
    uint32_t held = salvage();
    assert_true(held > 0 && held < ITEMS);
}

static void one_that_is_in_use_is_left_alone(void **unused)
{
    (void)unused;
    struct vault *v = open_vault();
    struct vault_kit_item item = item_of(3);
    assert_int_equal(vault_salvage(path, &kept, &lost, &f), ST_LOCKED);
    assert_true(vault_kit_holds(v, &item));
    vault_close(v);
    assert_int_equal(salvage(), ITEMS);
}

/* The newest, which no tree has yet, in two rows: what stands before the damage is kept. */
static void what_no_tree_has_yet_is_kept_too(void **unused)
{
    (void)unused;
    struct buf all = {0};
    uint8_t block[PAGE];
    assert_int_equal(unlink(path), 0);
    struct vault *v = open_vault();
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct vault_kit_item item = item_of(i);
        assert_int_equal(vault_kit_put(v, &item), ST_OK);
        if (i == ITEMS / 2)
            assert_int_equal(vault_commit(v, &f), ST_OK);
    }
    assert_int_equal(vault_commit(v, &f), ST_OK);
    vault_close(v);
    FILE *file = fopen(path, "rb");
    for (size_t count; (count = fread(block, 1, sizeof block, file)) > 0;)
        buf_add(&all, block, count);
    fclose(file);
    struct vault_kit_item late = item_of(ITEMS - 10);
    uint8_t *at = memmem(all.data, all.count, late.facts.name.id, DIGEST_BYTES);
    assert_non_null(at);
    overwrite(at - all.data - 5, 5); /* where the item begins, in its row */
    buf_release(&all);
    assert_int_equal(vault_open(path, (struct bytes){NULL, 0}, &v, &f), ST_CORRUPT);
    assert_int_equal(salvage(), ITEMS - 10);
    assert_int_equal(lost, 1);
}

static void each_allocation_may_fail(void **unused)
{
    (void)unused;
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        mem_fail_at(n);
        enum status status = vault_salvage(path, &kept, &lost, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(salvage(), ITEMS);
    }
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_vault_stays_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_noise_costs_what_stood_on_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_not_what_its_name_says_is_left, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_at_all_makes_an_empty_vault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_was_cut_gives_what_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_in_use_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_tree_has_yet_is_kept_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, set_up, tear_down),
    };
    failing_install(); /* for its syncs, which take no time */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failing_remove();
    return failed;
}
