#include "tests/unit/proto/codec.h"

#include "proto/msg_parts.h"

static void lists_of_ids_pass(void **state)
{
    (void)state;
    struct oid ids[3] = {codec_oid(1), codec_oid(2), codec_oid(2)}, read[3];
    struct buf wire = {0};
    struct mp_reader r;
    msg_parts_write_ids(&wire, ids, 3);
    mp_read(&r, buf_bytes(&wire));
    assert_int_equal(msg_parts_read_ids(&r, read, 3), 3);
    assert_int_equal(mp_end(&r), ST_OK);
    assert_memory_equal(read, ids, sizeof ids);
    mp_read(&r, buf_bytes(&wire));
    assert_int_equal(msg_parts_read_ids(&r, read, 2), 0);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE);
    assert_true(msg_parts_are_ascending(ids, 2));
    assert_false(msg_parts_are_ascending(ids, 3));
    assert_true(msg_parts_are_ascending(ids, 0));
    buf_release(&wire);
}

static void lists_of_binaries_keep_their_bounds(void **state)
{
    (void)state;
    const struct msg_parts_bound bound = {2, 3};
    struct bytes list[3] = {BYTES("abc"), BYTES("d"), BYTES("e")}, read[2];
    struct buf wire = {0};
    struct mp_reader r;
    size_t total = 0;
    msg_parts_write_list(&wire, list, 2);
    mp_read(&r, buf_bytes(&wire));
    assert_int_equal(msg_parts_read_list(&r, read, bound), 2);
    assert_int_equal(mp_end(&r), ST_OK);
    CODEC_SAME(read[0], "abc");
    assert_int_equal(msg_parts_check_list(list, 2, bound, &total), ST_OK);
    assert_int_equal(total, 4);
    assert_int_equal(msg_parts_total(list, 3), 5);
    assert_int_equal(msg_parts_check_list(list, 3, bound, &total), ST_TOO_LARGE);
    list[1] = BYTES("");
    assert_int_equal(msg_parts_check_list(list, 2, bound, &total), ST_MALFORMED);
    list[1] = BYTES("four");
    assert_int_equal(msg_parts_check_list(list, 2, bound, &total), ST_TOO_LARGE);
    buf_release(&wire);
}

static void a_message_begins_with_its_kind(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct mp_reader r;
    msg_parts_start(&wire, MESSAGE_PONG, 1);
    CODEC_SAME(buf_bytes(&wire), "\x91\x0b");
    msg_parts_begin(&r, buf_bytes(&wire), MESSAGE_PONG, 1);
    assert_int_equal(mp_end(&r), ST_OK);
    msg_parts_begin(&r, buf_bytes(&wire), MESSAGE_PING, 1);
    assert_int_equal(mp_end(&r), ST_MALFORMED);
    msg_parts_begin(&r, buf_bytes(&wire), MESSAGE_PONG, 2);
    assert_int_equal(mp_end(&r), ST_MALFORMED);
    msg_parts_begin(&r, (struct bytes){wire.data, MESSAGE_BYTES_MAX + 1}, MESSAGE_PONG, 1);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE); /* by its size alone */
    buf_release(&wire);
}

static void printable_is_ascii(void **state)
{
    (void)state;
    assert_true(msg_parts_is_printable(BYTES("a ~"), true));
    assert_false(msg_parts_is_printable(BYTES("a ~"), false));
    assert_false(msg_parts_is_printable(BYTES("\x7f"), true));
    assert_false(msg_parts_is_printable(BYTES("\x1f"), true));
    assert_false(msg_parts_is_printable(BYTES("\xc3\xb1"), true));
    assert_true(msg_parts_is_printable(BYTES(""), false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_ids_pass),
        cmocka_unit_test(lists_of_binaries_keep_their_bounds),
        cmocka_unit_test(a_message_begins_with_its_kind),
        cmocka_unit_test(printable_is_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
