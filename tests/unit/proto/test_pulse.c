/* pulse: what becomes of a link as time passes, and that it is never late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "puppet.h"

static void a_silent_link_is_asked_then_closed(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_heads(p, true, "bob", NULL, 0);
    assert_true(core_deadline_ms(p->core) <= p->now_ms + PING_MS);
    puppet_tick(p, PING_MS);
    assert_int_equal(p->said[MESSAGE_PING], 1);
    puppet_tick(p, 1);
    assert_int_equal(p->said[MESSAGE_PING], 1); /* once */
    assert_true(core_deadline_ms(p->core) <= p->now_ms + STALL_MS);
    puppet_tick(p, STALL_MS - PING_MS);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_STALLED);
    puppet_free(p);
}

static void an_old_link_is_shaken_anew(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(NULL, 0);
    uint64_t end = p->now_ms + REKEY_MS + STALL_MS; /* bob dialled: he has the first word */
    while (p->now_ms < end && !p->closed) {
        puppet_say_heads(p, true, "bob", NULL, 0);
        puppet_tick(p, PING_MS - 1);
    }
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_CLOSED);
    assert_int_equal(p->last->kind, MESSAGE_BYE);
    assert_int_equal(p->last->bye.code, BYE_REKEY);
    puppet_free(p);
}

static void sealed_items_and_motions_have_their_time(void **state)
{
    (void)state;
    struct puppet_request r;
    const struct bytes motions[1] = {BYTES("a motion")};
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_heads(p, true, "bob", NULL, 0);
    puppet_wanted(p, 1, 0);
    assert_true(puppet_take(p, FX_WISH, &r));
    puppet_wishes(p, &r, 1, 0, false); /* nothing for bob */
    uint64_t sweep_ms = core_deadline_ms(p->core);
    for (int i = 0; i < 10 && !puppet_take(p, FX_WISH, &r); i++) {
        puppet_tick(p, core_deadline_ms(p->core) - p->now_ms);
        puppet_say_heads(p, true, "bob", NULL, 0);
        sweep_ms = p->now_ms;
    }
    assert_int_equal(r.kind, FX_WISH);
    assert_true(sweep_ms <= 5000 + 30 * 1000);
    p->motions = motions;
    p->motion_count = 1;
    uint32_t said = p->motions_said;
    puppet_charter(p, 1, true, 0, ST_OK);
    puppet_tick(p, core_deadline_ms(p->core) - p->now_ms);
    assert_int_equal(p->motions_said, said + 1);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_link_is_asked_then_closed),
        cmocka_unit_test(an_old_link_is_shaken_anew),
        cmocka_unit_test(sealed_items_and_motions_have_their_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
