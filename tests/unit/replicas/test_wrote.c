#include "replicas/wrote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"

static void add(struct op_list *ops, enum op_verb verb, uint8_t id)
{
    struct op op = {.verb = verb, .type = BYTES("grant"), .value = BYTES("{}")};
    op.entry[0] = id;
    assert_int_equal(op_list_add(ops, &op), ST_OK);
}

static void entries_are_found_by_their_commit(void **state)
{
    (void)state;
    struct wrote *w = mem_alloc(sizeof *w);
    struct op_list one = {0}, none = {0}, two = {0};
    add(&one, OP_ENTRY, 1);
    add(&none, OP_SET, 2);
    add(&two, OP_ENTRY, 3);
    add(&two, OP_ENTRY, 4);
    assert_int_equal(wrote_first(w, 0), 0);
    assert_int_equal(wrote_note(w, 2, &one), ST_OK);
    assert_int_equal(wrote_note(w, 3, &none), ST_OK);
    assert_int_equal(wrote_note(w, 5, &two), ST_OK);
    assert_int_equal(w->count, 3);
    assert_int_equal(wrote_first(w, 1), 0);
    assert_int_equal(wrote_first(w, 2), 0);
    assert_int_equal(wrote_first(w, 3), 1);
    assert_int_equal(wrote_first(w, 5), 1);
    assert_int_equal(wrote_first(w, 6), 3);
    assert_int_equal(w->list[2].entry[0], 4);
    assert_int_equal(w->list[2].node, 5);
    op_list_release(&one);
    op_list_release(&none);
    op_list_release(&two);
    wrote_free(w);
    wrote_free(NULL);
}

static void a_lack_of_memory_is_told(void **state)
{
    (void)state;
    struct wrote *w = mem_alloc(sizeof *w);
    struct op_list one = {0};
    add(&one, OP_ENTRY, 1);
    mem_fail_at(1);
    assert_int_equal(wrote_note(w, 0, &one), ST_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(w->count, 0);
    assert_int_equal(wrote_note(w, 0, &one), ST_OK);
    op_list_release(&one);
    wrote_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_by_their_commit),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
