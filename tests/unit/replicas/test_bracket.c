/*
 * Time brackets: what two other offices say about when a commit was made, and who dates falsely.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/bracket.h"

enum { HOUR = 3600 };

static struct bracket of(struct one *o, uint32_t node)
{
    struct brackets *b;
    struct bracket out;
    assert_int_equal(bracket_begin(o->replica, &b), ST_OK);
    bracket_of(b, node, &out);
    bracket_end(b);
    return out;
}

/* 'o' writes at an hour, and santiago has it. The node there. */
static uint32_t write_at(struct members *m, struct one *o, int64_t hour)
{
    struct one *a = &m->of[SANTIAGO];
    crowd_seconds = hour * HOUR;
    if (o != a)
        members_carry(m, a, o);
    members_set(m, o, 1, "a", "\"x\"");
    if (o != a)
        members_carry(m, o, a);
    return graph_count(replica_graph(a->replica)) - 1;
}

static void two_others_on_either_side(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    write_at(m, b, 1);
    write_at(m, c, 2);
    write_at(m, b, 3);
    uint32_t node = write_at(m, d, 5);
    struct bracket k = of(a, node);
    assert_true(k.has_before);
    assert_int_equal(k.not_before, 2 * HOUR); /* iquique says 3, arica 2: two say 2 */
    assert_false(k.has_after);
    assert_false(k.back_dated);
    write_at(m, b, 7);
    assert_false(of(a, node).has_after); /* one is not enough */
    write_at(m, b, 8);
    assert_false(of(a, node).has_after); /* however often it says so */
    write_at(m, a, 9);
    write_at(m, c, 11);
    k = of(a, node);
    assert_true(k.has_after);
    assert_int_equal(k.not_after, 9 * HOUR);
    assert_false(k.back_dated);
}

static void a_false_date_is_seen(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    write_at(m, b, 10);
    write_at(m, c, 11);
    uint32_t early = write_at(m, d, 3);
    assert_true(of(a, early).back_dated);
    crowd_seconds = 10 * HOUR - BRACKET_SLACK_S; /* clocks differ */
    members_carry(m, a, d);
    members_set(m, d, 2, "a", "\"x\"");
    members_carry(m, d, a);
    uint32_t close = graph_count(replica_graph(a->replica)) - 1;
    assert_false(of(a, close).back_dated);
    uint32_t late = write_at(m, d, 100);
    assert_false(of(a, late).back_dated); /* nobody can know yet */
    write_at(m, b, 12);
    write_at(m, c, 13);
    assert_true(of(a, late).back_dated);
    assert_true(of(a, early).back_dated);
}

/* One office that dates falsely moves neither bound of another's commit. */
static void one_liar_moves_nothing(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    write_at(m, b, 1000);
    write_at(m, c, 2);
    write_at(m, a, 3);
    uint32_t node = write_at(m, d, 4);
    assert_false(of(a, node).back_dated);
    assert_int_equal(of(a, node).not_before, 3 * HOUR);
    write_at(m, b, 0);
    write_at(m, c, 5);
    assert_false(of(a, node).back_dated);
    assert_int_equal(of(a, node).not_after, 5 * HOUR);
}

/* Which branch of a fork came first is each member's own, and what they find must not be. */
static void a_forked_key_is_no_witness(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[ARICA], *d = &m->of[CALAMA];
    struct buf item = {0};
    struct replica_verdict v;
    uint32_t root = write_at(m, b, 10);
    write_at(m, b, 10);
    write_at(m, c, 11);
    uint32_t early = write_at(m, d, 3);
    assert_true(of(a, early).back_dated);
    crowd_forge(a, &b->identity, "iquique", 2, "\"z\"", &root, 1, &item);
    assert_int_equal(crowd_give(m, a, &item, &v), ST_OK);
    assert_false(of(a, early).has_before);
    assert_false(of(a, early).back_dated);
    write_at(m, a, 12);
    uint32_t again = write_at(m, d, 4);
    assert_int_equal(of(a, again).not_before, 11 * HOUR); /* santiago and arica are two */
    assert_true(of(a, again).back_dated);
    buf_release(&item);
}

static void alone_there_is_no_bracket(void **state)
{
    struct members *m = *state;
    uint32_t node = write_at(m, &m->of[SANTIAGO], 4);
    struct bracket k = of(&m->of[SANTIAGO], node);
    assert_false(k.has_before || k.has_after || k.back_dated);
}

static void no_memory(void **state)
{
    struct members *m = *state;
    struct brackets *b;
    bool done = false;
    write_at(m, &m->of[IQUIQUE], 4);
    for (uint64_t n = 1; !done; n++) {
        mem_fail_at(n);
        enum status st = bracket_begin(m->of[SANTIAGO].replica, &b);
        done = !mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, done ? ST_OK : ST_NO_MEMORY);
    }
    bracket_end(b);
    bracket_end(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_others_on_either_side), TEST(a_false_date_is_seen),
        TEST(one_liar_moves_nothing),    TEST(a_forked_key_is_no_witness),
        TEST(alone_there_is_no_bracket), TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
