#include "wires.h"

static void say_ping(struct wires *w, uint64_t nonce)
{
    w->common.out->kind = MESSAGE_PING;
    w->common.out->ping.nonce = nonce;
    wire_send(&w->wire, &w->common);
}

static void messages_leave_together(void **state)
{
    struct wires *w = *state;
    wire_flush(&w->wire, &w->common);
    assert_int_equal(w->common.outbox.count, 0); /* nothing to say, nothing sent */
    say_ping(w, 1);
    say_ping(w, 2);
    assert_true(wires_hear(w));
    assert_true(w->heard->ping.nonce == 1);
    assert_true(wires_hear(w));
    assert_true(w->heard->ping.nonce == 2);
    assert_false(wires_hear(w));
    assert_true(w->wire.bytes_out > 0);
    assert_int_equal(w->wire.out.count, 0);
}

static void what_is_not_handed_over_stays(void **state)
{
    struct wires *w = *state;
    say_ping(w, 1);
    size_t before = w->wire.out.count;
    wire_reset(&w->wire);
    assert_int_equal(w->wire.out.count, before);
    assert_true(wires_hear(w));
}

static void the_end_is_said_once(void **state)
{
    struct wires *w = *state;
    wire_end(&w->wire, &w->common, BYE_STALLED);
    assert_true(wires_hear(w));
    assert_int_equal(w->heard->kind, MESSAGE_BYE);
    assert_int_equal(w->heard->bye.code, BYE_STALLED);
    assert_int_equal(channel_state(w->other), CHANNEL_CLOSED);
    wire_end(&w->wire, &w->common, BYE_DONE);
    say_ping(w, 3);
    assert_int_equal(w->wire.out.count, 0);
    assert_int_equal(w->wire.status, ST_OK);
}

static void without_memory_it_falls_silent(void **state)
{
    struct wires *w = *state;
    buf_release(&w->common.scratch);
    mem_fail_at(1);
    say_ping(w, 1);
    mem_fail_at(0);
    assert_int_equal(w->wire.status, ST_NO_MEMORY);
    say_ping(w, 2);
    assert_false(wires_hear(w));
}

static void a_large_buffer_is_given_back(void **state)
{
    struct wires *w = *state;
    static uint8_t payload[200 * KIB];
    randombytes_buf(payload, sizeof(payload));
    w->common.out->kind = MESSAGE_ITEM;
    w->common.out->item = (struct msg_item){.item_count = 1, .items = {{payload, sizeof(payload)}}};
    wire_send(&w->wire, &w->common);
    assert_true(w->wire.out.capacity >= sizeof(payload));
    assert_true(wires_hear(w));
    assert_int_equal(w->wire.out.capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_leave_together, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(what_is_not_handed_over_stays, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(the_end_is_said_once, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(without_memory_it_falls_silent, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(a_large_buffer_is_given_back, wires_open, wires_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
