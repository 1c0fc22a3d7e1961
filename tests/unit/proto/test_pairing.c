/* pairing: both sides of an invitation, as stories, and its machine alone. */
#include "offices.h"

#include "proto/pairing.h"

static const uint8_t good_secret[KEY_BYTES] = {1, 2, 3};

/* Alice has a network of her own and one open invitation; dora is not a member yet. */
static struct world *world_with_invitation(uint64_t seed)
{
    struct world *w = world_new(seed, 1);
    struct office *alice = &w->offices[0];
    alice->invites = true;
    alice->invitation =
        (struct core_invitation){.id = BYTES("invitation-1"), .label = BYTES("dora")};
    memcpy(alice->invitation.secret, good_secret, KEY_BYTES);
    office_up(w, 0);
    return w;
}

static void tell_invitations(struct world *w)
{
    struct core_event e = {
        .kind = CORE_INVITATIONS, .invitations = &w->offices[0].invitation, .invitation_count = 1};
    office_step(w, 0, &e);
}

static int joiner_up(struct world *w, const char *name, const uint8_t *secret, const char *id)
{
    int who = office_new(w, name);
    struct office *o = &w->offices[who];
    struct core_options options = {
        .network = {{7}},
        .identity = o->secret,
        .agent = "test",
        .listen_address = "127.0.0.1:99",
        .entropy = world_random,
        .entropy_context = w,
        .join = {.wanted = true,
                 .address = "alice:1",
                 .inviter = w->offices[0].key,
                 .invitation = bytes_of_text(id)},
    };
    memcpy(options.join.secret, secret, KEY_BYTES);
    assert_int_equal(core_create(&options, &o->core), ST_OK);
    o->up = true;
    struct core_event e = {.kind = CORE_START};
    office_step(w, who, &e);
    return who;
}

static void a_newcomer_joins_and_takes_part(void **state)
{
    (void)state;
    struct world *w = world_with_invitation(1);
    struct oid id = world_write(w, 0, "history");
    int dora = joiner_up(w, "dora", good_secret, "invitation-1");
    world_run(w, 1000);
    struct office *o = &w->offices[dora];
    assert_true(o->joined);
    assert_string_equal(o->label, "dora");
    assert_int_equal(o->version, 2);
    assert_int_equal(o->last_close, ST_OK);
    assert_true(w->offices[0].invitation.used);
    assert_memory_equal(w->offices[0].invitation.used_by.id, o->key.id, KEY_BYTES);
    assert_int_equal(o->connects, 1);
    world_run(w, 60000);
    assert_int_equal(o->connects, 1); /* joined once is joined */
    office_down(w, dora);
    office_up(w, dora); /* now as a member */
    world_run(w, 3000);
    assert_true(office_has(o, &id));
    world_free(w);
}

static void a_wrong_secret_gets_no_answer(void **state)
{
    (void)state;
    struct world *w = world_with_invitation(2);
    const uint8_t wrong[KEY_BYTES] = {9};
    int dora = joiner_up(w, "dora", wrong, "invitation-1");
    world_run(w, 30000);
    assert_false(w->offices[dora].joined);
    assert_false(w->offices[0].invitation.used);
    assert_int_equal(w->offices[0].last_close, ST_BAD_MAC);
    assert_int_equal(w->offices[dora].last_close, ST_NOT_FOUND);
    assert_int_equal(w->offices[dora].connects, 3);
    world_free(w);
}

static void an_unknown_invitation_gets_no_answer(void **state)
{
    (void)state;
    struct world *w = world_with_invitation(3);
    int dora = joiner_up(w, "dora", good_secret, "invitation-2");
    world_run(w, 30000);
    assert_false(w->offices[dora].joined);
    assert_int_equal(w->offices[0].last_close, ST_NOT_FOUND);
    assert_int_equal(w->offices[dora].last_close, ST_NOT_FOUND);
    world_free(w);
}

static void an_expired_invitation_is_named(void **state)
{
    (void)state;
    struct world *w = world_with_invitation(4);
    w->offices[0].invitation.expired = true;
    tell_invitations(w);
    int dora = joiner_up(w, "dora", good_secret, "invitation-1");
    world_run(w, 10000);
    assert_false(w->offices[dora].joined);
    assert_int_equal(w->offices[dora].last_close, ST_EXPIRED);
    assert_int_equal(w->offices[dora].connects, 1); /* an answer is final */
    world_free(w);
}

static void a_used_invitation_admits_its_key_alone(void **state)
{
    (void)state;
    struct world *w = world_with_invitation(5);
    int dora = joiner_up(w, "dora", good_secret, "invitation-1");
    world_run(w, 1000);
    assert_true(w->offices[dora].joined);
    int other = joiner_up(w, "other", good_secret, "invitation-1");
    world_run(w, 10000);
    assert_false(w->offices[other].joined);
    assert_int_equal(w->offices[other].last_close, ST_USED);
    w->offices[0].invitation.expired = true; /* nor does time matter to who is admitted */
    tell_invitations(w);
    office_down(w, dora);
    w->offices[dora].name = "gone";
    w->offices[dora].joined = false;
    int again = joiner_up(w, "dora", good_secret, "invitation-1"); /* the same key */
    assert_memory_equal(w->offices[again].key.id, w->offices[dora].key.id, KEY_BYTES);
    world_run(w, 1000);
    assert_true(w->offices[again].joined);
    assert_int_equal(w->versions, 2);
    world_free(w);
}

static void an_inviter_that_is_away_is_tried_again(void **state)
{
    (void)state;
    struct world *w = world_with_invitation(6);
    office_down(w, 0);
    int dora = joiner_up(w, "dora", good_secret, "invitation-1");
    world_run(w, 20000);
    assert_true(w->offices[dora].connects > 3 && w->offices[dora].connects < 12);
    office_up(w, 0);
    world_run(w, 10000);
    assert_true(w->offices[dora].joined);
    world_free(w);
}

static void a_joiner_that_is_cut_off_joins_later(void **state)
{
    (void)state;
    for (uint64_t turns = 1; turns < 40; turns++) {
        struct world *w = world_with_invitation(100 + turns);
        int dora = joiner_up(w, "dora", good_secret, "invitation-1");
        (void)world_turns(w, w->now_ms, turns);
        world_cut(w, 0, dora, true);
        world_run(w, 300);
        world_cut(w, 0, dora, false);
        world_run(w, 30000);
        assert_true(w->offices[dora].joined);
        assert_int_equal(w->versions, 2);
        world_free(w);
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    uint32_t failures = 0;
    for (uint64_t step = 3; step <= 20; step++) {
        for (uint64_t at = 1; at <= 4; at++) {
            struct world *w = world_with_invitation(step);
            w->fail_step = w->steps + step;
            w->fail_at = at;
            int dora = joiner_up(w, "dora", good_secret, "invitation-1");
            world_run(w, 60000);
            failures += w->failed;
            assert_true(w->offices[dora].joined || w->failed);
            assert_false(w->offices[dora].joined && w->versions != 2);
            world_free(w);
        }
    }
    assert_true(failures > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newcomer_joins_and_takes_part),
        cmocka_unit_test(a_wrong_secret_gets_no_answer),
        cmocka_unit_test(an_unknown_invitation_gets_no_answer),
        cmocka_unit_test(an_expired_invitation_is_named),
        cmocka_unit_test(a_used_invitation_admits_its_key_alone),
        cmocka_unit_test(an_inviter_that_is_away_is_tried_again),
        cmocka_unit_test(a_joiner_that_is_cut_off_joins_later),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
