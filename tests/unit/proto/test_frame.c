#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/frame.h"
#include "proto/mem.h"

static struct noise_cipher cipher(void)
{
    return (struct noise_cipher){.key = {1, 2, 3}, .keyed = true};
}

static void test_wrap_and_unwrap(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct bytes body;
    size_t used = 99;
    assert_int_equal(frame_wrap(BYTES("first"), &wire), ST_OK);
    assert_int_equal(frame_wrap(BYTES(""), &wire), ST_OK);
    assert_int_equal(wire.count, 9);
    assert_memory_equal(wire.data, "\0\5first\0\0", 9);
    for (size_t count = 0; count < 7; count++) {
        body = BYTES("untouched");
        assert_int_equal(frame_unwrap((struct bytes){wire.data, count}, 100, &body, &used),
                         ST_AGAIN);
        assert_int_equal(used, 0);
        assert_true(bytes_equal_text(body, "untouched"));
    }
    assert_int_equal(frame_unwrap(buf_bytes(&wire), 5, &body, &used), ST_OK);
    assert_int_equal(used, 7);
    assert_true(bytes_equal_text(body, "first"));
    assert_int_equal(frame_unwrap((struct bytes){wire.data + 7, 2}, 0, &body, &used), ST_OK);
    assert_int_equal(used, 2);
    assert_int_equal(body.count, 0);
    buf_release(&wire);
}

static void test_unwrap_looks_at_the_length_first(void **state)
{
    (void)state;
    struct bytes body;
    size_t used;
    assert_int_equal(frame_unwrap(BYTES("\0\6"), 5, &body, &used), ST_TOO_LARGE);
    assert_int_equal(used, 0);
    assert_int_equal(frame_unwrap(BYTES("\xff\xff"), 65535, &body, &used), ST_AGAIN);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 1000, FRAME_PAYLOAD_MAX};
    struct noise_cipher send = cipher(), receive = cipher();
    struct buf wire = {0}, plain = {0};
    uint8_t *payload = mem_alloc(FRAME_PAYLOAD_MAX);
    memset(payload, 'p', FRAME_PAYLOAD_MAX);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t payload_bytes = 99, used = 99;
        buf_reset(&wire);
        buf_reset(&plain);
        assert_int_equal(frame_encode(&send, (struct bytes){payload, sizes[i]}, &wire), ST_OK);
        assert_int_equal(wire.count, FRAME_LENGTH_BYTES + sizes[i] + NOISE_MAC_BYTES);
        assert_int_equal(frame_decode(&receive, buf_bytes(&wire), &plain, &payload_bytes, &used),
                         ST_OK);
        assert_int_equal(used, wire.count);
        assert_int_equal(payload_bytes, sizes[i]);
        assert_int_equal(plain.count, sizes[i]);
        if (sizes[i] > 0)
            assert_memory_equal(plain.data, payload, sizes[i]);
    }
    assert_int_equal(send.nonce, sizeof sizes / sizeof sizes[0]);
    assert_int_equal(receive.nonce, send.nonce);
    mem_free(payload);
    buf_release(&wire);
    buf_release(&plain);
}

static enum status decode(struct noise_cipher *receive, struct bytes in)
{
    struct buf plain = {0};
    size_t payload_bytes = 99, used = 99;
    struct noise_cipher before = *receive;
    enum status status = frame_decode(receive, in, &plain, &payload_bytes, &used);
    if (status != ST_OK) {
        assert_int_equal(used, 0);
        assert_int_equal(payload_bytes, 99);
        assert_int_equal(plain.count, 0);
        assert_memory_equal(&before, receive, sizeof before);
    }
    buf_release(&plain);
    return status;
}

static void test_every_prefix_and_every_bit(void **state)
{
    (void)state;
    struct noise_cipher send = cipher(), receive = cipher();
    struct buf wire = {0};
    assert_int_equal(frame_encode(&send, BYTES("some payload"), &wire), ST_OK);
    for (size_t count = 0; count < wire.count; count++)
        assert_int_equal(decode(&receive, (struct bytes){wire.data, count}), ST_AGAIN);
    for (size_t i = 0; i < wire.count; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            wire.data[i] ^= (uint8_t)(1u << bit);
            enum status status = decode(&receive, buf_bytes(&wire));
            if (i >= FRAME_LENGTH_BYTES)
                assert_int_equal(status, ST_BAD_MAC);
            else
                assert_int_not_equal(status, ST_OK);
            wire.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(decode(&receive, buf_bytes(&wire)), ST_OK);
    assert_int_equal(decode(&receive, buf_bytes(&wire)), ST_BAD_MAC); /* a repeat */
    buf_release(&wire);
}

static void test_lengths_out_of_range(void **state)
{
    (void)state;
    struct noise_cipher receive = cipher();
    uint8_t wire[FRAME_LENGTH_BYTES + NOISE_MAC_BYTES] = {0};
    assert_int_equal(decode(&receive, (struct bytes){wire, 2}), ST_MALFORMED);
    wire[1] = NOISE_MAC_BYTES - 1;
    assert_int_equal(decode(&receive, (struct bytes){wire, sizeof wire}), ST_MALFORMED);
    wire[1] = NOISE_MAC_BYTES;
    assert_int_equal(decode(&receive, (struct bytes){wire, sizeof wire}), ST_BAD_MAC);
    wire[0] = (FRAME_BYTES_MAX + 1) >> 8;
    wire[1] = (FRAME_BYTES_MAX + 1) & 0xff;
    assert_int_equal(decode(&receive, (struct bytes){wire, 2}), ST_TOO_LARGE);
    wire[1] = 0;
    assert_int_equal(decode(&receive, (struct bytes){wire, 2}), ST_AGAIN);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct noise_cipher send = cipher(), receive = cipher();
    struct buf wire = {0}, plain = {0};
    size_t payload_bytes, used;
    mem_fail_at(1);
    assert_int_equal(frame_wrap(BYTES("x"), &wire), ST_NO_MEMORY);
    assert_int_equal(wire.count, 0);
    buf_reset(&wire);
    mem_fail_at(1);
    assert_int_equal(frame_encode(&send, BYTES("x"), &wire), ST_NO_MEMORY);
    assert_int_equal(wire.count, 0);
    assert_int_equal(send.nonce, 0);
    buf_reset(&wire);
    assert_int_equal(frame_encode(&send, BYTES("x"), &wire), ST_OK);
    mem_fail_at(1);
    assert_int_equal(frame_decode(&receive, buf_bytes(&wire), &plain, &payload_bytes, &used),
                     ST_NO_MEMORY);
    assert_int_equal(receive.nonce, 0);
    buf_release(&wire);
    buf_release(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap_and_unwrap),
        cmocka_unit_test(test_unwrap_looks_at_the_length_first),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_prefix_and_every_bit),
        cmocka_unit_test(test_lengths_out_of_range),
        cmocka_unit_test(test_no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
