/* op_apply(): exactly what op_diff() gives back, and nothing that loses anything. */
#include "tests/unit/replicas/sample.h"

#include <string.h>

#include "replicas/op.h"

enum { OWN = SAMPLE_CHANGES - 1, HISTORIES = 20000 };

/* The changes of a mask, packed. */
static struct bytes packed(uint16_t mask, uint8_t out[static SAMPLE_CHANGES * CHANGE_BYTES])
{
    size_t count = 0;
    for (unsigned i = 0; i < SAMPLE_CHANGES; i++)
        if ((mask >> i & 1) != 0) {
            struct change c = sample_change(i);
            memcpy(out + count, c.id, CHANGE_BYTES);
            count += CHANGE_BYTES;
        }
    return (struct bytes){out, count};
}

static struct op_change own_change(void)
{
    return (struct op_change){sample_change(OWN), OWN / 2 + 1,
                              bytes_of_text(sample_labels[OWN % SAMPLE_LABELS])};
}

static struct op operation(enum op_verb verb, unsigned slot, const char *value, struct bytes over)
{
    struct op op = {.verb = verb, .type = BYTES("enterprise"), .over = over};
    assert_int_equal(hex_decode(BYTES("3fa9c04be1d27788a0c4f19e"), op.id, RECORD_ID_BYTES), ST_OK);
    if (slot < SAMPLE_FIELDS) {
        op.name = bytes_of_text(sample_fields[slot]);
        op.value = bytes_of_text(value);
    } else {
        op.name = bytes_of_text(sample_sets[(slot - SAMPLE_FIELDS) / SAMPLE_ELEMENTS]);
        op.value = bytes_of_text(sample_elements[(slot - SAMPLE_FIELDS) % SAMPLE_ELEMENTS]);
    }
    return op;
}

/* Random operations on 'base', at most one a slot; 'held' becomes what they leave there. */
static uint32_t random_operations(const struct sample *base, uint64_t *seed, struct op_list *l,
                                  uint16_t held[static SAMPLE_SLOTS])
{
    uint8_t over[SAMPLE_CHANGES * CHANGE_BYTES];
    for (unsigned slot = 0; slot < SAMPLE_SLOTS; slot++) {
        uint64_t dice = sample_random(seed);
        held[slot] = base->held[slot];
        if ((dice & 3) != 0)
            continue;
        uint16_t gone = (uint16_t)(base->held[slot] & dice >> 8);
        enum op_verb verb = slot < SAMPLE_FIELDS                 ? OP_SET
                            : gone == 0 || (dice >> 32 & 1) != 0 ? OP_ADD
                                                                 : OP_DROP;
        held[slot] = (uint16_t)(held[slot] & ~gone);
        if (verb != OP_DROP)
            held[slot] = (uint16_t)(held[slot] | 1u << OWN);
        struct op op = operation(verb, slot, sample_values[dice >> 40 & 7], packed(gone, over));
        assert_int_equal(op_list_add(l, &op), ST_OK);
    }
    return l->count;
}

/* A base that has not seen the own change; every third time there is none. */
static const struct record *random_base(struct sample *s, uint64_t *seed, unsigned i)
{
    sample_make(s, seed, false);
    if (i % 3 == 0)
        s->seen = 0;
    s->seen = (uint16_t)(s->seen & ~(1u << OWN));
    for (unsigned slot = 0; slot < SAMPLE_SLOTS; slot++)
        s->held[slot] = (uint16_t)(s->held[slot] & s->seen);
    sample_build(s, NULL);
    return s->seen == 0 ? NULL : &s->record;
}

static void assert_same_operations(const struct op_list *a, const struct op_list *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        assert_int_equal(a->ops[i].verb, b->ops[i].verb);
        assert_int_equal(op_list_compare(&a->ops[i], &b->ops[i]), 0);
        sample_assert_same(a->ops[i].value, b->ops[i].value);
        assert_true(bytes_equal(a->ops[i].over, b->ops[i].over));
    }
}

static void random_operations_do_what_they_say_and_come_back(void **state)
{
    (void)state;
    static struct sample base;
    uint64_t seed = 21;
    struct op_change by = own_change();
    struct buf text = {0};
    for (unsigned i = 0; i < HISTORIES; i++) {
        struct op_list ops = {0}, back = {0};
        struct record after, again;
        uint16_t seen, held[SAMPLE_SLOTS], left[SAMPLE_SLOTS];
        const struct record *from = random_base(&base, &seed, i);
        if (random_operations(&base, &seed, &ops, left) == 0)
            continue;
        assert_int_equal(op_apply(from, ops.ops, ops.count, &by, &after), ST_OK);
        sample_read(&after, &seen, held);
        assert_int_equal(seen, base.seen | 1u << OWN);
        assert_memory_equal(held, left, sizeof held);
        assert_int_equal(op_diff(from, &after, &by.change, &back), ST_OK);
        assert_same_operations(&ops, &back);
        assert_int_equal(record_parse(sample_encode(&after, &text), &again), ST_OK);
        assert_true(sample_same(&after, &again));
        record_release(&again);
        record_release(&after);
        op_list_release(&ops);
        op_list_release(&back);
    }
    buf_release(&text);
}

