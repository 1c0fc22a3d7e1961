#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/channel.c" /* the source itself: nonces near their end cannot be reached else */

/* Two members of one network, and what is on the wire between them. */
struct pair {
    struct channel_options options[2]; /* 0 dials 1 */
    uint8_t identity[2][crypto_sign_SECRETKEYBYTES];
    struct key public[2];
    struct channel *channel[2];
    struct buf wire[2]; /* written by each */
    uint8_t draws;
};

static const uint8_t secret_of_link[KEY_BYTES] = {42};

static void entropy(void *context, void *out, size_t count)
{
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    uint8_t *draws = context;
    seed[0] = (*draws)++;
    randombytes_buf_deterministic(out, count, seed);
}

static void prepare(struct pair *p, enum channel_selector selector)
{
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < 2; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t)(i + 1)};
        assert_int_equal(crypto_sign_seed_keypair(p->public[i].id, p->identity[i], seed), 0);
        p->options[i] = (struct channel_options){
            .initiator = i == 0,
            .selector = selector,
            .identity = p->identity[i],
            .remote = i == 0 ? &p->public[1] : NULL,
            .network = {{'n', 'e', 't'}},
            .entropy = entropy,
            .entropy_context = &p->draws,
        };
    }
    p->options[1].remote = NULL;
    if (selector == CHANNEL_JOIN) {
        p->options[0].psk = secret_of_link;
        p->options[0].invitation = BYTES("invitation-1");
    }
}

static void create(struct pair *p)
{
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(channel_create(&p->options[i], &p->channel[i]), ST_OK);
    assert_int_equal(channel_start(p->channel[0], &p->wire[0]), ST_OK);
}

static void release(struct pair *p)
{
    for (size_t i = 0; i < 2; i++) {
        channel_free(p->channel[i]);
        buf_release(&p->wire[i]);
    }
}

/* What 'from' wrote goes to the other side at once. */
static enum status carry(struct pair *p, size_t from)
{
    enum status status =
        channel_receive(p->channel[1 - from], buf_bytes(&p->wire[from]), &p->wire[1 - from]);
    buf_reset(&p->wire[from]);
    return status;
}

static void open_pair(struct pair *p, enum channel_selector selector)
{
    prepare(p, selector);
    create(p);
    if (selector == CHANNEL_JOIN) {
        assert_int_equal(carry(p, 0), ST_WAITING);
        channel_set_psk(p->channel[1], secret_of_link);
    } else {
        assert_int_equal(carry(p, 0), ST_OK);
    }
    assert_int_equal(carry(p, 1), ST_OK);
    assert_int_equal(carry(p, 0), ST_OK);
    assert_int_equal(channel_state(p->channel[0]), CHANNEL_OPEN);
    assert_int_equal(channel_state(p->channel[1]), CHANNEL_OPEN);
}

static void expect_message(struct channel *c, struct bytes expected)
{
    struct bytes message;
    assert_int_equal(channel_next(c, &message), ST_OK);
    assert_true(bytes_equal(message, expected));
}

static void expect_none(struct channel *c)
{
    struct bytes message;
    assert_int_equal(channel_next(c, &message), ST_AGAIN);
}

static void test_members_talk_both_ways(void **state)
{
    (void)state;
    struct pair p;
    uint8_t x25519[KEY_BYTES], expected[KEY_BYTES];
    open_pair(&p, CHANNEL_MEMBER);
    for (size_t i = 0; i < 2; i++) {
        assert_true(channel_authenticated(p.channel[i]));
        channel_remote(p.channel[i], x25519);
        assert_int_equal(crypto_sign_ed25519_pk_to_curve25519(expected, p.public[1 - i].id), 0);
        assert_memory_equal(x25519, expected, KEY_BYTES);
    }
    for (size_t from = 0; from < 2; from++) {
        assert_int_equal(channel_send(p.channel[from], BYTES("one"), &p.wire[from]), ST_OK);
        assert_int_equal(channel_send(p.channel[from], BYTES("two"), &p.wire[from]), ST_OK);
        assert_int_equal(carry(&p, from), ST_OK);
        assert_int_equal(p.wire[1 - from].count, 0);
        expect_message(p.channel[1 - from], BYTES("one"));
        expect_message(p.channel[1 - from], BYTES("two"));
        expect_none(p.channel[1 - from]);
    }
    release(&p);
}

