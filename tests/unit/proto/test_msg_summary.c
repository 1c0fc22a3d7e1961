#include "tests/unit/proto/codec.h"

static struct message m, out;

static void summary_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_SUMMARY, .summary = {.id_count = 3}};
    for (uint32_t i = 0; i < 3; i++)
        m.summary.ids[i] = codec_oid(9 - i); /* in any order */
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.summary.id_count, 3);
    assert_memory_equal(out.summary.ids, m.summary.ids, 3 * sizeof(struct oid));
    buf_release(&wire);
}

static void the_most_ids_pass_and_one_more_does_not(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_SUMMARY, .summary = {.id_count = SUMMARY_IDS_MAX}};
    for (uint32_t i = 0; i < SUMMARY_IDS_MAX; i++)
        m.summary.ids[i] = codec_oid(i);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.summary.id_count, SUMMARY_IDS_MAX);
    struct oid last = codec_oid(SUMMARY_IDS_MAX - 1);
    assert_true(oid_equal(&out.summary.ids[SUMMARY_IDS_MAX - 1], &last));
    wire.data[4]++; /* the count's low byte */
    buf_add(&wire, "\xc4\x14", 2);
    buf_add(&wire, last.id, OID_BYTES);
    assert_int_equal(message_decode(buf_bytes(&wire), &out), ST_TOO_LARGE);
    m.summary.id_count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    buf_release(&wire);
}

static void none_at_all(void **state)
{
    (void)state;
    m = (struct message){.kind = MESSAGE_SUMMARY};
    codec_check_message(&m); /* an empty replica has nothing to name */
    assert_int_equal(message_decode(BYTES("\x92\x06\x91\xc4\x13nineteen bytes only"), &out),
                     ST_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_passes_whole),
        cmocka_unit_test(the_most_ids_pass_and_one_more_does_not),
        cmocka_unit_test(none_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
