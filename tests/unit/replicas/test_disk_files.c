#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/disk.h"

struct home {
    char root[64];
    struct disk d;
    struct fault f;
};

static void home_start(struct home *h)
{
    *h = (struct home){.root = "/tmp/minga-disk-XXXXXX"};
    assert_non_null(mkdtemp(h->root));
    assert_int_equal(disk_files(h->root, &h->d, &h->f), ST_OK);
}

static enum status remove_one(void *user, const char *name)
{
    struct home *h = user;
    return h->d.remove(h->d.context, name, NULL);
}

static void home_stop(struct home *h)
{
    disk_release(&h->d);
    assert_int_equal(disk_files(h->root, &h->d, &h->f), ST_OK);
    (void)!h->d.list(h->d.context, "", remove_one, h, NULL);
    disk_release(&h->d);
    assert_int_equal(rmdir(h->root), 0);
}

static void writes_and_reads_back(void **unused)
{
    (void)unused;
    struct home h;
    struct disk_file *file = NULL;
    uint8_t back[8] = {0};
    uint64_t bytes = 0;
    home_start(&h);
    void *c = h.d.context;
    assert_int_equal(h.d.open(c, "a", true, &file, &h.f), ST_OK);
    assert_int_equal(h.d.write(c, file, 4, "tail", 4, &h.f), ST_OK);
    assert_int_equal(h.d.write(c, file, 0, "head", 4, &h.f), ST_OK);
    assert_int_equal(h.d.sync(c, file, &h.f), ST_OK);
    assert_int_equal(h.d.read(c, file, 0, back, 8, &h.f), ST_OK);
    assert_memory_equal(back, "headtail", 8);
    assert_int_equal(h.d.read(c, file, 1, back, 8, &h.f), ST_CORRUPT);
    assert_non_null(strstr(h.f.text, "ends at offset 8"));
    assert_int_equal(h.d.allocate(c, file, 4096, &h.f), ST_OK);
    assert_int_equal(h.d.truncate(c, file, 5, &h.f), ST_OK);
    assert_int_equal(h.d.size(c, file, &bytes, &h.f), ST_OK);
    assert_int_equal(bytes, 5);
    h.d.close(c, file);
    home_stop(&h);
}

static void what_is_not_there(void **unused)
{
    (void)unused;
    struct home h;
    struct disk_file *file = NULL;
    home_start(&h);
    void *c = h.d.context;
    assert_int_equal(h.d.open(c, "a", false, &file, &h.f), ST_NOT_FOUND);
    assert_null(file);
    assert_int_equal(h.d.rename(c, "a", "b", &h.f), ST_NOT_FOUND);
    assert_int_equal(h.d.remove(c, "a", &h.f), ST_NOT_FOUND);
    assert_int_equal(h.d.sync_folder(c, "folder", &h.f), ST_NOT_FOUND);
    assert_int_equal(h.d.list(c, "folder", remove_one, &h, &h.f), ST_NOT_FOUND);
    assert_int_equal(h.d.open(c, "folder/a", true, &file, &h.f), ST_IO);
    assert_non_null(strstr(h.f.text, "folder/a"));
    home_stop(&h);
    struct disk none;
    assert_int_equal(disk_files(h.root, &none, &h.f), ST_NOT_FOUND);
}

static enum status collect(void *user, const char *name)
{
    struct buf *names = user;
    buf_add_text(names, name);
    buf_add_byte(names, ' ');
    return strcmp(name, "stop") == 0 ? ST_EXISTS : ST_OK;
}

