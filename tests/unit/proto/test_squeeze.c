#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/squeeze.c" /* the source itself: what a reader holds is part of the promise */

/* Bytes that compress to about half: a deterministic mix of words and noise. */
static uint8_t *mixed(size_t count)
{
    uint8_t *data = mem_alloc(count);
    uint64_t seed = 1;
    assert_non_null(data);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        data[i] = i / 64 % 2 == 0 ? (uint8_t)(seed >> 56) : (uint8_t) "a word and a word "[i % 18];
    }
    return data;
}

static struct squeeze_writer *writer(void)
{
    struct squeeze_writer *w = NULL;
    assert_int_equal(squeeze_writer_create(&w), ST_OK);
    return w;
}

static struct squeeze_reader *reader(void)
{
    struct squeeze_reader *r = NULL;
    assert_int_equal(squeeze_reader_create(&r), ST_OK);
    return r;
}

static void test_round_trip_of_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 5, 100, 65536, MESSAGE_BYTES_MAX - 1, MESSAGE_BYTES_MAX, 3};
    struct squeeze_writer *w = writer();
    struct squeeze_reader *r = reader();
    uint8_t *data = mixed(MESSAGE_BYTES_MAX);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buf wire = {0};
        struct bytes message;
        size_t used;
        assert_int_equal(squeeze_write(w, (struct bytes){data, sizes[i]}, &wire), ST_OK);
        assert_int_equal(squeeze_read(r, buf_bytes(&wire), &used, &message), ST_OK);
        assert_true(bytes_equal(message, (struct bytes){data, sizes[i]}));
        struct bytes rest = {wire.data + used, wire.count - used};
        assert_int_equal(squeeze_read(r, rest, &used, &message), ST_AGAIN);
        assert_int_equal(used, rest.count);
        assert_true(r->message.capacity <= KEPT_BYTES_MAX); /* a large message leaves nothing */
        buf_release(&wire);
    }
    mem_free(data);
    squeeze_writer_free(w);
    squeeze_reader_free(r);
}

static void test_messages_out_of_range_are_not_written(void **state)
{
    (void)state;
    struct squeeze_writer *w = writer();
    struct buf wire = {0};
    uint8_t *data = mixed(MESSAGE_BYTES_MAX + 1);
    assert_int_equal(squeeze_write(w, (struct bytes){data, 0}, &wire), ST_TOO_LARGE);
    assert_int_equal(squeeze_write(w, (struct bytes){data, MESSAGE_BYTES_MAX + 1}, &wire),
                     ST_TOO_LARGE);
    assert_int_equal(wire.count, 0);
    mem_free(data);
    squeeze_writer_free(w);
}

static void test_many_messages_one_byte_at_a_time(void **state)
{
    (void)state;
    enum { MESSAGES = 200 };
    struct squeeze_writer *w = writer();
    struct squeeze_reader *r = reader();
    struct buf wire = {0};
    size_t seen = 0;
    for (uint8_t i = 0; i < MESSAGES; i++)
        assert_int_equal(squeeze_write(w, (struct bytes){(uint8_t[]){'m', i}, 2}, &wire), ST_OK);
    assert_true(wire.count < MESSAGES * 12);
    for (size_t at = 0; at < wire.count; at++) {
        struct bytes message, in = {wire.data + at, 1};
        size_t used;
        enum status status;
        while ((status = squeeze_read(r, in, &used, &message)) == ST_OK) {
            assert_int_equal(message.count, 2);
            assert_int_equal(message.data[1], seen);
            seen++;
            in = (struct bytes){in.data + used, in.count - used};
        }
        assert_int_equal(status, ST_AGAIN);
    }
    assert_int_equal(seen, MESSAGES);
    /* Idle calls, however many, are no mistake of the stream. */
    for (size_t i = 0; i < 100; i++) {
        struct bytes message;
        size_t used;
        assert_int_equal(squeeze_read(r, (struct bytes){NULL, 0}, &used, &message), ST_AGAIN);
    }
    buf_release(&wire);
    squeeze_writer_free(w);
    squeeze_reader_free(r);
}

