#include "tests/unit/replicas/vault_kit.h"

#include "replicas/sql.h"
#include "replicas/vault_query.h"

static struct vault_queries q;
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    return vault_query_open(NULL, (struct bytes){NULL, 0}, &q, &f) == ST_OK ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    vault_query_close(&q);
    return 0;
}

static struct vault_facts facts_of(const struct vault_kit_item *item)
{
    struct vault_facts facts = item->facts;
    facts.reader.id[3] = 9;
    return facts;
}

static void insert(const struct vault_kit_item *item)
{
    struct vault_facts facts = facts_of(item);
    sqlite3_stmt *statement = NULL;
    bool row;
    assert_int_equal(vault_query_take(&q, VAULT_QUERY_ADD_OWNER, &statement, &f), ST_OK);
    assert_int_equal(vault_query_bind_owner(statement, &facts), 0);
    assert_int_equal(vault_query_step(&q, statement, &row, &f), ST_OK);
    assert_int_equal(vault_query_take(&q, VAULT_QUERY_PUT, &statement, &f), ST_OK);
    assert_int_equal(vault_query_bind_facts(statement, &facts), 0);
    assert_int_equal(vault_query_bind_blob(statement, 8, item->data, item->count), 0);
    assert_int_equal(sqlite3_bind_int64(statement, 9, sqlite3_last_insert_rowid(q.file.db)), 0);
    assert_int_equal(vault_query_step(&q, statement, &row, &f), ST_OK);
}

/* Whether the row reads; facts_out as it does. */
static enum status get(const struct vault_kit_item *item, struct vault_facts *facts_out)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    assert_int_equal(vault_query_take(&q, VAULT_QUERY_GET, &statement, &f), ST_OK);
    assert_int_equal(vault_query_bind_blob(statement, 1, item->facts.name.id, DIGEST_BYTES), 0);
    assert_int_equal(vault_query_step(&q, statement, &row, &f), ST_OK);
    assert_true(row);
    enum status status = vault_query_facts(statement, facts_out, &f);
    sqlite3_reset(statement);
    return status;
}

static void facts_come_back_as_they_went(void **unused)
{
    (void)unused;
    struct vault_kit_item item = vault_kit_item(1, 1, 1, VAULT_DISCLOSURE, 100);
    struct vault_facts facts, expected = facts_of(&item);
    insert(&item);
    assert_int_equal(get(&item, &facts), ST_OK);
    assert_memory_equal(&facts, &expected, sizeof facts);
}

static void a_row_that_is_none_of_ours_is_damage(void **unused)
{
    (void)unused;
    static const char *const harm[] = {
        "UPDATE item SET kind = 0",
        "UPDATE item SET kind = 6",
        "UPDATE item SET kind = 'x'",
        "UPDATE item SET owner = 77",
        "UPDATE item SET reader = x'00'",
        "UPDATE owner SET class = 0",
        "UPDATE owner SET class = 3",
        "UPDATE owner SET salt = x'0011'",
        "UPDATE owner SET salt = ''",
        "UPDATE owner SET type = replace(hex(zeroblob(33)), '00', 'ab')", /* one over the limit */
        "UPDATE owner SET record = '0123456789012345678901234'",
    };
    struct vault_kit_item item = vault_kit_item(1, 1, 1, VAULT_VALUE, 100);
    struct vault_facts facts;
    for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
        insert(&item);
        assert_int_equal(get(&item, &facts), ST_OK);
        assert_int_equal(sql_run(q.file.db, harm[i], &f), ST_OK);
        assert_int_equal(get(&item, &facts), ST_CORRUPT);
        assert_string_equal(f.fix, "minga repair vault");
        assert_int_equal(sql_run(q.file.db, "DELETE FROM item; DELETE FROM owner", &f), ST_OK);
    }
}

static void a_table_that_is_gone_is_damage(void **unused)
{
    (void)unused;
    bool has;
    assert_int_equal(sql_run(q.file.db, "DROP TABLE refused", &f), ST_OK);
    assert_int_equal(vault_query_ask(&q, VAULT_QUERY_IS_REFUSED, BYTES("x"), &has, &f), ST_CORRUPT);
    assert_string_equal(f.fix, "minga repair vault");
}

static void a_rollback_leaves_no_trace_and_may_come_at_any_time(void **unused)
{
    (void)unused;
    struct vault_kit_item item = vault_kit_item(1, 1, 1, VAULT_VALUE, 100);
    struct bytes name = {item.facts.name.id, DIGEST_BYTES};
    bool row, has = true;
    uint64_t count = 7;
    vault_query_rollback(&q);
    assert_int_equal(vault_query_ask(&q, VAULT_QUERY_BEGIN, (struct bytes){NULL, 0}, &row, &f),
                     ST_OK);
    insert(&item);
    vault_query_rollback(&q);
    assert_int_equal(vault_query_ask(&q, VAULT_QUERY_HAS, name, &has, &f), ST_OK);
    assert_false(has);
    insert(&item);
    assert_int_equal(vault_query_change(&q, VAULT_QUERY_DROP_CLASS, (struct bytes){NULL, 0},
                                        SCHEMA_INTERNAL, &count, &f),
                     ST_OK);
    assert_int_equal(count, 0);
    assert_int_equal(vault_query_change(&q, VAULT_QUERY_DROP_CLASS, (struct bytes){NULL, 0},
                                        SCHEMA_PERSONAL, &count, &f),
                     ST_OK);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts_come_back_as_they_went, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_none_of_ours_is_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_table_that_is_gone_is_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rollback_leaves_no_trace_and_may_come_at_any_time, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
