#include "tests/unit/replicas/book_kit.h"

#include "replicas/book_cache.h"
#include "replicas/book_keep.h"
#include "replicas/disk.h"

enum { COMMITS = 26, ENTRIES_EACH = 200, CACHE_BYTES_MAX = 16 << 20 };

static void write_expenses(struct office *o, unsigned first, unsigned count)
{
    struct op_list ops = {0};
    struct replica_commit commit;
    char content[256];
    for (unsigned i = first; i < first + count; i++) {
        snprintf(content, sizeof content,
                 "{\"amount\":%u,\"budget_line\":\"workshops\",\"currency\":\"CLP\",\"date\":"
                 "\"2009-09-%02u\",\"office\":\"santiago\",\"receipt\":\"b %u\",\"ref\":\"K%u\"}",
                 1 + i % 40, 1 + i % 28, i, i);
        struct op op = {
            .verb = OP_ENTRY, .type = BYTES("expense"), .value = bytes_of_text(content)};
        assert_int_equal(op_list_add(&ops, &op), ST_OK);
    }
    if (replica_write(o->replica, &ops, BYTES("ana <ana@example.org>"), &commit, &o->fault) !=
        ST_OK)
        fail_msg("%s", o->fault.text);
    op_list_release(&ops);
    assert_int_equal(replica_sync(o->replica, NULL), ST_OK);
}

static const struct book *kept(struct office *o)
{
    const struct book *b = NULL;
    if (replica_book(o->replica, &b, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    return b;
}

static struct buf cache_of(struct office *o)
{
    struct disk disk = {0};
    struct buf file = {0};
    assert_int_equal(disk_files(o->home, &disk, NULL), ST_OK);
    enum status status = disk_get(&disk, "book.cache", CACHE_BYTES_MAX, &file, NULL);
    assert_true(status == ST_OK || status == ST_NOT_FOUND);
    disk_release(&disk);
    return file;
}

static void put_cache(struct office *o, struct bytes file)
{
    struct disk disk = {0};
    assert_int_equal(disk_files(o->home, &disk, NULL), ST_OK);
    assert_int_equal(disk_put(&disk, "", "book.cache", file, NULL), ST_OK);
    disk_release(&disk);
}

/* The book that is kept says what one that is read anew says. */
static void expect_true(struct office *o)
{
    static const struct book_cache_place place;
    struct buf a = {0}, b = {0};
    struct book *whole = book_of(o);
    assert_int_equal(book_cache_encode(kept(o), &place, &a), ST_OK);
    assert_int_equal(book_cache_encode(whole, &place, &b), ST_OK);
    assert_true(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
    buf_release(&a);
    buf_release(&b);
    book_free(whole);
}

static void a_small_book_is_not_saved(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    expect_true(&o);
    replica_rest(o.replica);
    struct buf file = cache_of(&o);
    assert_int_equal(file.count, 0);
    expect_true(&o);
    office_close(&o);
}

static void a_large_one_is_saved_and_followed(void **state)
{
    (void)state;
    struct office o;
    struct book_ids ids;
    book_small(&o, &ids);
    for (unsigned i = 0; i < COMMITS; i++)
        write_expenses(&o, i * ENTRIES_EACH, ENTRIES_EACH);
    assert_true(kept(&o)->entry_count > COMMITS * ENTRIES_EACH);
    replica_rest(o.replica);
    struct buf file = cache_of(&o);
    assert_true(file.count > 0);
    expect_true(&o);
    write_expenses(&o, COMMITS * ENTRIES_EACH, 3);
    expect_true(&o);
    office_reopen(&o); /* another process */
    write_expenses(&o, COMMITS * ENTRIES_EACH + 3, 2);
    expect_true(&o);
    replica_rest(o.replica);

    file.data[file.count / 2] ^= 1;
    put_cache(&o, buf_bytes(&file)); /* damaged */
    expect_true(&o);
    replica_rest(o.replica);
    put_cache(&o, (struct bytes){file.data, 10}); /* cut short */
    expect_true(&o);
    buf_release(&file);
    office_close(&o);
}

/* A file of another network, or of commits that are not here, is no book of this one. */
static void a_foreign_one_is_left_alone(void **state)
{
    (void)state;
    struct office a, b;
    struct book_ids ids;
    struct buf file = {0};
    book_small(&a, &ids);
    book_small(&b, &ids);
    struct book_cache_place place = {.network = *replica_network(a.replica)};
    struct book *book = book_of(&a);
    book_cache_nodes(replica_graph(a.replica), graph_count(replica_graph(a.replica)), &place.nodes);
    assert_int_equal(book_cache_encode(book, &place, &file), ST_OK);
    put_cache(&b, buf_bytes(&file));
    expect_true(&b);
    place.network = *replica_network(b.replica);
    buf_reset(&file);
    assert_int_equal(book_cache_encode(book, &place, &file), ST_OK);
    replica_rest(b.replica);
    put_cache(&b, buf_bytes(&file));
    expect_true(&b);
    book_free(book);
    buf_release(&file);
    office_close(&a);
    office_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_book_is_not_saved),
        cmocka_unit_test(a_large_one_is_saved_and_followed),
        cmocka_unit_test(a_foreign_one_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
