/* give: what a peer that asks gets, and how fast. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "puppet.h"

static void unsent(struct puppet *p, size_t bytes)
{
    struct core_event e = {.kind = CORE_WRITTEN, .link = p->link, .unsent_bytes = bytes};
    CHECK(puppet_step(p, &e) == ST_OK);
}

static void pieces_and_gone_answer_in_order(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 1, 3);
    assert_true(puppet_take(p, FX_GIVE, &r));
    assert_int_equal(r.count, 3);
    puppet_given(p, &r, 300, 300);
    assert_int_equal(p->last->kind, MESSAGE_SEALED);
    assert_int_equal(p->last->sealed.piece_count, 3);
    assert_int_equal(p->last->sealed.pieces[2].name.id[3], 3);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 7, 2);
    assert_true(puppet_take(p, FX_GIVE, &r));
    puppet_given(p, &r, 0, 0);
    assert_int_equal(p->last->kind, MESSAGE_SEALED_GONE);
    assert_int_equal(p->last->sealed_gone.name_count, 2);
    puppet_free(p);
}

static void files_leave_as_fast_as_the_line(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    unsent(p, 33 * KIB);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_FILES, 1, 12);
    assert_false(puppet_take(p, FX_GIVE, &r)); /* not even read */
    unsent(p, 10 * KIB);
    assert_true(puppet_take(p, FX_GIVE, &r));
    assert_int_equal(r.count, 4);
    puppet_given(p, &r, 16000, 16000);
    assert_int_equal(p->said[MESSAGE_SEALED], 2); /* 10 and 16 and 16 KiB */
    unsent(p, 32 * KIB + 1);
    assert_int_equal(p->said[MESSAGE_SEALED], 2);
    unsent(p, 0);
    assert_int_equal(p->said[MESSAGE_SEALED], 4);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 1, 1); /* meanwhile a value */
    assert_true(puppet_take(p, FX_GIVE, &r));
    assert_int_equal(r.lane, SEALED_FILES);
    assert_true(puppet_take(p, FX_GIVE, &r));
    assert_int_equal(r.lane, SEALED_VALUES);
    puppet_free(p);
}

static void too_many_wishes_end_the_link(void **state)
{
    (void)state;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 1, SEALED_NAMES_MAX);
    assert_false(p->closed);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_FILES, 1, SEALED_NAMES_MAX);
    assert_false(p->closed); /* a lane each */
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 9999, 1);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_TOO_LARGE);
    assert_int_equal(p->last->bye.code, BYE_LIMIT);
    puppet_free(p);
}

static void who_asked_in_vain_hears_when_it_comes(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 1, 2);
    assert_true(puppet_take(p, FX_GIVE, &r));
    puppet_given(p, &r, 0, 0);
    struct digest names[2] = {puppet_name(2), puppet_name(3)};
    static const enum status verdicts[2] = {ST_OK, ST_OK};
    struct core_event e = {.kind = CORE_KEPT, .link = 99, .request = 12345}; /* from another */
    e.kept.names = names;
    e.kept.verdicts = verdicts;
    e.kept.count = 2;
    assert_int_equal(puppet_step(p, &e), ST_OK);
    assert_int_equal(p->said[MESSAGE_KEPT], 1);
    assert_int_equal(p->last->kept.name_count, 1);
    assert_int_equal(p->last->kept.names[0].id[3], 2);
    assert_int_equal(puppet_step(p, &e), ST_OK); /* once */
    assert_int_equal(p->said[MESSAGE_KEPT], 1);
    puppet_free(p);
}

static void a_fault_of_the_replica_ends_the_link(void **state)
{
    (void)state;
    struct puppet_request r;
    struct puppet *p = puppet_active(NULL, 0);
    puppet_say_names(p, MESSAGE_SEALED_WANT, SEALED_VALUES, 1, 2);
    assert_true(puppet_take(p, FX_GIVE, &r));
    struct core_event e = {
        .kind = CORE_GIVEN, .link = p->link, .request = r.request, .status = ST_IO};
    assert_int_equal(puppet_step(p, &e), ST_OK);
    assert_true(p->closed);
    assert_int_equal(p->reason, ST_IO);
    assert_int_equal(p->last->bye.code, BYE_INTERNAL);
    puppet_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_and_gone_answer_in_order),
        cmocka_unit_test(files_leave_as_fast_as_the_line),
        cmocka_unit_test(too_many_wishes_end_the_link),
        cmocka_unit_test(who_asked_in_vain_hears_when_it_comes),
        cmocka_unit_test(a_fault_of_the_replica_ends_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
