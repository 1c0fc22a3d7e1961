/* core: stories of whole members that meet. */
#include "offices.h"

static void write_many(struct world *w, int who, int count, const char *word)
{
    char text[400];
    for (int i = 0; i < count; i++) {
        int length = snprintf(text, sizeof(text), "%s %d ", word, i);
        while (length < 300 && w->seed % 2 == 0)
            text[length++] = (char)('a' + world_draw(w, 26));
        text[length] = '\0';
        world_write(w, who, text);
    }
}

static int open_pipes(const struct world *w)
{
    int count = 0;
    for (int i = 0; i < PIPES_MAX; i++)
        count += w->pipes[i].used;
    return count;
}

static void two_members_exchange_one_commit(void **state)
{
    (void)state;
    struct world *w = world_new(1, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 2000);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    assert_int_equal(office_peer(w, 1, "alice").state, CORE_LINK_ACTIVE);
    assert_true(office_logged(w, 0, "event=link_up peer=bob"));
    struct oid id = world_write(w, 0, "hello");
    assert_false(office_peer(w, 0, "bob").durable);
    uint64_t sent = w->offices[0].bytes_sent + w->offices[1].bytes_sent;
    world_run(w, 0); /* no time passes: the push is immediate */
    assert_true(office_has(&w->offices[1], &id));
    assert_true(office_peer(w, 0, "bob").durable);
    assert_true(office_peer(w, 1, "alice").durable);
    assert_int_equal(w->offices[1].items_in, 1);
    assert_int_equal(w->offices[0].items_in, 0);
    assert_true(w->offices[0].bytes_sent + w->offices[1].bytes_sent - sent < 300);
    world_run(w, 20000);
    assert_int_equal(w->offices[0].loads + w->offices[1].loads, 0); /* a push needs none */
    world_free(w);
}

static void each_answers_the_others_writes(void **state)
{
    (void)state;
    struct world *w = world_new(2, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 2000);
    for (int i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof(text), "turn %d", i);
        world_write(w, i % 2, text);
        world_write(w, (i + 1) % 2, text);
        if (i % 3 == 0)
            world_turn(w);
    }
    world_run(w, 1000);
    assert_true(offices_agree(w, 0, 1));
    assert_int_equal(w->offices[0].commit_count, 200);
    assert_int_equal(w->offices[0].items_in + w->offices[1].items_in, 200); /* each went once */
    world_free(w);
}

static void a_third_office_relays(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world *w = world_new(seed, 3);
        world_cut(w, 0, 2, true);
        for (int i = 0; i < 3; i++)
            office_up(w, i);
        world_run(w, 3000);
        struct oid there = world_write(w, 0, "from alice");
        world_run(w, 0);
        assert_true(office_has(&w->offices[2], &there));
        struct oid back = world_write(w, 2, "from carol");
        world_run(w, 0);
        assert_true(office_has(&w->offices[0], &back));
        assert_int_equal(office_peer(w, 0, "carol").state, CORE_LINK_WAITING);
        world_free(w);
    }
}

static void both_diverged(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct world *w = world_new(seed, 2);
        office_up(w, 0);
        office_up(w, 1);
        write_many(w, 0, 100, "common");
        world_run(w, 5000);
        assert_true(offices_agree(w, 0, 1));
        world_cut(w, 0, 1, true);
        world_run(w, 1000);
        write_many(w, 0, 200, "alice's");
        write_many(w, 1, 150, "bob's");
        world_run(w, 1000);
        assert_false(office_peer(w, 0, "bob").durable);
        uint32_t before = w->offices[0].items_in + w->offices[1].items_in;
        world_cut(w, 0, 1, false);
        world_run(w, 70000);
        assert_true(offices_agree(w, 0, 1));
        assert_int_equal(w->offices[0].commit_count, 450);
        uint32_t moved = w->offices[0].items_in + w->offices[1].items_in - before;
        assert_true(moved >= 350 && moved <= 350 + 2 * 100);
        assert_true(office_peer(w, 0, "bob").durable);
        assert_true(office_peer(w, 1, "alice").durable);
        world_free(w);
    }
}