static void test_a_second_message_costs_little(void **state)
{
    (void)state;
    struct squeeze_writer *w = writer();
    struct buf wire = {0};
    uint8_t *data = mixed(2000);
    assert_int_equal(squeeze_write(w, (struct bytes){data, 2000}, &wire), ST_OK);
    buf_reset(&wire);
    assert_int_equal(squeeze_write(w, (struct bytes){data, 2000}, &wire), ST_OK);
    assert_true(wire.count < 40); /* one window over all messages of a direction */
    mem_free(data);
    buf_release(&wire);
    squeeze_writer_free(w);
}

/* A stream made by zstd itself with settings of a hostile sender. */
static void hostile(struct bytes content, int window_log, ZSTD_EndDirective end, struct buf *out)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_inBuffer input = {content.data, content.count, 0};
    assert_non_null(zstd);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window_log)));
    size_t room = ZSTD_compressBound(content.count) + 1024;
    uint8_t *at = buf_reserve(out, room);
    ZSTD_outBuffer output = {at, room, 0};
    assert_int_equal(ZSTD_compressStream2(zstd, &output, &input, end), 0);
    out->count += output.pos;
    ZSTD_freeCCtx(zstd);
}

static enum status read_all(struct squeeze_reader *r, struct bytes in, size_t *messages_out)
{
    enum status status;
    struct bytes message;
    size_t used;
    *messages_out = 0;
    while ((status = squeeze_read(r, in, &used, &message)) == ST_OK) {
        assert_in_range(message.count, 1, MESSAGE_BYTES_MAX);
        (*messages_out)++;
        in = (struct bytes){in.data + used, in.count - used};
    }
    return status;
}

static void test_bombs(void **state)
{
    (void)state;
    enum { BOMB_BYTES = 32 * MIB };
    struct buf wire = {0};
    struct squeeze_reader *r = reader();
    uint8_t *bomb = mem_alloc(BOMB_BYTES);
    size_t messages;
    /* Zeros are messages of no bytes: refused at the first. */
    hostile((struct bytes){bomb, BOMB_BYTES}, 20, ZSTD_e_flush, &wire);
    assert_true(wire.count < 8 * KIB);
    assert_int_equal(read_all(r, buf_bytes(&wire), &messages), ST_MALFORMED);
    assert_int_equal(messages, 0);
    assert_true(r->message.capacity <= STEP_BYTES + 4);
    squeeze_reader_free(r);

    /* Messages of the full length, one a call, in a buffer of one message. */
    r = reader();
    buf_reset(&wire);
    for (size_t at = 0; at + 4 <= BOMB_BYTES; at += 4 + MESSAGE_BYTES_MAX)
        bomb[at + 1] = MESSAGE_BYTES_MAX >> 16;
    hostile((struct bytes){bomb, BOMB_BYTES}, 20, ZSTD_e_flush, &wire);
    assert_int_equal(read_all(r, buf_bytes(&wire), &messages), ST_AGAIN);
    assert_int_equal(messages, BOMB_BYTES / (4 + MESSAGE_BYTES_MAX));
    assert_true(r->message.capacity <= 2 * MESSAGE_BYTES_MAX + KIB);
    squeeze_reader_free(r);
    mem_free(bomb);
    buf_release(&wire);
}

