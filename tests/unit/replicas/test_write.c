/*
 * Our own commits: what is refused before anything is written, what travels with them, and every
 * allocation failing in turn.
 */
#include "tests/unit/replicas/members.h"

#include "tests/unit/replicas/forge.h"

static void the_first_commit_carries_the_charters(void **state)
{
    struct members *m = *state;
    struct replica *r = m->of[SANTIAGO].replica;
    struct op_list none = {0}, ops = {0};
    struct replica_commit c;
    struct item item;
    struct buf frame = {0};
    assert_int_equal(members_try_write(m, &m->of[SANTIAGO], &none, &c), ST_OK);
    assert_int_equal(replica_item(r, c.node, &frame, &item, &m->f), ST_OK);
    assert_int_equal(op_list_decode(item.operations, &m->chain.network, &ops), ST_OK);
    assert_int_equal(ops.count, 4);
    for (uint32_t i = 0; i < ops.count; i++) {
        assert_int_equal(ops.ops[i].verb, OP_CHARTER);
        assert_int_equal(ops.ops[i].version, i + 1);
    }
    assert_int_equal(item.seq, 1);
    assert_int_equal(item.height, 1);
    assert_int_equal(item.parent_count, 0);
    op_list_release(&ops);
    assert_int_equal(members_try_write(m, &m->of[SANTIAGO], &none, &c), ST_OK);
    assert_int_equal(replica_item(r, c.node, &frame, &item, &m->f), ST_OK);
    assert_int_equal(op_list_decode(item.operations, &m->chain.network, &ops), ST_OK);
    assert_int_equal(ops.count, 0); /* they are in the past of this one */
    assert_int_equal(item.seq, 2);
    assert_int_equal(item.commit_time, members_clock(NULL));
    assert_true(bytes_equal(item.author, members_author));
    buf_release(&frame);
    op_list_release(&ops);
}

/* The operations are moved away on failure too. */
static void refused(struct members *m, int by, struct op_list *ops, enum status expected)
{
    struct replica_commit c;
    struct members_state before = members_state(&m->of[by]);
    enum status st = members_try_write(m, &m->of[by], ops, &c);
    if (st != expected)
        fail_msg("%s where %s is due: %s", status_word(st), status_word(expected), m->f.text);
    assert_int_equal(m->f.code, expected);
    assert_true(m->f.text[0] != '\0');
    assert_int_equal(ops->count, 0);
    members_assert_state(&m->of[by], &before);
}

static void set(struct members *m, int by, const char *type, const char *field, const char *json,
                enum status expected)
{
    struct op_list ops = {0};
    forge_set(&ops, type, 3, field, json);
    refused(m, by, &ops, expected);
}

static void what_may_not_be_written(void **state)
{
    struct members *m = *state;
    members_set(m, &m->of[SANTIAGO], 1, "a", "\"x\"");
    set(m, SANTIAGO, "boat", "a", "\"x\"", ST_NOT_SCHEMA);
    set(m, SANTIAGO, "case", "z", "\"x\"", ST_NOT_SCHEMA);
    set(m, SANTIAGO, "case", "people", "\"x\"", ST_BAD_VALUE);
    set(m, SANTIAGO, "case", "name", "\"x\"", ST_BAD_VALUE);
    set(m, SANTIAGO, "finding", "says", "\"x\"", ST_NOT_ALLOWED);
    set(m, AUDITOR, "case", "a", "\"x\"", ST_NOT_ALLOWED);
    set(m, FOSIS, "case", "a", "\"x\"", ST_NOT_ALLOWED);
    struct op_list ops = {0};
    forge_set(&ops, "case", 3, "a", "\"x\"");
    forge_set(&ops, "case", 3, "a", "\"y\"");
    refused(m, SANTIAGO, &ops, ST_WRONG_OPERATION);
    for (uint8_t i = 0; i < 5; i++) {
        char value[VALUE_BYTES_MAX + 1];
        memset(value, 'x', sizeof value);
        value[0] = value[VALUE_BYTES_MAX - 1] = '"';
        value[VALUE_BYTES_MAX] = '\0';
        forge_set(&ops, "case", i, "a", value);
    }
    refused(m, SANTIAGO, &ops, ST_TOO_LARGE);
}

