#include "tests/unit/proto/codec.h"

static struct message m, out;

static void stored_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_STORED, .stored = {.items = 70000, .id_count = 2}};
    m.stored.ids[0] = codec_oid(4);
    m.stored.ids[1] = codec_oid(2);
    m.stored.dropped_count = 1;
    m.stored.dropped[0] = codec_oid(9);
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.stored.dropped_count, 1);
    assert_memory_equal(out.stored.dropped, m.stored.dropped, sizeof(struct oid));
    assert_int_equal(out.stored.items, 70000);
    assert_int_equal(out.stored.id_count, 2);
    assert_memory_equal(out.stored.ids, m.stored.ids, 2 * sizeof(struct oid));
    m = (struct message){.kind = MESSAGE_STORED};
    codec_check_message(&m);
    buf_release(&wire);
}

static void bounds_are_checked(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_STORED, .stored = {.id_count = HEADS_MAX}};
    m.stored.items = (UINT64_C(1) << SAFE_INTEGER_BITS) - 1;
    for (uint32_t i = 0; i < HEADS_MAX; i++)
        m.stored.ids[i] = codec_oid(i);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.stored.id_count, HEADS_MAX);
    assert_true(out.stored.items == m.stored.items);
    m.stored.items++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.stored.items = 0;
    m.stored.dropped_count = BATCH_ITEMS_MAX + 1;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.stored.dropped_count = 0;
    m.stored.id_count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x94\x07\xcf\x00\x20\0\0\0\0\0\0\x90\x90"), &out),
                     ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x94\x07\xff\x90\x90"), &out), ST_MALFORMED);
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_passes_whole),
        cmocka_unit_test(bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
