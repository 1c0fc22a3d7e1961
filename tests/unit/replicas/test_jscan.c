#include "journal_kit.h"

#include "replicas/jscan.h"

#define LOG "journal/00000001.log"

static enum status scan(struct kit *k, jscan_each_fn each, void *user, struct jscan *out)
{
    struct disk_file *file = NULL;
    assert_int_equal(k->disk.open(k->disk.context, LOG, false, &file, &k->f), ST_OK);
    enum status st = jscan_run(&k->disk, file, LOG, &kit_network, each, user, out, &k->f);
    k->disk.close(k->disk.context, file);
    return st;
}

static enum status count_items(void *user, const struct jscan_frame *found)
{
    unsigned *left = user;
    assert_true(found->offset >= JFRAME_LOG_BYTES);
    if (found->payload.count == 0)
        return ST_OK;
    return --*left == 0 ? ST_EXISTS : ST_OK;
}

static void sees_frames_and_mark(void **unused)
{
    (void)unused;
    struct kit k;
    struct jscan s;
    kit_start(&k);
    struct segment *open = kit_segment(&k, 4);
    uint64_t items_end = segment_view(open).bytes;
    assert_int_equal(segment_idle(open, &k.f), ST_OK);
    unsigned left = 10;
    assert_int_equal(scan(&k, count_items, &left, &s), ST_OK);
    assert_int_equal(left, 6);
    assert_int_equal(s.next, 4);
    assert_int_equal(s.items_end, items_end);
    assert_int_equal(s.named_durable, items_end);
    assert_int_equal(s.end, items_end + JFRAME_BYTES);
    assert_true(s.zeros_behind);
    struct segment_view view = segment_view(open);
    assert_memory_equal(&s.last, &view.last, sizeof s.last);
    left = 2; /* a failure of 'each' ends it */
    assert_int_equal(scan(&k, count_items, &left, &s), ST_EXISTS);
    segment_free(open);
    kit_stop(&k);
}

/* Frames behind damage count with what they name, and the first of them is told. */
static void looks_behind_damage(void **unused)
{
    (void)unused;
    struct kit k;
    struct jscan s;
    kit_start(&k);
    struct segment *open = kit_segment(&k, 1);
    uint64_t second = segment_view(open).bytes;
    assert_int_equal(segment_append(open, kit_item(&k, 1), &k.f), ST_OK);
    uint64_t third = segment_view(open).bytes;
    assert_int_equal(segment_append(open, kit_item(&k, 2), &k.f), ST_OK);
    assert_int_equal(segment_sync(open, &k.f), ST_OK);
    segment_free(open);
    assert_true(simdisk_flip(k.sim, LOG, second + JFRAME_BYTES, 1));
    assert_int_equal(scan(&k, NULL, NULL, &s), ST_OK); /* in the last sync: a torn tail */
    assert_int_equal(s.end, second);
    assert_int_equal(s.resumes, third);
    assert_int_equal(s.named_durable, second);
    assert_false(s.zeros_behind);
    assert_true(simdisk_flip(k.sim, LOG, second - 1, 1));
    assert_int_equal(scan(&k, NULL, NULL, &s), ST_CORRUPT);
    assert_int_equal(s.end, JFRAME_LOG_BYTES);
    assert_non_null(strstr(k.f.text, "offset 104"));
    kit_stop(&k);
}

/* An item that holds the bytes of a frame says nothing about this file: it lacks the salt. */
static void a_frame_in_an_item_is_no_frame(void **unused)
{
    (void)unused;
    struct kit k;
    struct jscan s;
    struct buf forged = {0};
    struct jframe_log guess = {.generation = 1, .network = kit_network};
    kit_start(&k);
    struct segment *open = kit_segment(&k, 1);
    uint64_t at = segment_view(open).bytes;
    struct jframe frame = {.ordinal = 2, .durable = at + JFRAME_BYTES};
    jframe_encode(&guess, at + JFRAME_BYTES, &frame, &guess.previous, BYTES("x"), &forged);
    assert_int_equal(segment_append(open, buf_bytes(&forged), &k.f), ST_OK);
    assert_int_equal(segment_sync(open, &k.f), ST_OK);
    segment_free(open);
    assert_true(simdisk_flip(k.sim, LOG, at, 1)); /* the item's own frame is torn */
    assert_int_equal(scan(&k, NULL, NULL, &s), ST_OK);
    assert_int_equal(s.next, 1);
    assert_int_equal(s.resumes, 0);
    buf_release(&forged);
    kit_stop(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_frames_and_mark),
        cmocka_unit_test(looks_behind_damage),
        cmocka_unit_test(a_frame_in_an_item_is_no_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