static void a_cut_link_goes_on_where_it_stopped(void **state)
{
    (void)state;
    for (uint64_t seed = 2; seed <= 8; seed += 2) { /* even: long texts that do not compress */
        struct world *w = world_new(seed, 2);
        write_many(w, 0, 2000, "much");
        w->offices[1].chunk = 500;
        office_up(w, 0);
        office_up(w, 1);
        uint32_t durable = 0, cuts = 0;
        while (w->offices[1].commit_count < 2000) {
            while (office_peer(w, 0, "bob").state != CORE_LINK_ACTIVE)
                (void)world_turns(w, w->now_ms + 5000, 1);
            (void)world_turns(w, w->now_ms, 300);
            assert_true(w->offices[1].commit_count >= durable); /* never from the start */
            durable = w->offices[1].commit_count;
            cuts++;
            assert_true(cuts < 100);
            world_cut(w, 0, 1, true);
            world_run(w, 10);
            world_cut(w, 0, 1, false);
        }
        world_run(w, 10000);
        assert_true(offices_agree(w, 0, 1));
        assert_true(cuts > 3);
        assert_true(w->offices[1].items_in < 2000 + cuts * BATCH_ITEMS_MAX);
        assert_true(office_peer(w, 0, "bob").durable);
        world_free(w);
    }
}

static void a_newcomer_is_sent_everything_once(void **state)
{
    (void)state;
    struct world *w = world_new(4, 5);
    for (int i = 0; i < 4; i++)
        office_up(w, i);
    world_run(w, 3000);
    write_many(w, 0, 600, "old");
    world_run(w, 3000);
    assert_true(offices_agree(w, 0, 3));
    office_up(w, 4);
    world_run(w, 20000);
    assert_true(offices_agree(w, 0, 4));
    assert_true(w->offices[4].items_in < 2 * 600); /* not from all four */
    for (int i = 0; i < 4; i++)
        assert_true(office_peer(w, i, "frank").durable);
    world_free(w);
}

static void a_stranger_is_told_nothing(void **state)
{
    (void)state;
    struct world *w = world_new(5, 2);
    int mallory = office_new(w, "mallory");
    w->offices[mallory].version = 1;
    write_many(w, 0, 20, "private");
    office_up(w, 0);
    office_up(w, mallory); /* has somehow got the charter, and so alice's key */
    world_run(w, 3000);
    assert_int_equal(office_peer(w, mallory, "alice").state, CORE_LINK_WAITING);
    assert_int_equal(office_peer(w, mallory, "alice").last_error, ST_NOT_MEMBER);
    assert_int_equal(w->offices[mallory].items_in, 0);
    assert_int_equal(w->offices[mallory].task_count, 0);
    assert_int_equal(w->offices[0].last_close, ST_NOT_MEMBER);
    world_free(w);
}

static void a_new_member_carries_the_charter(void **state)
{
    (void)state;
    struct world *w = world_new(6, 2); /* alice and bob know version 1 */
    int carol = office_new(w, "carol");
    world_admit(w, "carol", &w->offices[carol].key);
    w->offices[carol].version = 2;
    office_up(w, 1);
    office_up(w, carol);
    world_run(w, 10000);
    assert_int_equal(w->offices[1].version, 2);
    assert_int_equal(office_peer(w, carol, "bob").state, CORE_LINK_ACTIVE);
    struct oid id = world_write(w, carol, "first");
    world_run(w, 0);
    assert_true(office_has(&w->offices[1], &id));
    office_up(w, 0); /* bob or carol tells alice in turn */
    world_run(w, 10000);
    assert_int_equal(w->offices[0].version, 2);
    assert_true(office_has(&w->offices[0], &id));
    world_free(w);
}

static void a_charter_that_grows_travels_at_once(void **state)
{
    (void)state;
    struct world *w = world_new(7, 3);
    for (int i = 0; i < 3; i++)
        office_up(w, i);
    world_run(w, 3000);
    int dora = office_new(w, "dora");
    world_admit(w, "dora", &w->offices[dora].key);
    w->offices[1].version = 2;
    office_tell_charter(w, 1, 0, ST_OK);
    world_run(w, 100);
    assert_int_equal(w->offices[0].version, 2);
    assert_int_equal(w->offices[2].version, 2);
    world_free(w);
}

