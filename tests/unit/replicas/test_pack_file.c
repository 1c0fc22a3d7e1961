#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "replicas/pack_file.h"
#include "tests/unit/replicas/pack_fixture.h"

/*
 * The disk under the code: this programme's own write(), fsync(), rename() and close() stand
 * before those of the C library, note what is done, and end the process, tear a write or fail at
 * the operation that a test names.
 */
enum { OPERATIONS_MAX = 64, CRASHED = 42 };

enum stop { STOP_NEVER, STOP_CRASH, STOP_TEAR, STOP_SHORT, STOP_FAIL, STOP_INTERRUPT };

static struct {
    bool on;
    enum stop stop;
    size_t at; /* the operation to stop at, from 0 */
    int error;
    char done[OPERATIONS_MAX + 1]; /* a letter an operation: w s r c */
    size_t count;
} disk;

/* Whether the operation that comes now is the one to stop at. */
static bool disk_stops(char letter)
{
    if (!disk.on)
        return false;
    bool here = disk.stop != STOP_NEVER && disk.count == disk.at;
    if (disk.count < OPERATIONS_MAX)
        disk.done[disk.count] = letter;
    disk.count++;
    if (here && disk.stop == STOP_CRASH)
        _exit(CRASHED);
    if (here)
        errno = disk.error;
    return here;
}

static ssize_t really_write(int fd, const void *data, size_t count)
{
    return writev(fd, &(struct iovec){(void *)(uintptr_t)data, count}, 1);
}

ssize_t write(int fd, const void *data, size_t count)
{
    if (!disk_stops('w'))
        return really_write(fd, data, count);
    if (disk.stop == STOP_TEAR) {
        ssize_t written = really_write(fd, data, count / 2);
        _exit(written < 0 ? 1 : CRASHED);
    }
    return disk.stop == STOP_SHORT ? really_write(fd, data, 1) : -1;
}

int fsync(int fd)
{
    return disk_stops('s') ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return disk_stops('r') ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int close(int fd)
{
    bool stops = disk_stops('c');
    int code = (int)syscall(SYS_close, fd);
    return stops ? -1 : code;
}

static void disk_start(enum stop stop, size_t at, int error)
{
    memset(&disk, 0, sizeof disk);
    disk.stop = stop;
    disk.at = at;
    disk.error = error;
    disk.on = true;
}

static struct pack_fixture x;
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    return pack_fixture_open(&x);
}

static int tear_down(void **unused)
{
    (void)unused;
    disk.on = false;
    pack_fixture_close(&x);
    return 0;
}

static enum status add(struct pack_file *p, const struct store_object *o)
{
    static const unsigned types[] = {
        [STORE_COMMIT] = PACK_COMMIT, [STORE_TREE] = PACK_TREE, [STORE_BLOB] = PACK_BLOB};
    uint8_t header[PACK_ENTRY_HEADER_MAX], deflated[4096];
    struct libdeflate_compressor *deflater = libdeflate_alloc_compressor(1);
    size_t count =
        libdeflate_zlib_compress(deflater, o->data.data, o->data.count, deflated, sizeof deflated);
    libdeflate_free_compressor(deflater);
    assert_true(count > 0);
    size_t used = pack_file_entry_header(types[o->kind], o->data.count, 0, header);
    return pack_file_add(p, &o->id, (struct bytes){header, used}, (struct bytes){deflated, count},
                         &f);
}

/* The objects of the fixture as one pack. */
static enum status write_pack(char name_out[OID_TEXT + 1])
{
    struct pack_file p = {0};
    enum status st = pack_file_create(x.folder, (uint32_t)x.count, &p, &f);
    for (size_t i = 0; i < x.count && st == ST_OK; i++)
        st = add(&p, &x.objects[i]);
    if (st == ST_OK)
        st = pack_file_finish(&p, name_out, &f);
    pack_file_release(&p);
    return st;
}

static void assert_empty_folder(void)
{
    assert_int_equal(judge_run(&x.judge, "test -z \"$(ls objects/pack)\""), 0);
}

