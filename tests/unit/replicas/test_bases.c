#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "replicas/bases.h"

static struct oid tree(uint8_t n)
{
    return (struct oid){{n, 1}};
}

static void kept(const struct bases *b, const uint32_t *parents, uint32_t count, uint8_t n)
{
    const struct oid *found = bases_find(b, parents, count);
    struct oid wanted = tree(n);
    assert_int_equal(found != NULL, n != 0);
    if (found != NULL)
        assert_memory_equal(found->id, wanted.id, OID_BYTES);
}

static void whatever_their_order(void **state)
{
    (void)state;
    struct bases b = {0};
    struct oid one = tree(1), two = tree(2);
    kept(&b, (uint32_t[]){3, 1, 2}, 3, 0);
    bases_keep(&b, (uint32_t[]){3, 1, 2}, 3, &one);
    bases_keep(&b, (uint32_t[]){1, 2}, 2, &two);
    kept(&b, (uint32_t[]){1, 2, 3}, 3, 1);
    kept(&b, (uint32_t[]){2, 3, 1}, 3, 1);
    kept(&b, (uint32_t[]){2, 1}, 2, 2);
    kept(&b, (uint32_t[]){1, 2, 4}, 3, 0);
    kept(&b, (uint32_t[]){1, 2, 3, 4}, 4, 0);
    kept(&b, (uint32_t[]){1}, 1, 0);
}

static void the_oldest_gives_way(void **state)
{
    (void)state;
    struct bases b = {0};
    uint32_t most[PARENTS_MAX];
    for (uint32_t i = 0; i < PARENTS_MAX; i++)
        most[i] = PARENTS_MAX - i;
    for (uint8_t n = 1; n <= BASES_MAX + 1; n++) {
        struct oid one = tree(n);
        most[0] = 1000U + n;
        bases_keep(&b, most, PARENTS_MAX, &one);
    }
    for (uint8_t n = 1; n <= BASES_MAX + 1; n++) {
        most[0] = 1000U + n;
        kept(&b, most, PARENTS_MAX, n == 1 ? 0 : n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_their_order),
        cmocka_unit_test(the_oldest_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
