#include "tests/unit/proto/codec.h"

static struct message m, out;

static void sealed_gone_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_SEALED_GONE, .sealed_gone = {.name_count = 2}};
    m.sealed_gone.names[0].id[0] = 9;
    m.sealed_gone.names[1].id[31] = 8;
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.sealed_gone.name_count, 2);
    assert_int_equal(out.sealed_gone.names[1].id[31], 8);
    buf_release(&wire);
}

static void bounds_are_checked(void **state)
{
    (void)state;
    m = (struct message){.kind = MESSAGE_SEALED_GONE};
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.sealed_gone.name_count = SEALED_NAMES_MAX;
    assert_int_equal(message_validate(&m), ST_OK);
    m.sealed_gone.name_count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x93\x0f\x00\x90"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x93\x0f\x02\x90"), &out), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x93\x0f\x00\xdc\x08\x01"), &out), ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_gone_passes_whole),
        cmocka_unit_test(bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