static void entry_headers_are_those_of_git(void **unused)
{
    (void)unused;
    static const struct {
        unsigned type;
        uint64_t size, distance;
        size_t count;
        const char *bytes;
    } cases[] = {
        {PACK_COMMIT, 0, 0, 1, "\x10"},
        {PACK_TREE, 15, 0, 1, "\x2f"},
        {PACK_BLOB, 16, 0, 2, "\xb0\x01"},
        {PACK_BLOB, 2047, 0, 2, "\xbf\x7f"},
        {PACK_TAG, 2048, 0, 3, "\xc0\x80\x01"},
        {PACK_BLOB, UINT64_C(1) << 32, 0, 6, "\xb0\x80\x80\x80\x80\x01"},
        {PACK_REF_DELTA, 1, 0, 1, "\x71"},
        {PACK_OFS_DELTA, 1, 1, 2, "\x61\x01"},
        {PACK_OFS_DELTA, 1, 127, 2, "\x61\x7f"},
        {PACK_OFS_DELTA, 1, 128, 3, "\x61\x80\x00"},
        {PACK_OFS_DELTA, 1, 16511, 3, "\x61\xff\x7f"},
        {PACK_OFS_DELTA, 1, 16512, 4, "\x61\x80\x80\x00"},
        {PACK_OFS_DELTA, 16, 2113663, 5, "\xe0\x01\xff\xff\x7f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[PACK_ENTRY_HEADER_MAX];
        size_t count = pack_file_entry_header(cases[i].type, cases[i].size, cases[i].distance, out);
        assert_int_equal(count, cases[i].count);
        assert_memory_equal(out, cases[i].bytes, count);
    }
    uint8_t widest[PACK_ENTRY_HEADER_MAX];
    assert_in_range(pack_file_entry_header(PACK_OFS_DELTA, UINT64_MAX, UINT64_MAX, widest), 20,
                    PACK_ENTRY_HEADER_MAX);
}

static void pack_and_index_are_those_of_git(void **unused)
{
    (void)unused;
    char name[OID_TEXT + 1];
    pack_fixture_add_blobs(&x, 300, 1);
    pack_fixture_add(&x, STORE_TREE, BYTES(""), NULL);
    assert_int_equal(write_pack(name), ST_OK);
    assert_int_equal(pack_fixture_judge(&x), 0);
    assert_int_equal(judge_run(&x.judge,
                               "cd objects/pack && git index-pack -o ../../theirs pack-%s.pack && "
                               "cmp ../../theirs pack-%s.idx",
                               name, name),
                     0);
    assert_int_equal(judge_run(&x.judge, "stat -c %%a objects/pack/*"), 0);
    assert_string_equal(x.judge.output, "400\n400");
}

/* The pack has to be there for good before its index may be. */
static const char order_of_operations[] = "wwscwwscrscrsc";

static void names_appear_after_contents_and_the_index_last(void **unused)
{
    (void)unused;
    pack_fixture_add_blobs(&x, 3, 1);
    disk_start(STOP_NEVER, 0, 0);
    enum status st = write_pack(NULL);
    disk.on = false;
    assert_int_equal(st, ST_OK);
    assert_string_equal(disk.done, order_of_operations);
}

/* What a crash leaves: the older objects readable, ours whole or not there, nothing to repair. */
static void assert_survives(size_t older, bool *kept_out)
{
    struct backing b = {0};
    size_t found = 0;
    assert_int_equal(backing_git_open(x.judge.folder, false, false, &b, &f), ST_OK);
    for (size_t i = 0; i < x.count; i++) {
        enum store_kind kind;
        struct buf data = {0};
        enum status st = b.read(b.context, &x.objects[i].id, &kind, &data, &f);
        if (st == ST_OK)
            assert_true(bytes_equal(buf_bytes(&data), x.objects[i].data));
        else
            assert_int_equal(st, ST_NOT_FOUND);
        if (i < older)
            assert_int_equal(st, ST_OK);
        else
            found += st == ST_OK;
        buf_release(&data);
    }
    b.close(b.context);
    assert_true(found == 0 || found == x.count - older);
    *kept_out = found > 0;
    assert_int_equal(judge_run(&x.judge, "test -z \"$(ls objects/pack | grep tmp)\""), 0);
    assert_int_equal(judge_run(&x.judge, "test -z \"$(git fsck --strict --full --no-dangling 2>&1 "
                                         "| grep -v '^notice: ')\""),
                     0);
}

/* Write in a process that ends at operation 'at'. */
static void write_and_crash(enum stop stop, size_t at)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        disk_start(stop, at, EIO);
        _exit(write_pack(NULL) == ST_OK ? 0 : 1);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), CRASHED);
}

