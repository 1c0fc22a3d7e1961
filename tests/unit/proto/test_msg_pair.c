#include "tests/unit/proto/codec.h"

static struct message m, out;

static void a_request_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_PAIR_REQUEST};
    memset(m.pair_request.key.id, 0xed, KEY_BYTES);
    m.pair_request.address = BYTES("127.0.0.1:7717");
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    assert_memory_equal(&out.pair_request.key, &m.pair_request.key, KEY_BYTES);
    CODEC_SAME(out.pair_request.address, "127.0.0.1:7717");
    m.pair_request.address = BYTES("");
    codec_check_message(&m); /* who dials only listens nowhere */
    buf_release(&wire);
}

static void an_acceptance_passes_whole(void **state)
{
    (void)state;
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_PAIR_ACCEPT};
    m.pair_accept.label = BYTES("alto-hospicio");
    m.pair_accept.more = true;
    assert_true(msg_pair_accept_add(&m.pair_accept, BYTES("{\"version\":1}")));
    assert_true(msg_pair_accept_add(&m.pair_accept, BYTES("{\"version\":2}")));
    codec_check_message(&m);
    codec_pass(&m, &wire, &out);
    CODEC_SAME(out.pair_accept.label, "alto-hospicio");
    assert_int_equal(out.pair_accept.version_count, 2);
    CODEC_SAME(out.pair_accept.versions[1], "{\"version\":2}");
    assert_true(out.pair_accept.more);
    buf_release(&wire);
}

static void an_address_is_printable(void **state)
{
    (void)state;
    char address[ADDRESS_BYTES_MAX + 1];
    memset(address, 'a', sizeof address);
    m = (struct message){.kind = MESSAGE_PAIR_REQUEST};
    m.pair_request.address = (struct bytes){(const uint8_t *)address, ADDRESS_BYTES_MAX};
    assert_int_equal(message_validate(&m), ST_OK);
    m.pair_request.address.count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.pair_request.address = BYTES("a b:1");
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.pair_request.address = BYTES("a\n:1");
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.pair_request.address = BYTES("\xc3\xb1:1");
    assert_int_equal(message_validate(&m), ST_MALFORMED);
}

static void an_acceptance_stays_in_its_bounds(void **state)
{
    (void)state;
    static uint8_t version[CHARTER_BYTES_MAX];
    struct buf wire = {0};
    m = (struct message){.kind = MESSAGE_PAIR_ACCEPT, .pair_accept = {.label = BYTES("main")}};
    assert_int_equal(message_validate(&m), ST_MALFORMED);
    m.pair_accept.label = BYTES("fosis");
    assert_true(msg_pair_accept_add(&m.pair_accept, (struct bytes){version, CHARTER_BYTES_MAX}));
    assert_false(msg_pair_accept_add(&m.pair_accept, (struct bytes){version, CHARTER_BYTES_MAX}));
    assert_true(
        msg_pair_accept_add(&m.pair_accept, (struct bytes){version, CHARTER_BYTES_MAX - KIB}));
    codec_pass(&m, &wire, &out);
    assert_true(wire.count <= MESSAGE_BYTES_MAX);
    m.pair_accept.versions[1].count++;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    m.pair_accept.version_count = CHARTER_BATCH_MAX + 1;
    assert_int_equal(message_validate(&m), ST_TOO_LARGE);
    buf_release(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_passes_whole),
        cmocka_unit_test(an_acceptance_passes_whole),
        cmocka_unit_test(an_address_is_printable),
        cmocka_unit_test(an_acceptance_stays_in_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
