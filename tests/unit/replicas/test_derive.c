#include "tests/unit/replicas/replay_kit.h"

#include <sodium.h>

#include "replicas/commit.h"
#include "replicas/derive.h"

static const struct oid nothing;

/* What leads from 'base' to 'tree' by change 'number', as canonical bytes. */
static struct buf derived(const struct oid *base, const struct oid *tree, uint8_t number)
{
    struct op_list l = {0};
    struct buf out = {0};
    struct change change = {{number}};
    struct fault f = {.code = ST_OK};
    if (derive_operations(store, base, tree, &change, &l, &f) != ST_OK)
        fail_msg("%s", f.text);
    op_list_resolve(&l, &network);
    assert_int_equal(op_list_encode(&l, &out), ST_OK);
    op_list_release(&l);
    return out;
}

/* Replays the list on 'base'; what is derived from the trees must be the very same operations. */
static struct oid there_and_back(const struct oid *base, uint8_t number, struct op_list *l)
{
    struct buf sorted = {0};
    struct oid tree;
    struct fault f = {.code = ST_OK};
    assert_int_equal(op_list_encode(l, &sorted), ST_OK);
    if (replay_as(base, number, l, &tree, &f) != ST_OK)
        fail_msg("%s", f.text);
    struct buf again = derived(base, &tree, number);
    assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&sorted)));
    buf_release(&again);
    buf_release(&sorted);
    return tree;
}

static void operations_come_back_from_the_trees(void **unused)
{
    struct op charter_op = {.verb = OP_CHARTER, .version = 2, .value = BYTES("{}")};
    struct op adopt_op = {.verb = OP_ADOPT, .commit = {{5}}};
    struct op_list l = {0};
    (void)unused;
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    add_op(&l, OP_ADD, first_id, "needs", "\"health\"", 0);
    add_op(&l, OP_SET, second_id, "stage", "null", 0);
    add_entry(&l, "grant",
              "{\"amount\":9,\"currency\":\"CLP\",\"date\":\"2009-01-01\",\"ref\":\"1\"}");
    struct oid one = there_and_back(&nothing, 1, &l);
    add_op(&l, OP_SET, first_id, "stage", "\"purchase\"", 1);
    add_op(&l, OP_DROP, first_id, "needs", "\"health\"", 1);
    assert_int_equal(op_list_add(&l, &charter_op), ST_OK);
    assert_int_equal(op_list_add(&l, &adopt_op), ST_OK);
    struct oid two = there_and_back(&one, 2, &l);
    struct oid same = there_and_back(&two, 3, &l); /* a merge of nothing */
    assert_true(oid_equal(&same, &two));
}

static struct oid with_file(const struct oid *base, const char *path, const char *text)
{
    struct oid id, out;
    struct fault f;
    assert_int_equal(store_write(store, STORE_BLOB, bytes_of_text(text), NULL, &id), ST_OK);
    struct tree_change change = {path, id};
    assert_int_equal(tree_edit(store, base, &change, 1, &out, &f), ST_OK);
    return out;
}

static enum status derive_status(const struct oid *base, const struct oid *tree, uint8_t number)
{
    struct op_list l = {0};
    struct change change = {{number}};
    struct fault f = {.code = ST_OK};
    enum status st = derive_operations(store, base, tree, &change, &l, &f);
    op_list_release(&l);
    return st;
}

static void what_no_commit_makes_is_refused(void **unused)
{
    static const char record[] = "{\"id\":\"3fa900000000000000000000\",\"type\":\"enterprise\",\n"
                                 "\"seen\":{\"04000000000000000000000000000000\":\"1 a1\"}}\n";
    struct oid good = with_file(&nothing, FIRST_PATH, record), bad;
    (void)unused;
    bad = with_file(&nothing, "README", "x");
    assert_int_equal(derive_status(&nothing, &bad, 1), ST_NOT_CANONICAL);
    bad = with_file(&nothing, "records/enterprise/4/f/a/3fa900000000000000000000.json", record);
    assert_int_equal(derive_status(&nothing, &bad, 1), ST_NOT_CANONICAL);
    bad = with_file(&nothing, FIRST_PATH, "{}");
    assert_int_not_equal(derive_status(&nothing, &bad, 1), ST_OK);
    bad = with_file(&nothing, "charter/first.json", "{}");
    assert_int_equal(derive_status(&nothing, &bad, 1), ST_NOT_CANONICAL);
    bad = with_file(&nothing, "adopted/05", "");
    assert_int_equal(derive_status(&nothing, &bad, 1), ST_NOT_CANONICAL);
    bad = with_file(&nothing, "charter/0001.json", "a");
    struct oid changed = with_file(&bad, "charter/0001.json", "b");
    assert_int_equal(derive_status(&bad, &changed, 1), ST_WRONG_OPERATION);
    assert_int_equal(derive_status(&good, &nothing, 1), ST_WRONG_OPERATION); /* a record gone */
    assert_int_equal(derive_status(&nothing, &good, 2), ST_WRONG_OPERATION); /* another's change */
}