/* A crash before each of the operations of writing a pack, or (STOP_TEAR) within its writes. */
static void crash_at_each(enum stop stop, const char *operations)
{
    for (size_t at = 0; operations[at] != '\0'; at++) {
        bool kept;
        if (stop == STOP_TEAR && operations[at] != 'w')
            continue;
        assert_int_equal(judge_run(&x.judge, "rm -f objects/pack/*"), 0);
        pack_fixture_forget(&x);
        pack_fixture_add_blobs(&x, 5, 1);
        assert_int_equal(write_pack(NULL), ST_OK);
        pack_fixture_add_blobs(&x, 7, 2);
        write_and_crash(stop, at);
        assert_survives(5, &kept);
        /* It is there once its index has its name: after the last renaming. */
        assert_int_equal(kept, strchr(operations + at, 'r') == NULL);
        /* The same once more, over whatever is there. */
        assert_int_equal(write_pack(NULL), ST_OK);
        assert_int_equal(pack_fixture_judge(&x), 0);
    }
}

static void a_crash_at_any_operation_leaves_a_sound_repository(void **unused)
{
    (void)unused;
    crash_at_each(STOP_CRASH, order_of_operations);
    crash_at_each(STOP_TEAR, order_of_operations);
}

static void a_failure_at_any_operation_is_told(void **unused)
{
    (void)unused;
    static const int errors[] = {EIO, ENOSPC};
    pack_fixture_add_blobs(&x, 5, 1);
    for (size_t k = 0; k < 2; k++)
        for (size_t at = 0; at < strlen(order_of_operations); at++) {
            disk_start(STOP_FAIL, at, errors[k]);
            enum status st = write_pack(NULL);
            disk.on = false;
            /* Closing a folder tells nothing of what is in it. */
            const char *renamed = strchr(order_of_operations, 'r');
            bool closes_folder = disk.done[at] == 'c' && order_of_operations + at > renamed;
            if (closes_folder)
                assert_int_equal(st, ST_OK);
            else
                assert_int_equal(st, errors[k] == EIO ? ST_IO : ST_DISK_FULL);
            bool visible = strchr(order_of_operations + at, 'r') == NULL || closes_folder;
            assert_int_equal(judge_run(&x.judge, "test -z \"$(ls objects/pack | grep %s)\"",
                                       visible ? "tmp" : "'tmp\\|idx'"),
                             0);
            assert_int_equal(judge_run(&x.judge, "rm -f objects/pack/*"), 0);
        }
}

static void interrupted_and_short_writes_go_on(void **unused)
{
    (void)unused;
    static const enum stop stops[] = {STOP_SHORT, STOP_INTERRUPT};
    pack_fixture_add_blobs(&x, 5, 1);
    for (size_t k = 0; k < 2; k++)
        for (size_t at = 0; at < 6; at++) {
            if (at == 2 || at == 3)
                continue; /* a sync and a closing */
            disk_start(stops[k], at, EINTR);
            enum status st = write_pack(NULL);
            disk.on = false;
            assert_int_equal(st, ST_OK);
            assert_int_equal(disk.done[at], 'w');
            assert_int_equal(pack_fixture_judge(&x), 0);
            assert_int_equal(judge_run(&x.judge, "rm -f objects/pack/*"), 0);
        }
}

