/* gossip: whom a core dials, when again, and which links it keeps. */
#include "offices.h"

#include "proto/gossip.h"

static void tell_peers(struct world *w, int who, const char *const *addresses, uint32_t count)
{
    struct core_event e = {.kind = CORE_PEERS, .addresses = addresses, .address_count = count};
    office_step(w, who, &e);
}

static void a_few_are_dialled_and_all_are_connected(void **state)
{
    (void)state;
    struct world *w = world_new(1, 6);
    for (int i = 0; i < 6; i++)
        office_up(w, i);
    world_run(w, 20000);
    struct oid id = world_write(w, 3, "to all");
    world_run(w, 100);
    for (int i = 0; i < 6; i++) {
        uint32_t active = 0;
        struct core_peer peer;
        for (uint32_t n = 0; core_peer(w->offices[i].core, n, &peer); n++)
            active += peer.state == CORE_LINK_ACTIVE;
        assert_true(active >= LINKS_ACTIVE_DEFAULT - 1);
        assert_true(office_has(&w->offices[i], &id));
    }
    world_free(w);
}

/* Two groups that were long apart, each with all the links that it wants, find each other again. */
static void halves_that_are_content_still_meet(void **state)
{
    (void)state;
    struct world *w = world_new(9, 6);
    for (int i = 0; i < 6; i++) {
        w->offices[i].links_active = 2;
        office_up(w, i);
    }
    for (int a = 0; a < 3; a++)
        for (int b = 3; b < 6; b++)
            world_cut(w, a, b, true);
    world_run(w, 4 * BACKOFF_MS_MAX);
    for (int a = 0; a < 3; a++)
        for (int b = 3; b < 6; b++)
            world_cut(w, a, b, false);
    struct oid id = world_write(w, 1, "to all");
    world_run(w, 2 * BACKOFF_MS_MAX);
    for (int i = 0; i < 6; i++)
        assert_true(office_has(&w->offices[i], &id));
    world_free(w);
}

static void peers_are_in_order_of_their_labels(void **state)
{
    (void)state;
    struct world *w = world_new(2, 4);
    office_up(w, 2);
    const char *const addresses[] = {"zoe=zoe:9", "nowhere:7", "not valid=x:1", "alice=alice:1"};
    tell_peers(w, 2, addresses, 4);
    static const char *const expected[] = {"alice", "bob", "eve", "", "zoe"};
    struct core_peer peer;
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(core_peer(w->offices[2].core, i, &peer));
        assert_string_equal(peer.label, expected[i]);
    }
    assert_false(core_peer(w->offices[2].core, 5, &peer));
    assert_true(office_logged(w, 2, "event=bad_address index=2"));
    world_free(w);
}

static void the_configuration_names_another_place(void **state)
{
    (void)state;
    struct world *w = world_new(3, 2);
    w->offices[1].name = "elsewhere"; /* where the charter does not know it */
    w->cut[1][0] = false;
    office_up(w, 1);
    office_up(w, 0);
    world_run(w, 2000);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE); /* bob dials alice */
    world_cut(w, 0, 1, true);
    office_down(w, 1);
    world_run(w, 1000);
    world_cut(w, 0, 1, false);
    const char *const addresses[] = {"bob=elsewhere:1"};
    tell_peers(w, 0, addresses, 1);
    office_up(w, 1);
    assert_string_equal(office_peer(w, 0, "bob").address, "elsewhere:1");
    uint32_t before = w->offices[0].connects;
    world_run(w, 70000);
    assert_true(w->offices[0].connects >= before);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    world_free(w);
}

static void an_absent_member_is_tried_ever_more_rarely(void **state)
{
    (void)state;
    struct world *w = world_new(4, 2);
    office_up(w, 0);
    world_run(w, 10000);
    uint32_t first = w->offices[0].connects;
    assert_true(first >= 4 && first <= 8);
    struct core_peer peer = office_peer(w, 0, "bob");
    assert_int_equal(peer.state, CORE_LINK_WAITING);
    assert_int_equal(peer.last_error, ST_UNREACHABLE);
    assert_true(peer.retry_ms > w->now_ms);
    world_run(w, 600000);
    uint32_t later = w->offices[0].connects - first;
    assert_true(later >= 600 / 60 && later <= 600 / 30 + 8); /* within the jitter */
    world_free(w);
}

static void the_waits_differ_from_seed_to_seed(void **state)
{
    (void)state;
    uint64_t retry[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct world *w = world_new(5 + seed, 2);
        office_up(w, 0);
        world_run(w, 60000);
        retry[seed] = office_peer(w, 0, "bob").retry_ms;
        world_free(w);
    }
    assert_true(retry[0] != retry[1]);
}

/* A key dialled twice at once, in each order of the handshakes: one link stays, the same on both
 * sides, and it is that of the smaller key. */
static void of_two_links_the_smaller_keys_stays(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct world *w = world_new(seed, 2);
        int smaller = memcmp(w->offices[0].key.id, w->offices[1].key.id, KEY_BYTES) < 0 ? 0 : 1;
        w->cut[0][1] = w->cut[1][0] = true;
        office_up(w, 0);
        office_up(w, 1);
        w->cut[0][1] = w->cut[1][0] = false;
        for (int i = 0; i < 2; i++) {
            struct core_event e = {.kind = CORE_SYNC};
            office_step(w, i, &e);
        }
        world_run(w, 10000);
        uint32_t open = 0;
        for (int i = 0; i < PIPES_MAX; i++) {
            if (!w->pipes[i].used)
                continue;
            open++;
            assert_int_equal(w->pipes[i].ends[0].office, smaller);
        }
        assert_int_equal(open, 1);
        assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
        assert_int_equal(office_peer(w, 1, "alice").state, CORE_LINK_ACTIVE);
        world_free(w);
    }
}