static void garbage_closes_the_link(void **state)
{
    (void)state;
    struct world *w = world_new(8, 2);
    uint8_t noise[400];
    office_up(w, 0);
    for (uint32_t i = 0; i < 50; i++) {
        struct pipe *p = pipe_open(w, -1, i + 1, 0);
        struct core_event e = {
            .kind = CORE_ACCEPTED, .link = p->ends[1].link, .text = "203.0.113.9"};
        w->now_ms += 200;
        office_step(w, 0, &e);
        world_random(w, noise, sizeof(noise));
        noise[0] = (uint8_t)(i % 4);
        noise[1] = 0;
        buf_add(&p->ends[1].inbox, noise, 1 + i * 7);
        p->ends[0].closed = true;
    }
    world_run(w, HANDSHAKE_MS + 1000); /* those that say too little end by time */
    assert_int_equal(w->offices[0].closes, 50);
    assert_int_equal(open_pipes(w), 0);
    struct oid id = world_write(w, 0, "alive");
    office_up(w, 1);
    world_run(w, 3000);
    assert_true(office_has(&w->offices[1], &id));
    world_free(w);
}

static void silent_connections_are_few_and_short(void **state)
{
    (void)state;
    struct world *w = world_new(9, 2);
    office_up(w, 0);
    for (uint32_t i = 0; i < 10000; i++) {
        char address[32];
        snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250);
        struct core_event e = {.kind = CORE_ACCEPTED, .link = 0x90000000u + i, .text = address};
        office_step(w, 0, &e);
    }
    assert_int_equal(w->offices[0].closes, 10000 - HALF_OPEN_MAX);
    world_run(w, HANDSHAKE_MS);
    assert_int_equal(w->offices[0].closes, 10000);
    for (uint32_t i = 0; i < 1000; i++) { /* one address alone is cut off earlier */
        struct core_event e = {
            .kind = CORE_ACCEPTED, .link = 0xa0000000u + i, .text = "198.51.100.1"};
        office_step(w, 0, &e);
    }
    assert_int_equal(w->offices[0].last_close, ST_TOO_LARGE);
    office_up(w, 1);
    world_run(w, 3000);
    assert_int_equal(office_peer(w, 1, "alice").state, CORE_LINK_ACTIVE);
    world_free(w);
}

static void a_refused_commit_closes_that_link_only(void **state)
{
    (void)state;
    struct world *w = world_new(10, 3);
    for (int i = 0; i < 3; i++)
        office_up(w, i);
    world_run(w, 3000);
    w->offices[2].refuse = ST_WRONG_ROOT;
    struct oid id = world_write(w, 0, "odd");
    world_run(w, 30000);
    assert_true(office_has(&w->offices[1], &id));
    assert_false(office_has(&w->offices[2], &id));
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    assert_int_not_equal(office_peer(w, 0, "carol").state, CORE_LINK_ACTIVE);
    assert_int_equal(office_peer(w, 0, "carol").last_error, ST_WRONG_ROOT);
    assert_false(office_peer(w, 0, "carol").durable);
    assert_true(w->offices[2].items_in < 40); /* tried again ever more rarely */
    uint32_t tried = w->offices[2].items_in;
    world_run(w, 30000);
    assert_true(w->offices[2].items_in - tried < 8);
    w->offices[2].refuse = ST_OK;
    world_run(w, 2 * BACKOFF_MS_MAX);
    assert_true(office_has(&w->offices[2], &id));
    world_free(w);
}

static void duplicates_end_without_flapping(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world *w = world_new(seed, 5);
        for (int i = 0; i < 5; i++)
            office_up(w, i); /* all dial all at once */
        world_run(w, 10000);
        assert_int_equal(open_pipes(w), 10);
        uint32_t connects = 0;
        for (int i = 0; i < 5; i++)
            connects += w->offices[i].connects;
        world_run(w, 120000);
        for (int i = 0; i < 5; i++) {
            connects -= w->offices[i].connects;
            for (int n = 0; n < 5; n++) {
                if (n != i)
                    assert_int_equal(office_peer(w, i, w->offices[n].label).state,
                                     CORE_LINK_ACTIVE);
            }
        }
        assert_int_equal(connects, 0);
        assert_int_equal(open_pipes(w), 10);
        world_free(w);
    }
}

static void a_restarted_member_is_found_again(void **state)
{
    (void)state;
    struct world *w = world_new(12, 3);
    for (int i = 0; i < 3; i++)
        office_up(w, i);
    world_run(w, 3000);
    office_down(w, 1);
    struct oid id = world_write(w, 0, "meanwhile");
    world_run(w, 200000);
    office_up(w, 1);
    world_run(w, 5000); /* it dials itself: nobody's back-off is waited for */
    assert_true(office_has(&w->offices[1], &id));
    world_free(w);
}

