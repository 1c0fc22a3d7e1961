#include "replicas/wantlist.h"

#include "proto/mem.h"
#include "tests/unit/replicas/vault_kit.h"

enum { COUNT = 500 };

static struct wantlist l;

static int tear_down(void **unused)
{
    (void)unused;
    wantlist_release(&l);
    return 0;
}

static struct vault_facts facts(uint32_t n)
{
    struct vault_facts made = {.kind = VAULT_VALUE, .class = SCHEMA_PERSONAL};
    vault_kit_fill(n, made.name.id, DIGEST_BYTES);
    snprintf(made.record, sizeof made.record, "%024x", n);
    return made;
}

static void add(uint32_t n)
{
    struct vault_facts made = facts(n);
    assert_int_equal(wantlist_add(&l, &made), ST_OK);
}

static void check_order(void)
{
    for (uint32_t i = 1; i < l.count; i++)
        assert_true(
            memcmp(wantlist_at(&l, i - 1)->name.id, wantlist_at(&l, i)->name.id, DIGEST_BYTES) < 0);
}

static void names_ascend_whatever_comes_and_goes(void **unused)
{
    (void)unused;
    for (uint32_t n = 0; n < COUNT; n++)
        add(n);
    check_order();
    for (uint32_t n = 0; n < COUNT; n += 3) {
        struct vault_facts gone = facts(n);
        assert_true(wantlist_remove(&l, &gone.name));
        assert_false(wantlist_remove(&l, &gone.name));
        assert_null(wantlist_find(&l, &gone.name));
    }
    check_order();
    for (uint32_t n = COUNT; n < 2 * COUNT; n++)
        add(n);
    check_order();
    assert_int_equal(l.count, 2 * COUNT - (COUNT + 2) / 3);
    for (uint32_t n = 0; n < 2 * COUNT; n++) {
        struct vault_facts made = facts(n);
        struct vault_facts *found = wantlist_find(&l, &made.name);
        assert_true((found == NULL) == (n < COUNT && n % 3 == 0));
        if (found != NULL)
            assert_memory_equal(found, &made, sizeof made);
    }
    wantlist_clear(&l);
    assert_int_equal(l.count, 0);
    add(1);
    add(0);
    check_order();
}

static void a_walk_goes_on_behind_a_name(void **unused)
{
    (void)unused;
    struct digest start = {{0}}, end, between;
    memset(end.id, 0xff, sizeof end.id);
    assert_int_equal(wantlist_behind(&l, &start), 0);
    for (uint32_t n = 0; n < COUNT; n++)
        add(n);
    assert_int_equal(wantlist_behind(&l, &start), 0);
    assert_int_equal(wantlist_behind(&l, &end), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(wantlist_behind(&l, &wantlist_at(&l, i)->name), i + 1);
    between = wantlist_at(&l, 7)->name; /* of one that came meanwhile */
    assert_true(wantlist_remove(&l, &between));
    assert_int_equal(wantlist_behind(&l, &between), 7);
}

static void without_memory_it_stays_as_it_was(void **unused)
{
    (void)unused;
    uint32_t failed = 0;
    for (uint32_t n = 0; n < COUNT; n++) {
        struct vault_facts made = facts(n);
        uint32_t before = l.count;
        mem_fail_at(1 + n % 2);
        enum status status = wantlist_add(&l, &made);
        mem_fail_at(0);
        if (status == ST_OK)
            continue;
        assert_int_equal(status, ST_NO_MEMORY);
        assert_int_equal(l.count, before);
        failed++;
        add(n);
    }
    assert_true(failed > 2);
    assert_int_equal(l.count, COUNT);
    check_order();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(names_ascend_whatever_comes_and_goes, tear_down),
        cmocka_unit_test_teardown(a_walk_goes_on_behind_a_name, tear_down),
        cmocka_unit_test_teardown(without_memory_it_stays_as_it_was, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
