#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "proto/mem.h"
#include "proto/zstd_memory.h"

static const char text[] = "minga minga minga minga minga minga minga minga";

static void blocks_come_from_our_allocator(void **unused)
{
    (void)unused;
    ZSTD_customMem memory = zstd_memory();
    mem_fail_at(1);
    assert_null(memory.customAlloc(memory.opaque, 100));
    assert_true(mem_failed());
    mem_fail_at(0);
    void *block = memory.customAlloc(memory.opaque, 100);
    assert_non_null(block);
    memset(block, 1, 100);
    memory.customFree(memory.opaque, block);
    memory.customFree(memory.opaque, NULL);
}

/* A round through zstd; false: it had no memory. */
static bool round_trip(void)
{
    char packed[256], back[256];
    size_t count = 0, left = 0;
    ZSTD_CCtx *in = ZSTD_createCCtx_advanced(zstd_memory());
    ZSTD_DCtx *out = ZSTD_createDCtx_advanced(zstd_memory());
    bool done = in != NULL && out != NULL;
    if (done) {
        count = ZSTD_compressCCtx(in, packed, sizeof packed, text, sizeof text, 1);
        done = !ZSTD_isError(count);
    }
    if (done) {
        assert_true(count < sizeof text);
        left = ZSTD_decompressDCtx(out, back, sizeof back, packed, count);
        assert_int_equal(left, sizeof text);
        assert_memory_equal(back, text, sizeof text);
    }
    ZSTD_freeCCtx(in);
    ZSTD_freeDCtx(out);
    return done;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    uint64_t n = 0;
    for (bool failed = true; failed;) {
        mem_fail_at(++n);
        bool done = round_trip();
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(done, !failed);
        assert_true(n < 50);
    }
    assert_true(n > 3); /* both sides took some of ours */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_from_our_allocator),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
