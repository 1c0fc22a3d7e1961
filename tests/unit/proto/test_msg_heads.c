#include "tests/unit/proto/codec.h"

static struct message m, out;

static struct msg_heads *begin(bool whole)
{
    m = (struct message){.kind = MESSAGE_HEADS, .heads = {.whole = whole}};
    return &m.heads;
}

static void add(const char *label, uint32_t n)
{
    struct oid id = codec_oid(n);
    assert_true(msg_heads_add(&m.heads, bytes_of_text(label), &id));
}

static void heads_pass_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct oid second = codec_oid(7);
    begin(true);
    add("iquique", 5);
    add("iquique", 7);
    add("santiago", 1);
    assert_true(msg_heads_add(&m.heads, BYTES("temuco"), NULL)); /* whole: not named says none */
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_true(out.heads.whole);
    assert_int_equal(out.heads.group_count, 2);
    CODEC_SAME(out.heads.groups[0].label, "iquique");
    assert_int_equal(out.heads.groups[0].first, 0);
    assert_int_equal(out.heads.groups[0].count, 2);
    assert_true(oid_equal(&out.heads.ids[1], &second));
    CODEC_SAME(out.heads.groups[1].label, "santiago");
    assert_int_equal(out.heads.groups[1].first, 2);
    assert_int_equal(out.heads.id_count, 3);
    buf_release(&wire);
}

static void a_change_can_take_the_last_head_away(void **state)
{
    (void)state;
    struct buf wire = {0};
    begin(false);
    assert_true(msg_heads_add(&m.heads, BYTES("iquique"), NULL));
    add("santiago", 1);
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.heads.group_count, 2);
    assert_int_equal(out.heads.groups[0].count, 0);
    m.heads.whole = true;
    assert_int_equal(message_validate(&m), ST_NOT_CANONICAL);
    begin(true);
    codec_check_message(&m); /* nothing at all: an empty replica */
    buf_release(&wire);
}

static void order_is_checked(void **state)
{
    (void)state;
    begin(true);
    add("iquique", 7);
    add("iquique", 5);
    assert_int_equal(message_validate(&m), ST_NOT_CANONICAL);
    begin(true);
    add("iquique", 7);
    add("iquique", 7);
    assert_int_equal(message_validate(&m), ST_NOT_CANONICAL);
    begin(true);
    add("santiago", 1);
    add("iquique", 5);
    assert_int_equal(message_validate(&m), ST_NOT_CANONICAL);
    begin(true);
    add("santiago", 1);
    add("iquique", 5);
    add("santiago", 9);
    assert_int_equal(message_validate(&m), ST_NOT_CANONICAL);
    begin(true);
    add("main", 1);
    assert_int_equal(message_validate(&m), ST_MALFORMED);
}

static void groups_cover_the_ids(void **state)
{
    (void)state;
    begin(true);
    add("iquique", 1);
    m.heads.id_count = 2;
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.heads.id_count = 1;
    m.heads.groups[0].first = 1;
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.heads.groups[0].first = 0;
    m.heads.groups[0].count = 2;
    assert_int_equal(message_validate(&m), ST_MALFORMED);
}

static void a_full_message_says_so(void **state)
{
    (void)state;
    struct buf wire = {0};
    struct oid id = codec_oid(HEADS_MAX);
    begin(false);
    for (uint32_t i = 0; i < HEADS_MAX; i++)
        add("santiago", i);
    assert_false(msg_heads_add(&m.heads, BYTES("santiago"), &id));
    assert_false(msg_heads_add(&m.heads, BYTES("temuco"), &id));
    assert_true(msg_heads_add(&m.heads, BYTES("temuco"), NULL));
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.heads.id_count, HEADS_MAX);
    begin(false);
    char labels[HEADS_LABELS_MAX + 1][4];
    for (unsigned i = 0; i <= HEADS_LABELS_MAX; i++) {
        char label[4] = {'a', (char)('a' + i / 26), (char)('a' + i % 26), 0};
        memcpy(labels[i], label, sizeof label);
        assert_int_equal(msg_heads_add(&m.heads, bytes_of_text(labels[i]), NULL),
                         i < HEADS_LABELS_MAX);
    }
    buf_reset(&wire);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.heads.group_count, HEADS_LABELS_MAX);
    buf_release(&wire);
}

static void one_id_too_many_in_two_groups_is_refused(void **state)
{
    (void)state;
    struct buf wire = {0};
    buf_add(&wire,
            "\x93\x03\xc3\x92\x92\xa2"
            "ab\xdc\x04\x00",
            11);
    for (uint32_t i = 0; i <= HEADS_MAX; i++) {
        struct oid id = codec_oid(i);
        if (i == HEADS_MAX)
            buf_add(&wire,
                    "\x92\xa2"
                    "ac\x91",
                    5);
        buf_add(&wire, "\xc4\x14", 2);
        buf_add(&wire, id.id, OID_BYTES);
    }
    assert_int_equal(message_decode(buf_bytes(&wire), &out), ST_TOO_LARGE);
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_pass_whole),
        cmocka_unit_test(a_change_can_take_the_last_head_away),
        cmocka_unit_test(order_is_checked),
        cmocka_unit_test(groups_cover_the_ids),
        cmocka_unit_test(a_full_message_says_so),
        cmocka_unit_test(one_id_too_many_in_two_groups_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
