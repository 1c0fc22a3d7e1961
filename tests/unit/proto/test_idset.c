#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/idset.h"
#include "proto/mem.h"

static struct oid numbered(uint32_t n)
{
    struct oid id = {{0}};
    id.id[0] = (uint8_t)(n >> 8);
    id.id[1] = (uint8_t)n;
    return id;
}

static void ids_are_kept_in_order_and_once(void **state)
{
    (void)state;
    struct idset s = {0};
    for (uint32_t n = 0; n < 500; n++) {
        struct oid id = numbered(n * 7919 % 300);
        assert_int_equal(idset_add(&s, &id), ST_OK);
    }
    assert_int_equal(s.count, 300);
    for (uint32_t n = 0; n < 300; n++) {
        struct oid id = numbered(n);
        assert_memory_equal(&s.ids[n], &id, sizeof(id));
        assert_true(idset_has(&s, &id));
    }
    struct oid absent = numbered(300), gone = numbered(150);
    assert_false(idset_has(&s, &absent));
    idset_remove(&s, &absent);
    idset_remove(&s, &gone);
    assert_int_equal(s.count, 299);
    assert_false(idset_has(&s, &gone));
    idset_release(&s);
    idset_release(NULL);
}

static void sets_compare(void **state)
{
    (void)state;
    struct idset a = {0}, b = {0};
    assert_true(idset_equal(&a, &b));
    assert_true(idset_within(&a, &b));
    const struct oid ids[] = {numbered(3), numbered(1), numbered(3), numbered(2)};
    assert_int_equal(idset_assign(&a, ids, 4), ST_OK);
    assert_int_equal(a.count, 3);
    assert_int_equal(idset_assign(&b, ids, 2), ST_OK);
    assert_true(idset_within(&b, &a));
    assert_false(idset_within(&a, &b));
    assert_false(idset_equal(&a, &b));
    assert_int_equal(idset_add(&b, &ids[3]), ST_OK);
    assert_true(idset_equal(&a, &b));
    assert_int_equal(idset_assign(&a, NULL, 0), ST_OK);
    assert_int_equal(a.count, 0);
    idset_release(&a);
    idset_release(&b);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    struct idset s = {0};
    static struct oid many[100];
    for (uint32_t n = 0; n < 100; n++)
        many[n] = numbered(n);
    assert_int_equal(idset_assign(&s, many, 8), ST_OK);
    mem_fail_at(1);
    assert_int_equal(idset_add(&s, &many[50]), ST_NO_MEMORY);
    mem_fail_at(1);
    assert_int_equal(idset_assign(&s, many, 100), ST_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(s.count, 8);
    assert_false(idset_has(&s, &many[50]));
    assert_true(idset_has(&s, &many[7]));
    idset_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_kept_in_order_and_once),
        cmocka_unit_test(sets_compare),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
