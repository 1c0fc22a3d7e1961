#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <libdeflate.h>
#include <stdio.h>

#include "proto/mem.h"
#include "replicas/loose.h"

/* The file of an object that begins with 'head' (its NUL included). */
static struct buf file_of(const void *head, size_t head_count, size_t content_count)
{
    struct buf raw = {0}, out = {0};
    buf_add(&raw, head, head_count);
    for (size_t i = 0; i < content_count; i++)
        buf_add_byte(&raw, (uint8_t)(i * 7 >> 3));
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t bound = libdeflate_zlib_compress_bound(c, raw.count);
    uint8_t *at = buf_reserve(&out, bound);
    out.count = libdeflate_zlib_compress(c, raw.data, raw.count, at, bound);
    libdeflate_free_compressor(c);
    buf_release(&raw);
    return out;
}

static enum status parse(const struct buf *file, enum store_kind *kind, struct buf *out)
{
    buf_reset(out);
    return loose_parse(buf_bytes(file), kind, out);
}

static void objects_of_each_kind_and_size(void **unused)
{
    (void)unused;
    static const char *const kinds[] = {"", "commit", "tree", "blob"};
    static const size_t sizes[] = {0, 1, 4085, 4096, 100000, 1000000};
    struct buf out = {0};
    for (int kind = STORE_COMMIT; kind <= STORE_BLOB; kind++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char head[32];
            enum store_kind read;
            int count = snprintf(head, sizeof head, "%s %zu", kinds[kind], sizes[i]);
            struct buf file = file_of(head, (size_t)count + 1, sizes[i]);
            assert_int_equal(parse(&file, &read, &out), ST_OK);
            assert_int_equal(read, kind);
            assert_int_equal(out.count, sizes[i]);
            for (size_t k = 0; k < out.count; k++)
                if (out.data[k] != (uint8_t)(k * 7 >> 3))
                    fail();
            buf_release(&file);
        }
    buf_release(&out);
}

static void other_heads_are_refused(void **unused)
{
    (void)unused;
    static const char *const heads[] = {
        "tag 3",  "blob 4",  "blob 2", "blob 03", "blob +3", "blob  3",
        "Blob 3", "blob 3 ", "blob",   "blob -1", "",        "blob 99999999999999999999"};
    struct buf out = {0};
    enum store_kind kind;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct buf file = file_of(heads[i], strlen(heads[i]) + 1, 3);
        assert_int_equal(parse(&file, &kind, &out), ST_MALFORMED);
        assert_int_equal(out.count, 0);
        buf_release(&file);
    }
    struct buf file = file_of("blob 3", 6, 0);
    assert_int_equal(parse(&file, &kind, &out), ST_MALFORMED);
    buf_release(&file);
    buf_release(&out);
}

static void a_bomb_is_refused(void **unused)
{
    (void)unused;
    struct buf out = {0}, raw = {0}, file = {0};
    enum store_kind kind;
    size_t count = (size_t)LOOSE_BYTES_MAX + 100;
    uint8_t *zeros = buf_reserve(&raw, count);
    memset(zeros, 0, count);
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);
    size_t bound = libdeflate_zlib_compress_bound(c, count);
    file.count = libdeflate_zlib_compress(c, zeros, count, buf_reserve(&file, bound), bound);
    libdeflate_free_compressor(c);
    buf_release(&raw);
    assert_int_equal(parse(&file, &kind, &out), ST_TOO_LARGE);
    buf_release(&file);
    buf_release(&out);
}

static void every_prefix_and_every_flipped_byte_is_read_safely(void **unused)
{
    (void)unused;
    struct buf out = {0}, file = file_of("blob 300", 9, 300);
    enum store_kind kind;
    for (size_t cut = 0; cut < file.count; cut++) {
        uint8_t *prefix = mem_copy(file.data, cut);
        buf_reset(&out);
        assert_int_equal(loose_parse((struct bytes){prefix, cut}, &kind, &out), ST_MALFORMED);
        mem_free(prefix);
    }
    for (size_t i = 2; i < file.count; i++) {
        file.data[i] ^= 1;
        assert_int_equal(parse(&file, &kind, &out), ST_MALFORMED);
        file.data[i] ^= 1;
    }
    buf_release(&file);
    buf_release(&out);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    struct buf file = file_of("blob 9000", 10, 9000);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct buf out = {0};
        enum store_kind kind;
        mem_fail_at(n);
        enum status st = loose_parse(buf_bytes(&file), &kind, &out);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
    }
    buf_release(&file);
}

static void no_file_is_not_found(void **unused)
{
    (void)unused;
    struct oid id = {{1}};
    struct buf out = {0};
    enum store_kind kind;
    assert_int_equal(loose_read("/nonexistent", &id, &kind, &out, NULL), ST_NOT_FOUND);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_each_kind_and_size),
        cmocka_unit_test(other_heads_are_refused),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(every_prefix_and_every_flipped_byte_is_read_safely),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(no_file_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
