/*
 * The part of the index in memory: marked, read, read again, forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replicas/index_plain.h"
#include "replicas/sql.h"

static struct fault f;

static struct index_plain open_one(sqlite3 **db)
{
    struct index_plain p;
    assert_int_equal(sql_open(NULL, db, &f), ST_OK);
    assert_int_equal(sql_run(*db, "CREATE TABLE record(id, type, sealed)", &f), ST_OK);
    assert_int_equal(sql_run(*db,
                             "INSERT INTO record VALUES('a', 'case', 1), ('b', 'case', 0),"
                             " ('c', 'case', 2)",
                             &f),
                     ST_OK);
    assert_int_equal(index_plain_open(*db, &p, &f), ST_OK);
    return p;
}

static uint32_t read_all(struct index_plain *p, uint32_t waiting)
{
    struct index_id id;
    uint32_t count = 0;
    bool found = true;
    while (found) {
        assert_int_equal(index_plain_next(p, &id, &found, &f), ST_OK);
        if (found) {
            assert_string_equal(id.type, "case");
            assert_int_equal(index_plain_put(p, &id, BYTES("{\"name\":\"x\"}"), waiting, &f),
                             ST_OK);
            count++;
        }
        assert_true(count < 10);
    }
    return count;
}

static int64_t rows(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    bool row;
    assert_int_equal(sql_prepare(db, "SELECT count(*) FROM plain.row", &s, &f), ST_OK);
    assert_int_equal(sql_step(s, &row, &f), ST_OK);
    int64_t count = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return count;
}

static void every_sealed_row_is_read_once(void **state)
{
    (void)state;
    sqlite3 *db;
    struct index_plain p = open_one(&db);
    assert_int_equal(index_plain_mark(&p, BYTES("a"), BYTES("case"), &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 0); /* nobody has asked yet */
    assert_int_equal(index_plain_begin(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 2);
    assert_int_equal(rows(db), 2);
    assert_int_equal(index_plain_begin(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 0);
    index_plain_close(&p);
    sql_close(db);
}

static void what_is_marked_is_not_shown_until_it_is_read(void **state)
{
    (void)state;
    sqlite3 *db;
    struct index_id a = {.type = "case", .id = "a"};
    struct index_plain p = open_one(&db);
    assert_int_equal(index_plain_begin(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 2);
    assert_int_equal(index_plain_mark(&p, BYTES("a"), BYTES("case"), &f), ST_OK);
    assert_int_equal(rows(db), 1);
    assert_int_equal(read_all(&p, 0), 1);
    assert_int_equal(index_plain_put(&p, &a, BYTES(""), 0, &f), ST_OK); /* it has nothing now */
    assert_int_equal(rows(db), 1);
    index_plain_close(&p);
    sql_close(db);
}

static void what_waits_is_read_again(void **state)
{
    (void)state;
    sqlite3 *db;
    struct index_plain p = open_one(&db);
    assert_int_equal(index_plain_begin(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 1), 2);
    assert_int_equal(index_plain_again(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 2);
    assert_int_equal(index_plain_again(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 0);
    assert_int_equal(index_plain_forget(&p, &f), ST_OK);
    assert_int_equal(rows(db), 0);
    assert_int_equal(index_plain_begin(&p, &f), ST_OK);
    assert_int_equal(read_all(&p, 0), 2);
    index_plain_close(&p);
    assert_int_equal(index_plain_forget(&p, &f), ST_OK); /* an index that is being made anew */
    sql_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sealed_row_is_read_once),
        cmocka_unit_test(what_is_marked_is_not_shown_until_it_is_read),
        cmocka_unit_test(what_waits_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
