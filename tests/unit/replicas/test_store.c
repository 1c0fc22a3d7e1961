#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "proto/mem.h"
#include "replicas/store.h"

enum { CACHE_BYTES = 1 << 16 };

struct fixture {
    struct backing backing;
    struct store *store;
    struct fault fault;
};

static void set_up(struct fixture *x)
{
    memset(x, 0, sizeof *x);
    assert_int_equal(backing_memory_open(&x->backing), ST_OK);
    struct backing kept = x->backing;
    kept.close = NULL;
    assert_int_equal(store_open(&kept, CACHE_BYTES, &x->store), ST_OK);
}

static void reopen(struct fixture *x)
{
    store_close(x->store);
    struct backing kept = x->backing;
    kept.close = NULL;
    assert_int_equal(store_open(&kept, CACHE_BYTES, &x->store), ST_OK);
}

static void tear_down(struct fixture *x)
{
    store_close(x->store);
    x->backing.close(x->backing.context);
}

static struct oid put(struct fixture *x, const char *text)
{
    struct oid id;
    assert_int_equal(store_write(x->store, STORE_BLOB, bytes_of_text(text), NULL, &id), ST_OK);
    return id;
}

static void assert_blob(struct fixture *x, const struct oid *id, const char *text)
{
    struct bytes data;
    assert_int_equal(store_read(x->store, id, STORE_BLOB, &data, &x->fault), ST_OK);
    assert_true(bytes_equal_text(data, text));
}

