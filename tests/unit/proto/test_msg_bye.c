#include "tests/unit/proto/codec.h"

static struct message m, out;

static void bye_passes_whole(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= BYE_CODE_MAX; code++) {
        struct buf wire = {0};
        m = (struct message){.kind = MESSAGE_BYE, .bye = {code}};
        codec_check_message(&m);
        codec_pass(&m, &wire, &out);
        assert_int_equal(out.bye.code, code);
        buf_release(&wire);
    }
    m.bye.code = BYE_CODE_MAX + 1;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x92\x0c\xcd\x01\x00"), &out), ST_TOO_LARGE);
}

static void every_code_says_what_it_means(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < BYE_CODE_COUNT; code++) {
        assert_non_null(msg_bye_text(code));
        assert_string_not_equal(msg_bye_word(code), msg_bye_word(BYE_CODE_MAX));
        assert_true((unsigned)msg_bye_status(code) < STATUS_COUNT);
        assert_int_not_equal(msg_bye_status(code), ST_OK);
        for (uint32_t other = 0; other < code; other++)
            assert_string_not_equal(msg_bye_word(code), msg_bye_word(other));
    }
    assert_string_equal(msg_bye_word(BYE_NOT_MEMBER), "NOT_MEMBER");
    assert_int_equal(msg_bye_status(BYE_USED), ST_USED);
    assert_int_equal(msg_bye_status(BYE_PROPOSED), ST_NEEDS_PERSON);
    assert_string_equal(msg_bye_word(BYE_CODE_COUNT), "UNKNOWN");
    assert_int_equal(msg_bye_status(200), ST_CLOSED);
}

static void every_status_has_a_code(void **state)
{
    (void)state;
    for (int status = 0; status < STATUS_COUNT; status++)
        assert_true(msg_bye_of((enum status)status) < BYE_CODE_COUNT);
    assert_int_equal(msg_bye_of(ST_OK), BYE_DONE);
    assert_int_equal(msg_bye_of(ST_NOT_MEMBER), BYE_NOT_MEMBER);
    assert_int_equal(msg_bye_of(ST_NOT_CANONICAL), BYE_MALFORMED);
    assert_int_equal(msg_bye_of(ST_WRONG_ROOT), BYE_REFUSED);
    assert_int_equal(msg_bye_of(ST_OVERDRAWN), BYE_REFUSED);
    assert_int_equal(msg_bye_of(ST_TIMEOUT), BYE_STALLED);
    assert_int_equal(msg_bye_of(ST_TOO_LARGE), BYE_LIMIT);
    assert_int_equal(msg_bye_of(ST_NEEDS_PERSON), BYE_PROPOSED);
    assert_int_equal(msg_bye_of(ST_DISK_FULL), BYE_INTERNAL); /* why is nobody else's affair */
    assert_int_equal(msg_bye_of(ST_NO_MEMORY), BYE_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bye_passes_whole),
        cmocka_unit_test(every_code_says_what_it_means),
        cmocka_unit_test(every_status_has_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
