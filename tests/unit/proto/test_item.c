#include "tests/unit/proto/codec.h"

#include "proto/item.h"

enum { OPERATIONS_MAX = OPERATIONS_BYTES_MAX + CHARTERS_BYTES_MAX };

static struct item sample(void)
{
    struct item item = {
        .label = BYTES("santiago"),
        .seq = 42,
        .height = 61,
        .charter_version = 3,
        .tree = codec_oid(9),
        .parent_count = 2,
        .author = BYTES("Oficina Santiago <oficina@santiago>"),
        .author_time = 1700000000,
        .commit_time = 1700000001,
        .operations = BYTES("\x91\x90"),
    };
    item.parents[0] = codec_oid(1);
    item.parents[1] = codec_oid(2);
    memset(item.charter_hash.id, 0xc4, DIGEST_BYTES);
    memset(item.digest.id, 0xd1, DIGEST_BYTES);
    memset(item.signature, 0x51, SIGNATURE_BYTES);
    return item;
}

static enum status again(struct bytes in, struct buf *out)
{
    struct item item;
    enum status status = item_decode(in, &item);
    if (status == ST_OK)
        item_encode(&item, out);
    return status;
}

static void an_item_passes_whole(void **state)
{
    (void)state;
    struct item item = sample(), out;
    struct buf wire = {0};
    item_encode(&item, &wire);
    assert_int_equal(item_decode(buf_bytes(&wire), &out), ST_OK);
    CODEC_SAME(out.label, "santiago");
    assert_int_equal(out.seq, 42);
    assert_int_equal(out.height, 61);
    assert_int_equal(out.charter_version, 3);
    assert_memory_equal(&out.charter_hash, &item.charter_hash, DIGEST_BYTES);
    assert_true(oid_equal(&out.tree, &item.tree));
    assert_int_equal(out.parent_count, 2);
    assert_true(oid_equal(&out.parents[1], &item.parents[1]));
    CODEC_SAME(out.author, "Oficina Santiago <oficina@santiago>");
    assert_int_equal(out.author_time, 1700000000);
    assert_int_equal(out.commit_time, 1700000001);
    assert_memory_equal(&out.digest, &item.digest, DIGEST_BYTES);
    assert_memory_equal(out.signature, item.signature, SIGNATURE_BYTES);
    CODEC_SAME(out.operations, "\x91\x90");
    assert_true(out.operations.data > wire.data); /* borrowed, not copied */
    buf_release(&wire);
}

static void corrupt_bytes_are_never_misread(void **state)
{
    (void)state;
    struct item item = sample();
    struct buf wire = {0};
    item_encode(&item, &wire);
    assert_int_equal(buf_status(&wire), ST_OK);
    codec_check(again, buf_bytes(&wire));
    buf_reset(&wire);
    item.parent_count = 0;
    item.operations = BYTES("");
    item_encode(&item, &wire);
    codec_check(again, buf_bytes(&wire));
    buf_release(&wire);
}

/* What the encoder would not write: the same item with one field changed in its bytes. */
static enum status decode_with(size_t field, void (*write)(struct buf *))
{
    struct item item = sample();
    struct buf wire = {0}, changed = {0};
    item_encode(&item, &wire);
    const uint8_t *at = wire.data + 1;
    static const size_t bytes_of[] = {9, 1, 1, 1, 34, 22, 45, 37, 5, 5, 34, 66, 4};
    for (size_t i = 0; i < field; i++)
        at += bytes_of[i];
    buf_add(&changed, wire.data, (size_t)(at - wire.data));
    write(&changed);
    at += bytes_of[field];
    buf_add(&changed, at, (size_t)(wire.data + wire.count - at));
    assert_int_equal(buf_status(&changed), ST_OK);
    struct item out;
    enum status status = item_decode(buf_bytes(&changed), &out);
    buf_release(&wire);
    buf_release(&changed);
    return status;
}

static void as_it_was(struct buf *out)
{
    buf_add_text(out, "\xa8santiago");
}
static void reserved_label(struct buf *out)
{
    buf_add_text(out, "\xa4main");
}
static void zero(struct buf *out)
{
    buf_add_byte(out, 0);
}
static void two_to_53(struct buf *out)
{
    buf_add(out, "\xcf\x00\x20\x00\x00\x00\x00\x00\x00", 9);
}
static void year_9998(struct buf *out)
{
    buf_add_byte(out, 0xcf);
    buf_add_u64be(out, (uint64_t)ITEM_TIME_MAX);
}
static void year_9999(struct buf *out)
{
    buf_add_byte(out, 0xcf);
    buf_add_u64be(out, (uint64_t)ITEM_TIME_MAX + 1);
}
static void version_4097(struct buf *out)
{
    buf_add(out, "\xcd\x10\x01", 3);
}
static void minus_one(struct buf *out)
{
    buf_add_byte(out, 0xff);
}
static void parents_out_of_order(struct buf *out)
{
    struct oid first = codec_oid(2), second = codec_oid(1);
    buf_add(out, "\x92\xc4\x14", 3);
    buf_add(out, first.id, OID_BYTES);
    buf_add(out, "\xc4\x14", 2);
    buf_add(out, second.id, OID_BYTES);
}
static void parents_twice(struct buf *out)
{
    struct oid first = codec_oid(2);
    buf_add_byte(out, 0x92);
    for (int i = 0; i < 2; i++) {
        buf_add(out, "\xc4\x14", 2);
        buf_add(out, first.id, OID_BYTES);
    }
}
static void parents_too_many(struct buf *out)
{
    buf_add(out, "\xdc\x00\x21", 3);
    for (uint32_t i = 0; i < PARENTS_MAX + 1; i++) {
        struct oid id = codec_oid(i);
        buf_add(out, "\xc4\x14", 2);
        buf_add(out, id.id, OID_BYTES);
    }
}
static void bad_author(struct buf *out)
{
    buf_add_text(out, "\xa5no <m");
}
static void long_operations(struct buf *out)
{
    buf_add_byte(out, 0xc6);
    buf_add_u32be(out, OPERATIONS_MAX + 1);
    for (unsigned i = 0; i < OPERATIONS_MAX + 1; i++)
        buf_add_byte(out, 0);
}