static void test_wire_begins_as_documented(void **state)
{
    (void)state;
    static const size_t first_bytes[2] = {32 + 16, 32 + 12 + 16}; /* a JOIN names its invitation */
    for (size_t k = 0; k < 2; k++) {
        struct pair p;
        prepare(&p, k == 0 ? CHANNEL_MEMBER : CHANNEL_JOIN);
        create(&p);
        assert_int_equal(p.wire[0].data[0], k == 0 ? 0x01 : 0x02);
        assert_int_equal(p.wire[0].data[1], 0);
        assert_int_equal(p.wire[0].data[2], first_bytes[k]);
        assert_int_equal(p.wire[0].count, 3 + first_bytes[k]);
        assert_int_equal(carry(&p, 0), k == 0 ? ST_OK : ST_WAITING);
        assert_int_equal(p.wire[1].count, 2 + 32 + 16);
        release(&p);
    }
}

static void test_byte_at_a_time(void **state)
{
    (void)state;
    struct pair p;
    prepare(&p, CHANNEL_MEMBER);
    create(&p);
    for (size_t round = 0; round < 3; round++) {
        size_t from = round % 2;
        for (size_t i = 0; i < p.wire[from].count; i++)
            assert_int_equal(channel_receive(p.channel[1 - from],
                                             (struct bytes){p.wire[from].data + i, 1},
                                             &p.wire[1 - from]),
                             ST_OK);
        buf_reset(&p.wire[from]);
    }
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_OPEN);
    assert_int_equal(channel_send(p.channel[0], BYTES("slow"), &p.wire[0]), ST_OK);
    for (size_t i = 0; i < p.wire[0].count; i++) {
        expect_none(p.channel[1]);
        assert_int_equal(
            channel_receive(p.channel[1], (struct bytes){p.wire[0].data + i, 1}, &p.wire[1]),
            ST_OK);
    }
    expect_message(p.channel[1], BYTES("slow"));
    release(&p);
}

static void test_join_waits_for_the_secret(void **state)
{
    (void)state;
    struct pair p;
    struct bytes invitation;
    prepare(&p, CHANNEL_JOIN);
    create(&p);
    assert_false(channel_wants_psk(p.channel[1], &invitation));
    assert_false(channel_authenticated(p.channel[1]));
    assert_int_equal(carry(&p, 0), ST_WAITING);
    assert_true(channel_authenticated(p.channel[1]));
    assert_true(channel_wants_psk(p.channel[1], &invitation));
    assert_true(bytes_equal_text(invitation, "invitation-1"));
    assert_int_equal(carry(&p, 1), ST_OK);
    assert_int_equal(channel_state(p.channel[0]), CHANNEL_OPEN);
    /* The joiner is open and talks at once: what comes early is kept. */
    assert_int_equal(channel_send(p.channel[0], BYTES("early"), &p.wire[0]), ST_OK);
    assert_int_equal(carry(&p, 0), ST_WAITING);
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_HANDSHAKE);
    channel_set_psk(p.channel[1], secret_of_link);
    assert_false(channel_wants_psk(p.channel[1], &invitation));
    assert_int_equal(carry(&p, 0), ST_OK); /* of nothing */
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_OPEN);
    expect_message(p.channel[1], BYTES("early"));
    release(&p);
}