static void a_link_dead_on_one_side_gives_way(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++) {
        struct world *w = world_new(6, 2);
        office_up(w, 0);
        office_up(w, 1);
        world_run(w, 5000);
        /* One restarts, and the other never hears that the old link is gone. */
        for (int i = 0; i < PIPES_MAX; i++) {
            for (int side = 0; side < 2 && w->pipes[i].used; side++) {
                if (w->pipes[i].ends[side].office == who) {
                    w->pipes[i].ends[side].office = -1;
                    w->pipes[i].ends[side].closed = true;
                }
            }
        }
        office_down(w, who);
        office_up(w, who);
        world_run(w, STALL_MS + 10000);
        struct oid id = world_write(w, who, "after the restart");
        world_run(w, 1000);
        assert_true(office_has(&w->offices[1 - who], &id));
        world_free(w);
    }
}

static void a_member_that_is_removed_is_let_go(void **state)
{
    (void)state;
    struct world *w = world_new(7, 3);
    for (int i = 0; i < 3; i++)
        office_up(w, i);
    world_run(w, 5000);
    w->versions = 2;
    w->members_at[2] = 2; /* carol is out */
    w->offices[0].version = 2;
    office_tell_charter(w, 0, 0, ST_OK);
    world_run(w, 1000);
    struct core_peer peer;
    assert_true(core_peer(w->offices[0].core, 0, &peer));
    assert_string_equal(peer.label, "bob");
    assert_false(core_peer(w->offices[0].core, 1, &peer));
    assert_int_equal(w->offices[1].version, 2); /* and bob was told */
    struct oid id = world_write(w, 0, "without carol");
    world_run(w, 30000);
    assert_true(office_has(&w->offices[1], &id));
    assert_false(office_has(&w->offices[2], &id));
    world_free(w);
}

static void a_broken_event_changes_nothing(void **state)
{
    (void)state;
    struct world *w = world_new(8, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 3000);
    struct effects effects;
    struct core_member member = {"carol", {{2}}, "", CORE_OFFICE}; /* no point of the curve */
    struct bytes files[] = {BYTES("v1"), BYTES("v2")};
    struct core_event e = {.kind = CORE_CHARTER, .now_ms = w->now_ms};
    e.charter.version = 2;
    e.charter.members = &member;
    e.charter.member_count = 1;
    e.charter.files = files;
    assert_int_equal(core_step(w->offices[0].core, &e, &effects), ST_MALFORMED);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    e = (struct core_event){
        .kind = CORE_PEERS, .now_ms = w->now_ms, .address_count = GOSSIP_ADDRESSES_MAX + 1};
    assert_int_equal(core_step(w->offices[0].core, &e, &effects), ST_TOO_LARGE);
    e = (struct core_event){
        .kind = CORE_INVITATIONS, .now_ms = w->now_ms, .invitation_count = INVITATIONS_MAX + 1};
    assert_int_equal(core_step(w->offices[0].core, &e, &effects), ST_TOO_LARGE);
    struct oid id = world_write(w, 0, "still here");
    world_run(w, 0);
    assert_true(office_has(&w->offices[1], &id));
    world_free(w);
}

static void a_removed_office_learns_why_and_dials_seldom(void **state)
{
    (void)state;
    for (int down = 0; down < 2; down++) { /* linked at that moment, or not */
        struct world *w = world_new(30, 3);
        for (int i = 0; i < 3; i++)
            office_up(w, i);
        world_run(w, 5000);
        if (down == 1)
            office_down(w, 2);
        w->members_at[++w->versions] = 2;
        w->retired[0] = w->offices[2].key;
        w->retired_count = 1;
        w->offices[0].version = 2;
        office_tell_charter(w, 0, 0, ST_OK);
        world_run(w, 5000);
        if (down == 1)
            office_up(w, 2);
        world_run(w, 5000);
        assert_int_equal(w->offices[1].version, 2);
        assert_int_equal(w->offices[2].version, 2); /* with the proof of it */
        assert_int_equal(office_peer(w, 2, "alice").last_error, ST_RETIRED);
        struct oid after = world_write(w, 0, "not for carol");
        world_write(w, 2, "nor from carol");
        uint32_t connects = w->offices[2].connects, stores = w->offices[0].stores;
        world_run(w, 30 * 60 * 1000);
        assert_false(office_has(&w->offices[2], &after));
        assert_int_equal(w->offices[0].stores, stores);
        assert_true(w->offices[2].connects - connects < 200); /* a minute apart, two members */
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_are_dialled_and_all_are_connected),
        cmocka_unit_test(halves_that_are_content_still_meet),
        cmocka_unit_test(peers_are_in_order_of_their_labels),
        cmocka_unit_test(the_configuration_names_another_place),
        cmocka_unit_test(an_absent_member_is_tried_ever_more_rarely),
        cmocka_unit_test(the_waits_differ_from_seed_to_seed),
        cmocka_unit_test(of_two_links_the_smaller_keys_stays),
        cmocka_unit_test(a_link_dead_on_one_side_gives_way),
        cmocka_unit_test(a_member_that_is_removed_is_let_go),
        cmocka_unit_test(a_broken_event_changes_nothing),
        cmocka_unit_test(a_removed_office_learns_why_and_dials_seldom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
