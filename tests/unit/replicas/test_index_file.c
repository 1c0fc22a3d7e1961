#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "proto/mem.h"
#include "replicas/index_file.h"
#include "replicas/sql.h"
#include "tests/unit/replicas/judge.h"

enum { PATH_BYTES = JUDGE_PATH_MAX + 16 };

static struct judge judge; /* for its folder */
static char path[PATH_BYTES];
static struct fault f;

static int set_up(void **unused)
{
    (void)unused;
    if (judge_open(&judge) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/index", judge.folder);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    judge_close(&judge);
    return 0;
}

static long number(struct index_file *x, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    assert_int_equal(sql_prepare(x->db, sql, &statement, &f), ST_OK);
    assert_int_equal(sql_step(statement, &row, &f), ST_OK);
    long value = row ? (long)sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return value;
}

static void put(struct index_file *x, const char *id)
{
    bool row = false;
    for (int i = 1; i <= 3; i++)
        assert_int_equal(sql_bind(x->put, i, bytes_of_text(i == 1 ? id : "{}"), &f), ST_OK);
    for (int i = 4; i <= 5; i++)
        assert_int_equal(sqlite3_bind_int(x->put, i, 0), SQLITE_OK);
    assert_int_equal(sql_step(x->put, &row, &f), ST_OK);
}

static long rows(struct index_file *x)
{
    return number(x, "SELECT count(*) FROM record");
}

static void rows_and_the_tree_survive_closing(void **unused)
{
    (void)unused;
    static const char hex[] = "0123456789abcdef0123456789abcdef01234567";
    struct index_file x;
    struct oid tree;
    struct stat info;
    assert_int_equal(hex_decode(bytes_of_text(hex), tree.id, OID_BYTES), ST_OK);
    assert_int_equal(index_file_open(path, &x, &f), ST_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_false(x.placed);
    put(&x, "a");
    put(&x, "b");
    put(&x, "a"); /* the same row once more */
    assert_int_equal(rows(&x), 2);
    assert_int_equal(index_file_mark(&x, "tree", hex, &f), ST_OK);
    index_file_close(&x);
    assert_null(x.db);
    assert_int_equal(index_file_open(path, &x, &f), ST_OK);
    assert_true(x.placed);
    assert_true(oid_equal(&x.tree, &tree));
    assert_int_equal(rows(&x), 2);
    assert_int_equal(index_file_anew(&x, &f), ST_OK);
    assert_false(x.placed);
    assert_int_equal(rows(&x), 0);
    index_file_close(&x);
    index_file_close(&x);
    index_file_close(NULL);
}

/* Open what is there, of which nothing may be believed: it holds no row afterwards. */
static void assert_made_anew(void)
{
    struct index_file x;
    assert_int_equal(index_file_open(path, &x, &f), ST_OK);
    assert_false(x.placed);
    assert_int_equal(rows(&x), 0);
    assert_int_equal(number(&x, "SELECT count(*) FROM place WHERE name = 'format'"), 1);
    put(&x, "left over");
    index_file_close(&x);
}

static void another_format_is_made_anew(void **unused)
{
    (void)unused;
    static const char *const places[][2] = {
        {"format", "1"}, {"format", ""}, {"tree", "0123"}, {"tree", "no hex"}};
    struct index_file x;
    assert_made_anew();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(index_file_open(path, &x, &f), ST_OK);
        assert_int_equal(rows(&x), 1);
        assert_int_equal(index_file_mark(&x, places[i][0], places[i][1], &f), ST_OK);
        index_file_close(&x);
        assert_made_anew();
    }
}

static void damaged_files_are_made_anew(void **unused)
{
    (void)unused;
    static const char *const damage[] = {
        "yes noise | head -c 5000 > index",
        "printf 'SQLite format 3' > index",
        "printf 'x' | dd of=index bs=1 seek=3 conv=notrunc status=none",
        "printf 'xxxx' | dd of=index bs=1 seek=100 conv=notrunc status=none",
    };
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        assert_made_anew();
        assert_int_equal(judge_run(&judge, "%s && rm -f index-wal index-shm", damage[i]), 0);
        assert_made_anew();
        assert_int_equal(judge_run(&judge, "rm index*"), 0);
    }
}

static void without_a_folder_nothing_opens(void **unused)
{
    (void)unused;
    struct index_file x;
    assert_int_equal(index_file_open("/nonexistent/index", &x, &f), ST_IO);
    assert_non_null(strstr(f.text, "/nonexistent/index"));
    assert_null(x.db);
    assert_null(x.path);
}

/* A making anew that failed can be tried again. */
static void what_failed_is_tried_again(void **unused)
{
    (void)unused;
    struct index_file x;
    assert_int_equal(index_file_open(path, &x, &f), ST_OK);
    put(&x, "a");
    assert_int_equal(judge_run(&judge, "rm index* && mkdir index"), 0);
    assert_int_equal(index_file_anew(&x, &f), ST_IO);
    assert_null(x.mark);
    assert_int_equal(judge_run(&judge, "rmdir index"), 0);
    assert_int_equal(index_file_anew(&x, &f), ST_OK);
    assert_non_null(x.mark);
    assert_int_equal(rows(&x), 0);
    index_file_close(&x);
}

static void memory_alone_is_enough(void **unused)
{
    (void)unused;
    struct index_file x;
    assert_int_equal(index_file_open(NULL, &x, &f), ST_OK);
    put(&x, "a");
    index_file_cache(&x, 4 * INDEX_FILE_CACHE_KIB);
    assert_int_equal(number(&x, "PRAGMA cache_size"), -4 * INDEX_FILE_CACHE_KIB);
    index_file_cache(&x, INDEX_FILE_CACHE_KIB);
    assert_int_equal(number(&x, "PRAGMA cache_size"), -INDEX_FILE_CACHE_KIB);
    assert_int_equal(rows(&x), 1);
    assert_int_equal(index_file_anew(&x, &f), ST_OK);
    assert_int_equal(rows(&x), 0);
    index_file_close(&x);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    struct index_file x;
    assert_int_equal(index_file_open(path, &x, &f), ST_OK);
    assert_int_equal(index_file_mark(&x, "tree", "0123456789abcdef0123456789abcdef01234567", &f),
                     ST_OK);
    index_file_close(&x);
    for (uint64_t n = 1; failed; n++) {
        mem_fail_at(n);
        enum status st = index_file_open(path, &x, &f);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        if (st == ST_OK)
            assert_true(x.placed); /* short of memory, nothing is thrown away */
        else
            assert_null(x.db);
        index_file_close(&x);
        assert_true(n < 20);
    }
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(rows_and_the_tree_survive_closing), WITH_FOLDER(another_format_is_made_anew),
        WITH_FOLDER(damaged_files_are_made_anew),       WITH_FOLDER(without_a_folder_nothing_opens),
        WITH_FOLDER(what_failed_is_tried_again),        WITH_FOLDER(memory_alone_is_enough),
        WITH_FOLDER(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
