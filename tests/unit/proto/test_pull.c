/* pull: what is asked of a peer, and what a peer that answers wrongly gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "puppet.h"

static void assert_ended(const struct puppet *p, enum status reason, enum bye_code code)
{
    assert_true(p->closed);
    assert_int_equal(p->reason, reason);
    assert_int_equal(p->last->kind, MESSAGE_BYE);
    assert_int_equal(p->last->bye.code, code);
}

/* An active link on which values 1 .. count were asked of bob. */
static struct puppet *asked(enum sealed_lane lane, uint32_t count)
{
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_wanted(p, lane == SEALED_VALUES ? count : 0, lane == SEALED_FILES ? count : 0);
    assert_true(puppet_take(p, FX_WISH, &r));
    assert_int_equal(r.lane, lane);
    puppet_wishes(p, &r, 1, count, false);
    assert_false(p->closed);
    return p;
}

static uint32_t wishes_of_last(const struct puppet *p)
{
    assert_int_equal(p->last->kind, MESSAGE_SEALED_WANT);
    return p->last->sealed_want.wish_count;
}

static void whole_items_are_kept_and_acknowledged(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = asked(SEALED_VALUES, 2);
    assert_int_equal(wishes_of_last(p), 2);
    puppet_say_piece(p, SEALED_VALUES, 1, 300, 0, 300);
    assert_true(puppet_take(p, FX_KEEP, &r));
    assert_int_equal(r.count, 1);
    assert_int_equal(r.bytes, 300);
    uint32_t kept = p->said[MESSAGE_KEPT];
    puppet_wanted(p, 1, 0);
    puppet_kept(p, &r, ST_OK); /* not before it is durable */
    assert_int_equal(p->said[MESSAGE_KEPT], kept + 1);
    assert_int_equal(p->last->kept.name_count, 1);
    assert_int_equal(p->last->kept.names[0].id[3], 1);
    assert_int_equal(p->last->kept.waiting, 1);
    assert_false(p->closed);
    puppet_free(p);
}

static void nothing_is_asked_where_nothing_is_wanted(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_tick(p, 10000);
    puppet_wanted(p, 0, 0);
    puppet_tick(p, 10000);
    assert_false(puppet_take(p, FX_WISH, &r));
    assert_int_equal(p->said[MESSAGE_KEPT], 0);
    puppet_free(p);
}

static void what_was_not_asked_for_ends_the_link(void **state)
{
    (void)state;
    static const struct {
        uint32_t n, total, offset;
        size_t bytes;
    } cases[] = {
        {9, 300, 0, 300},                                       /* another item */
        {1, 300, 0, 200},                                       /* too short a piece */
        {1, 40000, SEALED_PIECE_BYTES, SEALED_PIECE_BYTES},     /* from elsewhere */
        {1, 40000, 0, 300},                                     /* too short of a long one */
        {1, SEALED_PIECE_BYTES + 300, SEALED_PIECE_BYTES, 300}, /* the end first */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct puppet *p = asked(SEALED_VALUES, 1);
        puppet_say_piece(p, SEALED_VALUES, cases[i].n, cases[i].total, cases[i].offset,
                         cases[i].bytes);
        assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
        puppet_free(p);
    }
    struct puppet *p = asked(SEALED_VALUES, 1);
    puppet_say_piece(p, SEALED_FILES, 1, 300, 0, 300); /* in the other lane */
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
    p = puppet_active(NULL, 0);
    puppet_say_piece(p, SEALED_VALUES, 1, 300, 0, 300); /* nothing was asked for at all */
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
    p = asked(SEALED_VALUES, 1);
    puppet_say_piece(p, SEALED_VALUES, 1, 300, 0, 300);
    puppet_say_piece(p, SEALED_VALUES, 1, 300, 0, 300); /* twice */
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
}

static void gone_of_what_was_not_asked_for_ends_the_link(void **state)
{
    (void)state;
    struct puppet *p = asked(SEALED_VALUES, 1);
    puppet_say_names(p, MESSAGE_SEALED_GONE, SEALED_VALUES, 2, 1);
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
    p = asked(SEALED_VALUES, 1);
    puppet_say_names(p, MESSAGE_SEALED_GONE, SEALED_VALUES, 1, 1);
    assert_false(p->closed);
    puppet_say_names(p, MESSAGE_SEALED_GONE, SEALED_VALUES, 1, 1); /* twice */
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
}

static void an_item_has_one_total(void **state)
{
    (void)state;
    struct puppet *p = asked(SEALED_FILES, 1);
    puppet_say_piece(p, SEALED_FILES, 1, 40000, 0, SEALED_PIECE_BYTES);
    assert_false(p->closed);
    puppet_say_piece(p, SEALED_FILES, 1, 40001, SEALED_PIECE_BYTES, SEALED_PIECE_BYTES);
    assert_ended(p, ST_PROTOCOL, BYE_PROTOCOL);
    puppet_free(p);
}

static void what_its_name_does_not_fit_ends_the_link(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = asked(SEALED_VALUES, 1);
    puppet_say_piece(p, SEALED_VALUES, 1, 300, 0, 300);
    assert_true(puppet_take(p, FX_KEEP, &r));
    puppet_kept(p, &r, ST_BAD_VALUE);
    assert_ended(p, ST_BAD_VALUE, BYE_BAD_ITEM);
    puppet_free(p);
}

