#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/content.h"
#include "replicas/json.h"

static void assert_written(const struct content *c, const char *expected)
{
    struct buf out = {0};
    content_write(c, &out);
    assert_int_equal(buf_status(&out), ST_OK);
    assert_string_equal(buf_text(&out), expected);
    assert_int_equal(json_check(buf_bytes(&out)), ST_OK);
    buf_release(&out);
}

/* Whatever the order in which they come, of which there are 24. */
static void members_are_written_in_order(void **unused)
{
    (void)unused;
    static const char *const names[] = {"amount", "a", "to", "ref"};
    static const char *const values[] = {"5", "null", "\"h\"", "[1]"};
    for (unsigned order = 0; order < 256; order++) {
        struct content c;
        assert_int_equal(content_init(&c, 4), ST_OK);
        for (unsigned i = 0; i < 4; i++) {
            unsigned which = order >> 2 * i & 3;
            if (!content_has(&c, names[which]))
                assert_int_equal(content_add(&c, names[which], bytes_of_text(values[which]), NULL),
                                 ST_OK);
        }
        for (unsigned i = 1; i < c.count; i++)
            assert_true(strcmp(c.members[i - 1].name, c.members[i].name) < 0);
        if (c.count == 4)
            assert_written(&c, "{\"a\":null,\"amount\":5,\"ref\":[1],\"to\":\"h\"}");
        content_release(&c);
    }
}

static void nothing_is_said_twice(void **unused)
{
    (void)unused;
    struct content c;
    struct fault f = {.code = ST_OK};
    assert_int_equal(content_init(&c, 2), ST_OK);
    assert_written(&c, "{}");
    assert_false(content_has(&c, "ref"));
    assert_int_equal(content_add(&c, "ref", BYTES("1"), &f), ST_OK);
    assert_true(content_has(&c, "ref"));
    assert_false(content_has(&c, "re"));
    assert_int_equal(content_add(&c, "ref", BYTES("2"), &f), ST_USAGE);
    assert_string_equal(f.text, "ref is given twice");
    assert_written(&c, "{\"ref\":1}");
    content_release(&c);
    content_release(&c);
    content_release(NULL);
}

static void every_allocation_may_fail(void **unused)
{
    (void)unused;
    bool failed = true;
    for (uint64_t n = 1; failed; n++) {
        struct content c;
        struct buf out = {0};
        mem_fail_at(n);
        enum status st = content_init(&c, 2);
        if (st == ST_OK)
            st = content_add(&c, "b", BYTES("1"), NULL);
        if (st == ST_OK)
            st = content_add(&c, "a", BYTES("2"), NULL);
        if (st == ST_OK) {
            content_write(&c, &out);
            st = buf_status(&out);
        }
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        content_release(&c);
        buf_release(&out);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_written_in_order),
        cmocka_unit_test(nothing_is_said_twice),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
