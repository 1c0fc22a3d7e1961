#include "tests/unit/proto/codec.h"

#include <msgpack.h>

#include "tests/unit/proto/mp_walk.h"

struct sample {
    const char *bytes;
    size_t count;
    enum status status;
};

#define SAMPLE(literal, status)                                                                    \
    {                                                                                              \
        literal, sizeof(literal) - 1, status                                                       \
    }

static enum status walk(struct bytes in)
{
    struct buf out = {0};
    enum status status = mp_walk(in, &out);
    if (status == ST_OK)
        assert_true(bytes_equal(buf_bytes(&out), in));
    buf_release(&out);
    return status;
}

static const struct sample samples[] = {
    SAMPLE("\x00", ST_OK),
    SAMPLE("\x7f", ST_OK),
    SAMPLE("\xcc\x7f", ST_NOT_CANONICAL),
    SAMPLE("\xcc\x80", ST_OK),
    SAMPLE("\xcc\xff", ST_OK),
    SAMPLE("\xcd\x00\xff", ST_NOT_CANONICAL),
    SAMPLE("\xcd\x01\x00", ST_OK),
    SAMPLE("\xce\x00\x00\xff\xff", ST_NOT_CANONICAL),
    SAMPLE("\xce\x00\x01\x00\x00", ST_OK),
    SAMPLE("\xcf\x00\x00\x00\x00\xff\xff\xff\xff", ST_NOT_CANONICAL),
    SAMPLE("\xcf\x00\x00\x00\x01\x00\x00\x00\x00", ST_OK),
    SAMPLE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", ST_OK),
    SAMPLE("\xff", ST_OK),
    SAMPLE("\xe0", ST_OK),
    SAMPLE("\xd0\xe0", ST_NOT_CANONICAL),
    SAMPLE("\xd0\x05", ST_NOT_CANONICAL),
    SAMPLE("\xd0\xdf", ST_OK),
    SAMPLE("\xd0\x80", ST_OK),
    SAMPLE("\xd1\xff\x80", ST_NOT_CANONICAL),
    SAMPLE("\xd1\xff\x7f", ST_OK),
    SAMPLE("\xd1\x80\x00", ST_OK),
    SAMPLE("\xd1\x7f\xff", ST_NOT_CANONICAL),
    SAMPLE("\xd2\xff\xff\x80\x00", ST_NOT_CANONICAL),
    SAMPLE("\xd2\xff\xff\x7f\xff", ST_OK),
    SAMPLE("\xd2\x80\x00\x00\x00", ST_OK),
    SAMPLE("\xd3\xff\xff\xff\xff\x80\x00\x00\x00", ST_NOT_CANONICAL),
    SAMPLE("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", ST_OK),
    SAMPLE("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", ST_OK),
    SAMPLE("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", ST_NOT_CANONICAL),
    SAMPLE("\xc0", ST_OK),
    SAMPLE("\xc1", ST_MALFORMED),
    SAMPLE("\xc2", ST_OK),
    SAMPLE("\xc3", ST_OK),
    SAMPLE("\xca\x00\x00\x00\x00", ST_NOT_CANONICAL),
    SAMPLE("\xcb\x00\x00\x00\x00\x00\x00\x00\x00", ST_NOT_CANONICAL),
    SAMPLE("\xc7\x01\x05\x00", ST_NOT_CANONICAL),
    SAMPLE("\xd4\x05\x00", ST_NOT_CANONICAL),
    SAMPLE("\xd8\x05", ST_NOT_CANONICAL),
    SAMPLE("\xa0", ST_OK),
    SAMPLE("\xa3"
           "abc",
           ST_OK),
    SAMPLE("\xa2\xc3\xb1", ST_OK),
    SAMPLE("\xa3\xed\xa0\x80", ST_NOT_CANONICAL),
    SAMPLE("\xa2\xc0\x80", ST_NOT_CANONICAL),
    SAMPLE("\xa1\xff", ST_NOT_CANONICAL),
    SAMPLE("\xa1\x00", ST_NOT_CANONICAL),
    SAMPLE("\xd9\x03"
           "abc",
           ST_NOT_CANONICAL),
    SAMPLE("\xda\x00\x03"
           "abc",
           ST_NOT_CANONICAL),
    SAMPLE("\xdb\x00\x00\x00\x03"
           "abc",
           ST_NOT_CANONICAL),
    SAMPLE("\xc4\x00", ST_OK),
    SAMPLE("\xc4\x02\x00\xff", ST_OK),
    SAMPLE("\xc5\x00\x02\x00\xff", ST_NOT_CANONICAL),
    SAMPLE("\xc6\x00\x00\x00\x02\x00\xff", ST_NOT_CANONICAL),
    SAMPLE("\x90", ST_OK),
    SAMPLE("\x92\x90\x91\xc0", ST_OK),
    SAMPLE("\xdc\x00\x01\xc0", ST_NOT_CANONICAL),
    SAMPLE("\xdd\x00\x00\x00\x01\xc0", ST_NOT_CANONICAL),
    SAMPLE("\x81\xa1"
           "a\x01",
           ST_OK),
    SAMPLE("\xde\x00\x01\xa1"
           "a\x01",
           ST_NOT_CANONICAL),
    SAMPLE("\xdf\x00\x00\x00\x01\xa1"
           "a\x01",
           ST_NOT_CANONICAL),
    SAMPLE("", ST_MALFORMED),
    SAMPLE("\x92\x01", ST_MALFORMED),
    SAMPLE("\x01\x02", ST_MALFORMED),
    SAMPLE("\xdd\xff\xff\xff\xff\xc0", ST_MALFORMED),
    SAMPLE("\xc6\xff\xff\xff\xff\xc0", ST_MALFORMED),
    SAMPLE("\x91\x91\x91\x91\x91\x91\x91\x90", ST_OK),
    SAMPLE("\x91\x91\x91\x91\x91\x91\x91\x91\x90", ST_TOO_LARGE),
};