static void lists_in_byte_order(void **unused)
{
    (void)unused;
    struct home h;
    struct buf names = {0};
    home_start(&h);
    void *c = h.d.context;
    assert_int_equal(h.d.make_folder(c, "f", &h.f), ST_OK);
    assert_int_equal(h.d.make_folder(c, "f", &h.f), ST_OK);
    static const char *const made[] = {"z", "B", "a"};
    for (unsigned i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "f/%s", made[i]);
        assert_int_equal(disk_put(&h.d, "f", made[i], BYTES("x"), &h.f), ST_OK);
    }
    assert_int_equal(h.d.list(c, "f", collect, &names, &h.f), ST_OK);
    assert_string_equal(buf_text(&names), "B a z ");
    buf_reset(&names);
    assert_int_equal(h.d.rename(c, "f/a", "f/stop", &h.f), ST_OK);
    assert_int_equal(h.d.list(c, "f", collect, &names, &h.f), ST_EXISTS);
    assert_string_equal(buf_text(&names), "B stop ");
    assert_int_equal(disk_put(&h.d, "", "file", BYTES("x"), &h.f), ST_OK);
    assert_int_equal(h.d.make_folder(c, "file", &h.f), ST_IO);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const left[] = {"f/z", "f/B", "f/stop"};
        assert_int_equal(h.d.remove(c, left[i], &h.f), ST_OK);
    }
    buf_release(&names);
    char path[80];
    snprintf(path, sizeof path, "%s/f", h.root);
    assert_int_equal(rmdir(path), 0);
    home_stop(&h);
}

static void files_are_private(void **unused)
{
    (void)unused;
    struct home h;
    struct stat about;
    char path[80];
    home_start(&h);
    assert_int_equal(disk_put(&h.d, "", "a", BYTES("x"), &h.f), ST_OK);
    snprintf(path, sizeof path, "%s/a", h.root);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    /* A symbolic link that somebody put there is not followed. */
    char link_path[80];
    snprintf(link_path, sizeof link_path, "%s/link", h.root);
    assert_int_equal(symlink(path, link_path), 0);
    struct disk_file *file = NULL;
    assert_int_equal(h.d.open(h.d.context, "link", true, &file, &h.f), ST_IO);
    home_stop(&h);
}

/* fdatasync() fails on a pipe: the nearest to a failing disk that a test can have. */
static void a_failed_sync_is_final(void **unused)
{
    (void)unused;
    struct home h;
    struct disk_file *file = NULL;
    struct disk_file *pipe_file = NULL;
    char path[80];
    uint8_t byte = 0;
    home_start(&h);
    void *c = h.d.context;
    assert_int_equal(h.d.open(c, "a", true, &file, &h.f), ST_OK);
    assert_int_equal(h.d.write(c, file, 0, "x", 1, &h.f), ST_OK);
    snprintf(path, sizeof path, "%s/pipe", h.root);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(h.d.open(c, "pipe", false, &pipe_file, &h.f), ST_OK);
    assert_int_equal(h.d.sync(c, pipe_file, &h.f), ST_IO);
    assert_int_equal(h.f.code, ST_IO);
    assert_int_equal(h.d.write(c, file, 1, "y", 1, &h.f), ST_IO);
    assert_int_equal(h.d.sync(c, file, &h.f), ST_IO);
    assert_int_equal(h.d.read(c, file, 0, &byte, 1, &h.f), ST_IO);
    assert_int_equal(h.d.sync_folder(c, "", &h.f), ST_IO);
    assert_int_equal(disk_put(&h.d, "", "b", BYTES("x"), &h.f), ST_IO);
    assert_string_not_equal(h.f.fix, "");
    h.d.close(c, file);
    h.d.close(c, pipe_file);
    home_stop(&h);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    struct home h;
    home_start(&h);
    assert_int_equal(disk_put(&h.d, "", "a", BYTES("x"), &h.f), ST_OK);
    for (uint64_t n = 1; failed; n++) {
        struct disk d = {0};
        struct disk_file *file = NULL;
        struct buf names = {0};
        assert_non_null(buf_reserve(&names, 64));
        mem_fail_at(n);
        enum status st = disk_files(h.root, &d, &h.f);
        if (st == ST_OK)
            st = d.open(d.context, "a", false, &file, &h.f);
        if (st == ST_OK)
            st = d.list(d.context, "", collect, &names, &h.f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        if (file != NULL)
            d.close(d.context, file);
        disk_release(&d);
        buf_release(&names);
    }
    home_stop(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_back),  cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(lists_in_byte_order),    cmocka_unit_test(files_are_private),
        cmocka_unit_test(a_failed_sync_is_final), cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