static void what_is_wanted_no_more_is_nobodys_fault(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = asked(SEALED_VALUES, 1);
    puppet_say_piece(p, SEALED_VALUES, 1, 300, 0, 300);
    assert_true(puppet_take(p, FX_KEEP, &r));
    puppet_wanted(p, 0, 0);
    uint32_t kept = p->said[MESSAGE_KEPT];
    puppet_kept(p, &r, ST_NOT_FOUND);
    assert_false(p->closed);
    assert_int_equal(p->said[MESSAGE_KEPT], kept); /* it is not */
    puppet_free(p);
}

static void forged_kept_changes_nothing(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = asked(SEALED_VALUES, 2);
    puppet_say_names(p, MESSAGE_SEALED_GONE, SEALED_VALUES, 1, 2);
    while (puppet_take(p, FX_WISH, &r))
        puppet_wishes(p, &r, 1, 2, false); /* it looks once more, and leaves them */
    uint32_t wants = p->said[MESSAGE_SEALED_WANT];
    for (int i = 0; i < 100; i++)
        puppet_say_names(p, MESSAGE_KEPT, SEALED_VALUES, 1000, 500);
    assert_false(puppet_take(p, FX_WISH, &r));
    puppet_say_names(p, MESSAGE_KEPT, SEALED_VALUES, 2, 1); /* this was asked for in vain */
    assert_true(puppet_take(p, FX_WISH, &r));
    puppet_wishes(p, &r, 1, 2, false);
    assert_int_equal(p->said[MESSAGE_SEALED_WANT], wants + 1);
    assert_int_equal(wishes_of_last(p), 1);
    assert_int_equal(p->last->sealed_want.wishes[0].name.id[3], 2);
    puppet_free(p);
}

static void the_window_follows_the_line(void **state)
{
    (void)state;
    struct puppet *p = asked(SEALED_FILES, 60);
    assert_int_equal(wishes_of_last(p), 2); /* two pieces at the start */
    puppet_tick(p, 1000);
    puppet_say_piece(p, SEALED_FILES, 1, 16000, 0, 16000); /* slow: one at a time */
    uint32_t wants = p->said[MESSAGE_SEALED_WANT];
    puppet_say_piece(p, SEALED_FILES, 2, 16000, 0, 16000);
    assert_int_equal(p->said[MESSAGE_SEALED_WANT], wants + 1);
    assert_int_equal(wishes_of_last(p), 1);
    for (uint32_t n = 3; n < 16; n++) { /* fast: more and more */
        puppet_tick(p, 10);
        puppet_say_piece(p, SEALED_FILES, n, 16000, 0, 16000);
    }
    assert_true(p->last->kind != MESSAGE_SEALED_WANT || wishes_of_last(p) >= 1);
    assert_false(p->closed);
    puppet_free(p);
}

static void files_wait_for_a_quiet_history(void **state)
{
    (void)state;
    struct puppet_request store, wish;
    struct oid id = {{4}};
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_heads(p, true, "bob", NULL, 0);
    puppet_say_items(p, 1, 100);
    assert_true(puppet_take(p, FX_STORE, &store));
    puppet_wanted(p, 0, 5);
    assert_false(puppet_take(p, FX_WISH, &wish));
    puppet_stored(p, &store, ST_OK, &id);
    assert_true(puppet_take(p, FX_WISH, &wish));
    assert_int_equal(wish.lane, SEALED_FILES);
    puppet_free(p);
}

static void a_vault_that_does_not_answer_is_asked_again_later(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_wanted(p, 3, 0);
    assert_true(puppet_take(p, FX_WISH, &r));
    struct core_event e = {
        .kind = CORE_WISHES, .link = p->link, .request = r.request, .status = ST_IO};
    assert_int_equal(puppet_step(p, &e), ST_OK);
    assert_false(p->closed);
    assert_false(puppet_take(p, FX_WISH, &r));
    puppet_tick(p, 25000);
    assert_false(puppet_take(p, FX_WISH, &r));
    puppet_tick(p, 5000);
    assert_true(puppet_take(p, FX_WISH, &r));
    puppet_free(p);
}

static void a_partner_is_not_asked(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_new();
    p->bob_role = CORE_PARTNER;
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_hello(p);
    puppet_say_charter(p, 1);
    puppet_wanted(p, 5, 5);
    puppet_tick(p, 40000);
    assert_false(puppet_take(p, FX_WISH, &r));
    assert_int_equal(p->said[MESSAGE_KEPT], 0);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 1, 3);
    assert_false(puppet_take(p, FX_GIVE, &r)); /* and is given nothing, without a look */
    assert_int_equal(p->last->kind, MESSAGE_SEALED_GONE);
    assert_int_equal(p->last->sealed_gone.name_count, 3);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_items_are_kept_and_acknowledged),
        cmocka_unit_test(nothing_is_asked_where_nothing_is_wanted),
        cmocka_unit_test(what_was_not_asked_for_ends_the_link),
        cmocka_unit_test(gone_of_what_was_not_asked_for_ends_the_link),
        cmocka_unit_test(an_item_has_one_total),
        cmocka_unit_test(what_its_name_does_not_fit_ends_the_link),
        cmocka_unit_test(what_is_wanted_no_more_is_nobodys_fault),
        cmocka_unit_test(forged_kept_changes_nothing),
        cmocka_unit_test(the_window_follows_the_line),
        cmocka_unit_test(files_wait_for_a_quiet_history),
        cmocka_unit_test(a_partner_is_not_asked),
        cmocka_unit_test(a_vault_that_does_not_answer_is_asked_again_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