static void a_silent_transport_is_noticed(void **state)
{
    (void)state;
    struct world *w = world_new(13, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 3000);
    w->offices[1].up = false; /* the machine is off: no CLOSED ever comes */
    world_run(w, STALL_MS + PING_MS);
    assert_int_equal(w->offices[0].last_close, ST_STALLED);
    assert_true(office_logged(w, 0, "event=link_down peer=bob reason=stalled"));
    w->offices[1].up = true;
    world_free(w);
}

static void a_quiet_link_lives_and_is_rekeyed(void **state)
{
    (void)state;
    struct world *w = world_new(14, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 3000);
    uint32_t before = w->offices[0].connects + w->offices[1].connects;
    world_run(w, 50 * 60 * 1000);
    assert_int_equal(w->offices[0].connects + w->offices[1].connects, before);
    world_run(w, 20 * 60 * 1000); /* an hour is over: a fresh handshake, at once */
    assert_int_equal(w->offices[0].connects + w->offices[1].connects, before + 1);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    assert_int_equal(office_peer(w, 0, "bob").last_error, ST_OK);
    world_free(w);
}

static void a_slow_line_holds_back_the_sender(void **state)
{
    (void)state;
    struct world *w = world_new(16, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 3000);
    for (int i = 0; i < PIPES_MAX; i++) {
        for (int side = 0; side < 2 && w->pipes[i].used; side++) {
            struct core_event e = {
                .kind = CORE_WRITTEN, .link = w->pipes[i].ends[side].link, .unsent_bytes = 2 * MIB};
            if (w->pipes[i].ends[side].office == 0)
                office_step(w, 0, &e);
        }
    }
    write_many(w, 0, 50, "held");
    world_run(w, 1000);
    assert_int_equal(w->offices[1].commit_count, 0);
    for (int i = 0; i < PIPES_MAX; i++) {
        for (int side = 0; side < 2 && w->pipes[i].used; side++) {
            struct core_event e = {.kind = CORE_WRITTEN, .link = w->pipes[i].ends[side].link};
            if (w->pipes[i].ends[side].office == 0)
                office_step(w, 0, &e);
        }
    }
    world_run(w, 0);
    assert_true(offices_agree(w, 0, 1));
    world_free(w);
}

static void a_slow_disk_fills_the_window_and_no_more(void **state)
{
    (void)state;
    struct world *w = world_new(18, 2);
    office_up(w, 0);
    office_up(w, 1);
    world_run(w, 3000);
    w->offices[1].slow = true;
    uint64_t sent = w->offices[0].bytes_sent;
    write_many(w, 0, 2900, "flood");
    world_run(w, 10000);
    assert_int_equal(w->offices[1].commit_count, 0);
    uint32_t waiting = 0;
    for (uint32_t i = 0; i < w->offices[1].task_count; i++) {
        struct task *t = &w->offices[1].tasks[(w->offices[1].task_first + i) % TASKS_MAX];
        waiting += t->kind == FX_STORE ? t->count : 0;
    }
    assert_true(waiting <= WINDOW_ITEMS);
    assert_true(w->offices[0].bytes_sent - sent < WINDOW_BYTES);
    assert_false(office_peer(w, 0, "bob").durable);
    w->offices[1].slow = false;
    world_run(w, 10000);
    assert_true(offices_agree(w, 0, 1));
    assert_true(office_peer(w, 0, "bob").durable);
    world_free(w);
}

static void a_person_asks_for_a_sync(void **state)
{
    (void)state;
    struct world *w = world_new(19, 2);
    office_up(w, 0);
    world_run(w, 300000);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_WAITING);
    w->offices[1].version = 1;
    office_up(w, 1);
    world_cut(w, 0, 1, true);
    world_run(w, 100000);
    world_cut(w, 0, 1, false);
    struct core_event e = {.kind = CORE_SYNC, .label = BYTES("bob")};
    office_step(w, 0, &e);
    world_run(w, 100);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    e = (struct core_event){.kind = CORE_SYNC};
    office_step(w, 0, &e);
    world_run(w, 100);
    assert_int_equal(office_peer(w, 0, "bob").state, CORE_LINK_ACTIVE);
    world_free(w);
}

