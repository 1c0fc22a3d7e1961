#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/jframe.h"

static const struct jframe_log log_one = {
    .generation = 3, .first = 70, .network = {{1}}, .previous = {{2}}, .salt = {3}};

static void header_comes_back(void **unused)
{
    (void)unused;
    struct buf b = {0};
    struct jframe_log back;
    jframe_log_encode(&log_one, &b);
    assert_int_equal(buf_status(&b), ST_OK);
    assert_int_equal(b.count, JFRAME_LOG_BYTES);
    assert_int_equal(jframe_log_decode(buf_bytes(&b), &back), ST_OK);
    assert_memory_equal(&back.network, &log_one.network, sizeof back.network);
    assert_memory_equal(&back.previous, &log_one.previous, sizeof back.previous);
    assert_memory_equal(back.salt, log_one.salt, sizeof back.salt);
    assert_int_equal(back.generation, 3);
    assert_int_equal(back.first, 70);
    for (size_t i = 0; i < b.count; i++) {
        assert_int_equal(jframe_log_decode((struct bytes){b.data, i}, &back), ST_MALFORMED);
        for (unsigned bit = 0; bit < 8; bit++) {
            b.data[i] ^= (uint8_t)(1u << bit);
            assert_int_equal(jframe_log_decode(buf_bytes(&b), &back), ST_MALFORMED);
            b.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    buf_release(&b);
}

static void frame_comes_back(void **unused)
{
    (void)unused;
    struct buf b = {0};
    struct jframe frame = {.ordinal = 71, .durable = 104};
    struct jframe back;
    jframe_encode(&log_one, 200, &frame, &log_one.previous, BYTES("payload"), &b);
    assert_int_equal(b.count, JFRAME_BYTES + 7);
    assert_int_equal(jframe_decode(&log_one, 200, buf_bytes(&b), &back), ST_OK);
    assert_int_equal(back.ordinal, 71);
    assert_int_equal(back.durable, 104);
    assert_int_equal(back.payload_bytes, 7);
    assert_memory_equal(&back.sum, &frame.sum, sizeof back.sum);
    assert_true(jframe_holds(&log_one, &back, &log_one.previous, BYTES("payload")));
    assert_false(jframe_holds(&log_one, &back, &log_one.previous, BYTES("payloae")));
    assert_false(jframe_holds(&log_one, &back, &back.sum, BYTES("payload")));
    buf_release(&b);
}

/* A frame is sound only in its segment, at its place, with its salt. */
static void frame_stands_in_one_place(void **unused)
{
    (void)unused;
    struct buf b = {0};
    struct jframe frame = {.ordinal = 71, .durable = 104};
    struct jframe back;
    struct jframe_log other = log_one;
    jframe_encode(&log_one, 200, &frame, &log_one.previous, BYTES("payload"), &b);
    assert_int_equal(jframe_decode(&log_one, 201, buf_bytes(&b), &back), ST_MALFORMED);
    other.salt[0]++;
    assert_int_equal(jframe_decode(&other, 200, buf_bytes(&b), &back), ST_MALFORMED);
    other = log_one;
    other.generation++;
    assert_int_equal(jframe_decode(&other, 200, buf_bytes(&b), &back), ST_MALFORMED);
    for (size_t i = 0; i < JFRAME_BYTES; i++) {
        assert_int_equal(jframe_decode(&log_one, 200, (struct bytes){b.data, i}, &back),
                         ST_MALFORMED);
        b.data[i] ^= 0x10;
        assert_int_equal(jframe_decode(&log_one, 200, buf_bytes(&b), &back), ST_MALFORMED);
        b.data[i] ^= 0x10;
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_comes_back),
        cmocka_unit_test(frame_comes_back),
        cmocka_unit_test(frame_stands_in_one_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