static void canonical_forms_are_told_from_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct bytes in = {(const uint8_t *)samples[i].bytes, samples[i].count};
        if (walk(in) != samples[i].status)
            fail_msg("sample %zu: %s", i, status_word(walk(in)));
    }
}

static void an_array_is_left_with_its_last_element(void **state)
{
    (void)state;
    struct mp_reader r;
    mp_read(&r, BYTES("\x93\x01\x92\x02\x90\xa1x"));
    assert_int_equal(mp_read_array(&r, 3, 3), 3);
    assert_int_equal(mp_read_uint(&r, 1), 1);
    assert_int_equal(mp_peek(&r), MP_ARRAY);
    assert_int_equal(mp_read_array(&r, 0, 2), 2);
    assert_int_equal(mp_read_uint(&r, 9), 2);
    assert_int_equal(r.depth, 2);
    assert_int_equal(mp_read_array(&r, 0, 0), 0);
    assert_int_equal(r.depth, 1);
    CODEC_SAME(mp_read_text(&r, 1), "x");
    assert_int_equal(r.depth, 0);
    assert_int_equal(mp_peek(&r), MP_NONE);
    assert_int_equal(mp_end(&r), ST_OK);
}

static void the_first_error_stays(void **state)
{
    (void)state;
    struct mp_reader r;
    mp_read(&r, BYTES("\x92\x05\x06"));
    assert_int_equal(mp_read_array(&r, 0, 2), 2);
    assert_int_equal(mp_read_uint(&r, 4), 0);
    assert_int_equal(mp_read_uint(&r, 9), 0); /* good, were it not for the first */
    assert_false(mp_read_bool(&r));
    assert_null(mp_read_binary(&r, 9).data);
    mp_fail(&r, ST_PROTOCOL);
    assert_int_equal(mp_peek(&r), MP_NONE);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE);
    mp_read(&r, BYTES("\x05"));
    mp_fail(&r, ST_BAD_VALUE);
    assert_int_equal(mp_end(&r), ST_BAD_VALUE);
}