/* Everything at once, several times: the same seed gives the same effects, byte for byte. */
static void stormy_weather(struct world *w)
{
    for (int i = 0; i < 4; i++) {
        w->offices[i].heads_first = world_draw(w, 2) != 0;
        office_up(w, i);
    }
    for (int day = 0; day < 12; day++) {
        int a = (int)world_draw(w, 4), b = (int)world_draw(w, 4);
        if (a != b)
            world_cut(w, a, b, world_draw(w, 2) != 0);
        if (world_draw(w, 4) == 0 && w->offices[a].up)
            office_down(w, a);
        for (int i = 0; i < 4; i++) {
            if (!w->offices[i].up && world_draw(w, 2) == 0)
                office_up(w, i);
            if (world_draw(w, 2) == 0 && w->offices[i].up)
                write_many(w, i, (int)world_draw(w, 20), "storm");
        }
        world_run(w, world_draw(w, 4000));
    }
    for (int i = 0; i < 4; i++) {
        for (int n = 0; n < 4; n++)
            world_cut(w, i, n, false);
        if (!w->offices[i].up)
            office_up(w, i);
    }
    world_run(w, 2 * BACKOFF_MS_MAX);
}

static void all_agree_after_any_storm(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint8_t trace[2][32];
        for (int run = 0; run < 2; run++) {
            struct world *w = world_new(seed, 4);
            stormy_weather(w);
            for (int i = 0; i < 4; i++) {
                assert_true(offices_agree(w, 0, i));
                for (int n = 0; n < 4; n++) {
                    if (i != n)
                        assert_true(office_peer(w, i, w->offices[n].label).durable);
                }
            }
            memcpy(trace[run], w->trace, sizeof(trace[run]));
            world_free(w);
            if (seed > 5)
                break; /* to repeat some is enough */
        }
        if (seed <= 5)
            assert_memory_equal(trace[0], trace[1], sizeof(trace[0]));
    }
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    uint32_t failures = 0;
    for (uint64_t step = 1; step <= 60; step++) {
        for (uint64_t at = 1; at <= 4; at++) {
            struct world *w = world_new(step, 2);
            struct oid old = world_write(w, 0, "old");
            w->fail_step = step;
            w->fail_at = at;
            office_up(w, 0);
            office_up(w, 1);
            struct core_event e;
            for (int i = 0; i < 2 && step <= 8; i++) { /* a shell tells again what failed */
                office_tell_charter(w, i, 0, ST_OK);
                office_tell_heads(w, i);
                e = (struct core_event){.kind = CORE_START};
                office_step(w, i, &e);
            }
            world_run(w, 3000);
            struct oid new = world_write(w, 1, "new");
            world_run(w, 20000);
            assert_true(office_has(&w->offices[1], &old));
            assert_true(office_has(&w->offices[0], &new));
            failures += w->failed;
            world_free(w);
        }
    }
    assert_true(failures > 50);
}

static void creation_may_fail(void **state)
{
    (void)state;
    struct world *w = world_new(1, 1);
    const struct core_options options = {
        .identity = w->offices[0].secret,
        .entropy = world_random,
        .entropy_context = w,
    };
    uint64_t n = 0;
    for (bool failed = true; failed;) {
        struct core *core = NULL;
        mem_fail_at(++n);
        enum status status = core_create(&options, &core);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        core_free(core);
    }
    assert_true(n > 3);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_members_exchange_one_commit),
        cmocka_unit_test(each_answers_the_others_writes),
        cmocka_unit_test(a_third_office_relays),
        cmocka_unit_test(both_diverged),
        cmocka_unit_test(a_cut_link_goes_on_where_it_stopped),
        cmocka_unit_test(a_newcomer_is_sent_everything_once),
        cmocka_unit_test(a_stranger_is_told_nothing),
        cmocka_unit_test(a_new_member_carries_the_charter),
        cmocka_unit_test(a_charter_that_grows_travels_at_once),
        cmocka_unit_test(garbage_closes_the_link),
        cmocka_unit_test(silent_connections_are_few_and_short),
        cmocka_unit_test(a_refused_commit_closes_that_link_only),
        cmocka_unit_test(duplicates_end_without_flapping),
        cmocka_unit_test(a_restarted_member_is_found_again),
        cmocka_unit_test(a_silent_transport_is_noticed),
        cmocka_unit_test(a_quiet_link_lives_and_is_rekeyed),
        cmocka_unit_test(a_slow_line_holds_back_the_sender),
        cmocka_unit_test(a_slow_disk_fills_the_window_and_no_more),
        cmocka_unit_test(a_person_asks_for_a_sync),
        cmocka_unit_test(all_agree_after_any_storm),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(creation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
