/*
 * The first write after a start: what is held, for how long, and that nothing of it is lost. Whom
 * the daemon meets is e2e/restored's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/meeting.h"

static struct job *job(bool writes)
{
    struct job *j = job_new(JOB_VERB);
    assert_non_null(j);
    j->writes = writes;
    return j;
}

static void only_writes_are_held(void **state)
{
    struct meeting m;
    (void)state;
    struct job *reads = job(false), *one = job(true), *two = job(true);
    meeting_begin(&m, 100, 3000);
    assert_false(meeting_holds(&m, reads));
    assert_true(meeting_holds(&m, one));
    assert_true(meeting_holds(&m, two));
    assert_ptr_equal(m.first, one); /* in their order */
    assert_ptr_equal(m.first->next, two);
    job_free(reads);
    meeting_end(&m);
    assert_null(m.first);
}

static void nothing_is_held_afterwards(void **state)
{
    struct meeting m;
    (void)state;
    struct job *j = job(true);
    meeting_begin(&m, 100, 0); /* switched off */
    assert_false(meeting_holds(&m, j));
    assert_true(meeting_deadline_ms(&m) == UINT64_MAX);
    meeting_begin(&m, 100, 3000);
    meeting_end(&m);
    assert_false(meeting_holds(&m, j));
    job_free(j);
}

static void progress_prolongs_it_to_an_end(void **state)
{
    struct meeting m;
    (void)state;
    meeting_begin(&m, 100, 3000);
    assert_int_equal(meeting_deadline_ms(&m), 3100);
    meeting_progress(&m, 2000);
    assert_int_equal(meeting_deadline_ms(&m), 5000);
    meeting_progress(&m, 29000);
    assert_int_equal(meeting_deadline_ms(&m), 100 + MEETING_TIMES * 3000);
    meeting_progress(&m, 900000);
    assert_int_equal(meeting_deadline_ms(&m), 100 + MEETING_TIMES * 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_writes_are_held),
        cmocka_unit_test(nothing_is_held_afterwards),
        cmocka_unit_test(progress_prolongs_it_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
