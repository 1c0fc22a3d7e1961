#include "tests/unit/proto/codec.h"

static struct message m, out;

static void ping_and_pong_pass_whole(void **state)
{
    (void)state;
    static const uint64_t nonces[] = {0, 127, 128, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof nonces / sizeof nonces[0]; i++) {
        struct buf wire = {0};
        m = (struct message){.kind = MESSAGE_PING, .ping = {nonces[i]}};
        codec_check_message(&m);
        codec_pass(&m, &wire, &out);
        assert_true(out.ping.nonce == nonces[i]);
        m.kind = MESSAGE_PONG;
        codec_check_message(&m);
        buf_reset(&wire);
        codec_pass(&m, &wire, &out);
        assert_true(out.pong.nonce == nonces[i]);
        buf_release(&wire);
    }
}

static void one_is_not_the_other(void **state)
{
    (void)state;
    struct msg_ping ping;
    assert_int_equal(msg_ping_decode(MESSAGE_PING, BYTES("\x92\x0a\x05"), &ping), ST_OK);
    assert_int_equal(msg_ping_decode(MESSAGE_PONG, BYTES("\x92\x0a\x05"), &ping), ST_MALFORMED);
    assert_int_equal(msg_ping_decode(MESSAGE_PONG, BYTES("\x92\x0b\x05"), &ping), ST_OK);
    assert_int_equal(msg_ping_decode(MESSAGE_PONG, BYTES("\x92\x0b\xff"), &ping), ST_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ping_and_pong_pass_whole),
        cmocka_unit_test(one_is_not_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
