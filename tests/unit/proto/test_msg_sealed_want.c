#include "tests/unit/proto/codec.h"

static struct message m, out;

static void sealed_want_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_SEALED_WANT, .sealed_want = {.wish_count = 2}};
    m.sealed_want.lane = SEALED_FILES;
    m.sealed_want.wishes[0] = (struct sealed_wish){{{1}}, 0};
    m.sealed_want.wishes[1] = (struct sealed_wish){{{1}}, SEALED_PIECE_BYTES};
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.sealed_want.lane, SEALED_FILES);
    assert_int_equal(out.sealed_want.wish_count, 2);
    assert_int_equal(out.sealed_want.wishes[1].name.id[0], 1);
    assert_int_equal(out.sealed_want.wishes[1].offset, SEALED_PIECE_BYTES);
    buf_release(&wire);
}

static void bounds_are_checked(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_SEALED_WANT};
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    for (uint32_t i = 0; i < SEALED_NAMES_MAX; i++)
        m.sealed_want.wishes[i].offset = SEALED_ITEM_BYTES_MAX - 1;
    m.sealed_want.wish_count = SEALED_NAMES_MAX;
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.sealed_want.wish_count, SEALED_NAMES_MAX);
    m.sealed_want.wish_count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.sealed_want.wish_count = 1;
    m.sealed_want.wishes[0].offset++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x93\x08\x00\x90"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x93\x08\x02\x90"), &out), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x93\x08\x00\xdc\x08\x01"), &out), ST_TOO_LARGE);
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_want_passes_whole),
        cmocka_unit_test(bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
