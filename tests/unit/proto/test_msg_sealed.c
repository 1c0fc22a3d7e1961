#include "tests/unit/proto/codec.h"

static struct message m, out;
static const uint8_t block[SEALED_PIECE_BYTES];

static struct sealed_piece piece(uint8_t n, uint32_t total, uint32_t offset, size_t count)
{
    return (struct sealed_piece){{{n}}, total, offset, {block, count}};
}

static void sealed_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_SEALED, .sealed = {.lane = SEALED_FILES}};
    m.sealed.pieces[0] = piece(1, 70, 64, 6);
    m.sealed.pieces[1] = piece(2, 9, 0, 9);
    m.sealed.piece_count = 2;
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.sealed.lane, SEALED_FILES);
    assert_int_equal(out.sealed.piece_count, 2);
    assert_int_equal(out.sealed.pieces[0].name.id[0], 1);
    assert_int_equal(out.sealed.pieces[0].total, 70);
    assert_int_equal(out.sealed.pieces[0].offset, 64);
    assert_int_equal(out.sealed.pieces[1].bytes.count, 9);
    buf_release(&wire);
}

static void pieces_lie_inside_their_items(void **state)
{
    (void)state;
    static const struct {
        uint32_t total, offset;
        size_t count;
        enum status status;
    } cases[] = {
        {1, 0, 1, ST_OK},
        {0, 0, 1, ST_MALFORMED},
        {1, 0, 0, ST_MALFORMED},
        {10, 10, 1, ST_MALFORMED},
        {10, 11, 1, ST_MALFORMED},
        {10, 4, 7, ST_MALFORMED},
        {SEALED_ITEM_BYTES_MAX, SEALED_ITEM_BYTES_MAX - 1, 1, ST_OK},
        {SEALED_ITEM_BYTES_MAX + 1, 0, 1, ST_TOO_LARGE},
        {SEALED_ITEM_BYTES_MAX, 0, SEALED_PIECE_BYTES, ST_OK},
        {SEALED_ITEM_BYTES_MAX, 0, SEALED_PIECE_BYTES + 1, ST_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        m = (struct message){.kind = MESSAGE_SEALED, .sealed = {.piece_count = 1}};
        m.sealed.pieces[0] = piece(1, cases[i].total, cases[i].offset, cases[i].count);
        assert_int_equal(message_validate(&m), cases[i].status);
    }
    m.sealed.piece_count = 0;
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x93\x09\x00\x90"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x93\x09\x02\x90"), &out), ST_TOO_LARGE);
}

static void a_message_holds_one_large_piece_or_many_small_ones(void **state)
{
    (void)state;
    struct sealed_piece large = piece(1, SEALED_ITEM_BYTES_MAX, 0, SEALED_PIECE_BYTES);
    struct sealed_piece small = piece(2, 1, 0, 1);
    m = (struct message){.kind = MESSAGE_SEALED};
    assert_true(msg_sealed_add(&m.sealed, &large));
    assert_false(msg_sealed_add(&m.sealed, &small));
    codec_check_message(&m);
    m.sealed.pieces[1] = small;
    m.sealed.piece_count = 2;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.sealed.piece_count = 0;
    while (msg_sealed_add(&m.sealed, &small))
        ;
    assert_int_equal(m.sealed.piece_count, SEALED_NAMES_MAX);
    assert_int_equal(message_validate(&m), ST_OK);
    m.sealed.piece_count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_passes_whole),
        cmocka_unit_test(pieces_lie_inside_their_items),
        cmocka_unit_test(a_message_holds_one_large_piece_or_many_small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