static void test_join_with_another_secret_is_refused(void **state)
{
    (void)state;
    struct pair p;
    uint8_t other[KEY_BYTES] = {43};
    prepare(&p, CHANNEL_JOIN);
    create(&p);
    assert_int_equal(carry(&p, 0), ST_WAITING);
    channel_set_psk(p.channel[1], other);
    assert_int_equal(carry(&p, 1), ST_OK);
    assert_int_equal(carry(&p, 0), ST_BAD_MAC);
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_CLOSED);
    release(&p);
}

static void test_join_keeps_only_so_much_early(void **state)
{
    (void)state;
    struct pair p;
    uint8_t *early = mem_alloc(EARLY_BYTES_MAX + 1);
    prepare(&p, CHANNEL_JOIN);
    create(&p);
    assert_int_equal(carry(&p, 0), ST_WAITING);
    buf_add(&p.wire[0], early, EARLY_BYTES_MAX);
    assert_int_equal(carry(&p, 0), ST_WAITING);
    buf_add_byte(&p.wire[0], 0);
    assert_int_equal(carry(&p, 0), ST_TOO_LARGE);
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_CLOSED);
    mem_free(early);
    release(&p);
}

static void test_strangers_learn_nothing(void **state)
{
    (void)state;
    struct pair p;
    for (unsigned what = 0; what < 3; what++) {
        struct digest other_network = {{'x'}};
        prepare(&p, CHANNEL_MEMBER);
        if (what == 0)
            p.options[0].network = other_network;
        if (what == 1)
            p.options[0].remote = &p.public[0]; /* dials a key that is not the responder's */
        create(&p);
        if (what == 2)
            p.wire[0].data[0] = CHANNEL_JOIN; /* the selector is in the prologue */
        assert_int_equal(carry(&p, 0), ST_BAD_MAC);
        assert_int_equal(p.wire[1].count, 0);
        assert_false(channel_authenticated(p.channel[1]));
        assert_int_equal(channel_state(p.channel[1]), CHANNEL_CLOSED);
        assert_int_equal(channel_receive(p.channel[1], BYTES("more"), &p.wire[1]), ST_CLOSED);
        release(&p);
    }
}

