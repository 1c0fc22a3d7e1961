#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "replicas/disk.h"

static struct disk real, safe;
static char root[64];

static int set_up(void **unused)
{
    struct fault f;
    (void)unused;
    snprintf(root, sizeof root, "/tmp/minga-readonly-XXXXXX");
    if (mkdtemp(root) == NULL || disk_files(root, &real, &f) != ST_OK)
        return -1;
    disk_readonly(&real, &safe);
    return disk_put(&real, "", "a", BYTES("content"), &f) == ST_OK ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    int failed = real.remove(real.context, "a", NULL) != ST_OK;
    disk_release(&real);
    return failed || rmdir(root) != 0 ? -1 : 0;
}

static enum status count_name(void *user, const char *name)
{
    size_t *count = user;
    assert_string_equal(name, "a");
    ++*count;
    return ST_OK;
}

/* The folder holds exactly the file "a" with its first content. */
static void assert_unchanged(void)
{
    struct buf content = {0};
    struct fault f;
    size_t names = 0;
    assert_int_equal(real.list(real.context, "", count_name, &names, &f), ST_OK);
    assert_int_equal(names, 1);
    assert_int_equal(disk_get(&real, "a", 100, &content, &f), ST_OK);
    assert_true(bytes_equal_text(buf_bytes(&content), "content"));
    buf_release(&content);
}

static void it_reads_what_is_there(void **unused)
{
    (void)unused;
    struct buf content = {0};
    struct fault f;
    struct disk_file *file = NULL;
    uint64_t bytes = 0;
    size_t names = 0;
    assert_int_equal(disk_get(&safe, "a", 100, &content, &f), ST_OK);
    assert_true(bytes_equal_text(buf_bytes(&content), "content"));
    assert_int_equal(disk_get(&safe, "b", 100, &content, &f), ST_NOT_FOUND);
    assert_int_equal(safe.open(safe.context, "a", false, &file, &f), ST_OK);
    assert_int_equal(safe.size(safe.context, file, &bytes, &f), ST_OK);
    assert_int_equal(bytes, 7);
    safe.close(safe.context, file);
    assert_int_equal(safe.list(safe.context, "", count_name, &names, &f), ST_OK);
    assert_int_equal(names, 1);
    buf_release(&content);
}

static void it_changes_nothing_and_says_done(void **unused)
{
    (void)unused;
    struct fault f;
    struct disk_file *file = NULL;
    void *c = safe.context;
    assert_int_equal(safe.open(c, "new", true, &file, &f), ST_NOT_FOUND);
    assert_int_equal(safe.open(c, "a", true, &file, &f), ST_OK);
    assert_int_equal(safe.write(c, file, 0, "CONTENT", 7, &f), ST_OK);
    assert_int_equal(safe.allocate(c, file, 4096, &f), ST_OK);
    assert_int_equal(safe.truncate(c, file, 0, &f), ST_OK);
    assert_int_equal(safe.sync(c, file, &f), ST_OK);
    safe.close(c, file);
    assert_int_equal(safe.rename(c, "a", "b", &f), ST_OK);
    assert_int_equal(safe.remove(c, "a", &f), ST_OK);
    assert_int_equal(safe.make_folder(c, "folder", &f), ST_OK);
    assert_int_equal(safe.sync_folder(c, "", &f), ST_OK);
    assert_unchanged();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_is_there),
        cmocka_unit_test(it_changes_nothing_and_says_done),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
