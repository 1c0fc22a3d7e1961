#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replicas/feedpart.h"

static const struct feedpart_head head_one = {
    .generation_first = 2, .generation = 4, .first = 30, .network = {{1}}, .previous = {{2}}};

static void head_comes_back(void **unused)
{
    (void)unused;
    struct buf b = {0};
    struct feedpart_head back;
    struct jframe_sum sum, again;
    feedpart_head_encode(&head_one, &b, &sum);
    assert_int_equal(b.count, FEEDPART_HEAD_BYTES);
    assert_int_equal(feedpart_head_decode(buf_bytes(&b), &back, &again), ST_OK);
    assert_memory_equal(&sum, &again, sizeof sum);
    assert_int_equal(back.generation_first, 2);
    assert_int_equal(back.generation, 4);
    assert_int_equal(back.first, 30);
    assert_memory_equal(&back.network, &head_one.network, sizeof back.network);
    assert_memory_equal(&back.previous, &head_one.previous, sizeof back.previous);
    for (size_t i = 0; i < b.count; i++) {
        struct bytes prefix = {b.data, i};
        assert_int_equal(feedpart_head_decode(prefix, &back, &again), ST_MALFORMED);
        b.data[i] ^= 0x40;
        assert_int_equal(feedpart_head_decode(buf_bytes(&b), &back, &again), ST_MALFORMED);
        b.data[i] ^= 0x40;
    }
    buf_release(&b);
}

static void block_stands_in_one_place(void **unused)
{
    (void)unused;
    struct buf b = {0};
    struct jframe_sum head = {{5}};
    struct jframe_sum other = {{6}};
    struct feedpart_block block = {.stored_bytes = 4, .raw_bytes = 9, .items = 2, .first = 30};
    struct feedpart_block back;
    struct bytes stored;
    feedpart_block_encode(&head, 92, &block, BYTES("zstd"), &b);
    assert_int_equal(feedpart_block_decode(&head, 92, buf_bytes(&b), &back, &stored), ST_OK);
    assert_true(bytes_equal_text(stored, "zstd"));
    assert_int_equal(back.raw_bytes, 9);
    assert_int_equal(back.items, 2);
    assert_int_equal(back.first, 30);
    assert_int_equal(feedpart_block_decode(&head, 93, buf_bytes(&b), &back, &stored), ST_MALFORMED);
    assert_int_equal(feedpart_block_decode(&other, 92, buf_bytes(&b), &back, &stored),
                     ST_MALFORMED);
    for (size_t i = 0; i < b.count; i++) {
        struct bytes prefix = {b.data, i};
        assert_int_equal(feedpart_block_decode(&head, 92, prefix, &back, &stored), ST_MALFORMED);
        b.data[i] ^= 0x01;
        assert_int_equal(feedpart_block_decode(&head, 92, buf_bytes(&b), &back, &stored),
                         ST_MALFORMED);
        b.data[i] ^= 0x01;
    }
    buf_release(&b);
}

static void tail_of(struct buf *b, const struct feedpart_entry *entries, uint32_t blocks,
                    uint64_t items, const struct jframe_sum *head)
{
    struct buf index = {0};
    struct feedpart_tail tail = {.blocks = blocks, .items = items, .raw_bytes = 100};
    for (uint32_t i = 0; i < blocks; i++)
        feedpart_entry_encode(&entries[i], &index);
    buf_reset(b);
    buf_add_bytes(b, buf_bytes(&index));
    feedpart_tail_encode(head, buf_bytes(&index), &tail, b);
    assert_int_equal(buf_status(b), ST_OK);
    buf_release(&index);
}

static void tail_comes_back(void **unused)
{
    (void)unused;
    struct buf b = {0};
    struct jframe_sum head = {{5}};
    struct feedpart_entry back[2];
    struct feedpart_tail tail;
    uint32_t blocks = 0;
    const struct feedpart_entry entries[] = {{92, 30}, {200, 33}};
    tail_of(&b, entries, 2, 5, &head);
    struct bytes end = {b.data + b.count - FEEDPART_TAIL_BYTES, FEEDPART_TAIL_BYTES};
    assert_int_equal(feedpart_tail_blocks(end, &blocks), ST_OK);
    assert_int_equal(blocks, 2);
    assert_int_equal(feedpart_tail_decode(&head, &head_one, 300, buf_bytes(&b), back, &tail),
                     ST_OK);
    assert_int_equal(tail.items, 5);
    assert_int_equal(tail.raw_bytes, 100);
    assert_int_equal(back[1].offset, 200);
    assert_int_equal(back[1].first, 33);
    for (size_t i = 0; i < b.count; i++) {
        struct bytes prefix = {b.data, i};
        assert_int_equal(feedpart_tail_decode(&head, &head_one, 300, prefix, back, &tail),
                         ST_MALFORMED);
        b.data[i] ^= 0x80;
        assert_int_equal(feedpart_tail_decode(&head, &head_one, 300, buf_bytes(&b), back, &tail),
                         ST_MALFORMED);
        b.data[i] ^= 0x80;
    }
    buf_release(&b);
}

/* Sums that fit are not enough: entries must rise, within the limits of a block. */
static void entries_must_rise(void **unused)
{
    (void)unused;
    static const struct {
        struct feedpart_entry entries[2];
        uint64_t items, offset;
    } bad[] = {
        {{{93, 30}, {200, 33}}, 5, 300},                  /* a gap behind the header */
        {{{92, 31}, {200, 33}}, 5, 300},                  /* another first item */
        {{{92, 30}, {92, 33}}, 5, 300},                   /* an empty block */
        {{{92, 30}, {120, 33}}, 5, 300},                  /* a block with no room for its header */
        {{{92, 30}, {200, 30}}, 5, 300},                  /* a block with no items */
        {{{92, 30}, {200, 29}}, 5, 300},                  /* ordinals that fall */
        {{{92, 30}, {200, 33}}, 3, 300},                  /* the last without items */
        {{{92, 30}, {200, 33}}, 5, 200},                  /* the last without bytes */
        {{{92, 30}, {92 + (1u << 24), 33}}, 5, 1u << 25}, /* a block over its limit */
        {{{92, 30}, {200, 33}}, UINT64_MAX, 300},         /* ordinals that overflow */
    };
    struct buf b = {0};
    struct jframe_sum head = {{5}};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct feedpart_entry back[2];
        struct feedpart_tail tail;
        tail_of(&b, bad[i].entries, 2, bad[i].items, &head);
        assert_int_equal(
            feedpart_tail_decode(&head, &head_one, bad[i].offset, buf_bytes(&b), back, &tail),
            ST_MALFORMED);
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_comes_back),
        cmocka_unit_test(block_stands_in_one_place),
        cmocka_unit_test(tail_comes_back),
        cmocka_unit_test(entries_must_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