static void the_callers_bounds_hold(void **state)
{
    (void)state;
    struct mp_reader r;
    uint8_t fixed[2] = {7, 7};
    mp_read(&r, BYTES("\x93\xc0\xc0\xc0"));
    assert_int_equal(mp_read_array(&r, 0, 2), 0);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE);
    mp_read(&r, BYTES("\x91\xc0"));
    assert_int_equal(mp_read_array(&r, 2, 2), 0);
    assert_int_equal(mp_end(&r), ST_MALFORMED);
    mp_read(&r, BYTES("\x82\x01\x02\x03\x04"));
    assert_int_equal(mp_read_map(&r, 1), 0);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE);
    mp_read(&r, BYTES("\xa2xy"));
    assert_int_equal(mp_read_text(&r, 1).count, 0);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE);
    mp_read(&r, BYTES("\xc4\x03xyz"));
    mp_read_fixed(&r, fixed, sizeof fixed);
    assert_int_equal(fixed[0] | fixed[1], 0);
    assert_int_equal(mp_end(&r), ST_MALFORMED);
    mp_read(&r, BYTES("\xc4\x02yz"));
    mp_read_fixed(&r, fixed, sizeof fixed);
    assert_memory_equal(fixed, "yz", 2);
    assert_int_equal(mp_end(&r), ST_OK);
    mp_read(&r, BYTES("\xff"));
    assert_int_equal(mp_read_uint(&r, UINT64_MAX), 0);
    assert_int_equal(mp_end(&r), ST_MALFORMED);
    mp_read(&r, BYTES("\xcf\x80\0\0\0\0\0\0\0"));
    assert_int_equal(mp_read_int(&r), 0);
    assert_int_equal(mp_end(&r), ST_TOO_LARGE);
    mp_read(&r, BYTES("\xa1x"));
    assert_int_equal(mp_read_binary(&r, 9).count, 0); /* a text is no binary */
    assert_int_equal(mp_end(&r), ST_MALFORMED);
}

static void integers_of_every_size_pass(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int64_t near = -1; near <= 1; near++) {
            uint64_t n = (UINT64_C(1) << bit) + (uint64_t)near;
            struct buf out = {0};
            struct mp_reader r;
            mp_write_uint(&out, n);
            mp_read(&r, buf_bytes(&out));
            assert_true(mp_read_uint(&r, UINT64_MAX) == n);
            assert_int_equal(mp_end(&r), ST_OK);
            buf_reset(&out);
            mp_write_int(&out, (int64_t)n);
            mp_read(&r, buf_bytes(&out));
            assert_true(mp_read_int(&r) == (int64_t)n);
            assert_int_equal(mp_end(&r), ST_OK);
            buf_release(&out);
        }
    }
}

static void runs_of_every_head_pass(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 31, 32, 255, 256, 65535, 65536, 70000};
    static uint8_t data[70000];
    memset(data, 'x', sizeof data);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct buf out = {0};
        struct mp_reader r;
        mp_write_array(&out, 2);
        mp_write_text(&out, (struct bytes){data, counts[i]});
        mp_write_binary(&out, (struct bytes){data, counts[i]});
        mp_read(&r, buf_bytes(&out));
        assert_int_equal(mp_read_array(&r, 2, 2), 2);
        assert_int_equal(mp_read_text(&r, counts[i]).count, counts[i]);
        assert_int_equal(mp_read_binary(&r, counts[i]).count, counts[i]);
        assert_int_equal(mp_end(&r), ST_OK);
        buf_reset(&out);
        mp_write_array(&out, (uint32_t)counts[i]);
        for (size_t k = 0; k < counts[i]; k++)
            mp_write_nil(&out);
        assert_int_equal(walk(buf_bytes(&out)), ST_OK);
        buf_release(&out);
    }
}

