#include "tests/unit/replicas/vault_kit.h"

#include "proto/mem.h"
#include "replicas/vault_hold.h"

enum { ITEMS = 60 };

static struct vault_queries q;
static struct vault_holder holder;
static struct vault_recent recent;
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    holder = (struct vault_holder){.owner = 0};
    recent = (struct vault_recent){0};
    return vault_query_open(NULL, (struct bytes){NULL, 0}, &q, &f) == ST_OK ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    mem_fail_at(0);
    vault_recent_release(&recent);
    vault_query_close(&q);
    return 0;
}

static struct vault_kit_item item_of(uint32_t n)
{
    return vault_kit_item(n, n / 3, n / 3, VAULT_VALUE, 10 + n);
}

static void add(uint32_t first, uint32_t count)
{
    for (uint32_t n = first; n < first + count; n++) {
        struct vault_kit_item item = item_of(n);
        assert_int_equal(vault_recent_add(&recent, &item.facts, vault_kit_bytes(&item)), ST_OK);
    }
}

static void keep_row(void)
{
    assert_int_equal(vault_hold_row(&q, &recent, &f), ST_OK);
    vault_recent_settle(&recent);
}

static bool is_sorted(uint32_t n)
{
    struct vault_kit_item item = item_of(n);
    struct vault_facts facts;
    struct buf out = {0};
    enum status status = vault_hold_get(&q, &item.facts.name, &facts, &out, &f);
    if (status == ST_OK) {
        assert_memory_equal(&facts, &item.facts, sizeof facts);
        assert_true(bytes_equal(buf_bytes(&out), vault_kit_bytes(&item)));
    } else {
        assert_int_equal(status, ST_NOT_FOUND);
    }
    buf_release(&out);
    return status == ST_OK;
}

static void rows_are_read_back(void **unused)
{
    (void)unused;
    struct vault_recent again = {0};
    for (uint32_t n = 0; n < ITEMS; n += 20) {
        add(n, 20);
        keep_row();
    }
    assert_int_equal(vault_hold_load(&q, &again, &f), ST_OK);
    assert_int_equal(again.count, ITEMS);
    assert_true(bytes_equal(buf_bytes(&again.bytes), buf_bytes(&recent.bytes)));
    assert_int_equal(vault_recent_row(&again).count, 0);
    vault_recent_release(&again);
    assert_false(is_sorted(0));
}

static void what_is_sorted_leaves_its_rows(void **unused)
{
    (void)unused;
    struct vault_kit_item held = item_of(7);
    struct vault_recent none = {0};
    assert_int_equal(vault_hold(&q, &holder, &held.facts, vault_kit_bytes(&held), &f), ST_OK);
    add(0, ITEMS); /* that one too: it is held once */
    keep_row();
    assert_int_equal(vault_hold_recent(&q, &holder, &recent, &f), ST_OK);
    for (uint32_t n = 0; n < ITEMS; n++)
        assert_true(is_sorted(n));
    assert_int_equal(vault_hold_load(&q, &none, &f), ST_OK);
    assert_int_equal(none.count, 0);
    vault_recent_release(&none);
}

static void a_name_is_of_its_bytes(void **unused)
{
    (void)unused;
    struct vault_kit_item item = item_of(3), salt = vault_kit_salt(3, 3);
    struct buf out = {0};
    assert_true(vault_hold_is_named(&item.facts, vault_kit_bytes(&item)));
    assert_true(vault_hold_is_named(&salt.facts, vault_kit_bytes(&salt)));
    assert_int_equal(vault_hold_give(&item.facts, vault_kit_bytes(&item), &out, &f), ST_OK);
    item.data[1] ^= 1;
    salt.data[1] ^= 1;
    assert_false(vault_hold_is_named(&item.facts, vault_kit_bytes(&item)));
    assert_false(vault_hold_is_named(&salt.facts, vault_kit_bytes(&salt)));
    assert_int_equal(vault_hold_give(&item.facts, vault_kit_bytes(&item), &out, &f), ST_CORRUPT);
    assert_string_equal(f.fix, "minga repair vault");
    assert_int_equal(out.count, item.count);
    buf_release(&out);
}

static void each_allocation_may_fail(void **unused)
{
    (void)unused;
    add(0, ITEMS);
    keep_row();
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        struct vault_recent again = {0};
        mem_fail_at(n);
        enum status status = vault_hold_load(&q, &again, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(again.count, failed ? 0 : ITEMS);
        vault_recent_release(&again);
    }
    assert_true(n > 2);
    mem_fail_at(1);
    assert_int_equal(vault_hold_recent(&q, &holder, &recent, &f), ST_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(vault_hold_recent(&q, &holder, &recent, &f), ST_OK);
    assert_true(is_sorted(ITEMS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_sorted_leaves_its_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_is_of_its_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