static void apply_is(enum status expected, const struct record *base, const struct op *ops,
                     uint32_t count, struct op_change by)
{
    struct record out;
    assert_int_equal(op_apply(base, ops, count, &by, &out), expected);
    if (expected == ST_OK)
        record_release(&out);
    assert_null(out.block);
    assert_int_equal(out.seen_count, 0);
}

static void wrong_operations_are_refused(void **state)
{
    (void)state;
    static struct sample base;
    uint8_t over[SAMPLE_CHANGES * CHANGE_BYTES];
    const struct bytes none = {0};
    struct op_change by = own_change();
    base.seen = 0x3f;
    base.held[0] = 0x05;
    base.held[3] = 0x0a;
    sample_build(&base, NULL);
    const struct record *r = &base.record;
    struct op set = operation(OP_SET, 0, "1", packed(0x05, over));
    apply_is(ST_OK, r, &set, 1, by);
    apply_is(ST_WRONG_OPERATION, r, &set, 0, by);
    apply_is(ST_WRONG_OPERATION, NULL, &set, 1, by); /* nothing to supersede */
    set.over = packed(0x07, over);                   /* one more than the field holds */
    apply_is(ST_WRONG_OPERATION, r, &set, 1, by);
    set.over = packed(0x08, over); /* seen, but not here */
    apply_is(ST_WRONG_OPERATION, r, &set, 1, by);
    uint8_t twice[2 * CHANGE_BYTES];
    struct change first = sample_change(0);
    memcpy(twice, first.id, CHANGE_BYTES);
    memcpy(twice + CHANGE_BYTES, first.id, CHANGE_BYTES);
    set.over = (struct bytes){twice, sizeof twice};
    apply_is(ST_WRONG_OPERATION, r, &set, 1, by);
    set.over = (struct bytes){twice, CHANGE_BYTES - 1};
    apply_is(ST_WRONG_OPERATION, r, &set, 1, by);
    struct op drop = operation(OP_DROP, 3, NULL, none);
    apply_is(ST_WRONG_OPERATION, r, &drop, 1, by); /* drops nothing */
    drop.over = packed(0x08, over);
    apply_is(ST_OK, r, &drop, 1, by);
    struct op absent = operation(OP_DROP, 4, NULL, packed(0x08, over));
    apply_is(ST_WRONG_OPERATION, r, &absent, 1, by);
    struct op_change old = by;
    old.change = sample_change(2); /* the base has seen it */
    struct op add = operation(OP_ADD, 4, NULL, none);
    apply_is(ST_OK, r, &add, 1, by);
    apply_is(ST_WRONG_OPERATION, r, &add, 1, old);
    const struct op wrong_order[] = {add, operation(OP_SET, 1, "1", none)};
    apply_is(ST_WRONG_OPERATION, r, wrong_order, 2, by);
    const struct op same_twice[] = {add, add};
    apply_is(ST_WRONG_OPERATION, r, same_twice, 2, by);
    struct op other_record[] = {operation(OP_SET, 1, "1", none), add};
    other_record[1].id[0] ^= 1;
    apply_is(ST_WRONG_OPERATION, r, other_record, 2, by);
    apply_is(ST_WRONG_OPERATION, r, other_record + 1, 1, by);
    struct op other_type = add;
    other_type.type = BYTES("visit");
    apply_is(ST_WRONG_OPERATION, r, &other_type, 1, by);
    struct op entry = add;
    entry.verb = OP_ENTRY;
    apply_is(ST_WRONG_OPERATION, r, &entry, 1, by);
}

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    static struct sample base;
    struct op_change by = own_change();
    struct record out;
    base.seen = 0x3f;
    base.held[0] = 0x05;
    sample_build(&base, NULL);
    struct op set = operation(OP_SET, 1, "1", (struct bytes){0});
    mem_fail_at(1);
    assert_int_equal(op_apply(&base.record, &set, 1, &by, &out), ST_NO_MEMORY);
    assert_true(mem_failed());
    assert_null(out.block);
    mem_fail_at(2); /* one block holds all */
    assert_int_equal(op_apply(&base.record, &set, 1, &by, &out), ST_OK);
    assert_false(mem_failed());
    mem_fail_at(0);
    record_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_do_what_they_say_and_come_back),
        cmocka_unit_test(wrong_operations_are_refused),
        cmocka_unit_test(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
