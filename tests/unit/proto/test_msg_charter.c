#include "tests/unit/proto/codec.h"

static struct message m, out;

static void charter_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_CHARTER, .charter = {.version = 3, .more = true}};
    memset(m.charter.hash.id, 0xc4, DIGEST_BYTES);
    assert_true(msg_charter_add(&m.charter, BYTES("{\"version\":2}")));
    assert_true(msg_charter_add(&m.charter, BYTES("{\"version\":3}")));
    m.charter.proposals[m.charter.proposal_count++] = BYTES("{\"version\":4}");
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_int_equal(out.charter.version, 3);
    assert_memory_equal(&out.charter.hash, &m.charter.hash, DIGEST_BYTES);
    assert_int_equal(out.charter.version_count, 2);
    CODEC_SAME(out.charter.versions[0], "{\"version\":2}");
    CODEC_SAME(out.charter.versions[1], "{\"version\":3}");
    assert_int_equal(out.charter.proposal_count, 1);
    CODEC_SAME(out.charter.proposals[0], "{\"version\":4}");
    assert_true(out.charter.more);
    buf_release(&wire);
}

static void who_has_none_names_no_hash(void **state)
{
    (void)state;
    m = (struct message){.kind = MESSAGE_CHARTER};
    codec_check_message(&m);
    m.charter.hash.id[31] = 1;
    assert_int_equal(message_validate(&m), ST_NOT_CANONICAL);
    m.charter.version = 1;
    assert_int_equal(message_validate(&m), ST_OK);
}

static void a_full_message_says_so(void **state)
{
    (void)state;
    static uint8_t version[CHARTER_BYTES_MAX];
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_CHARTER, .charter = {.version = 9}};
    assert_true(msg_charter_add(&m.charter, (struct bytes){version, CHARTER_BYTES_MAX}));
    assert_false(msg_charter_add(&m.charter, (struct bytes){version, CHARTER_BYTES_MAX}));
    assert_true(msg_charter_add(&m.charter, (struct bytes){version, CHARTER_BYTES_MAX - KIB}));
    assert_false(msg_charter_add(&m.charter, BYTES("x")));
    codec_pass(&m, &wire, &out);
    assert_true(wire.count <= MESSAGE_BYTES_MAX);
    assert_int_equal(out.charter.version_count, 2);
    m.charter.proposals[m.charter.proposal_count++] = BYTES("x");
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m = (struct message){.kind = MESSAGE_CHARTER, .charter = {.version = 9}};
    for (unsigned i = 0; i < CHARTER_BATCH_MAX; i++)
        assert_true(msg_charter_add(&m.charter, BYTES("x")));
    assert_false(msg_charter_add(&m.charter, BYTES("x")));
    assert_int_equal(message_validate(&m), ST_OK);
    buf_release(&wire);
}

static void forms_and_bounds_are_checked(void **state)
{
    (void)state;
    static uint8_t version[CHARTER_BYTES_MAX + 1];
    m = (struct message){.kind = MESSAGE_CHARTER, .charter = {.version = CHARTER_VERSIONS_MAX}};
    assert_int_equal(message_validate(&m), ST_OK);
    m.charter.version++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.charter.version = 1;
    m.charter.version_count = 1;
    m.charter.versions[0] = BYTES("");
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.charter.versions[0] = (struct bytes){version, sizeof version};
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.charter.versions[0].count--;
    assert_int_equal(message_validate(&m), ST_OK);
    m.charter.proposal_count = PROPOSALS_MAX + 1;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.charter.proposal_count = 0;
    m.charter.version_count = CHARTER_BATCH_MAX + 1;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charter_passes_whole),
        cmocka_unit_test(who_has_none_names_no_hash),
        cmocka_unit_test(a_full_message_says_so),
        cmocka_unit_test(forms_and_bounds_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
