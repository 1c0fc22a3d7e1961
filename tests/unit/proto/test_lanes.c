/* lanes: sealed items between offices: who gets them, how soon, what a cut costs. */
#include "offices.h"

static struct world *open_all(uint64_t seed, int count)
{
    struct world *w = world_new(seed, count);
    for (int i = 0; i < count; i++)
        office_up(w, i);
    world_run(w, 2000);
    return w;
}

static void assert_all_held(const struct world *w, int who)
{
    const struct office *o = &w->offices[who];
    for (uint32_t i = 0; i < o->vault_count; i++)
        assert_true(o->vault[i].held && !o->vault[i].wanted);
}

static void values_go_where_they_are_wanted(void **state)
{
    (void)state;
    struct world *w = open_all(1, 2);
    uint64_t before = w->offices[0].bytes_sent;
    world_seal(w, 0, SEALED_VALUES, 0, 1500, 105);
    for (int i = 0; i < 50 && office_peer(w, 0, "bob").waiting_sealed == 0; i++)
        world_turns(w, w->now_ms, 1);
    assert_int_equal(office_peer(w, 0, "bob").waiting_sealed, 1500);
    assert_false(office_peer(w, 0, "bob").durable);
    world_run(w, 3000);
    assert_all_held(w, 1);
    assert_true(office_peer(w, 0, "bob").durable);
    assert_int_equal(office_peer(w, 0, "bob").waiting_sealed, 0);
    assert_true(w->offices[0].bytes_sent - before < w->offices[1].kept_bytes * 4 / 3);
    world_free(w);
}

static void large_values_and_files_come_in_pieces(void **state)
{
    (void)state;
    struct world *w = open_all(2, 2);
    world_seal(w, 0, SEALED_VALUES, 0, 20, 33000);
    world_seal(w, 0, SEALED_FILES, 100, 60, 65600 - 64);
    uint64_t before = w->offices[0].bytes_sent;
    world_run(w, 10000);
    assert_all_held(w, 1);
    assert_true(w->offices[0].bytes_sent - before < w->offices[1].kept_bytes * 21 / 20);
    world_free(w);
}

static void items_pass_through_a_third_office(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world *w = world_new(seed, 3);
        w->cut[0][2] = w->cut[2][0] = true;
        for (int i = 0; i < 3; i++)
            office_up(w, i);
        world_run(w, 5000);
        world_seal(w, 0, SEALED_VALUES, 0, 300, 200);
        world_seal(w, 0, SEALED_FILES, 1000, 10, 65000);
        world_run(w, 5000); /* no sweep is needed for it */
        assert_all_held(w, 1);
        assert_all_held(w, 2);
        assert_true(office_peer(w, 1, "carol").durable);
        world_free(w);
    }
}

static void several_links_share_the_work(void **state)
{
    (void)state;
    struct world *w = open_all(3, 4);
    for (uint32_t n = 0; n < 200; n++) { /* three hold everything, one nothing */
        for (int who = 0; who < 4; who++) {
            struct sealed_fake *item = vault_add(&w->offices[who], n, SEALED_FILES, 40000 + n);
            item->held = who < 3;
            item->wanted = who == 3;
        }
    }
    uint64_t before = 0, after = 0;
    for (int i = 0; i < 3; i++)
        before += w->offices[i].bytes_sent;
    office_tell_wanted(w, 3);
    world_run(w, 20000);
    assert_all_held(w, 3);
    for (int i = 0; i < 3; i++)
        after += w->offices[i].bytes_sent;
    assert_true(after - before < w->offices[3].kept_bytes * 21 / 20); /* nothing came twice */
    world_free(w);
}

static void a_cut_costs_little(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world *w = open_all(seed, 2);
        uint64_t before = w->offices[0].bytes_sent;
        uint32_t cuts = 0;
        world_seal(w, 0, SEALED_FILES, 0, 40, 65000);
        for (uint64_t turns = 150 + seed * 7; vault_waiting(&w->offices[1], SEALED_FILES) > 0;) {
            world_turns(w, w->now_ms + 60000, turns);
            if (vault_waiting(&w->offices[1], SEALED_FILES) == 0)
                break;
            world_cut(w, 0, 1, true);
            world_run(w, 10);
            world_cut(w, 0, 1, false);
            assert_true(++cuts < 200);
        }
        assert_true(cuts > 1);
        uint64_t extra = w->offices[0].bytes_sent - before - w->offices[1].kept_bytes;
        assert_true(extra < w->offices[1].kept_bytes / 20 + cuts * (uint64_t)MIB / 4);
        world_run(w, 1000);
        assert_all_held(w, 1);
        world_free(w);
    }
}

