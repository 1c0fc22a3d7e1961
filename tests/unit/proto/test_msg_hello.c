#include "tests/unit/proto/codec.h"

static struct message m, out;

static void hello_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_HELLO, .hello = {1, UINT64_MAX, BYTES("minga/0.1.0 (x)")}};
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.hello.version, 1);
    assert_true(out.hello.features == UINT64_MAX);
    CODEC_SAME(out.hello.agent, "minga/0.1.0 (x)");
    buf_release(&wire);
}

static void its_bytes_are_fixed(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_HELLO, .hello = {MESSAGE_VERSION, 0, BYTES("minga")}};
    message_encode(&m, &wire);
    CODEC_SAME(buf_bytes(&wire), "\x94\x01\x01\x00\xa5minga");
    buf_release(&wire);
}

static void forms_and_bounds_are_checked(void **state)
{
    (void)state;
    struct msg_hello hello = {1, 0, BYTES("")};
    char agent[AGENT_BYTES_MAX + 1];
    memset(agent, 'a', sizeof agent);
    assert_int_equal(msg_hello_validate(&hello), ST_OK);
    hello.version = 0;
    assert_int_equal(msg_hello_validate(&hello), ST_MALFORMED);
    hello.version = 2;
    hello.agent = (struct bytes){(const uint8_t *)agent, AGENT_BYTES_MAX};
    assert_int_equal(msg_hello_validate(&hello), ST_OK);
    hello.agent.count++;
    assert_int_equal(msg_hello_validate(&hello), ST_TOO_LARGE);
    hello.agent = BYTES("a\x1b[2J");
    assert_int_equal(msg_hello_validate(&hello), ST_MALFORMED);
    assert_int_equal(msg_hello_decode(BYTES("\x94\x01\x00\x00\xa0"), &hello), ST_MALFORMED);
    assert_int_equal(msg_hello_decode(BYTES("\x94\x02\x01\x00\xa0"), &hello), ST_MALFORMED);
    assert_int_equal(msg_hello_decode(BYTES("\x94\x01\x01\x00\xa1\n"), &hello), ST_MALFORMED);
    assert_int_equal(msg_hello_decode(BYTES("\x94\x01\xcf\0\0\0\x01\0\0\0\0\x00\xa0"), &hello),
                     ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_passes_whole),
        cmocka_unit_test(its_bytes_are_fixed),
        cmocka_unit_test(forms_and_bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