static void ids_are_those_of_git(void **unused)
{
    (void)unused;
    static const struct {
        enum store_kind kind;
        const char *text, *hex;
    } known[] = {
        {STORE_BLOB, "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"},
        {STORE_BLOB, "hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"},
        {STORE_TREE, "", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"},
        {STORE_COMMIT, "", "dcf5b16e76cce7425d0beaef62d79a7d10fce1f5"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct oid id;
        char hex[OID_TEXT + 1];
        store_hash(known[i].kind, bytes_of_text(known[i].text), &id);
        hex_encode(id.id, OID_BYTES, hex);
        assert_string_equal(hex, known[i].hex);
    }
}

static void written_objects_read_back_before_and_after_a_flush(void **unused)
{
    (void)unused;
    struct fixture x;
    set_up(&x);
    struct oid a = put(&x, "first"), b = put(&x, "second");
    assert_blob(&x, &a, "first");
    assert_int_equal(store_pending_bytes(x.store), 11);
    assert_int_equal(store_flush(x.store, NULL, 0, &x.fault), ST_OK);
    assert_int_equal(store_pending_bytes(x.store), 0);
    assert_int_equal(store_mark(x.store), 0);
    assert_blob(&x, &b, "second");
    reopen(&x);
    assert_blob(&x, &a, "first");
    assert_true(store_has(x.store, &b));
    tear_down(&x);
}

static void unflushed_objects_are_gone_after_a_close(void **unused)
{
    (void)unused;
    struct fixture x;
    struct bytes data;
    set_up(&x);
    struct oid a = put(&x, "volatile");
    reopen(&x);
    assert_false(store_has(x.store, &a));
    assert_int_equal(store_read(x.store, &a, STORE_BLOB, &data, &x.fault), ST_CORRUPT);
    assert_non_null(strstr(x.fault.text, "object "));
    assert_non_null(strstr(x.fault.text, "is missing"));
    tear_down(&x);
}

static void writing_twice_is_free(void **unused)
{
    (void)unused;
    struct fixture x;
    set_up(&x);
    struct oid a = put(&x, "same"), again = put(&x, "same");
    assert_true(oid_equal(&a, &again));
    assert_int_equal(store_mark(x.store), 1);
    assert_int_equal(store_flush(x.store, NULL, 0, &x.fault), ST_OK);
    put(&x, "same");
    assert_int_equal(store_mark(x.store), 0);
    tear_down(&x);
}

static void another_kind_is_corrupt(void **unused)
{
    (void)unused;
    struct fixture x;
    struct bytes data;
    set_up(&x);
    struct oid a = put(&x, "blob");
    assert_int_equal(store_read(x.store, &a, STORE_TREE, &data, &x.fault), ST_CORRUPT);
    assert_non_null(strstr(x.fault.text, "is a blob where a tree belongs"));
    tear_down(&x);
}

static void discard_forgets_what_a_mark_does_not_cover(void **unused)
{
    (void)unused;
    struct fixture x;
    set_up(&x);
    struct oid a = put(&x, "kept");
    size_t mark = store_mark(x.store);
    struct oid b = put(&x, "refused");
    put(&x, "kept");
    struct bytes lent;
    assert_int_equal(store_read(x.store, &b, STORE_BLOB, &lent, &x.fault), ST_OK);
    store_discard_since(x.store, mark);
    assert_true(bytes_equal_text(lent, "refused")); /* lent until the next tidy */
    assert_int_equal(store_pending_bytes(x.store), 4);
    assert_false(store_has(x.store, &b));
    assert_blob(&x, &a, "kept");
    store_tidy(x.store);
    b = put(&x, "refused");
    assert_blob(&x, &b, "refused");
    tear_down(&x);
}

static void tidy_keeps_the_cap_and_everything_stays_readable(void **unused)
{
    (void)unused;
    enum { OBJECTS = 200, BYTES_EACH = 4000 };
    struct fixture x;
    set_up(&x);
    struct oid ids[OBJECTS];
    static uint8_t data[BYTES_EACH];
    for (int i = 0; i < OBJECTS; i++) {
        data[0] = (uint8_t)i;
        assert_int_equal(
            store_write(x.store, STORE_BLOB, (struct bytes){data, sizeof data}, NULL, &ids[i]),
            ST_OK);
    }
    store_tidy(x.store); /* nothing that is pending may go */
    assert_int_equal(store_flush(x.store, NULL, 0, &x.fault), ST_OK);
    for (int round = 0; round < 2; round++) {
        store_tidy(x.store);
        for (int i = 0; i < OBJECTS; i++) {
            struct bytes read;
            assert_int_equal(store_read(x.store, &ids[i], STORE_BLOB, &read, &x.fault), ST_OK);
            assert_int_equal(read.count, BYTES_EACH);
            assert_int_equal(read.data[0], i);
        }
    }
    tear_down(&x);
}

static int rests;

static void count_rest(void *context)
{
    (void)context;
    rests++;
}

static void a_rest_keeps_what_is_pending_and_reads_the_rest_anew(void **unused)
{
    (void)unused;
    struct fixture x;
    struct bytes read;
    set_up(&x);
    store_close(x.store);
    struct backing counted = x.backing;
    counted.rest = count_rest;
    counted.close = NULL;
    assert_int_equal(store_open(&counted, CACHE_BYTES, &x.store), ST_OK);
    struct oid kept = put(&x, "flushed");
    assert_int_equal(store_flush(x.store, NULL, 0, &x.fault), ST_OK);
    struct oid pending = put(&x, "pending");
    assert_int_equal(store_read(x.store, &kept, STORE_BLOB, &read, &x.fault), ST_OK);
    rests = 0;
    store_rest(x.store);
    assert_int_equal(rests, 1);
    assert_blob(&x, &kept, "flushed");
    assert_blob(&x, &pending, "pending");
    assert_int_equal(store_mark(x.store), 1);
    tear_down(&x);
}

static void collect(void *user, const struct store_ref *ref)
{
    char *text = user;
    size_t used = strlen(text);
    snprintf(text + used, 512 - used, "%s=%02x ", ref->name, ref->target.id[0]);
}

static void refs_are_set_moved_and_deleted(void **unused)
{
    (void)unused;
    struct fixture x;
    char text[512] = "";
    set_up(&x);
    struct store_ref refs[] = {
        {.name = "refs/heads/talca", .target = {{2}}},
        {.name = "refs/heads/iquique", .target = {{1}}},
    };
    assert_int_equal(store_flush(x.store, refs, 2, &x.fault), ST_OK);
    reopen(&x);
    refs[0].target.id[0] = 3;
    refs[1].target.id[0] = 0;
    assert_int_equal(store_refs(x.store, collect, text, &x.fault), ST_OK);
    assert_string_equal(text, "refs/heads/iquique=01 refs/heads/talca=02 ");
    assert_int_equal(store_flush(x.store, refs, 2, &x.fault), ST_OK);
    text[0] = '\0';
    assert_int_equal(store_refs(x.store, collect, text, &x.fault), ST_OK);
    assert_string_equal(text, "refs/heads/talca=03 ");
    tear_down(&x);
}

static enum status refuse(void *context, const struct store_object *objects, size_t count,
                          struct fault *f)
{
    (void)context, (void)objects, (void)count;
    return fault_set(f, ST_DISK_FULL, "full");
}

static void failed_flush_keeps_what_is_pending(void **unused)
{
    (void)unused;
    struct fixture x;
    set_up(&x);
    struct backing full = x.backing;
    full.close = NULL;
    full.write = refuse;
    store_close(x.store);
    assert_int_equal(store_open(&full, CACHE_BYTES, &x.store), ST_OK);
    struct oid a = put(&x, "patience");
    assert_int_equal(store_flush(x.store, NULL, 0, &x.fault), ST_DISK_FULL);
    assert_int_equal(store_pending_bytes(x.store), 8);
    store_tidy(x.store);
    assert_blob(&x, &a, "patience");
    tear_down(&x);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct fixture x;
        struct oid a, b;
        struct bytes data;
        set_up(&x);
        store_close(x.store);
        struct backing kept = x.backing;
        kept.close = NULL;
        x.store = NULL;
        mem_fail_at(n);
        enum status st = store_open(&kept, CACHE_BYTES, &x.store);
        if (st == ST_OK)
            st = store_write(x.store, STORE_BLOB, BYTES("one"), NULL, &a);
        if (st == ST_OK)
            st = store_write(x.store, STORE_BLOB, BYTES("two"), &a, &b);
        if (st == ST_OK)
            st = store_flush(x.store, NULL, 0, &x.fault);
        if (st == ST_OK) {
            store_close(x.store);
            x.store = NULL;
            st = store_open(&kept, CACHE_BYTES, &x.store);
        }
        if (st == ST_OK)
            st = store_read(x.store, &b, STORE_BLOB, &data, &x.fault);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        tear_down(&x);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_those_of_git),
        cmocka_unit_test(written_objects_read_back_before_and_after_a_flush),
        cmocka_unit_test(unflushed_objects_are_gone_after_a_close),
        cmocka_unit_test(writing_twice_is_free),
        cmocka_unit_test(another_kind_is_corrupt),
        cmocka_unit_test(discard_forgets_what_a_mark_does_not_cover),
        cmocka_unit_test(a_rest_keeps_what_is_pending_and_reads_the_rest_anew),
        cmocka_unit_test(tidy_keeps_the_cap_and_everything_stays_readable),
        cmocka_unit_test(refs_are_set_moved_and_deleted),
        cmocka_unit_test(failed_flush_keeps_what_is_pending),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