static void forms_and_bounds_are_checked(void **state)
{
    (void)state;
    assert_int_equal(decode_with(0, as_it_was), ST_OK);
    assert_int_equal(decode_with(0, reserved_label), ST_MALFORMED);
    assert_int_equal(decode_with(1, zero), ST_MALFORMED);
    assert_int_equal(decode_with(1, two_to_53), ST_TOO_LARGE);
    assert_int_equal(decode_with(2, zero), ST_MALFORMED);
    assert_int_equal(decode_with(2, two_to_53), ST_TOO_LARGE);
    assert_int_equal(decode_with(3, zero), ST_MALFORMED);
    assert_int_equal(decode_with(3, version_4097), ST_TOO_LARGE);
    assert_int_equal(decode_with(6, parents_out_of_order), ST_NOT_CANONICAL);
    assert_int_equal(decode_with(6, parents_twice), ST_NOT_CANONICAL);
    assert_int_equal(decode_with(6, parents_too_many), ST_TOO_LARGE);
    assert_int_equal(decode_with(7, bad_author), ST_MALFORMED);
    assert_int_equal(decode_with(8, minus_one), ST_MALFORMED);
    assert_int_equal(decode_with(8, zero), ST_OK);
    assert_int_equal(decode_with(9, two_to_53), ST_TOO_LARGE);
    assert_int_equal(decode_with(9, year_9998), ST_OK);
    assert_int_equal(decode_with(9, year_9999), ST_TOO_LARGE);
    assert_int_equal(decode_with(12, long_operations), ST_TOO_LARGE);
}

static void the_largest_item_fits(void **state)
{
    (void)state;
    static uint8_t operations[OPERATIONS_MAX];
    struct item item = sample(), out;
    struct buf wire = {0};
    item.label = BYTES("abcdefghijklmnopqrstuvwxyz012345");
    item.seq = item.height = (UINT64_C(1) << SAFE_INTEGER_BITS) - 1;
    item.parent_count = PARENTS_MAX;
    for (uint32_t i = 0; i < PARENTS_MAX; i++)
        item.parents[i] = codec_oid(i);
    item.operations = (struct bytes){operations, sizeof operations};
    item_encode(&item, &wire);
    assert_true(wire.count <= ITEM_BYTES_MAX);
    assert_int_equal(item_decode(buf_bytes(&wire), &out), ST_OK);
    assert_int_equal(out.operations.count, OPERATIONS_MAX);
    assert_int_equal(out.parent_count, PARENTS_MAX);
    buf_release(&wire);
}

static void idents_are_as_git_writes_them(void **state)
{
    (void)state;
    static const char *const good[] = {"a <b>", "Ana Ñ. <a@b.cl>", "a  b <>", "a <b c>"};
    static const char *const bad[] = {"",          "a",      "a <b",    "a<b>",    " <b>",
                                      "<b>",       " a <b>", "a  <b>",  "a <b> ",  "a <b>>",
                                      "a <<b>",    "a> <b>", "a\n <b>", "a\t <b>", "a <b\x7f>",
                                      "a\xff <b>", "a > <b", "a <b>c"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(ident_is_valid(bytes_of_text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ident_is_valid(bytes_of_text(bad[i])))
            fail_msg("took \"%s\"", bad[i]);
    char longest[IDENT_BYTES_MAX + 2];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + IDENT_BYTES_MAX - 4, " <b>", 5);
    assert_true(ident_is_valid(bytes_of_text(longest)));
    memset(longest, 'a', sizeof longest);
    memcpy(longest + IDENT_BYTES_MAX - 3, " <b>", 5);
    assert_false(ident_is_valid(bytes_of_text(longest)));
}

static void each_allocation_can_fail(void **state)
{
    (void)state;
    struct item item = sample();
    uint64_t n = 1;
    for (bool failed = true; failed; n++) {
        struct buf out = {0};
        mem_fail_at(n);
        item_encode(&item, &out);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(buf_status(&out), failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&out);
    }
    assert_true(n > 2);
}

static void what_another_encoder_writes_is_taken(void **state)
{
    (void)state;
    struct item item = sample(), out;
    struct buf wire = {0}, ours = {0};
    codec_seed("item/two_parents", &wire);
    item_encode(&item, &ours);
    assert_true(bytes_equal(buf_bytes(&wire), buf_bytes(&ours)));
    codec_seed("item/first", &wire);
    assert_int_equal(item_decode(buf_bytes(&wire), &out), ST_OK);
    assert_int_equal(out.parent_count, 0);
    codec_seed("item/many_parents", &wire);
    assert_int_equal(item_decode(buf_bytes(&wire), &out), ST_OK);
    assert_int_equal(out.parent_count, PARENTS_MAX);
    assert_int_equal(out.operations.count, 300);
    buf_release(&wire);
    buf_release(&ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_passes_whole),
        cmocka_unit_test(corrupt_bytes_are_never_misread),
        cmocka_unit_test(forms_and_bounds_are_checked),
        cmocka_unit_test(the_largest_item_fits),
        cmocka_unit_test(idents_are_as_git_writes_them),
        cmocka_unit_test(each_allocation_can_fail),
        cmocka_unit_test(what_another_encoder_writes_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
