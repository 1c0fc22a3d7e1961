#include "replicas/tree_entry.h"
#include "tests/unit/replicas/tree_fixture.h"

static void add(struct buf *out, const char *name, bool folder, uint32_t n)
{
    tree_entry_add(out, &(struct tree_entry){bytes_of_text(name), folder, blob_of(n)});
}

/* Reads all entries; how many, and how the reading ended. */
static enum status read_all(struct bytes data, size_t *count_out)
{
    struct tree_entry_cursor c;
    *count_out = 0;
    enum status st = tree_entry_first(data, &c);
    while (st == ST_OK && !c.end) {
        assert_true(c.entry.name.count > 0 && c.start < c.next && c.next <= data.count);
        ++*count_out;
        st = tree_entry_next(&c);
    }
    return st;
}

static void entries_come_back_as_they_were_added(void **unused)
{
    (void)unused;
    struct buf data = {0};
    struct tree_entry_cursor c;
    struct oid one = blob_of(1), two = blob_of(2);
    add(&data, "a", false, 1);
    add(&data, "b", true, 2);
    assert_int_equal(buf_status(&data), ST_OK);
    assert_int_equal(tree_entry_first(buf_bytes(&data), &c), ST_OK);
    assert_true(bytes_equal_text(c.entry.name, "a") && !c.entry.folder);
    assert_same(&c.entry.id, &one);
    assert_int_equal(tree_entry_next(&c), ST_OK);
    assert_true(bytes_equal_text(c.entry.name, "b") && c.entry.folder && !c.end);
    assert_same(&c.entry.id, &two);
    assert_int_equal(tree_entry_next(&c), ST_OK);
    assert_true(c.end);
    assert_int_equal(tree_entry_first(BYTES(""), &c), ST_OK);
    assert_true(c.end);
    buf_release(&data);
}

static void corrupt_bytes_are_read_safely(void **unused)
{
    (void)unused;
    struct buf data = {0};
    size_t count, whole = 0;
    add(&data, "a", false, 1);
    add(&data, "folder", true, 2);
    add(&data, "z", false, 3);
    assert_int_equal(read_all(buf_bytes(&data), &count), ST_OK);
    assert_int_equal(count, 3);
    for (size_t cut = 0; cut < data.count; cut++) {
        uint8_t *prefix = mem_copy(data.data, cut); /* exact, for the sanitizer */
        enum status st = read_all((struct bytes){prefix, cut}, &count);
        assert_true(st == ST_OK || st == ST_MALFORMED);
        whole += st == ST_OK;
        mem_free(prefix);
    }
    assert_int_equal(whole, 3); /* none, one and two entries */
    for (size_t i = 0; i < data.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            data.data[i] ^= (uint8_t)(1 << bit);
            enum status st = read_all(buf_bytes(&data), &count);
            assert_true(st == ST_OK || st == ST_MALFORMED);
            assert_true(count <= 3);
            data.data[i] ^= (uint8_t)(1 << bit);
        }
    buf_release(&data);
}

static int order(const char *a, bool a_folder, const char *b, bool b_folder)
{
    struct tree_entry x = {.name = bytes_of_text(a), .folder = a_folder};
    struct tree_entry y = {.name = bytes_of_text(b), .folder = b_folder};
    int way = tree_entry_compare(&x, &y), back = tree_entry_compare(&y, &x);
    assert_true((way < 0) == (back > 0) && (way == 0) == (back == 0));
    return way;
}

static void a_folder_is_ordered_as_if_it_ended_in_a_slash(void **unused)
{
    (void)unused;
    assert_true(order("a", false, "b", false) < 0);
    assert_true(order("a", false, "a-", false) < 0);
    assert_true(order("a", true, "a-", false) > 0);
    assert_true(order("a", true, "a0", false) < 0);
    assert_true(order("a", false, "a", true) < 0);
    assert_int_equal(order("a", true, "a", true), 0);
}

static void saving_refuses_what_git_would(void **unused)
{
    (void)unused;
    struct buf data = {0};
    struct oid id;
    struct fault f;
    assert_int_equal(tree_entry_save(store, &data, NULL, &id, &f), ST_OK);
    assert_true(tree_entry_none(&id));
    add(&data, "a", false, 1);
    assert_int_equal(tree_entry_save(store, &data, NULL, &id, &f), ST_OK);
    assert_false(tree_entry_none(&id));
    struct bytes back;
    assert_int_equal(tree_entry_read(store, &id, &back, &f), ST_OK);
    assert_true(bytes_equal(back, buf_bytes(&data)));
    struct buf copy = {0};
    assert_int_equal(tree_entry_load(store, &id, &copy, &f), ST_OK);
    assert_true(bytes_equal(buf_bytes(&copy), buf_bytes(&data)));
    add(&data, "a", true, 2);
    assert_int_not_equal(tree_entry_save(store, &data, NULL, &id, &f), ST_OK);
    buf_reset(&data);
    add(&data, ".git", true, 2);
    assert_int_equal(tree_entry_save(store, &data, NULL, &id, &f), ST_MALFORMED);
    buf_release(&data);
    buf_release(&copy);
}

static void a_missing_tree_is_named(void **unused)
{
    (void)unused;
    struct oid nowhere = {{9}}, none = {{0}};
    struct bytes data;
    struct fault f;
    assert_int_equal(tree_entry_read(store, &nowhere, &data, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, "0900000000"));
    assert_int_equal(tree_entry_read(store, &none, &data, &f), ST_OK);
    assert_int_equal(data.count, 0);
    assert_int_equal(tree_entry_damaged(&nowhere, &f), ST_CORRUPT);
    assert_non_null(strstr(f.text, "0900000000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_as_they_were_added),
        cmocka_unit_test(corrupt_bytes_are_read_safely),
        cmocka_unit_test(a_folder_is_ordered_as_if_it_ended_in_a_slash),
        cmocka_unit_test(saving_refuses_what_git_would),
        cmocka_unit_test(a_missing_tree_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
