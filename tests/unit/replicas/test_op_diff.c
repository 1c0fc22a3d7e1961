/* op_diff(): on any two versions, either the operations that lead there, or a refusal. */
#include "tests/unit/replicas/sample.h"

#include <string.h>

#include "replicas/op.h"

enum { OWN = SAMPLE_CHANGES - 1, PAIRS = 100000 };

/* A tree near 'base', as a commit of the own change, or a forger, may have left it. */
static void random_tree(const struct sample *base, struct sample *tree, uint64_t *seed)
{
    *tree = *base;
    uint64_t dice = sample_random(seed);
    if ((dice & 7) != 0)
        tree->seen = (uint16_t)(tree->seen | 1u << OWN);
    if ((dice >> 3 & 31) == 0)
        tree->seen = (uint16_t)(tree->seen ^ 1u << (dice >> 8) % SAMPLE_CHANGES);
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++) {
        uint64_t bits = sample_random(seed);
        if ((bits & 7) == 0)
            tree->held[i] = (uint16_t)((tree->held[i] & bits >> 8) | 1u << OWN);
        if ((bits >> 3 & 31) == 0)
            tree->held[i] = (uint16_t)(tree->held[i] ^ 1u << (bits >> 32) % SAMPLE_CHANGES);
        tree->held[i] = (uint16_t)(tree->held[i] & tree->seen);
    }
    if (tree->seen == 0)
        tree->seen = 1;
    sample_build(tree, NULL);
}

/* What model.py's rules say about two versions, by their masks. */
static bool can_lead(const struct sample *base, const struct sample *tree)
{
    const uint16_t own = 1u << OWN;
    bool changes = false;
    if (tree->seen != base->seen && ((base->seen & own) != 0 || tree->seen != (base->seen | own)))
        return false;
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++) {
        uint16_t old = base->held[i], new = tree->held[i];
        changes = changes || old != new;
        if ((new & ~old & ~own) != 0)
            return false; /* what somebody else wrote appears */
        if (i < SAMPLE_FIELDS && old != new && (new &own & ~old) == 0)
            return false; /* a register loses without a value */
    }
    return changes == (tree->seen != base->seen);
}

static void a_difference_leads_there_or_is_refused(void **state)
{
    (void)state;
    static struct sample base, tree;
    uint64_t seed = 31;
    struct op_change by = {sample_change(OWN), OWN / 2 + 1,
                           bytes_of_text(sample_labels[OWN % SAMPLE_LABELS])};
    unsigned led = 0, refused = 0;
    for (unsigned i = 0; i < PAIRS; i++) {
        struct op_list ops = {0};
        sample_make(&base, &seed, false);
        random_tree(&base, &tree, &seed);
        enum status status = op_diff(&base.record, &tree.record, &by.change, &ops);
        assert_int_equal(status, can_lead(&base, &tree) ? ST_OK : ST_WRONG_OPERATION);
        if (status == ST_OK && ops.count > 0) {
            struct record again;
            assert_int_equal(op_apply(&base.record, ops.ops, ops.count, &by, &again), ST_OK);
            assert_true(sample_same(&again, &tree.record));
            record_release(&again);
            led++;
        } else if (status == ST_OK) {
            assert_true(sample_same(&base.record, &tree.record));
        } else {
            assert_int_equal(ops.count, 0);
            refused++;
        }
        op_list_release(&ops);
    }
    assert_true(led > PAIRS / 10 && refused > PAIRS / 10);
}

static void altered_history_is_refused(void **state)
{
    (void)state;
    static struct sample base, tree;
    struct change own = sample_change(OWN);
    struct op_list ops = {0};
    base.seen = 0x0f;
    base.held[0] = 0x03;
    sample_build(&base, NULL);
    tree = base;
    tree.seen |= 1u << OWN;
    tree.held[1] = 1u << OWN;
    sample_build(&tree, NULL);
    assert_int_equal(op_diff(&base.record, &tree.record, &own, &ops), ST_OK);
    assert_int_equal(ops.count, 1);
    tree.seen_items[1].height++;
    assert_int_equal(op_diff(&base.record, &tree.record, &own, &ops), ST_WRONG_OPERATION);
    sample_build(&tree, NULL);
    tree.seen_items[1].label = BYTES("nobody");
    assert_int_equal(op_diff(&base.record, &tree.record, &own, &ops), ST_WRONG_OPERATION);
    sample_build(&tree, NULL);
    tree.values[1].json = BYTES("\"other\"");
    assert_int_equal(op_diff(&base.record, &tree.record, &own, &ops), ST_WRONG_OPERATION);
    sample_build(&tree, NULL);
    tree.record.type = BYTES("visit");
    assert_int_equal(op_diff(&base.record, &tree.record, &own, &ops), ST_WRONG_OPERATION);
    tree.record.type = base.record.type;
    tree.record.id = BYTES("000000000000000000000000");
    assert_int_equal(op_diff(&base.record, &tree.record, &own, &ops), ST_WRONG_OPERATION);
    assert_int_equal(ops.count, 1); /* what was there stays */
    op_list_release(&ops);
}

static void an_entry_is_one_operation_once(void **state)
{
    (void)state;
    struct change own = sample_change(OWN);
    struct op_list ops = {0};
    struct record a = {.id = BYTES("3fa9c04be1d27788a0c4f19e3fa9c04be1d27788"),
                       .type = BYTES("grant"),
                       .entry = BYTES("{\"amount\":1}")};
    struct record b = a;
    assert_int_equal(op_diff(NULL, &a, &own, &ops), ST_OK);
    assert_int_equal(ops.count, 1);
    assert_int_equal(ops.ops[0].verb, OP_ENTRY);
    assert_int_equal(ops.ops[0].entry[0], 0x3f);
    assert_true(bytes_equal(ops.ops[0].value, a.entry));
    assert_int_equal(op_diff(&b, &a, &own, &ops), ST_OK);
    assert_int_equal(ops.count, 1);
    b.entry = BYTES("{\"amount\":2}");
    assert_int_equal(op_diff(&b, &a, &own, &ops), ST_WRONG_OPERATION);
    b.entry = (struct bytes){0};
    assert_int_equal(op_diff(&b, &a, &own, &ops), ST_WRONG_OPERATION);
    assert_int_equal(op_diff(&a, &b, &own, &ops), ST_WRONG_OPERATION);
    a.id = BYTES("3fa9");
    assert_int_equal(op_diff(NULL, &a, &own, &ops), ST_WRONG_OPERATION);
    op_list_release(&ops);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    static struct sample base, tree;
    struct change own = sample_change(OWN);
    unsigned failures = 0;
    base.seen = 0x0f;
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++)
        base.held[i] = 0x0f;
    sample_build(&base, NULL);
    tree.seen = 0x0f | 1u << OWN;
    for (unsigned i = 0; i < SAMPLE_SLOTS; i++)
        tree.held[i] = 1u << OWN;
    sample_build(&tree, NULL);
    for (uint64_t n = 1, going = 1; going; n++) {
        struct op_list ops = {0};
        mem_fail_at(n);
        enum status status = op_diff(&base.record, &tree.record, &own, &ops);
        going = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, going ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(ops.count, going ? 0 : SAMPLE_SLOTS);
        failures += going != 0;
        op_list_release(&ops);
    }
    assert_true(failures >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_leads_there_or_is_refused),
        cmocka_unit_test(altered_history_is_refused),
        cmocka_unit_test(an_entry_is_one_operation_once),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