/* splitmix64, so that a failing document can be made again. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void write_random_leaf(struct buf *out, uint64_t *seed)
{
    static const uint8_t letters[300] = "la feria de las pulgas";
    uint64_t n = next_random(seed) >> (next_random(seed) % 64);
    size_t count = (size_t)(next_random(seed) % 20);
    switch (next_random(seed) % 6) {
    case 0:
        mp_write_uint(out, n);
        break;
    case 1:
        mp_write_int(out, (int64_t)(0 - n));
        break;
    case 2:
        mp_write_bool(out, n & 1);
        break;
    case 3:
        mp_write_nil(out);
        break;
    case 4:
        mp_write_text(out, (struct bytes){letters, count});
        break;
    default:
        mp_write_binary(out, (struct bytes){letters, (size_t)(n % sizeof letters)});
        break;
    }
}

/* A random document; containers are opened while there is depth, and always filled. */
static void write_random(struct buf *out, uint64_t *seed)
{
    uint32_t left[MESSAGE_DEPTH_MAX];
    unsigned depth = 0;
    do {
        if (depth > 0)
            left[depth - 1]--;
        uint64_t dice = next_random(seed);
        uint32_t count = (uint32_t)(dice >> 32) % 5;
        if (depth < MESSAGE_DEPTH_MAX && dice % 3 == 0) {
            mp_write_array(out, count);
            left[depth++] = count;
        } else if (depth < MESSAGE_DEPTH_MAX && dice % 3 == 1 && depth > 0) {
            mp_write_map(out, count);
            left[depth++] = 2 * count;
        } else {
            write_random_leaf(out, seed);
        }
        while (depth > 0 && left[depth - 1] == 0)
            depth--;
    } while (depth > 0);
}

/* msgpack-c takes exactly 'in', and its packer makes the same bytes of what it read. */
static void msgpack_c_agrees(struct bytes in)
{
    msgpack_unpacked unpacked;
    msgpack_sbuffer again;
    msgpack_packer packer;
    size_t used = 0;
    msgpack_unpacked_init(&unpacked);
    msgpack_sbuffer_init(&again);
    msgpack_packer_init(&packer, &again, msgpack_sbuffer_write);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)in.data, in.count, &used),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(used, in.count);
    assert_int_equal(msgpack_pack_object(&packer, unpacked.data), 0);
    assert_int_equal(again.size, in.count);
    assert_memory_equal(again.data, in.data, in.count);
    msgpack_sbuffer_destroy(&again);
    msgpack_unpacked_destroy(&unpacked);
}

static void msgpack_c_agrees_on_random_documents(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned accepted = 0, refused = 0;
    for (unsigned i = 0; i < 20000; i++) {
        struct buf document = {0};
        write_random(&document, &seed);
        assert_int_equal(buf_status(&document), ST_OK);
        assert_int_equal(walk(buf_bytes(&document)), ST_OK);
        for (unsigned flips = 0; flips < 4; flips++) {
            /* Not shown to msgpack-c when refused: it allocates what a forged count asks for. */
            if (walk(buf_bytes(&document)) == ST_OK) {
                accepted++;
                msgpack_c_agrees(buf_bytes(&document));
            } else {
                refused++;
            }
            size_t at = (size_t)(next_random(&seed) % document.count);
            document.data[at] = (uint8_t)next_random(&seed);
        }
        buf_release(&document);
    }
    assert_true(accepted > 20000);
    assert_true(refused > 5000);
}

static void each_allocation_can_fail(void **state)
{
    (void)state;
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        struct buf out = {0};
        uint64_t seed = 3;
        mem_fail_at(n);
        mp_write_array(&out, 40);
        for (unsigned i = 0; i < 40; i++)
            write_random_leaf(&out, &seed);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
    }
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_forms_are_told_from_others),
        cmocka_unit_test(an_array_is_left_with_its_last_element),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(the_callers_bounds_hold),
        cmocka_unit_test(integers_of_every_size_pass),
        cmocka_unit_test(runs_of_every_head_pass),
        cmocka_unit_test(msgpack_c_agrees_on_random_documents),
        cmocka_unit_test(each_allocation_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
