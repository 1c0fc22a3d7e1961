#include "tests/unit/proto/codec.h"

static struct message m, out;

static void items_pass_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_ITEM, .item = {.more = true}};
    assert_true(msg_item_add(&m.item, BYTES("\x00one")));
    assert_true(msg_item_add(&m.item, BYTES("two\xff")));
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.item.item_count, 2);
    CODEC_SAME(out.item.items[0], "\x00one");
    CODEC_SAME(out.item.items[1], "two\xff");
    assert_true(out.item.more);
    m = (struct message){.kind = MESSAGE_ITEM};
    codec_check_message(&m); /* nothing to give is an answer too */
    buf_release(&wire);
}

static void a_full_message_says_so(void **state)
{
    (void)state;
    static uint8_t item[ITEM_BYTES_MAX];
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_ITEM};
    for (size_t held = 0; held < BATCH_BYTES_MAX; held += BATCH_BYTES_MAX / 4)
        assert_true(msg_item_add(&m.item, (struct bytes){item, BATCH_BYTES_MAX / 4}));
    assert_false(msg_item_add(&m.item, BYTES("x")));
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.item.item_count, m.item.item_count);
    m = (struct message){.kind = MESSAGE_ITEM};
    for (unsigned i = 0; i < BATCH_ITEMS_MAX; i++)
        assert_true(msg_item_add(&m.item, BYTES("x")));
    assert_false(msg_item_add(&m.item, BYTES("x")));
    buf_reset(&wire);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.item.item_count, BATCH_ITEMS_MAX);
    buf_release(&wire);
}

static void the_largest_item_goes_alone(void **state)
{
    (void)state;
    static uint8_t item[ITEM_BYTES_MAX];
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_ITEM};
    assert_true(msg_item_add(&m.item, (struct bytes){item, ITEM_BYTES_MAX}));
    assert_false(msg_item_add(&m.item, BYTES("x")));
    codec_pass(&m, &wire, &out);
    assert_true(wire.count <= MESSAGE_BYTES_MAX);
    assert_int_equal(out.item.items[0].count, ITEM_BYTES_MAX);
    buf_release(&wire);
}

static void forms_and_bounds_are_checked(void **state)
{
    (void)state;
    static uint8_t item[ITEM_BYTES_MAX + 1];
    m = (struct message){.kind = MESSAGE_ITEM, .item = {.item_count = 1}};
    assert_int_equal(message_validate(&m), ST_MALFORMED); /* an empty item */
    assert_int_equal(message_decode(BYTES("\x93\x05\x91\xc4\x00\xc2"), &out), ST_MALFORMED);
    m.item.items[0] = (struct bytes){item, sizeof item};
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.item.item_count = 2;
    for (unsigned i = 0; i < 2; i++)
        m.item.items[i] = (struct bytes){item, BATCH_BYTES_MAX / 2};
    assert_int_equal(message_validate(&m), ST_OK);
    m.item.items[1].count++; /* each fits, both do not */
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.item.item_count = BATCH_ITEMS_MAX + 1;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    assert_int_equal(message_decode(BYTES("\x93\x05\xdc\x01\x01\xc2"), &out), ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_pass_whole),
        cmocka_unit_test(a_full_message_says_so),
        cmocka_unit_test(the_largest_item_goes_alone),
        cmocka_unit_test(forms_and_bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
