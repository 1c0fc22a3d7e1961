#include "tests/unit/replicas/replay_kit.h"

static const struct oid nothing;

#define GRANT(amount)                                                                              \
    "{\"amount\":" amount ",\"currency\":\"CLP\",\"date\":\"2009-01-01\",\"ref\":\"1\"}"
#define ALLOT(amount, office)                                                                      \
    "{\"amount\":" amount                                                                          \
    ",\"budget_line\":\"workshops\",\"currency\":\"CLP\",\"office\":\"" office "\",\"ref\":\"1\"}"
#define SPEND(amount, ref)                                                                         \
    "{\"amount\":" amount ",\"budget_line\":\"workshops\",\"currency\":\"CLP\",\"date\":"          \
    "\"2009-02-01\",\"office\":\"santiago\",\"ref\":\"" ref "\"}"
#define WORKSHOPS "accounts/santiago/workshops.CLP"

static void operations_write_the_record(void **unused)
{
    struct op_list l = {0};
    struct oid tree;
    struct fault f;
    (void)unused;
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    add_op(&l, OP_ADD, first_id, "needs", "\"health\"", 0);
    assert_int_equal(replay_as(&nothing, 1, &l, &tree, &f), ST_OK);
    assert_true(bytes_equal_text(file_of(&tree, FIRST_PATH),
                                 "{\"id\":\"3fa900000000000000000000\",\"type\":\"enterprise\",\n"
                                 "\"seen\":{\"04000000000000000000000000000000\":\"1 santiago\"},\n"
                                 "\"fields\":{\n"
                                 "\"stage\":{\"04000000000000000000000000000000\":\"workshop\"}\n"
                                 "},\n\"sets\":{\n"
                                 "\"needs\":{\"health\":[\"04000000000000000000000000000000\"]}\n"
                                 "}}\n"));
    add_op(&l, OP_SET, first_id, "stage", "\"purchase\"", 1);
    assert_int_equal(replay_as(&tree, 2, &l, &tree, &f), ST_OK);
    struct record record;
    assert_int_equal(record_parse(file_of(&tree, FIRST_PATH), &record), ST_OK);
    assert_int_equal(record.seen_count, 2);
    assert_int_equal(record.value_count, 1);
    assert_true(bytes_equal_text(record.values[0].json, "\"purchase\""));
    record_release(&record);
}

static void what_changes_nothing_or_names_nothing_is_refused(void **unused)
{
    struct op_list l = {0};
    struct oid tree, after;
    struct fault f = {.code = ST_OK};
    (void)unused;
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    assert_int_equal(replay_as(&nothing, 1, &l, &tree, &f), ST_OK);
    add_op(&l, OP_SET, first_id, "stage", "\"purchase\"", 9); /* supersedes what is not there */
    assert_int_equal(replay_as(&tree, 2, &l, &after, &f), ST_WRONG_OPERATION);
    assert_non_null(strstr(f.text, "3fa9"));
    add_op(&l, OP_DROP, first_id, "needs", "\"health\"", 1);
    assert_int_equal(replay_as(&tree, 2, &l, &after, &f), ST_WRONG_OPERATION);
    add_op(&l, OP_SET, first_id, "trade", "\"x\"", 0);
    assert_int_equal(replay_as(&tree, 1, &l, &after, &f), ST_WRONG_OPERATION); /* seen already */
}

static void the_order_of_changes_on_two_records_does_not_matter(void **unused)
{
    struct op_list l = {0};
    struct oid both, one, other;
    struct fault f;
    (void)unused;
    add_op(&l, OP_SET, second_id, "stage", "\"workshop\"", 0);
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    assert_int_equal(replay_as(&nothing, 1, &l, &both, &f), ST_OK);
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    assert_int_equal(replay_as(&nothing, 1, &l, &one, &f), ST_OK);
    add_op(&l, OP_SET, second_id, "stage", "\"workshop\"", 0);
    assert_int_equal(replay_as(&one, 1, &l, &other, &f), ST_OK);
    assert_true(oid_equal(&both, &other));
}

static void an_empty_list_gives_the_base(void **unused)
{
    struct op_list l = {0};
    struct oid tree, after, empty;
    struct fault f;
    (void)unused;
    tree_empty(&empty);
    assert_int_equal(replay_as(&nothing, 1, &l, &after, &f), ST_OK);
    assert_true(oid_equal(&after, &empty));
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    assert_int_equal(replay_as(&nothing, 1, &l, &tree, &f), ST_OK);
    assert_int_equal(replay_as(&tree, 2, &l, &after, &f), ST_OK);
    assert_true(oid_equal(&tree, &after));
}

