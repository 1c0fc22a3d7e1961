/*
 * Rounds of what a replica does unasked: when they are due, and what a failing step stops.
 */
#include "tests/unit/replicas/members.h"

#include "replicas/tend.h"

enum { WAIT_MS = 1000 };

static void draw_nothing(void *context, void *out, size_t count)
{
    (void)context;
    memset(out, 0, count);
}

static uint64_t run(struct members *m, struct tend *t, struct one *o, uint64_t now_ms, bool *wrote)
{
    uint64_t next_ms;
    if (tend_run(t, o->replica, now_ms, &next_ms, wrote, &m->f) != ST_OK)
        fail_msg("%s", m->f.text);
    return next_ms;
}

static void nothing_to_do_has_no_next_time(void **state)
{
    struct members *m = *state;
    struct tend t;
    bool wrote;
    tend_init(&t, &(struct tend_options){.acknowledge_ms = WAIT_MS});
    assert_true(run(m, &t, &m->of[SANTIAGO], 5, &wrote) == UINT64_MAX);
    assert_false(wrote);
}

static void a_step_says_when(void **state)
{
    struct members *m = *state;
    struct tend t;
    bool wrote;
    tend_init(&t, &(struct tend_options){.acknowledge_ms = WAIT_MS, .entropy = draw_nothing});
    members_set(m, &m->of[IQUIQUE], 1, "a", "\"x\"");
    members_carry(m, &m->of[IQUIQUE], &m->of[SANTIAGO]);
    assert_int_equal(run(m, &t, &m->of[SANTIAGO], 5, &wrote), 5 + WAIT_MS);
    assert_int_equal(run(m, &t, &m->of[SANTIAGO], 900, &wrote), 5 + WAIT_MS);
    assert_false(wrote);
    assert_true(run(m, &t, &m->of[SANTIAGO], 5 + WAIT_MS, &wrote) == UINT64_MAX);
    assert_true(wrote);
}

/* Memory that fails ends the round and leaves the next one to do it. */
static void no_memory_is_told_and_tried_again(void **state)
{
    struct members *m = *state;
    struct tend t;
    bool done = false, wrote;
    uint64_t next_ms, now_ms = 5 + WAIT_MS;
    tend_init(&t, &(struct tend_options){.acknowledge_ms = WAIT_MS, .entropy = draw_nothing});
    members_set(m, &m->of[IQUIQUE], 1, "a", "\"x\"");
    members_carry(m, &m->of[IQUIQUE], &m->of[SANTIAGO]);
    run(m, &t, &m->of[SANTIAGO], 5, &wrote);
    for (uint64_t n = 1; !done; n++, now_ms += WAIT_MS) {
        mem_fail_at(n);
        enum status st = tend_run(&t, m->of[SANTIAGO].replica, now_ms, &next_ms, &wrote, &m->f);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
        assert_int_equal(wrote, done);
        assert_true(n < 10000);
        if (m->of[SANTIAGO].replica->failed) { /* in the journal already: it must open anew */
            replica_drop(m->of[SANTIAGO].replica);
            members_open(m, &m->of[SANTIAGO]);
            assert_true(n > 3);
            return;
        }
    }
    assert_true(wrote);
}

/* What another than this machine is at fault for is told, and stops nothing. */
static void trouble_is_named(void **state)
{
    struct members *m = *state;
    struct one *o = &m->of[SANTIAGO];
    struct tend t;
    bool wrote;
    tend_init(&t, &(struct tend_options){.acknowledge_ms = WAIT_MS, .entropy = draw_nothing});
    members_set(m, &m->of[IQUIQUE], 1, "a", "\"x\"");
    members_carry(m, &m->of[IQUIQUE], o);
    run(m, &t, o, 0, &wrote);
    o->replica->readonly = true;
    uint64_t next_ms = run(m, &t, o, WAIT_MS, &wrote);
    o->replica->readonly = false;
    assert_false(wrote);
    assert_int_equal(t.trouble.code, ST_NOT_ALLOWED);
    assert_non_null(strstr(t.trouble.text, "acknowledge: "));
    run(m, &t, o, next_ms, &wrote);
    assert_true(wrote);
    assert_int_equal(t.trouble.code, ST_OK);
}

static void draws_stay_below(void **state)
{
    struct tend t;
    (void)state;
    tend_init(&t, &(struct tend_options){0});
    for (int i = 0; i < 100; i++)
        assert_true(tend_draw(&t, 7) < 7);
    assert_int_equal(tend_draw(&t, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, members_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_to_do_has_no_next_time),
        TEST(a_step_says_when),
        TEST(no_memory_is_told_and_tried_again),
        TEST(trouble_is_named),
        TEST(draws_stay_below),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
