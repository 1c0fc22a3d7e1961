#include "tests/unit/proto/codec.h"

static struct message m, out;

static void kept_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_KEPT, .kept = {.name_count = 2, .waiting = 70000}};
    m.kept.names[0].id[0] = 9;
    m.kept.names[1].id[31] = 8;
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.kept.name_count, 2);
    assert_int_equal(out.kept.names[1].id[31], 8);
    assert_int_equal(out.kept.waiting, 70000);
    m = (struct message){.kind = MESSAGE_KEPT};
    codec_check_message(&m);
    buf_release(&wire);
}

static void bounds_are_checked(void **state)
{
    (void)state;
    m = (struct message){.kind = MESSAGE_KEPT, .kept = {.name_count = SEALED_NAMES_MAX}};
    m.kept.waiting = (UINT64_C(1) << SAFE_INTEGER_BITS) - 1;
    assert_int_equal(message_validate(&m), ST_OK);
    m.kept.waiting++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.kept.waiting = 0;
    m.kept.name_count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x93\x10\xdc\x08\x01\x00"), &out), ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_passes_whole),
        cmocka_unit_test(bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
