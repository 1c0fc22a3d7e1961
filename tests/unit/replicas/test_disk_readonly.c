/*
 * A disk for reading only: everything reads through, nothing that is written arrives.
 */
#include "tests/unit/replicas/journal_kit.h"

static enum status count_name(void *user, const char *name)
{
    (void)name;
    ++*(unsigned *)user;
    return ST_OK;
}

static void nothing_arrives(void **state)
{
    struct kit k;
    struct disk seen;
    struct disk_file *file = NULL;
    struct buf content = {0};
    uint64_t bytes;
    unsigned names = 0;
    char text[4];
    (void)state;
    kit_start(&k);
    assert_int_equal(disk_put(&k.disk, "journal", "x", BYTES("text"), &k.f), ST_OK);
    const struct simdisk_counts before = *simdisk_counts(k.sim);
    disk_readonly(&k.disk, &seen);

    assert_int_equal(seen.open(seen.context, "journal/new", true, &file, &k.f), ST_NOT_FOUND);
    assert_int_equal(seen.open(seen.context, "journal/x", true, &file, &k.f), ST_OK);
    assert_int_equal(seen.write(seen.context, file, 0, "oops", 4, &k.f), ST_OK);
    assert_int_equal(seen.truncate(seen.context, file, 1, &k.f), ST_OK);
    assert_int_equal(seen.allocate(seen.context, file, 4096, &k.f), ST_OK);
    assert_int_equal(seen.sync(seen.context, file, &k.f), ST_OK);
    assert_int_equal(seen.size(seen.context, file, &bytes, &k.f), ST_OK);
    assert_int_equal(bytes, 4);
    assert_int_equal(seen.read(seen.context, file, 0, text, 4, &k.f), ST_OK);
    assert_memory_equal(text, "text", 4);
    assert_int_equal(seen.read(seen.context, file, 1, text, 4, &k.f), ST_CORRUPT);
    seen.close(seen.context, file);
    assert_int_equal(seen.rename(seen.context, "journal/x", "journal/y", &k.f), ST_OK);
    assert_int_equal(seen.remove(seen.context, "journal/x", &k.f), ST_OK);
    assert_int_equal(seen.make_folder(seen.context, "more", &k.f), ST_OK);
    assert_int_equal(seen.sync_folder(seen.context, "journal", &k.f), ST_OK);
    assert_int_equal(seen.list(seen.context, "journal", count_name, &names, &k.f), ST_OK);
    assert_int_equal(names, 1);
    assert_int_equal(disk_get(&seen, "journal/x", 100, &content, &k.f), ST_OK);
    assert_true(bytes_equal_text(buf_bytes(&content), "text"));
    assert_memory_equal(&before, simdisk_counts(k.sim), sizeof before);
    disk_release(&seen); /* frees nothing of the inner one */
    buf_release(&content);
    kit_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
