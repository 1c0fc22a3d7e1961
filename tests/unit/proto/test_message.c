#include "tests/unit/proto/codec.h"

static struct message m, out;

static void every_kind_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(message_name(MESSAGE_HELLO), "HELLO");
    assert_string_equal(message_name(MESSAGE_PAIR_ACCEPT), "PAIR_ACCEPT");
    assert_string_equal(message_name((enum message_kind)0), "?");
    assert_string_equal(message_name((enum message_kind)17), "?");
    assert_string_equal(message_name(MESSAGE_KIND_END), "?");
    assert_string_equal(message_name((enum message_kind) - 1), "?");
}

static void unknown_kinds_are_told_from_garbage(void **state)
{
    (void)state;
    assert_int_equal(message_decode(BYTES("\x92\x11\x00"), &out), ST_PROTOCOL);
    assert_int_equal(message_decode(BYTES("\x91\x00"), &out), ST_PROTOCOL);
    assert_int_equal(message_decode(BYTES("\x92\x18\x00"), &out), ST_PROTOCOL);
    assert_int_equal(message_decode(BYTES("\x92\xce\x00\x01\x00\x00\x00"), &out), ST_PROTOCOL);
    assert_int_equal(message_decode(BYTES("\x90"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES(""), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x0a"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x81\x0a\x05"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x92\xcc\x0a\x05"), &out), ST_NOT_CANONICAL);
    assert_int_equal(message_decode(BYTES("\x92\x0a\x05\x00"), &out), ST_MALFORMED);
    assert_int_equal(message_decode(BYTES("\x93\x0a\x05\x00"), &out), ST_MALFORMED);
    m.kind = (enum message_kind)18;
    assert_int_equal(message_validate(&m), ST_PROTOCOL);
    m.kind = MESSAGE_KIND_END;
    assert_int_equal(message_validate(&m), ST_PROTOCOL);
}

static void size_is_checked_first(void **state)
{
    (void)state;
    struct buf wire = {0};
    buf_add(&wire, "\x92\x0a\x05", 3);
    while (wire.count <= MESSAGE_BYTES_MAX)
        buf_add_byte(&wire, 0);
    assert_int_equal(buf_status(&wire), ST_OK);
    assert_int_equal(message_decode(buf_bytes(&wire), &out), ST_TOO_LARGE);
    wire.count--;
    assert_int_equal(message_decode(buf_bytes(&wire), &out), ST_MALFORMED);
    buf_release(&wire);
}

static void every_kind_passes_through_the_one_door(void **state)
{
    (void)state;
#define KIND(name, number, member) MESSAGE_##name,
    static const enum message_kind kinds[] = {MESSAGE_LIST(KIND)};
#undef KIND
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct buf wire = {0};
        m = (struct message){.kind = kinds[i]};
        if (m.kind == MESSAGE_HELLO)
            m.hello.version = 1;
        if (m.kind == MESSAGE_WANT)
            m.want.id_count = 1;
        if (m.kind == MESSAGE_SEALED_WANT)
            m.sealed_want.wish_count = 1;
        if (m.kind == MESSAGE_SEALED) {
            m.sealed.piece_count = 1;
            m.sealed.pieces[0].total = 1;
            m.sealed.pieces[0].bytes = BYTES("x");
        }
        if (m.kind == MESSAGE_SEALED_GONE)
            m.sealed_gone.name_count = 1;
        if (m.kind == MESSAGE_PAIR_ACCEPT)
            m.pair_accept.label = BYTES("temuco");
        assert_int_equal(message_validate(&m), ST_OK);
        codec_pass(&m, &wire, &out);
        assert_int_equal(wire.data[1], (int)kinds[i]); /* the number is in the second byte */
        codec_check_message(&m);
        buf_release(&wire);
    }
}

static void what_another_encoder_writes_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum message_kind kind;
    } seeds[] = {
        {"message/hello", MESSAGE_HELLO},
        {"message/charter_none", MESSAGE_CHARTER},
        {"message/charter", MESSAGE_CHARTER},
        {"message/heads_whole", MESSAGE_HEADS},
        {"message/heads_change", MESSAGE_HEADS},
        {"message/want", MESSAGE_WANT},
        {"message/item", MESSAGE_ITEM},
        {"message/summary", MESSAGE_SUMMARY},
        {"message/stored", MESSAGE_STORED},
        {"message/sealed_want", MESSAGE_SEALED_WANT},
        {"message/sealed", MESSAGE_SEALED},
        {"message/sealed_gone", MESSAGE_SEALED_GONE},
        {"message/kept", MESSAGE_KEPT},
        {"message/ping", MESSAGE_PING},
        {"message/pong", MESSAGE_PONG},
        {"message/bye", MESSAGE_BYE},
        {"message/pair_request", MESSAGE_PAIR_REQUEST},
        {"message/pair_accept", MESSAGE_PAIR_ACCEPT},
    };
    struct buf wire = {0};
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        codec_seed(seeds[i].path, &wire);
        assert_int_equal(message_decode(buf_bytes(&wire), &out), ST_OK);
        assert_int_equal(out.kind, seeds[i].kind);
    }
    codec_seed("message/unknown", &wire);
    assert_int_equal(message_decode(buf_bytes(&wire), &out), ST_PROTOCOL);
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_name),
        cmocka_unit_test(unknown_kinds_are_told_from_garbage),
        cmocka_unit_test(size_is_checked_first),
        cmocka_unit_test(every_kind_passes_through_the_one_door),
        cmocka_unit_test(what_another_encoder_writes_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
