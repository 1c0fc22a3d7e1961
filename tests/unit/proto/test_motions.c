/* motions: who is told what is open, when, and how much a peer may tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "puppet.h"

static struct message *charter_of_motions(uint32_t version, uint32_t count)
{
    static struct message m;
    memset(&m, 0, sizeof(m));
    m.kind = MESSAGE_CHARTER;
    m.charter.version = version;
    m.charter.hash.id[0] = (uint8_t)version;
    for (uint32_t i = 0; i < count; i++)
        m.charter.proposals[m.charter.proposal_count++] = BYTES("a motion");
    return &m;
}

static void a_new_link_is_told_all(void **state)
{
    (void)state;
    const struct bytes motions[2] = {BYTES("one"), BYTES("two")};
    struct puppet *p = puppet_new();
    p->motions = motions;
    p->motion_count = 2;
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_hello(p);
    assert_int_equal(p->motions_said, 0); /* not before the verdict on its key */
    puppet_say_charter(p, 1);
    assert_int_equal(p->motions_said, 2);
    assert_int_equal(p->last->kind, MESSAGE_CHARTER);
    assert_int_equal(p->last->charter.version_count, 0);
    puppet_tick(p, 10000);
    assert_int_equal(p->motions_said, 2); /* once */
    puppet_free(p);
}

static void what_changes_is_told_with_a_pause(void **state)
{
    (void)state;
    struct bytes motions[3] = {BYTES("one"), BYTES("two"), BYTES("three")};
    struct puppet *p = puppet_active(NULL, 0);
    uint32_t said = p->said[MESSAGE_CHARTER];
    p->motions = motions;
    p->motion_count = 2;
    puppet_tick(p, 1000);
    puppet_charter(p, 1, true, 0, ST_OK);
    assert_int_equal(p->motions_said, 2);
    motions[1] = BYTES("two, signed");
    p->motion_count = 3;
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_charter(p, 1, true, 0, ST_OK); /* the same again: nothing */
    assert_int_equal(p->motions_said, 2);
    assert_true(core_deadline_ms(p->core) <= p->now_ms + 250);
    puppet_tick(p, 250);
    assert_int_equal(p->motions_said, 4); /* two, signed, and three */
    assert_int_equal(p->said[MESSAGE_CHARTER], said + 2);
    p->motion_count = 0; /* decided */
    puppet_tick(p, 1000);
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_tick(p, 1000);
    assert_int_equal(p->said[MESSAGE_CHARTER], said + 2);
    puppet_free(p);
}

static void many_and_large_ones_take_several_messages(void **state)
{
    (void)state;
    static uint8_t block[40][CHARTER_BYTES_MAX];
    struct bytes motions[40];
    struct puppet *p = puppet_new();
    for (uint32_t i = 0; i < 40; i++) {
        block[i][0] = (uint8_t)i;
        motions[i] = (struct bytes){block[i], i < 3 ? CHARTER_BYTES_MAX : 100};
    }
    p->motions = motions;
    p->motion_count = 40;
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_hello(p);
    puppet_say_charter(p, 1);
    assert_int_equal(p->motions_said, 1); /* two of the largest do not fit */
    for (uint32_t i = 0; i < 10; i++)
        puppet_tick(p, 250);
    assert_int_equal(p->motions_said, 40);
    puppet_free(p);
}

static void what_comes_goes_to_the_replica(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say(p, charter_of_motions(1, 0)); /* it has told all it has */
    assert_true(puppet_take(p, FX_CHARTER, &r));
    puppet_charter(p, 1, true, r.request, ST_OK);
    puppet_say(p, charter_of_motions(1, 3));
    assert_true(puppet_take(p, FX_CHARTER, &r));
    assert_int_equal(r.count, 0);
    assert_int_equal(r.motions, 3);
    puppet_charter(p, 1, true, r.request, ST_MALFORMED);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_MALFORMED);
    puppet_free(p);
}

static void before_the_verdict_they_end_the_link(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_new();
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_hello(p);
    puppet_say(p, charter_of_motions(1, 1));
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_PROTOCOL);
    assert_false(puppet_take(p, FX_CHARTER, &r));
    puppet_free(p);
}

static void a_flood_ends_the_link(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    int told = 0;
    for (; told < 200 && !p->closed; told++) {
        puppet_say(p, charter_of_motions(1, 16));
        while (puppet_take(p, FX_CHARTER, &r))
            puppet_charter(p, 1, true, r.request, ST_OK);
    }
    assert_int_equal(told, 65);
    assert_int_equal(p->reason, ST_TOO_LARGE);
    assert_int_equal(p->last->bye.code, BYE_LIMIT);
    puppet_free(p);
    p = puppet_active(NULL, 0); /* as often as we ourselves would */
    for (told = 0; told < 200; told++) {
        puppet_tick(p, 250);
        puppet_say(p, charter_of_motions(1, 16));
        while (puppet_take(p, FX_CHARTER, &r))
            puppet_charter(p, 1, true, r.request, ST_OK);
    }
    assert_false(p->closed);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_link_is_told_all),
        cmocka_unit_test(what_changes_is_told_with_a_pause),
        cmocka_unit_test(many_and_large_ones_take_several_messages),
        cmocka_unit_test(what_comes_goes_to_the_replica),
        cmocka_unit_test(before_the_verdict_they_end_the_link),
        cmocka_unit_test(a_flood_ends_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
