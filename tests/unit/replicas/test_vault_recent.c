#include "tests/unit/replicas/vault_kit.h"

#include "proto/mem.h"
#include "replicas/vault_recent.h"

enum { ITEMS = 200 };

static struct vault_recent r;

static int set_up(void **unused)
{
    (void)unused;
    r = (struct vault_recent){0};
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    mem_fail_at(0);
    vault_recent_release(&r);
    return 0;
}

/* The n-th of any kind and size. */
static struct vault_kit_item item_of(uint32_t n)
{
    static const enum vault_kind kinds[] = {VAULT_VALUE, VAULT_LIST, VAULT_CHUNK, VAULT_DISCLOSURE};
    if (n % 5 == 4)
        return vault_kit_salt(n, n / 3);
    struct vault_kit_item item = vault_kit_item(n, n / 3, n / 3, kinds[n % 5], 1 + n * 7 % 700);
    if (item.facts.kind == VAULT_DISCLOSURE)
        memset(item.facts.reader.id, 0xab, KEY_BYTES);
    item.facts.class = n % 2 == 0 ? SCHEMA_PERSONAL : SCHEMA_INTERNAL;
    return item;
}

static void add(uint32_t n)
{
    struct vault_kit_item item = item_of(n);
    assert_int_equal(vault_recent_add(&r, &item.facts, vault_kit_bytes(&item)), ST_OK);
}

static bool holds(uint32_t n)
{
    struct vault_kit_item item = item_of(n);
    struct vault_facts facts;
    struct bytes found;
    if (!vault_recent_find(&r, &item.facts.name, &facts, &found))
        return false;
    assert_memory_equal(&facts, &item.facts, sizeof facts);
    assert_true(bytes_equal(found, vault_kit_bytes(&item)));
    return true;
}

static void what_went_in_is_found(void **unused)
{
    (void)unused;
    assert_false(holds(0));
    for (uint32_t n = 0; n < ITEMS; n++) {
        assert_false(holds(n));
        add(n);
    }
    for (uint32_t n = 0; n < ITEMS; n++)
        assert_true(holds(n));
    assert_int_equal(r.count, ITEMS);
}

static void what_no_row_has_is_cut(void **unused)
{
    (void)unused;
    for (uint32_t n = 0; n < ITEMS / 2; n++)
        add(n);
    size_t half = vault_recent_row(&r).count;
    assert_int_equal(half, r.bytes.count);
    vault_recent_settle(&r);
    assert_int_equal(vault_recent_row(&r).count, 0);
    for (uint32_t n = ITEMS / 2; n < ITEMS; n++)
        add(n);
    assert_int_equal(vault_recent_row(&r).count, r.bytes.count - half);
    vault_recent_cut(&r);
    assert_int_equal(r.count, ITEMS / 2);
    assert_int_equal(r.bytes.count, half);
    for (uint32_t n = 0; n < ITEMS; n++)
        assert_true(holds(n) == (n < ITEMS / 2));
    vault_recent_cut(&r); /* nothing more */
    assert_true(holds(0));
    vault_recent_clear(&r);
    assert_false(holds(0));
    vault_recent_cut(&r);
    add(0);
    vault_recent_cut(&r);
    assert_int_equal(r.count, 0);
    add(0);
    assert_true(holds(0));
}

static void rows_come_back(void **unused)
{
    (void)unused;
    struct buf rows[2] = {{0}, {0}};
    for (uint32_t n = 0; n < ITEMS; n++) {
        add(n);
        if (n != 20 && n != ITEMS - 1)
            continue;
        buf_add_bytes(&rows[n != 20], vault_recent_row(&r));
        vault_recent_settle(&r);
    }
    vault_recent_clear(&r);
    for (int i = 0; i < 2; i++)
        assert_int_equal(vault_recent_load(&r, buf_bytes(&rows[i])), ST_OK);
    assert_int_equal(vault_recent_row(&r).count, 0);
    for (uint32_t n = 0; n < ITEMS; n++)
        assert_true(holds(n));
    /* The same one again is none of ours: a name stands once. */
    assert_int_equal(vault_recent_load(&r, buf_bytes(&rows[1])), ST_CORRUPT);
    assert_int_equal(r.count, ITEMS);
    for (uint32_t n = 0; n < ITEMS; n++)
        assert_true(holds(n));
    for (int i = 0; i < 2; i++)
        buf_release(&rows[i]);
}

