/*
 * wires: two channels that are open to each other, one of them behind a wire, and what a machine
 * shares, made by hand.
 */
#ifndef TESTS_WIRES_H
#define TESTS_WIRES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "proto/wire.h"

struct wires {
    struct common common;
    struct wire wire;
    struct channel *other;
    struct message *heard;
    uint8_t draws;
};

static void wires_random(void *context, void *out, size_t count)
{
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    uint8_t *draws = context;
    seed[0] = ++*draws;
    randombytes_buf_deterministic(out, count, seed);
}

static int wires_open(void **state)
{
    struct wires *w = mem_alloc(sizeof(*w));
    uint8_t seed[crypto_sign_SEEDBYTES] = {1}, secret[crypto_sign_SECRETKEYBYTES];
    struct key key;
    struct buf there = {0}, back = {0};
    assert_non_null(w);
    crypto_sign_seed_keypair(key.id, secret, seed);
    struct channel_options o = {.initiator = true,
                                .selector = CHANNEL_MEMBER,
                                .identity = secret,
                                .remote = &key,
                                .entropy = wires_random,
                                .entropy_context = &w->draws};
    assert_int_equal(channel_create(&o, &w->wire.channel), ST_OK);
    o.initiator = false;
    assert_int_equal(channel_create(&o, &w->other), ST_OK);
    assert_int_equal(channel_start(w->wire.channel, &there), ST_OK);
    assert_int_equal(channel_receive(w->other, buf_bytes(&there), &back), ST_OK);
    buf_reset(&there);
    assert_int_equal(channel_receive(w->wire.channel, buf_bytes(&back), &there), ST_OK);
    assert_int_equal(channel_receive(w->other, buf_bytes(&there), &back), ST_OK);
    assert_int_equal(channel_state(w->wire.channel), CHANNEL_OPEN);
    buf_release(&there);
    buf_release(&back);
    w->wire.link = 5;
    w->heard = mem_alloc(sizeof(*w->heard));
    w->common.in = mem_alloc(sizeof(*w->common.in));
    w->common.out = mem_alloc(sizeof(*w->common.out));
    w->common.entropy = wires_random;
    w->common.entropy_context = &w->draws;
    assert_int_equal(outbox_init(&w->common.outbox), ST_OK);
    *state = w;
    return 0;
}

static int wires_close(void **state)
{
    struct wires *w = *state;
    wire_release(&w->wire);
    channel_free(w->other);
    view_release(&w->common.view);
    outbox_release(&w->common.outbox);
    buf_release(&w->common.scratch);
    mem_free(w->common.in);
    mem_free(w->common.out);
    mem_free(w->heard);
    mem_free(w);
    return 0;
}

/* Flush, carry over, and read the next message; false: there is none. */
__attribute__((unused)) static bool wires_hear(struct wires *w)
{
    struct buf back = {0};
    struct bytes raw;
    wire_flush(&w->wire, &w->common);
    for (uint32_t i = 0; i < w->common.outbox.count; i++) {
        assert_int_equal(w->common.outbox.list[i].kind, FX_SEND);
        enum status status = channel_receive(w->other, w->common.outbox.list[i].bytes, &back);
        assert_true(status == ST_OK || status == ST_CLOSED);
    }
    buf_release(&back);
    outbox_reset(&w->common.outbox);
    wire_reset(&w->wire);
    if (channel_next(w->other, &raw) != ST_OK)
        return false;
    assert_int_equal(message_decode(raw, w->heard), ST_OK);
    return true;
}

#endif
