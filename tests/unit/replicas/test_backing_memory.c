#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/store.h"

static struct store_object object(const char *text)
{
    struct store_object o = {.kind = STORE_BLOB, .data = bytes_of_text(text)};
    store_hash(o.kind, o.data, &o.id);
    return o;
}

static void keeps_what_was_written(void **unused)
{
    (void)unused;
    struct backing b;
    struct fault f;
    assert_int_equal(backing_memory_open(&b), ST_OK);
    struct store_object objects[] = {object("one"), object("two"), object("one")};
    assert_int_equal(b.write(b.context, objects, 3, &f), ST_OK);
    enum store_kind kind;
    struct buf data = {0};
    assert_int_equal(b.read(b.context, &objects[1].id, &kind, &data, &f), ST_OK);
    assert_int_equal(kind, STORE_BLOB);
    assert_true(bytes_equal_text(buf_bytes(&data), "two"));
    struct oid none = {{9}};
    assert_int_equal(b.read(b.context, &none, &kind, &data, &f), ST_NOT_FOUND);
    assert_non_null(strstr(f.text, "0900000000000000000000000000000000000000"));
    buf_release(&data);
    b.close(b.context);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct backing b = {0};
        struct fault f;
        struct store_object objects[] = {object("one"), object("two")};
        struct store_ref ref = {.name = "refs/heads/talca", .target = objects[0].id};
        mem_fail_at(n);
        enum status st = backing_memory_open(&b);
        if (st == ST_OK)
            st = b.write(b.context, objects, 2, &f);
        if (st == ST_OK)
            st = b.set_refs(b.context, &ref, 1, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        if (b.close != NULL)
            b.close(b.context);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_written),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
