/*
 * A base and operations in, the tree after them out: what it writes, what it refuses, and every
 * allocation failing in turn.
 */
#include "tests/unit/replicas/members.h"

#include "tests/unit/replicas/forge.h"

#define SUM(amount, ref) "{\"amount\":" amount ",\"currency\":\"CLP\",\"ref\":\"" ref "\"}"
#define PAYMENT(amount, ref)                                                                       \
    "{\"amount\":" amount ",\"currency\":\"CLP\",\"office\":\"santiago\",\"ref\":\"" ref "\"}"

static enum status run(struct members *m, struct op_list *ops, uint8_t change,
                       struct replay_output *out)
{
    struct replica *r = m->of[SANTIAGO].replica;
    struct buf bytes = {0};
    struct replay_input in = {.store = r->store,
                              .memo = r->memo,
                              .charter = charter_newest(&r->chain),
                              .base = r->state,
                              .ops = ops,
                              .by = {{{change}}, 7, BYTES("santiago")}};
    op_list_resolve(ops, &m->chain.network);
    assert_int_equal(op_list_encode(ops, &bytes), ST_OK);
    buf_release(&bytes);
    memset(&m->f, 0, sizeof m->f);
    return replay_run(&in, out, &m->f);
}

static void it_writes_records_entries_and_stubs(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct replay_output out;
    struct oid found;
    struct bytes text;
    struct store *s = m->of[SANTIAGO].replica->store;
    forge_set(&ops, "case", 0xab, "a", "\"x\"");
    forge_entry(&ops, "grant", SUM("100", "g"));
    forge_entry(&ops, "payment", PAYMENT("30", "p"));
    if (run(m, &ops, 1, &out) != ST_OK)
        fail_msg("%s", m->f.text);
    assert_int_equal(out.count, 5); /* a record, two entries, two stubs */
    for (uint32_t i = 1; i < out.count; i++)
        assert_true(strcmp(out.changes[i - 1].path, out.changes[i].path) < 0);
    uint32_t stubs = 0;
    for (uint32_t i = 0; i < out.count; i++) {
        assert_int_equal(tree_find(s, &out.tree, out.changes[i].path, &found, &m->f), ST_OK);
        assert_memory_equal(found.id, out.changes[i].blob.id, OID_BYTES);
        assert_int_equal(store_read(s, &found, STORE_BLOB, &text, &m->f), ST_OK);
        if (strncmp(out.changes[i].path, "accounts/santiago/pool.CLP/", 27) == 0) {
            stubs++;
            assert_true(bytes_equal_text(text, "100\n") || bytes_equal_text(text, "-30\n"));
        }
    }
    assert_int_equal(stubs, 2);
    assert_int_equal(
        tree_find(s, &out.tree, "records/case/a/b/a/abababababababababababab.json", &found, &m->f),
        ST_OK);
    replay_release(&out);
    replay_release(&out);
    op_list_release(&ops);
}

static void nothing_gives_the_base(void **state)
{
    struct members *m = *state;
    struct op_list none = {0};
    struct replay_output out;
    assert_int_equal(run(m, &none, 1, &out), ST_OK);
    assert_memory_equal(out.tree.id, m->of[SANTIAGO].replica->state.id, OID_BYTES);
    assert_int_equal(out.count, 0);
    replay_release(&out);
}

static void refused(struct members *m, struct op_list *ops, enum status expected)
{
    struct replay_output out;
    enum status st = run(m, ops, 1, &out);
    if (st != expected)
        fail_msg("%s where %s is due: %s", status_word(st), status_word(expected), m->f.text);
    assert_int_equal(out.count, 0);
    assert_null(out.changes);
    op_list_release(ops);
}

static void what_changes_nothing(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    uint8_t over[CHANGE_BYTES] = {9};
    struct op op = {.verb = OP_SET,
                    .type = BYTES("case"),
                    .name = BYTES("a"),
                    .value = BYTES("\"x\""),
                    .over = {over, sizeof over}};
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    refused(m, &ops, ST_WRONG_OPERATION); /* over what is not there */
    op = (struct op){
        .verb = OP_DROP, .type = BYTES("case"), .name = BYTES("tags"), .value = BYTES("\"x\"")};
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    refused(m, &ops, ST_WRONG_OPERATION);
}

