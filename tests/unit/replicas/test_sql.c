#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/sql.h"

static const char ROW[] = "{\"a\":\"\xc3\x91u\xc3\xb1oa\",\"b\":12,\"c\":true,\"d\":null,"
                          "\"e\":[\"Salud\",\"a \\\"b\\\"\"],\"f\":\"x\\\"},y\",\"g\":-3,\"h\":[]}";

struct fixture {
    sqlite3 *db;
    struct fault fault;
};

static void set_up(struct fixture *x)
{
    memset(x, 0, sizeof *x);
    assert_int_equal(sql_open(NULL, &x->db, &x->fault), ST_OK);
}

/* What an expression over ?1 (a row), ?2 and ?3 gives, as text; "NULL" for NULL. */
static const char *value_of(struct fixture *x, const char *expression, const char *row,
                            const char *two, const char *three, char out[static 128])
{
    char text[256];
    bool there = false;
    sqlite3_stmt *statement = NULL;
    snprintf(text, sizeof text, "SELECT %s, ?1, ?2, ?3", expression);
    assert_int_equal(sql_prepare(x->db, text, &statement, &x->fault), ST_OK);
    assert_int_equal(sql_bind(statement, 1, bytes_of_text(row), &x->fault), ST_OK);
    assert_int_equal(sql_bind(statement, 2, bytes_of_text(two), &x->fault), ST_OK);
    assert_int_equal(sql_bind(statement, 3, bytes_of_text(three), &x->fault), ST_OK);
    assert_int_equal(sql_step(statement, &there, &x->fault), ST_OK);
    assert_true(there);
    struct bytes value = sql_column(statement, 0);
    snprintf(out, 128, "%.*s", value.data != NULL ? (int)value.count : 4,
             value.data != NULL ? (const char *)value.data : "NULL");
    sqlite3_finalize(statement);
    return out;
}

static void reads_gives_folded_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } cases[] = {{"a", "nunoa"},  {"b", "12"}, {"c", "1"},    {"d", "NULL"}, {"e", "NULL"},
                 {"f", "x\"},y"}, {"g", "-3"}, {"h", "NULL"}, {"z", "NULL"}, {"", "NULL"}};
    struct fixture x;
    char out[128];
    set_up(&x);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(value_of(&x, "reads(?1, ?2)", ROW, cases[i].name, "", out),
                            cases[i].value);
    sql_close(x.db);
}

static void holds_and_found_look_into_lists(void **state)
{
    (void)state;
    struct fixture x;
    char out[128];
    set_up(&x);
    assert_string_equal(value_of(&x, "holds(?1, ?2, ?3)", ROW, "e", "salud", out), "1");
    assert_string_equal(value_of(&x, "holds(?1, ?2, ?3)", ROW, "e", "a \"b\"", out), "1");
    assert_string_equal(value_of(&x, "holds(?1, ?2, ?3)", ROW, "e", "salu", out), "0");
    assert_string_equal(value_of(&x, "holds(?1, ?2, ?3)", ROW, "a", "nunoa", out), "0");
    assert_string_equal(value_of(&x, "holds(?1, ?2, ?3)", ROW, "h", "", out), "0");
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "alu", "", out), "1");
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "uno", "", out), "1");
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "12", "", out), "1");
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "e", "", out), "1"); /* true */
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "},y", "", out), "1");
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "zz", "", out), "0");
    assert_string_equal(value_of(&x, "found(?1, ?2)", ROW, "", "", out), "0");
    sql_close(x.db);
}

/* A row that a damaged disk gave back: any answer, but no byte outside of it is read. */
static void any_bytes_are_walked_within_their_bounds(void **state)
{
    (void)state;
    struct fixture x;
    char out[128], row[sizeof ROW];
    set_up(&x);
    for (size_t n = 0; n < sizeof ROW; n++) {
        memcpy(row, ROW, n);
        row[n] = '\0';
        (void)value_of(&x, "reads(?1, ?2)", row, "h", "", out);
        (void)value_of(&x, "holds(?1, ?2, ?3)", row, "e", "q", out);
        (void)value_of(&x, "found(?1, ?2)", row, "q", "", out);
        for (unsigned bit = 0; bit < 7; bit++) {
            memcpy(row, ROW, sizeof ROW);
            if (n < sizeof ROW - 1)
                row[n] = (char)(row[n] ^ (1 << bit));
            (void)value_of(&x, "reads(?1, ?2)", row, "h", "", out);
            (void)value_of(&x, "found(?1, ?2)", row, "q", "", out);
        }
    }
    sql_close(x.db);
}

static void values_are_bound_as_reads_gives_them(void **state)
{
    (void)state;
    static const struct {
        const char *name, *json;
    } cases[] = {{"a", "\"NUNOA\""}, {"b", "12"}, {"c", "true"}, {"g", "-3"}};
    struct fixture x;
    set_up(&x);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sqlite3_stmt *statement = NULL;
        struct buf text = {0};
        bool there = false;
        assert_int_equal(sql_prepare(x.db, "SELECT reads(?1, ?2) = ?3", &statement, &x.fault),
                         ST_OK);
        assert_int_equal(sql_bind(statement, 1, bytes_of_text(ROW), &x.fault), ST_OK);
        assert_int_equal(sql_bind(statement, 2, bytes_of_text(cases[i].name), &x.fault), ST_OK);
        assert_int_equal(
            sql_bind_value(statement, 3, bytes_of_text(cases[i].json), &text, &x.fault), ST_OK);
        assert_int_equal(sql_step(statement, &there, &x.fault), ST_OK);
        assert_int_equal(sqlite3_column_int(statement, 0), 1);
        sqlite3_finalize(statement);
        buf_release(&text);
    }
    sql_close(x.db);
}

static void faults_are_told(void **state)
{
    (void)state;
    struct fixture x;
    sqlite3 *none = NULL;
    sqlite3_stmt *statement = NULL;
    set_up(&x);
    assert_int_equal(sql_run(x.db, "SELECT nonsense", &x.fault), ST_IO);
    assert_non_null(strstr(x.fault.text, "nonsense"));
    assert_int_equal(sql_prepare(x.db, "nonsense", &statement, &x.fault), ST_IO);
    assert_int_equal(sql_open("/nonexistent/folder/x.db", &none, &x.fault), ST_IO);
    assert_null(none);
    mem_fail_at(1);
    assert_int_equal(sql_run(x.db, "SELECT reads('{\"a\":\"b\"}', 'a')", &x.fault), ST_NO_MEMORY);
    mem_fail_at(0);
    sql_close(x.db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_gives_folded_values),
        cmocka_unit_test(holds_and_found_look_into_lists),
        cmocka_unit_test(any_bytes_are_walked_within_their_bounds),
        cmocka_unit_test(values_are_bound_as_reads_gives_them),
        cmocka_unit_test(faults_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