static void test_garbage(void **state)
{
    (void)state;
    static const struct {
        struct bytes in;
        enum status expected;
    } cases[] = {
        {{(const uint8_t *)"\0", 1}, ST_MALFORMED},
        {{(const uint8_t *)"\3", 1}, ST_MALFORMED},
        {{(const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18}, ST_MALFORMED},
        {{(const uint8_t *)"\1\xff\xff", 3}, ST_TOO_LARGE},
        {{(const uint8_t *)"\1\0\0", 3}, ST_MALFORMED},
        {{(const uint8_t *)"\1\0\1x", 4}, ST_MALFORMED},
        {{(const uint8_t *)"\1\0", 2}, ST_OK},
        {{NULL, 0}, ST_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair p;
        prepare(&p, CHANNEL_MEMBER);
        create(&p);
        assert_int_equal(channel_receive(p.channel[1], cases[i].in, &p.wire[1]), cases[i].expected);
        assert_int_equal(channel_state(p.channel[1]),
                         cases[i].expected == ST_OK ? CHANNEL_HANDSHAKE : CHANNEL_CLOSED);
        release(&p);
    }
}

/* A first message that carries a payload where it may not, or none where it must. */
static void test_payloads_of_the_handshake(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        struct pair p;
        prepare(&p, k == 0 ? CHANNEL_MEMBER : CHANNEL_JOIN);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(channel_create(&p.options[i], &p.channel[i]), ST_OK);
        buf_reset(&p.channel[0]->invitation);
        if (k == 0)
            buf_add_text(&p.channel[0]->invitation, "unasked");
        assert_int_equal(channel_start(p.channel[0], &p.wire[0]), ST_OK);
        assert_int_equal(carry(&p, 0), ST_MALFORMED);
        assert_false(channel_authenticated(p.channel[1]));
        assert_int_equal(p.wire[1].count, 0);
        release(&p);
    }
}

/* Carry the handshake, with one bit flipped in the n-th byte of both directions together. */
static bool handshake_with_flip(size_t n)
{
    struct pair p;
    bool flipped = false;
    size_t passed = 0;
    prepare(&p, CHANNEL_MEMBER);
    create(&p);
    for (size_t round = 0; round < 3; round++) {
        struct buf *wire = &p.wire[round % 2];
        if (n >= passed && n - passed < wire->count) {
            wire->data[n - passed] ^= 0x04;
            flipped = true;
        }
        passed += wire->count;
        enum status status = carry(&p, round % 2);
        assert_true(status == ST_OK || flipped);
    }
    bool both_open =
        channel_state(p.channel[0]) == CHANNEL_OPEN && channel_state(p.channel[1]) == CHANNEL_OPEN;
    assert_int_equal(both_open, !flipped);
    release(&p);
    return flipped;
}

static void test_every_byte_of_the_handshake(void **state)
{
    (void)state;
    size_t n = 0;
    while (handshake_with_flip(n))
        n++;
    assert_int_equal(n, 1 + 3 * 2 + 48 + 48 + 64);
}

static void test_every_byte_of_the_transport(void **state)
{
    (void)state;
    size_t wire_bytes = 1;
    for (size_t i = 0; i < wire_bytes; i++) {
        struct pair p;
        open_pair(&p, CHANNEL_MEMBER);
        assert_int_equal(channel_send(p.channel[0], BYTES("a message"), &p.wire[0]), ST_OK);
        wire_bytes = p.wire[0].count;
        p.wire[0].data[i] ^= 0x20;
        enum status status = carry(&p, 0);
        if (i >= FRAME_LENGTH_BYTES)
            assert_int_equal(status, ST_BAD_MAC);
        expect_none(p.channel[1]);
        release(&p);
    }
    assert_true(wire_bytes > 9 + NOISE_MAC_BYTES + FRAME_LENGTH_BYTES);
}

static void test_replay_and_reflection_are_refused(void **state)
{
    (void)state;
    for (unsigned reflect = 0; reflect < 2; reflect++) {
        struct pair p;
        struct buf copy = {0};
        open_pair(&p, CHANNEL_MEMBER);
        assert_int_equal(channel_send(p.channel[0], BYTES("pay once"), &p.wire[0]), ST_OK);
        buf_add_bytes(&copy, buf_bytes(&p.wire[0]));
        assert_int_equal(carry(&p, 0), ST_OK);
        assert_int_equal(channel_receive(p.channel[reflect ? 0 : 1], buf_bytes(&copy), &p.wire[0]),
                         ST_BAD_MAC);
        buf_release(&copy);
        release(&p);
    }
}

static void test_large_messages_span_frames(void **state)
{
    (void)state;
    struct pair p;
    uint8_t *data = mem_alloc(MESSAGE_BYTES_MAX + 1);
    uint8_t seed[randombytes_SEEDBYTES] = {1};
    size_t frames = 0;
    randombytes_buf_deterministic(data, MESSAGE_BYTES_MAX, seed);
    open_pair(&p, CHANNEL_MEMBER);
    assert_int_equal(
        channel_send(p.channel[0], (struct bytes){data, MESSAGE_BYTES_MAX + 1}, &p.wire[0]),
        ST_TOO_LARGE);
    assert_int_equal(p.wire[0].count, 0);
    assert_int_equal(
        channel_send(p.channel[0], (struct bytes){data, MESSAGE_BYTES_MAX}, &p.wire[0]), ST_OK);
    for (size_t at = 0; at < p.wire[0].count; frames++) {
        size_t body_bytes = (size_t)p.wire[0].data[at] << 8 | p.wire[0].data[at + 1];
        assert_in_range(body_bytes, NOISE_MAC_BYTES + 1, FRAME_BYTES_MAX);
        at += FRAME_LENGTH_BYTES + body_bytes;
    }
    assert_true(frames >= 64);
    assert_int_equal(channel_send(p.channel[0], BYTES("after"), &p.wire[0]), ST_OK);
    assert_int_equal(carry(&p, 0), ST_OK);
    expect_message(p.channel[1], (struct bytes){data, MESSAGE_BYTES_MAX});
    expect_message(p.channel[1], BYTES("after"));
    expect_none(p.channel[1]);
    assert_true(p.channel[1]->plain.capacity <= KEPT_BYTES_MAX);
    assert_true(p.channel[1]->wire.capacity <= KEPT_BYTES_MAX);
    mem_free(data);
    release(&p);
}

static void test_close_tells_an_end_from_a_cut(void **state)
{
    (void)state;
    struct pair p;
    open_pair(&p, CHANNEL_MEMBER);
    assert_int_equal(channel_send(p.channel[0], BYTES("last words"), &p.wire[0]), ST_OK);
    assert_int_equal(channel_close(p.channel[0], &p.wire[0]), ST_OK);
    assert_int_equal(channel_state(p.channel[0]), CHANNEL_CLOSED);
    buf_add_text(&p.wire[0], "what follows an end does not matter");
    assert_int_equal(carry(&p, 0), ST_CLOSED);
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_CLOSED);
    expect_message(p.channel[1], BYTES("last words"));
    expect_none(p.channel[1]);
    assert_int_equal(carry(&p, 0), ST_CLOSED);
    release(&p);

    open_pair(&p, CHANNEL_MEMBER); /* a CLOSE that is not authentic is none */
    buf_add(&p.wire[0], (uint8_t[2 + NOISE_MAC_BYTES]){0, NOISE_MAC_BYTES}, 2 + NOISE_MAC_BYTES);
    assert_int_equal(carry(&p, 0), ST_BAD_MAC);
    release(&p);

    prepare(&p, CHANNEL_MEMBER); /* before it is open there is nothing to say */
    create(&p);
    buf_reset(&p.wire[0]);
    assert_int_equal(channel_close(p.channel[0], &p.wire[0]), ST_OK);
    assert_int_equal(p.wire[0].count, 0);
    release(&p);
}