static void money_is_posted_once_and_never_overspent(void **unused)
{
    struct op_list l = {0};
    struct oid granted, allotted, spent, after;
    struct fault f = {.code = ST_OK};
    (void)unused;
    add_entry(&l, "grant", GRANT("1000"));
    assert_int_equal(replay_as(&nothing, 1, &l, &granted, &f), ST_OK);
    assert_int_equal(balance_of(&granted, POOL), 1000);
    add_entry(&l, "grant", GRANT("1000")); /* the same entry again */
    assert_int_equal(replay_as(&granted, 2, &l, &after, &f), ST_WRONG_OPERATION);
    add_entry(&l, "allotment", ALLOT("1001", "santiago"));
    assert_int_equal(replay_as(&granted, 2, &l, &after, &f), ST_OVERDRAWN);
    assert_non_null(strstr(f.text, "1000 CLP"));
    assert_true(strlen(f.fix) > 0);
    add_entry(&l, "allotment", ALLOT("1000", "santiago"));
    assert_int_equal(replay_as(&granted, 2, &l, &allotted, &f), ST_OK);
    assert_int_equal(balance_of(&allotted, POOL), 0);
    assert_int_equal(balance_of(&allotted, WORKSHOPS), 1000);
    add_entry(&l, "expense", SPEND("600", "a"));
    add_entry(&l, "expense", SPEND("401", "b")); /* together too much */
    assert_int_equal(replay_as(&allotted, 3, &l, &after, &f), ST_OVERDRAWN);
    add_entry(&l, "expense", SPEND("600", "a"));
    add_entry(&l, "expense", SPEND("400", "b"));
    assert_int_equal(replay_as(&allotted, 3, &l, &spent, &f), ST_OK);
    assert_int_equal(balance_of(&spent, WORKSHOPS), 0);
    assert_int_equal(balance_of(&allotted, WORKSHOPS), 1000);
}

static void a_credit_needs_no_cover_of_whom_it_credits(void **unused)
{
    struct op_list l = {0};
    struct oid tree;
    struct fault f;
    (void)unused;
    add_entry(&l, "grant", GRANT("10"));
    add_entry(&l, "allotment", ALLOT("10", "iquique"));
    assert_int_equal(replay_as(&nothing, 1, &l, &tree, &f), ST_OK);
    assert_int_equal(balance_of(&tree, "accounts/iquique/workshops.CLP"), 10);
    assert_int_equal(balance_of(&tree, POOL), 0);
}

static void charters_and_adoptions_are_files_of_their_own(void **unused)
{
    static const char *const paths[] = {"charter/0002.json",
                                        "adopted/0500000000000000000000000000000000000000"};
    struct op charter_op = {.verb = OP_CHARTER, .version = 2, .value = BYTES("{}")};
    struct op adopt_op = {.verb = OP_ADOPT, .commit = {{5}}};
    struct op_list l = {0};
    struct oid tree, after;
    struct fault f;
    (void)unused;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(op_list_add(&l, &charter_op), ST_OK);
        assert_int_equal(op_list_add(&l, &adopt_op), ST_OK);
        if (round == 0) {
            assert_int_equal(replay_as(&nothing, 1, &l, &tree, &f), ST_OK);
            assert_true(bytes_equal_text(file_of(&tree, paths[0]), "{}"));
            assert_int_equal(file_of(&tree, paths[1]).count, 0);
        } else {
            assert_int_equal(replay_as(&tree, 2, &l, &after, &f), ST_WRONG_OPERATION);
        }
    }
}

static void paths_begin_with_three_digits(void **unused)
{
    char path[TREE_PATH_MAX];
    (void)unused;
    replay_record_path(BYTES("enterprise"), BYTES("3fa900000000000000000000"), path);
    assert_string_equal(path, FIRST_PATH);
}

static void every_allocation_may_fail(void **unused)
{
    struct op_list l = {0};
    struct oid tree;
    bool failed = true;
    (void)unused;
    for (uint64_t n = 1; failed; n++) {
        struct op_list one = {0};
        struct buf sorted = {0};
        struct replay_output out;
        add_op(&one, OP_SET, first_id, "stage", "\"workshop\"", 0);
        add_entry(&one, "grant", GRANT("10"));
        assert_int_equal(op_list_encode(&one, &sorted), ST_OK);
        struct replay_input in = {.store = store,
                                  .memo = memo,
                                  .charter = &charter,
                                  .by = {{{1}}, 1, BYTES("santiago")},
                                  .ops = &one};
        size_t mark = store_mark(store);
        mem_fail_at(n);
        enum status st = replay_run(&in, &out, NULL);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        tree = out.tree;
        replay_release(&out);
        store_discard_since(store, mark);
        op_list_release(&one);
        buf_release(&sorted);
        assert_true(n < 2000);
    }
    add_op(&l, OP_SET, first_id, "stage", "\"workshop\"", 0);
    add_entry(&l, "grant", GRANT("10"));
    struct oid again;
    assert_int_equal(replay_as(&nothing, 1, &l, &again, NULL), ST_OK);
    assert_true(oid_equal(&again, &tree));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, replay_set_up, replay_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(operations_write_the_record),
        FRESH(what_changes_nothing_or_names_nothing_is_refused),
        FRESH(the_order_of_changes_on_two_records_does_not_matter),
        FRESH(an_empty_list_gives_the_base),
        FRESH(money_is_posted_once_and_never_overspent),
        FRESH(a_credit_needs_no_cover_of_whom_it_credits),
        FRESH(charters_and_adoptions_are_files_of_their_own),
        FRESH(paths_begin_with_three_digits),
        FRESH(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
