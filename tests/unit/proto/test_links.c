#include "wires.h"

#include "proto/links.h"

static struct link *make(struct wires *w, link_id id, const struct key *key)
{
    struct link *l = NULL;
    memset(w->common.identity, 3, sizeof(w->common.identity));
    const struct link_options o = {.id = id, .dialled = key != NULL, .remote = key};
    assert_int_equal(link_create(&w->common, &o, &l), ST_OK);
    return l;
}

static void links_keep_their_places(void **state)
{
    struct wires *w = *state;
    struct links ls = {0};
    for (link_id id = 1; id <= LINKS_TABLE_MAX; id++)
        assert_true(links_add(&ls, make(w, id, NULL)));
    struct link *over = make(w, 9999, NULL);
    assert_false(links_add(&ls, over));
    struct link *fifth = links_find(&ls, 5);
    assert_int_equal(fifth->id, 5);
    assert_null(links_find(&ls, 9999));
    link_fail(fifth, &w->common, ST_STALLED);
    links_reap(&ls);
    assert_ptr_equal(links_find(&ls, 5), fifth); /* the shell does not know yet */
    fifth->flushed = true;
    links_reap(&ls);
    assert_null(links_find(&ls, 5));
    assert_true(links_add(&ls, over));
    assert_ptr_equal(ls.at[4], over);
    assert_int_equal(links_open(&ls), 0); /* all of them are still in the handshake */
    assert_null(links_of_request(&ls, 0));
    assert_null(links_of_request(&ls, 1));
    links_release(&ls);
    links_release(NULL);
}

static void links_are_found_by_their_member(void **state)
{
    struct wires *w = *state;
    struct links ls = {0};
    struct key key, stranger = {{1}};
    uint8_t seed[crypto_sign_SEEDBYTES] = {8}, secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(key.id, secret, seed);
    assert_true(links_add(&ls, make(w, 1, NULL)));
    assert_true(links_add(&ls, make(w, 2, &key)));
    assert_int_equal(links_of_key(&ls, &key)->id, 2);
    assert_null(links_of_key(&ls, &stranger));
    link_gone(links_find(&ls, 2), &w->common, ST_UNREACHABLE);
    assert_null(links_of_key(&ls, &key));
    assert_int_equal(links_find(&ls, 2)->reason, ST_UNREACHABLE);
    links_release(&ls);
}

/* An accepted link whose other side, of key 'number', finished the handshake and said no more. */
static struct link *greet(struct wires *w, struct links *ls, link_id id, uint8_t number)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {7, number}, secret[crypto_sign_SECRETKEYBYTES];
    uint8_t own_seed[crypto_sign_SEEDBYTES] = {9};
    struct key key, own;
    struct link *l = NULL;
    struct channel *other = NULL;
    struct buf there = {0}, back = {0};
    crypto_sign_seed_keypair(own.id, w->common.identity, own_seed);
    crypto_sign_seed_keypair(key.id, secret, seed);
    const struct channel_options o = {.initiator = true,
                                      .selector = CHANNEL_MEMBER,
                                      .identity = secret,
                                      .remote = &own,
                                      .entropy = wires_random,
                                      .entropy_context = &w->draws};
    const struct link_options accepted = {.id = id};
    w->common.now_ms++;
    assert_int_equal(channel_create(&o, &other), ST_OK);
    assert_int_equal(link_create(&w->common, &accepted, &l), ST_OK);
    assert_int_equal(channel_start(other, &there), ST_OK);
    link_receive(l, &w->common, buf_bytes(&there));
    buf_reset(&there);
    assert_int_equal(channel_receive(other, buf_bytes(&l->wire.out), &there), ST_OK);
    buf_reset(&l->wire.out);
    link_receive(l, &w->common, buf_bytes(&there));
    assert_int_equal(l->state, LINK_GREETING);
    assert_true(links_add(ls, l));
    outbox_reset(&w->common.outbox);
    channel_free(other);
    buf_release(&there);
    buf_release(&back);
    return l;
}

/* Whoever finishes handshakes and says nothing more takes few places, and nobody else's. */
static void unproven_links_are_few(void **state)
{
    struct wires *w = *state;
    struct links ls = {0};
    struct link *first = greet(w, &ls, 1, 1);
    assert_null(links_crowded_out(&ls, first, &w->common));
    struct link *again = greet(w, &ls, 2, 1);
    assert_ptr_equal(links_crowded_out(&ls, again, &w->common), first);
    link_fail(first, &w->common, ST_STALLED);
    for (uint8_t number = 2; number <= HALF_OPEN_MAX; number++) {
        struct link *l = greet(w, &ls, number + 1u, number);
        assert_null(links_crowded_out(&ls, l, &w->common));
    }
    assert_int_equal(links_open(&ls), 0);
    struct link *last = greet(w, &ls, 999, 200);
    assert_ptr_equal(links_crowded_out(&ls, last, &w->common), again); /* the oldest */
    /* A member's gives way last. */
    uint8_t remote[KEY_BYTES];
    channel_remote(again->wire.channel, remote);
    struct view_member member = {0};
    memcpy(member.x25519, remote, KEY_BYTES);
    w->common.view.members = mem_copy(&member, sizeof member);
    w->common.view.member_count = 1;
    assert_ptr_equal(links_crowded_out(&ls, last, &w->common), links_find(&ls, 3));
    links_release(&ls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_keep_their_places, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(links_are_found_by_their_member, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(unproven_links_are_few, wires_open, wires_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