static void what_is_there_already(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct replica_commit c;
    forge_entry(&ops, "grant", SUM("100", "g"));
    assert_int_equal(members_try_write(m, &m->of[SANTIAGO], &ops, &c), ST_OK);
    forge_entry(&ops, "grant", SUM("100", "g"));
    refused(m, &ops, ST_WRONG_OPERATION);
    struct op op = {
        .verb = OP_CHARTER, .version = 1, .value = buf_bytes(&charter_at(&m->chain, 1)->file)};
    assert_int_equal(op_list_add(&ops, &op), ST_OK);
    refused(m, &ops, ST_WRONG_OPERATION);
}

/* Of one commit only the sum counts; a credit of the same commit covers its debit. */
static void debits_are_covered_or_refused(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct replay_output out;
    forge_entry(&ops, "grant", SUM("100", "g"));
    forge_entry(&ops, "payment", PAYMENT("60", "p"));
    forge_entry(&ops, "payment", PAYMENT("41", "q"));
    refused(m, &ops, ST_OVERDRAWN);
    assert_non_null(strstr(m->f.fix, "register the grant"));
    forge_entry(&ops, "grant", SUM("100", "g"));
    forge_entry(&ops, "payment", PAYMENT("60", "p"));
    forge_entry(&ops, "payment", PAYMENT("40", "q"));
    assert_int_equal(run(m, &ops, 1, &out), ST_OK);
    replay_release(&out);
    op_list_release(&ops);
}

/* Sums that no 64 bits hold are refused, never wrapped. */
static void a_sum_too_large(void **state)
{
    struct members *m = *state;
    struct op_list ops = {0};
    struct replica_commit c;
    char content[128];
    for (int i = 0; i < 6; i++) { /* 6 * 200 grants of 2^53 - 1: beyond 2^63 */
        for (int k = 0; k < 200; k++) {
            snprintf(content, sizeof content, SUM("9007199254740991", "%d-%d"), i, k);
            forge_entry(&ops, "grant", content);
        }
        enum status st = members_try_write(m, &m->of[SANTIAGO], &ops, &c);
        if (i < 5)
            assert_int_equal(st, ST_OK);
        else
            assert_int_equal(st, ST_BAD_VALUE);
    }
    assert_non_null(strstr(m->f.text, "too large"));
}

static void where_records_lie(void **state)
{
    char path[TREE_PATH_MAX];
    (void)state;
    replay_record_path(BYTES("case"), BYTES("3fa9c04be1d27788a0c4f19e"), path);
    assert_string_equal(path, "records/case/3/f/a/3fa9c04be1d27788a0c4f19e.json");
}

static void no_memory(void **state)
{
    struct members *m = *state;
    struct replica *r = m->of[SANTIAGO].replica;
    struct replay_output out;
    struct oid wanted = {0};
    bool done = false;
    uint64_t failures = 0;
    for (uint64_t n = 0; !done; n++) {
        struct op_list ops = {0};
        size_t mark = store_mark(r->store), bytes = store_pending_bytes(r->store);
        forge_set(&ops, "case", 0xab, "a", "\"x\"");
        forge_entry(&ops, "grant", SUM("100", "g"));
        forge_entry(&ops, "payment", PAYMENT("30", "p"));
        struct buf encoded = {0};
        op_list_resolve(&ops, &m->chain.network);
        assert_int_equal(op_list_encode(&ops, &encoded), ST_OK);
        struct replay_input in = {.store = r->store,
                                  .memo = r->memo,
                                  .charter = charter_newest(&r->chain),
                                  .base = r->state,
                                  .ops = &ops,
                                  .by = {{{1}}, 7, BYTES("santiago")}};
        mem_fail_at(n);
        enum status st = replay_run(&in, &out, &m->f);
        done = n > 0 && !mem_failed();
        mem_fail_at(0);
        if (n == 0)
            wanted = out.tree;
        failures += st != ST_OK;
        assert_true(st == ST_OK || st == ST_NO_MEMORY);
        if (st == ST_OK)
            assert_memory_equal(out.tree.id, wanted.id, OID_BYTES);
        replay_release(&out);
        op_list_release(&ops);
        buf_release(&encoded);
        store_discard_since(r->store, mark);
        store_tidy(r->store);
        assert_int_equal(store_pending_bytes(r->store), bytes);
    }
    assert_true(failures > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_writes_records_entries_and_stubs),
        TEST(nothing_gives_the_base),
        TEST(what_changes_nothing),
        TEST(what_is_there_already),
        TEST(debits_are_covered_or_refused),
        TEST(a_sum_too_large),
        TEST(where_records_lie),
        TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