static void test_what_no_one_takes_is_bounded(void **state)
{
    (void)state;
    struct pair p;
    uint8_t *data = mem_alloc(MESSAGE_BYTES_MAX);
    enum status status = ST_OK;
    unsigned sent = 0;
    open_pair(&p, CHANNEL_MEMBER);
    for (; status == ST_OK && sent < 16; sent++) {
        uint8_t seed[randombytes_SEEDBYTES] = {(uint8_t)sent};
        randombytes_buf_deterministic(data, MESSAGE_BYTES_MAX, seed);
        assert_int_equal(
            channel_send(p.channel[0], (struct bytes){data, MESSAGE_BYTES_MAX}, &p.wire[0]), ST_OK);
        status = carry(&p, 0);
    }
    assert_int_equal(status, ST_TOO_LARGE);
    assert_in_range(sent, BACKLOG_BYTES_MAX / MESSAGE_BYTES_MAX,
                    BACKLOG_BYTES_MAX / MESSAGE_BYTES_MAX + 1);
    expect_none(p.channel[1]);
    mem_free(data);
    release(&p);
}

static void test_authentic_rubbish_closes(void **state)
{
    (void)state;
    struct pair p;
    struct bytes message;
    open_pair(&p, CHANNEL_MEMBER);
    assert_int_equal(frame_encode(&p.channel[0]->send, BYTES("not zstd"), &p.wire[0]), ST_OK);
    assert_int_equal(carry(&p, 0), ST_OK);
    assert_int_equal(channel_next(p.channel[1], &message), ST_MALFORMED);
    assert_int_equal(channel_state(p.channel[1]), CHANNEL_CLOSED);
    expect_none(p.channel[1]);
    release(&p);
}