static void an_author_is_an_ident(void **state)
{
    struct members *m = *state;
    struct op_list none = {0};
    struct replica_commit c;
    struct replica *r = m->of[SANTIAGO].replica;
    assert_int_equal(replica_write(r, &none, BYTES("ana"), &c, &m->f), ST_BAD_VALUE);
    assert_int_equal(replica_write(r, &none, BYTES("a\n <b>"), &c, &m->f), ST_BAD_VALUE);
    assert_int_equal(graph_count(replica_graph(r)), 0);
}

/* A key that no charter names, or names otherwise, writes nothing. */
static void who_is_no_member(void **state)
{
    struct members *m = *state;
    struct op_list none = {0};
    m->of[SANTIAGO].replica->identity = m->stranger;
    refused(m, SANTIAGO, &none, ST_NOT_ALLOWED);
    assert_non_null(strstr(m->f.text, "not in force"));
    m->of[SANTIAGO].replica->identity = m->of[IQUIQUE].identity;
    refused(m, SANTIAGO, &none, ST_NOT_ALLOWED);
}

/* Heads of two offices become the parents of the next commit, in canonical order. */
static void a_commit_merges_the_heads(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct buf frame = {0};
    struct item item;
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    members_set(m, a, 1, "a", "\"y\"");
    members_set(m, b, 1, "a", "\"z\"");
    members_carry(m, b, a);
    struct replica_commit c = members_set(m, a, 1, "a", "\"settled\"");
    assert_int_equal(replica_item(a->replica, c.node, &frame, &item, &m->f), ST_OK);
    assert_int_equal(item.parent_count, 2);
    assert_true(oid_compare(&item.parents[0], &item.parents[1]) < 0);
    assert_int_equal(item.height, 3);
    assert_int_equal(item.seq, 3);
    members_carry(m, a, b);
    assert_memory_equal(replica_state(a->replica)->id, replica_state(b->replica)->id, OID_BYTES);
    buf_release(&frame);
}

static void no_memory(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    bool done = false;
    uint64_t failures = 0;
    members_set(m, a, 1, "a", "\"x\"");
    for (uint64_t n = 1; !done; n++) {
        struct op_list ops = {0};
        struct replica_commit c;
        forge_set(&ops, "case", 3, "a", "\"x\"");
        struct members_state before = members_state(a);
        mem_fail_at(n);
        enum status st = members_try_write(m, a, &ops, &c);
        done = !mem_failed();
        mem_fail_at(0);
        if (done || st == ST_OK) {
            assert_int_equal(st, ST_OK);
            assert_int_equal(graph_count(replica_graph(a->replica)), before.commits + 1);
            break;
        }
        failures++;
        assert_int_equal(st, ST_NO_MEMORY);
        op_list_release(&ops);
        if (a->replica->failed) { /* in the journal, not in the state: a restart decides */
            assert_int_equal(replica_sync(a->replica, &m->f), ST_IO);
            replica_drop(a->replica);
            members_open(m, a);
        } else {
            members_assert_state(a, &before);
        }
    }
    assert_true(failures > 20);
}

static void a_full_disk(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct op_list none = {0};
    struct replica_commit c;
    members_set(m, a, 1, "a", "\"x\"");
    struct oid before = *replica_state(a->replica);
    simdisk_arm(a->sim, SIMDISK_FULL, 1);
    enum status st = members_try_write(m, a, &none, &c);
    if (st == ST_OK)
        st = replica_sync(a->replica, &m->f);
    assert_int_equal(st, ST_DISK_FULL);
    simdisk_arm(a->sim, SIMDISK_FULL, 0);
    replica_drop(a->replica);
    members_open(m, a);
    assert_memory_equal(replica_state(a->replica)->id, before.id, OID_BYTES);
    members_set(m, a, 2, "a", "\"y\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_commit_carries_the_charters),
        TEST(what_may_not_be_written),
        TEST(an_author_is_an_ident),
        TEST(who_is_no_member),
        TEST(a_commit_merges_the_heads),
        TEST(no_memory),
        TEST(a_full_disk),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