static void partners_neither_ask_nor_are_asked(void **state)
{
    (void)state;
    struct world *w = world_new(4, 3);
    w->member_roles[2] = CORE_PARTNER;
    for (int i = 0; i < 3; i++)
        office_up(w, i);
    world_run(w, 2000);
    world_seal(w, 0, SEALED_VALUES, 0, 50, 200);
    for (uint32_t n = 0; n < 50; n++) /* should its shell be mistaken */
        vault_add(&w->offices[2], n, SEALED_VALUES, 200 + n % 64)->wanted = true;
    office_tell_wanted(w, 2);
    world_run(w, 60000);
    assert_all_held(w, 1);
    assert_int_equal(w->offices[2].wishes, 0);
    assert_int_equal(w->offices[2].keeps, 0);
    assert_true(office_peer(w, 0, "carol").durable); /* it waits for nothing that it may read */
    world_free(w);
}

static void what_nobody_has_is_asked_for_seldom(void **state)
{
    (void)state;
    struct world *w = open_all(5, 3);
    for (int who = 0; who < 3; who++) {
        for (uint32_t n = 0; n < 100; n++)
            vault_add(&w->offices[who], n, SEALED_VALUES, 200)->wanted = true;
        office_tell_wanted(w, who);
    }
    world_run(w, 10 * 60 * 1000);
    for (int who = 0; who < 3; who++) {
        assert_true(w->offices[who].wishes < 200);
        assert_true(w->offices[who].gives < 200);
        assert_false(office_peer(w, (who + 1) % 3, w->offices[who].label).durable);
    }
    struct sealed_fake *lost = vault_add(&w->offices[0], 7, SEALED_VALUES, 200);
    lost->held = true; /* from a bundle, say */
    lost->wanted = false;
    office_tell_wanted(w, 0);
    world_run(w, 61000);
    for (int who = 0; who < 3; who++)
        assert_int_equal(vault_waiting(&w->offices[who], SEALED_VALUES), 99);
    world_free(w);
}

static void values_come_before_files(void **state)
{
    (void)state;
    struct world *w = open_all(6, 2);
    world_seal(w, 0, SEALED_FILES, 0, 100, 65000);
    world_turns(w, w->now_ms + 1000, 200);
    uint64_t files = vault_waiting(&w->offices[1], SEALED_FILES);
    assert_true(files > 10);
    world_seal(w, 0, SEALED_VALUES, 1000, 5, 200);
    for (int i = 0; i < 400 && vault_waiting(&w->offices[1], SEALED_VALUES) > 0; i++)
        world_turns(w, w->now_ms + 1000, 1);
    assert_int_equal(vault_waiting(&w->offices[1], SEALED_VALUES), 0);
    assert_true(vault_waiting(&w->offices[1], SEALED_FILES) > files / 2);
    world_run(w, 20000);
    assert_all_held(w, 1);
    world_free(w);
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    uint32_t failures = 0;
    for (uint64_t at = 1; at <= 5; at++) {
        for (uint64_t step = 1; step <= 60; step++) {
            struct world *w = open_all(step, 2);
            w->fail_step = w->steps + 2 + step;
            w->fail_at = at;
            world_seal(w, 0, SEALED_VALUES, 0, 40, 20000);
            world_seal(w, 0, SEALED_FILES, 100, 2, 60000);
            world_run(w, 200000);
            assert_all_held(w, 1);
            failures += w->failed;
            world_free(w);
        }
    }
    assert_true(failures > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_where_they_are_wanted),
        cmocka_unit_test(large_values_and_files_come_in_pieces),
        cmocka_unit_test(items_pass_through_a_third_office),
        cmocka_unit_test(several_links_share_the_work),
        cmocka_unit_test(a_cut_costs_little),
        cmocka_unit_test(partners_neither_ask_nor_are_asked),
        cmocka_unit_test(what_nobody_has_is_asked_for_seldom),
        cmocka_unit_test(values_come_before_files),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