static void stubs_are_left_to_replay(void **unused)
{
    struct oid tree = with_file(&nothing, POOL "/0/0/0/x", "7\n");
    struct buf none = derived(&nothing, &tree, 1), empty = derived(&nothing, &nothing, 1);
    (void)unused;
    assert_true(bytes_equal(buf_bytes(&none), buf_bytes(&empty)));
    buf_release(&none);
    buf_release(&empty);
}

static struct oid commit(uint8_t secret[static 64], uint64_t height, const struct oid *parents,
                         uint32_t count)
{
    struct item item = {.label = BYTES("santiago"),
                        .seq = height,
                        .height = height,
                        .charter_version = 1,
                        .tree = {{1}},
                        .parent_count = count,
                        .author = BYTES("ana <ana@santiago>")};
    struct key key;
    struct buf bytes = {0};
    struct oid id;
    for (uint32_t i = 0; i < count; i++)
        item.parents[i] = parents[i];
    memcpy(key.id, secret + 32, KEY_BYTES);
    assert_int_equal(commit_sign(&item, BYTES("merge"), secret), ST_OK);
    commit_encode(&item, &key, BYTES("merge"), &bytes);
    assert_int_equal(store_write(store, STORE_COMMIT, buf_bytes(&bytes), NULL, &id), ST_OK);
    buf_release(&bytes);
    return id;
}

static void count_broken(void *user, const struct oid *id, enum status code, const char *text)
{
    size_t *count = user;
    assert_int_not_equal(code, ST_OK);
    assert_true(!oid_is_zero(id) && text[0] != '\0');
    ++*count;
}

static void commits_come_parents_first_and_broken_ones_are_told(void **unused)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {3}, secret[64];
    struct key key;
    struct oid foreign, missing = {{9}}, *order = NULL;
    struct fault f = {.code = ST_OK};
    size_t count = 0, broken = 0;
    (void)unused;
    crypto_sign_seed_keypair(key.id, secret, seed);
    struct oid first = commit(secret, 1, NULL, 0), left = commit(secret, 2, &first, 1);
    struct oid right = commit(secret, 3, &first, 1), both[2] = {left, right};
    if (oid_compare(&left, &right) > 0) {
        both[0] = right;
        both[1] = left;
    }
    struct oid last = commit(secret, 4, both, 2);
    assert_int_equal(store_write(store, STORE_COMMIT, BYTES("tree x\n"), NULL, &foreign), ST_OK);
    const struct store_ref refs[] = {
        {"refs/heads/main", last},
        {"refs/heads/santiago", left},
        {"refs/minga/tips/a", foreign},
        {"refs/minga/tips/b", missing},
    };
    assert_int_equal(store_flush(store, refs, 4, &f), ST_OK);
    assert_int_equal(derive_order(store, count_broken, &broken, &order, &count, &f), ST_OK);
    assert_int_equal(broken, 2);
    assert_int_equal(count, 4);
    assert_true(oid_equal(&order[0], &first) && oid_equal(&order[1], &left));
    assert_true(oid_equal(&order[2], &right) && oid_equal(&order[3], &last));
    mem_free(order);
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        broken = 0;
        mem_fail_at(n);
        enum status st = derive_order(store, count_broken, &broken, &order, &count, NULL);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(count, failed ? 0 : 4);
        assert_true(broken <= 2); /* no sound commit is called broken for want of memory */
        mem_free(order);
        assert_true(n < 1000);
    }
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, replay_set_up, replay_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(operations_come_back_from_the_trees),
        FRESH(what_no_commit_makes_is_refused),
        FRESH(stubs_are_left_to_replay),
        FRESH(commits_come_parents_first_and_broken_ones_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