static void leftovers_of_others_hurt_nothing(void **unused)
{
    (void)unused;
    bool kept;
    char name[OID_TEXT + 1];
    pack_fixture_add_blobs(&x, 5, 1);
    assert_int_equal(write_pack(name), ST_OK);
    /* A pack that has no index yet, half of one, and unfinished files. */
    assert_int_equal(judge_run(&x.judge,
                               "cd objects/pack && cp pack-%s.pack "
                               "pack-0123456789abcdef0123456789abcdef01234567.pack && "
                               "head -c 40 pack-%s.pack > "
                               "pack-1123456789abcdef0123456789abcdef01234567.pack && "
                               "head -c 40 pack-%s.pack > tmp_pack_minga_1_1 && "
                               "head -c 40 pack-%s.idx > tmp_idx_minga_1_1",
                               name, name, name, name),
                     0);
    assert_survives(5, &kept);
    /* An index alone tells of a pack that was there: something is lost, and it is said. */
    assert_int_equal(judge_run(&x.judge, "rm objects/pack/pack-%s.pack", name), 0);
    struct backing b = {0};
    assert_int_equal(backing_git_open(x.judge.folder, false, false, &b, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, name));
    assert_int_equal(judge_run(&x.judge, "rm objects/pack/pack-%s.idx", name), 0);
    pack_fixture_forget(&x);
    assert_survives(0, &kept);
}

static void bounds_are_kept(void **unused)
{
    (void)unused;
    struct pack_file p = {0};
    char long_path[PACK_PATH_MAX + 2];
    pack_fixture_add_blobs(&x, 1, 1);
    memset(long_path, 'a', sizeof long_path);
    long_path[PACK_PATH_MAX - 1] = '\0';
    assert_int_equal(pack_file_create(long_path, 1, &p, &f), ST_TOO_LARGE);
    long_path[PACK_PATH_MAX - 1] = 'a';
    long_path[PACK_PATH_MAX + 1] = '\0';
    assert_int_equal(pack_file_create(long_path, 1, &p, &f), ST_TOO_LARGE);
    assert_int_equal(pack_file_create("/nonexistent/pack", 1, &p, &f), ST_IO);
    assert_non_null(strstr(f.text, "/nonexistent/pack"));

    assert_int_equal(pack_file_create(x.folder, 1, &p, &f), ST_OK);
    p.offset = PACK_BYTES_MAX - PACK_TRAILER_BYTES; /* as if so much had been added */
    assert_int_equal(add(&p, &x.objects[0]), ST_TOO_LARGE);
    assert_int_equal(p.count, 0);
    pack_file_release(&p);
    assert_empty_folder();
    assert_int_equal(pack_file_sync_folder(x.folder, &f), ST_OK);
    assert_int_equal(pack_file_sync_folder("/nonexistent/pack", &f), ST_IO);
    pack_file_release(&p);
    pack_file_release(NULL);
}

static void what_is_not_finished_is_removed(void **unused)
{
    (void)unused;
    struct pack_file one = {0}, other = {0};
    pack_fixture_add_blobs(&x, 2, 1);
    assert_int_equal(pack_file_create(x.folder, 2, &one, &f), ST_OK);
    assert_int_equal(pack_file_create(x.folder, 1, &other, &f), ST_OK);
    assert_int_equal(add(&one, &x.objects[0]), ST_OK);
    assert_int_equal(add(&other, &x.objects[1]), ST_OK);
    pack_file_release(&one);
    assert_int_equal(judge_run(&x.judge, "ls objects/pack | wc -l"), 0);
    assert_string_equal(x.judge.output, "1"); /* the other one's */
    assert_int_equal(pack_file_finish(&other, NULL, &f), ST_OK);
    pack_file_release(&other);
    assert_int_equal(judge_run(&x.judge, "ls objects/pack | grep -c '^pack-'"), 0);
    assert_string_equal(x.judge.output, "2");
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    pack_fixture_add_blobs(&x, 20, 3);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status st = write_pack(NULL);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        if (failed)
            assert_empty_folder();
        assert_true(n < 100);
    }
    assert_int_equal(pack_fixture_judge(&x), 0);
}

int main(void)
{
#define WITH_REPOSITORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entry_headers_are_those_of_git),
        WITH_REPOSITORY(pack_and_index_are_those_of_git),
        WITH_REPOSITORY(names_appear_after_contents_and_the_index_last),
        WITH_REPOSITORY(a_crash_at_any_operation_leaves_a_sound_repository),
        WITH_REPOSITORY(a_failure_at_any_operation_is_told),
        WITH_REPOSITORY(interrupted_and_short_writes_go_on),
        WITH_REPOSITORY(leftovers_of_others_hurt_nothing),
        WITH_REPOSITORY(bounds_are_kept),
        WITH_REPOSITORY(what_is_not_finished_is_removed),
        WITH_REPOSITORY(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
