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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(links_keep_their_places, wires_open, wires_close),
        cmocka_unit_test_setup_teardown(links_are_found_by_their_member, wires_open, wires_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