static void test_tired_after_many_messages(void **state)
{
    (void)state;
    for (size_t from = 0; from < 2; from++) {
        struct pair p;
        open_pair(&p, CHANNEL_MEMBER);
        p.channel[from]->send.nonce = tired_messages - 1;
        p.channel[1 - from]->receive.nonce = tired_messages - 1;
        assert_false(channel_tired(p.channel[0]) || channel_tired(p.channel[1]));
        assert_int_equal(channel_send(p.channel[from], BYTES("x"), &p.wire[from]), ST_OK);
        assert_int_equal(carry(&p, from), ST_OK);
        assert_true(channel_tired(p.channel[0]) && channel_tired(p.channel[1]));
        expect_message(p.channel[1 - from], BYTES("x"));
        release(&p);
    }
}

static void test_key_without_x25519_form(void **state)
{
    (void)state;
    struct pair p;
    struct key none = {{0}};
    prepare(&p, CHANNEL_MEMBER);
    p.options[0].remote = &none;
    assert_int_equal(channel_create(&p.options[0], &p.channel[0]), ST_MALFORMED);
    assert_null(p.channel[0]);
    channel_free(NULL);
}

/* A whole life; the first status that is not ST_OK ends it. */
static enum status life(struct pair *p)
{
    enum status status = ST_OK;
    struct bytes message;
    prepare(p, CHANNEL_JOIN);
    for (size_t i = 0; i < 2 && status == ST_OK; i++)
        status = channel_create(&p->options[i], &p->channel[i]);
    if (status == ST_OK)
        status = channel_start(p->channel[0], &p->wire[0]);
    if (status == ST_OK && (status = carry(p, 0)) == ST_WAITING) {
        channel_set_psk(p->channel[1], secret_of_link);
        status = carry(p, 1);
    }
    if (status == ST_OK)
        status = channel_send(p->channel[0], BYTES("words"), &p->wire[0]);
    if (status == ST_OK)
        status = carry(p, 0);
    if (status == ST_OK)
        status = channel_next(p->channel[1], &message);
    if (status == ST_OK)
        assert_true(bytes_equal_text(message, "words"));
    if (status == ST_OK)
        status = channel_close(p->channel[1], &p->wire[1]);
    return status;
}

static void test_every_allocation_failed_in_turn(void **state)
{
    (void)state;
    uint64_t n = 1;
    for (;; n++) {
        struct pair p;
        mem_fail_at(n);
        enum status status = life(&p);
        bool failed = mem_failed();
        mem_fail_at(0);
        release(&p);
        if (!failed) {
            assert_int_equal(status, ST_OK);
            break;
        }
        assert_int_equal(status, ST_NO_MEMORY);
    }
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_talk_both_ways),
        cmocka_unit_test(test_wire_begins_as_documented),
        cmocka_unit_test(test_byte_at_a_time),
        cmocka_unit_test(test_join_waits_for_the_secret),
        cmocka_unit_test(test_join_with_another_secret_is_refused),
        cmocka_unit_test(test_join_keeps_only_so_much_early),
        cmocka_unit_test(test_strangers_learn_nothing),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_payloads_of_the_handshake),
        cmocka_unit_test(test_every_byte_of_the_handshake),
        cmocka_unit_test(test_every_byte_of_the_transport),
        cmocka_unit_test(test_replay_and_reflection_are_refused),
        cmocka_unit_test(test_large_messages_span_frames),
        cmocka_unit_test(test_close_tells_an_end_from_a_cut),
        cmocka_unit_test(test_what_no_one_takes_is_bounded),
        cmocka_unit_test(test_authentic_rubbish_closes),
        cmocka_unit_test(test_tired_after_many_messages),
        cmocka_unit_test(test_key_without_x25519_form),
        cmocka_unit_test(test_every_allocation_failed_in_turn),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