/* A few items as a row; where each of them ends. */
static void fill_row(struct buf *out, size_t ends[static 8])
{
    for (uint32_t n = 0; n < 8; n++) {
        add(n);
        ends[n] = r.bytes.count;
    }
    buf_add_bytes(out, vault_recent_row(&r));
    vault_recent_clear(&r);
    assert_int_equal(buf_status(out), ST_OK);
}

static void a_row_cut_short_is_none(void **unused)
{
    (void)unused;
    struct buf row = {0};
    size_t ends[8], whole = 0;
    fill_row(&row, ends);
    for (size_t count = 0; count <= row.count; count++) {
        bool end = count == 0 || count == ends[whole];
        uint8_t *exact = mem_copy(row.data, count); /* so that no byte behind it can be read */
        assert_non_null(exact);
        assert_int_equal(vault_recent_load(&r, (struct bytes){exact, count}),
                         end ? ST_OK : ST_CORRUPT);
        whole += end && count > 0 && whole < 7;
        if (!end)
            assert_int_equal(r.count, 0);
        vault_recent_clear(&r);
        mem_free(exact);
    }
    buf_release(&row);
}

static void each_bit_may_be_wrong(void **unused)
{
    (void)unused;
    struct buf row = {0};
    size_t ends[8];
    uint32_t corrupt = 0;
    fill_row(&row, ends);
    for (size_t at = 0; at < row.count; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            row.data[at] ^= (uint8_t)(1u << bit);
            enum status status = vault_recent_load(&r, buf_bytes(&row));
            assert_true(status == ST_OK || status == ST_CORRUPT);
            assert_true(status == ST_OK ? bytes_equal(buf_bytes(&r.bytes), buf_bytes(&row))
                                        : r.count == 0 && r.bytes.count == 0);
            corrupt += status == ST_CORRUPT;
            vault_recent_clear(&r);
            row.data[at] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(corrupt > 8 * 8);
    buf_release(&row);
}

static void it_takes_small_ones_up_to_its_limit(void **unused)
{
    (void)unused;
    struct vault_kit_item item = vault_kit_item(0, 1, 1, VAULT_VALUE, VAULT_RECENT_ITEM_MAX);
    struct bytes bytes = vault_kit_bytes(&item);
    uint32_t count = 0;
    assert_true(vault_recent_takes(bytes));
    assert_false(vault_recent_takes((struct bytes){bytes.data, bytes.count + 1}));
    for (; vault_recent_fits(&r, bytes); count++) {
        memcpy(item.facts.name.id + 8, &count, sizeof count);
        assert_int_equal(vault_recent_add(&r, &item.facts, bytes), ST_OK);
    }
    assert_true(r.bytes.count <= VAULT_RECENT_MAX);
    assert_true(count > VAULT_RECENT_MAX / (VAULT_RECENT_ITEM_MAX + 300));
    struct buf row = {0};
    buf_add_bytes(&row, vault_recent_row(&r));
    vault_recent_clear(&r);
    assert_int_equal(vault_recent_load(&r, buf_bytes(&row)), ST_OK);
    assert_int_equal(r.count, count);
    buf_release(&row);
}

static void without_memory_it_stays_as_it_was(void **unused)
{
    (void)unused;
    uint32_t failed = 0;
    for (uint32_t n = 0; n < ITEMS; n++) {
        struct vault_kit_item item = item_of(n);
        uint32_t before = r.count;
        size_t bytes = r.bytes.count;
        mem_fail_at(1 + n % 2);
        enum status status = vault_recent_add(&r, &item.facts, vault_kit_bytes(&item));
        mem_fail_at(0);
        if (status != ST_OK) {
            assert_int_equal(status, ST_NO_MEMORY);
            assert_int_equal(r.count, before);
            assert_int_equal(r.bytes.count, bytes);
            assert_false(holds(n));
            failed++;
            add(n);
        }
        assert_true(holds(n));
    }
    assert_true(failed > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_went_in_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_row_has_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_cut_short_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_bit_may_be_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_takes_small_ones_up_to_its_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_it_stays_as_it_was, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
