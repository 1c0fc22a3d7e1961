/*
 * Operations from trees: every commit of a history gives back the very item that was written.
 */
#include "tests/unit/replicas/members.h"

#include "replicas/derive.h"
#include "tests/unit/replicas/forge.h"

static void a_history_gives_its_items_back(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct op_list ops = {0};
    struct replica_commit c;
    struct op add = {
        .verb = OP_ADD, .type = BYTES("case"), .name = BYTES("tags"), .value = BYTES("\"urgent\"")};
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    members_set(m, a, 1, "a", "\"left\"");
    members_set(m, b, 1, "a", "\"right\"");
    assert_int_equal(op_list_add(&ops, &add), ST_OK);
    forge_entry(&ops, "grant", "{\"amount\":100,\"currency\":\"CLP\",\"ref\":\"g\"}");
    assert_int_equal(members_try_write(m, a, &ops, &c), ST_OK);
    members_carry(m, b, a);
    members_set(m, a, 1, "a", "\"merged\"");
    for (uint32_t i = 0; i < graph_count(replica_graph(a->replica)); i++) {
        struct buf rebuilt = {0};
        struct buf kept = members_item(m, a, i);
        struct oid id = graph_node(replica_graph(a->replica), i)->id;
        if (verify_rebuild_item(a->replica, &id, &rebuilt, &m->f) != ST_OK)
            fail_msg("commit %u: %s", i, m->f.text);
        assert_int_equal(rebuilt.count, kept.count);
        assert_memory_equal(rebuilt.data, kept.data, kept.count);
        buf_release(&rebuilt);
        buf_release(&kept);
    }
}

static struct oid edit(struct members *m, const struct oid *tree, const char *path,
                       const char *text)
{
    struct store *s = m->of[SANTIAGO].replica->store;
    struct tree_change change = {.path = path};
    struct oid out;
    assert_int_equal(store_write(s, STORE_BLOB, bytes_of_text(text), NULL, &change.blob), ST_OK);
    assert_int_equal(tree_edit(s, tree, &change, 1, &out, &m->f), ST_OK);
    return out;
}

static void derived(struct members *m, const struct oid *base, const struct oid *tree,
                    enum status expected, const char *told)
{
    struct op_list ops = {0};
    struct change change = {{1}};
    memset(&m->f, 0, sizeof m->f);
    enum status st =
        derive_operations(m->of[SANTIAGO].replica->store, base, tree, &change, &ops, &m->f);
    if (st != expected)
        fail_msg("%s where %s is due: %s", status_word(st), status_word(expected), m->f.text);
    if (told != NULL)
        assert_non_null(strstr(m->f.text, told));
    op_list_release(&ops);
}

/* Trees that no commit makes. */
static void what_no_operation_does(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    members_set(m, a, 1, "a", "\"x\"");
    struct oid base = *replica_state(a->replica), empty, tree;
    tree_empty(&empty);
    derived(m, &base, &base, ST_OK, NULL);
    derived(m, &base, &empty, ST_WRONG_OPERATION, "is gone");
    tree = edit(m, &base, "charter/0001.json", "other");
    derived(m, &base, &tree, ST_WRONG_OPERATION, "charter/0001.json has changed");
    tree = edit(m, &base, "readme.txt", "hello");
    derived(m, &base, &tree, ST_NOT_CANONICAL, "readme.txt");
    tree = edit(m, &base, "charter/first.json", "hello");
    derived(m, &base, &tree, ST_NOT_CANONICAL, "no charter's place");
    tree = edit(m, &base, "adopted/xyz", "");
    derived(m, &base, &tree, ST_NOT_CANONICAL, NULL);
    tree = edit(m, &base, "records/case/2/2/2/222222222222222222222222.json", "{}");
    derived(m, &base, &tree, ST_NOT_CANONICAL, "2222");
    tree = edit(m, &base, "records/case/0/1/0/010101010101010101010101.json", "{}");
    derived(m, &base, &tree, ST_NOT_CANONICAL, "0101");
}

static void count_broken(void *user, const struct oid *id, enum status code, const char *text)
{
    (void)id, (void)code, (void)text;
    ++*(unsigned *)user;
}

static void parents_come_first(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct oid *order = NULL;
    size_t count;
    unsigned broken = 0;
    members_set(m, a, 1, "a", "\"x\"");
    members_carry(m, a, b);
    members_set(m, b, 2, "a", "\"y\"");
    members_set(m, a, 1, "a", "\"z\"");
    members_carry(m, b, a);
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    assert_int_equal(derive_order(a->replica->store, count_broken, &broken, &order, &count, &m->f),
                     ST_OK);
    assert_int_equal(broken, 0);
    assert_int_equal(count, 3);
    struct graph *g = replica_graph(a->replica);
    for (size_t i = 1; i < count; i++)
        assert_true(graph_node(g, graph_find(g, &order[i - 1]))->height <=
                    graph_node(g, graph_find(g, &order[i]))->height);
    mem_free(order);
}

/* A ref to nothing and a ref to a blob are told; the rest is found all the same. */
static void broken_commits_are_told(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO];
    struct oid *order = NULL, blob;
    size_t count;
    unsigned broken = 0;
    members_set(m, a, 1, "a", "\"x\"");
    assert_int_equal(store_write(a->replica->store, STORE_BLOB, BYTES("hi"), NULL, &blob), ST_OK);
    assert_int_equal(replica_checkpoint(a->replica, &m->f), ST_OK);
    struct store_ref refs[2] = {{"refs/heads/stray", {{5}}}, {"refs/heads/blob", blob}};
    assert_int_equal(store_flush(a->replica->store, refs, 2, &m->f), ST_OK);
    assert_int_equal(derive_order(a->replica->store, count_broken, &broken, &order, &count, &m->f),
                     ST_OK);
    assert_int_equal(broken, 2);
    assert_int_equal(count, 1);
    mem_free(order);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_history_gives_its_items_back),
        TEST(what_no_operation_does),
        TEST(parents_come_first),
        TEST(broken_commits_are_told),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
