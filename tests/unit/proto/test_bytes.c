#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "proto/mem.h"

static void test_comparing(void **state)
{
    (void)state;
    struct bytes none = {NULL, 0};
    assert_true(bytes_equal(none, BYTES("")));
    assert_true(bytes_equal_text(BYTES("visit"), "visit"));
    assert_false(bytes_equal_text(BYTES("visit"), "visits"));
    assert_false(bytes_equal(BYTES("a\0b"), BYTES("a\0c")));
    assert_int_equal(bytes_of_text("four").count, 4);
    assert_int_equal(BYTES("a\0b").count, 3);
    assert_int_equal(bytes_compare(none, BYTES("")), 0);
    assert_true(bytes_compare(BYTES("a"), BYTES("ab")) < 0);
    assert_true(bytes_compare(BYTES("b"), BYTES("ab")) > 0);
    assert_true(bytes_compare(BYTES("\x7f"), BYTES("\x80")) < 0); /* bytes, not signed chars */
    assert_int_equal(bytes_compare(BYTES("same"), BYTES("same")), 0);
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "plain",
        "ñandú",
        "€",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xf0\x9f\x8c\xbe.",
    };
    static const char *const bad[] = {
        "\x80",     "\xbf",         "\xc0\x80",         "\xc1\xbf",         "\xc2",
        "\xc2\x7f", "\xc2\xc0",     "\xe0\x9f\xbf",     "\xed\xa0\x80",     "\xed\xbf\xbf",
        "\xe2\x82", "\xe2\x82\x7f", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",     "\xf0\x9f\x8c", "ok then \xfe",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(bytes_are_utf8(bytes_of_text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bytes_are_utf8(bytes_of_text(bad[i])));
    assert_false(bytes_are_utf8(BYTES("a\0b")));
}

static void test_buffer_grows(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_int_equal(buf_bytes(&b).count, 0);
    assert_string_equal(buf_text(&b), "");
    buf_add_text(&b, "one ");
    buf_add_bytes(&b, BYTES("two "));
    buf_add_byte(&b, '3');
    buf_add(&b, NULL, 0);
    buf_add_format(&b, " %d-%s", 4, "five");
    assert_string_equal(buf_text(&b), "one two 3 4-five");
    assert_int_equal(b.count, 16); /* the NUL is beyond */
    for (unsigned i = 0; i < 10000; i++)
        buf_add_byte(&b, (uint8_t)i);
    assert_int_equal(b.count, 10016);
    assert_int_equal(b.data[10015], 9999 & 0xff);
    assert_memory_equal(b.data, "one two 3", 9);
    assert_int_equal(buf_status(&b), ST_OK);
    buf_reset(&b);
    assert_int_equal(b.count, 0);
    assert_true(b.capacity >= 10016);
    buf_release(&b);
    assert_null(b.data);
    assert_int_equal(b.capacity, 0);
    buf_release(NULL);
}

static void test_big_endian(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_u16be(&b, 0x0102);
    buf_add_u32be(&b, 0x03040506);
    buf_add_u64be(&b, UINT64_C(0x0708090a0b0c0d0e));
    assert_int_equal(b.count, 14);
    for (uint8_t i = 0; i < 14; i++)
        assert_int_equal(b.data[i], i + 1);
    buf_release(&b);
}

static void test_drop_front(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_text(&b, "headtail");
    buf_drop_front(&b, 0);
    buf_drop_front(&b, 4);
    assert_string_equal(buf_text(&b), "tail");
    buf_drop_front(&b, 4);
    assert_int_equal(b.count, 0);
    buf_drop_front(&b, 0);
    buf_release(&b);
}

static void test_reserve_gives_room_behind(void **state)
{
    (void)state;
    struct buf b = {0};
    assert_non_null(buf_reserve(&b, 0)); /* NULL would say that memory ran out */
    buf_add_text(&b, "abc");
    uint8_t *at = buf_reserve(&b, 5000);
    assert_ptr_equal(at, b.data + 3);
    assert_true(b.capacity >= 5003);
    assert_int_equal(b.count, 3);
    buf_release(&b);
}

static void test_a_failure_sticks(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_text(&b, "kept");
    mem_fail_at(1);
    assert_null(buf_reserve(&b, 1000));
    assert_true(mem_failed());
    buf_add_byte(&b, '!'); /* would fit, and is dropped all the same */
    buf_add_format(&b, "%d", 1);
    assert_int_equal(b.count, 4);
    assert_int_equal(buf_status(&b), ST_NO_MEMORY);
    assert_string_equal(buf_text(&b), "");
    buf_reset(&b);
    assert_int_equal(buf_status(&b), ST_OK);
    buf_add_text(&b, "anew");
    assert_string_equal(buf_text(&b), "anew");
    buf_release(&b);
}

static void test_sizes_that_overflow(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_byte(&b, 'x');
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_int_equal(buf_status(&b), ST_NO_MEMORY);
    buf_reset(&b);
    buf_add_byte(&b, 'x');
    assert_null(buf_reserve(&b, SIZE_MAX / 2));
    assert_int_equal(b.data[0], 'x');
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparing),        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_buffer_grows),     cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_drop_front),       cmocka_unit_test(test_reserve_gives_room_behind),
        cmocka_unit_test(test_a_failure_sticks), cmocka_unit_test(test_sizes_that_overflow),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