static void test_hostile_streams(void **state)
{
    (void)state;
    static const uint8_t large[] = {0, 0x10, 0, 1, 'x'}, claim[] = {0, 0x10, 0, 0, 'x'};
    static const struct {
        struct bytes content;
        int window_log;
        ZSTD_EndDirective end;
        enum status expected;
    } cases[] = {
        {{large, sizeof large}, 20, ZSTD_e_flush, ST_TOO_LARGE},
        {{claim, sizeof claim}, 20, ZSTD_e_flush, ST_AGAIN},
        {{claim, sizeof claim}, 21, ZSTD_e_flush, ST_TOO_LARGE},
        {{claim, sizeof claim}, 27, ZSTD_e_flush, ST_TOO_LARGE},
        {{claim, sizeof claim}, 20, ZSTD_e_end, ST_MALFORMED},
        {{NULL, 0}, 20, ZSTD_e_end, ST_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf wire = {0};
        struct squeeze_reader *r = reader();
        size_t messages;
        hostile(cases[i].content, cases[i].window_log, cases[i].end, &wire);
        assert_int_equal(read_all(r, buf_bytes(&wire), &messages), cases[i].expected);
        assert_int_equal(messages, 0);
        assert_true(r->message.capacity <= STEP_BYTES + 4); /* a claim alone takes no memory */
        squeeze_reader_free(r);
        buf_release(&wire);
    }
    struct squeeze_reader *r = reader();
    size_t messages;
    assert_int_equal(read_all(r, BYTES("not zstd at all"), &messages), ST_MALFORMED);
    squeeze_reader_free(r);
    r = reader(); /* a skippable frame of no bytes: an end too */
    assert_int_equal(read_all(r, BYTES("\x50\x2a\x4d\x18\0\0\0\0"), &messages), ST_MALFORMED);
    squeeze_reader_free(r);
}

static void test_every_prefix_and_every_byte(void **state)
{
    (void)state;
    struct squeeze_writer *w = writer();
    struct buf wire = {0};
    size_t messages, refused = 0;
    uint8_t *data = mixed(300);
    assert_int_equal(squeeze_write(w, (struct bytes){data, 300}, &wire), ST_OK);
    assert_int_equal(squeeze_write(w, BYTES("the second"), &wire), ST_OK);
    for (size_t count = 0; count < wire.count; count++) {
        struct squeeze_reader *r = reader();
        assert_int_equal(read_all(r, (struct bytes){wire.data, count}, &messages), ST_AGAIN);
        assert_true(messages <= 1);
        squeeze_reader_free(r);
    }
    for (size_t i = 0; i < wire.count; i++) {
        struct squeeze_reader *r = reader();
        wire.data[i] ^= 0xff;
        enum status status = read_all(r, buf_bytes(&wire), &messages);
        assert_true(status == ST_MALFORMED || status == ST_TOO_LARGE || status == ST_AGAIN);
        if (i < 4)
            assert_int_equal(status, ST_MALFORMED);
        refused += status != ST_AGAIN;
        wire.data[i] ^= 0xff;
        squeeze_reader_free(r);
    }
    assert_true(refused >= 8); /* literals pass: that is the MAC's affair, not zstd's */
    mem_free(data);
    buf_release(&wire);
    squeeze_writer_free(w);
}

static enum status write_and_read(struct bytes message)
{
    struct squeeze_writer *w = NULL;
    struct squeeze_reader *r = NULL;
    struct buf wire = {0};
    struct bytes got;
    size_t used;
    enum status status = squeeze_writer_create(&w);
    if (status == ST_OK)
        status = squeeze_reader_create(&r);
    if (status == ST_OK)
        status = squeeze_write(w, message, &wire);
    if (status == ST_OK)
        status = squeeze_read(r, buf_bytes(&wire), &used, &got);
    if (status == ST_OK)
        assert_true(bytes_equal(got, message));
    squeeze_writer_free(w);
    squeeze_reader_free(r);
    buf_release(&wire);
    return status;
}

static void test_every_allocation_failed_in_turn(void **state)
{
    (void)state;
    uint8_t *data = mixed(200000);
    uint64_t n = 1;
    for (;; n++) {
        mem_fail_at(n);
        enum status status = write_and_read((struct bytes){data, 200000});
        if (!mem_failed()) {
            assert_int_equal(status, ST_OK);
            break;
        }
        assert_int_equal(status, ST_NO_MEMORY);
    }
    mem_fail_at(0);
    assert_true(n > 8); /* zstd's own allocations come from mem too */
    mem_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_sizes),
        cmocka_unit_test(test_messages_out_of_range_are_not_written),
        cmocka_unit_test(test_many_messages_one_byte_at_a_time),
        cmocka_unit_test(test_a_second_message_costs_little),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_hostile_streams),
        cmocka_unit_test(test_every_prefix_and_every_byte),
        cmocka_unit_test(test_every_allocation_failed_in_turn),
    };
    return cmocka_run_group_tests_name("squeeze", tests, NULL, NULL);
}
