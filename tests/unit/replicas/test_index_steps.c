#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/index_steps.h"

static const struct oid none, some = {{7}};

static void records_and_entries_are_rows(void **unused)
{
    (void)unused;
    struct index_steps s = {0};
    static const char record[] = "0123456789abcdef01234567";
    char entry[ENTRY_ID_TEXT + 1], path[256];
    memset(entry, 'e', ENTRY_ID_TEXT);
    entry[ENTRY_ID_TEXT] = '\0';
    assert_int_equal(strlen(record), RECORD_ID_TEXT);
    snprintf(path, sizeof path, "records/visit/0/1/2/%s.json", record);
    assert_int_equal(index_steps_add(&s, path, &none, &some), ST_OK);
    snprintf(path, sizeof path, "records/purchase/e/e/e/%s.json", entry);
    assert_int_equal(index_steps_add(&s, path, &some, &none), ST_OK);
    snprintf(path, sizeof path, "records/visit/0/1/2/%s.json", record);
    assert_int_equal(index_steps_add(&s, path, &some, &some), ST_OK);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.type_count, 2);
    assert_string_equal(s.types[s.list[0].type], "visit");
    assert_string_equal(s.types[s.list[1].type], "purchase");
    assert_int_equal(s.list[2].type, s.list[0].type);
    assert_string_equal(s.list[0].id, record);
    assert_string_equal(s.list[1].id, entry);
    assert_true(oid_equal(&s.list[0].blob, &some));
    assert_true(oid_is_zero(&s.list[1].blob)); /* gone */
    index_steps_release(&s);
    assert_int_equal(s.count, 0);
    index_steps_release(&s);
    index_steps_release(NULL);
}

static void other_paths_are_none(void **unused)
{
    (void)unused;
    static const char *const paths[] = {
        "",
        "records",
        "records/",
        "records/visit",
        "records/visit.json",
        "records/visit/0123456789abcdef01234567",
        "records/visit/0/1/2/0123456789abcdef01234567",
        "records/visit/0/1/2/.json",
        "records/visit/0/1/2/0123456789abcdef0123456.json",
        "records/visit/0/1/2/0123456789abcdef012345678.json",
        "records//0/1/2/0123456789abcdef01234567.json",
        "records/../0/1/2/0123456789abcdef01234567.json",
        "record/visit/0/1/2/0123456789abcdef01234567.json",
        "accounts/visit/0/1/2/0123456789abcdef01234567.json",
        "charter/1",
    };
    struct index_steps s = {0};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(index_steps_add(&s, paths[i], &none, &some), ST_OK);
    /* The longest name of a type is one, a longer one is none. */
    char path[256], type[NAME_BYTES_MAX + 2];
    memset(type, 't', sizeof type);
    type[NAME_BYTES_MAX + 1] = '\0';
    snprintf(path, sizeof path, "records/%s/0/1/2/0123456789abcdef01234567.json", type);
    assert_int_equal(index_steps_add(&s, path, &none, &some), ST_OK);
    assert_int_equal(s.count, 0);
    type[NAME_BYTES_MAX] = '\0';
    snprintf(path, sizeof path, "records/%s/0/1/2/0123456789abcdef01234567.json", type);
    assert_int_equal(index_steps_add(&s, path, &none, &some), ST_OK);
    assert_int_equal(s.count, 1);
    assert_string_equal(s.types[0], type);
    index_steps_release(&s);
}

static enum status add_many(struct index_steps *s, unsigned count)
{
    enum status st = ST_OK;
    for (unsigned i = 0; i < count && st == ST_OK; i++) {
        char path[256];
        snprintf(path, sizeof path, "records/t%u/0/0/0/%024x.json", i % 5, i);
        st = index_steps_add(s, path, &none, &some);
    }
    return st;
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    enum { MANY = 1000 };
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct index_steps s = {0};
        mem_fail_at(n);
        enum status st = add_many(&s, MANY);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(s.count == MANY, !failed);
        for (unsigned i = 0; i < s.count; i++) { /* those before stay */
            char id[RECORD_ID_TEXT + 1], type[8];
            snprintf(id, sizeof id, "%024x", i);
            snprintf(type, sizeof type, "t%u", i % 5);
            assert_string_equal(s.list[i].id, id);
            assert_string_equal(s.types[s.list[i].type], type);
        }
        index_steps_release(&s);
        assert_true(n < 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_entries_are_rows),
        cmocka_unit_test(other_paths_are_none),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
