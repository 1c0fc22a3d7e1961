/*
 * The completeness statement: whose commits are in it, up to which, who was not heard of.
 */
#include "tests/unit/replicas/crowd.h"

#include "replicas/auditing.h"

enum { DAY = 24 * 3600 };

static void gather(struct one *o, struct audit_result *a)
{
    *a = (struct audit_result){.state = {{0}}};
    assert_int_equal(audit_offices_gather(o->replica, a), ST_OK);
}

static void release(struct audit_result *a)
{
    mem_free(a->offices);
    mem_free(a->heads);
}

static const struct audit_office *office(const struct audit_result *a, const char *label)
{
    for (uint32_t i = 0; i < a->office_count; i++)
        if (strcmp(a->offices[i].label, label) == 0)
            return &a->offices[i];
    fail_msg("no office %s", label);
    return NULL;
}

static uint32_t last_node(struct one *o)
{
    return graph_count(replica_graph(o->replica)) - 1;
}

static void every_member_and_how_far(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE];
    struct audit_result r;
    crowd_seconds = DAY;
    members_set(m, b, 1, "a", "\"x\"");
    crowd_seconds = 2 * DAY;
    members_set(m, b, 1, "a", "\"y\"");
    members_carry(m, b, a);
    gather(a, &r);
    assert_int_equal(r.office_count, MEMBERS_COUNT);
    const struct audit_office *o = office(&r, "iquique");
    assert_true(o->member);
    assert_int_equal(o->seq, 2);
    assert_int_equal(o->commits, 2);
    assert_int_equal(o->gaps, 0);
    assert_int_equal(o->time, 2 * DAY);
    assert_false(o->silent);
    assert_memory_equal(&o->head, &graph_node(replica_graph(a->replica), last_node(a))->id,
                        sizeof o->head);
    assert_int_equal(r.head_count, 1);
    assert_memory_equal(&r.heads[0], &o->head, sizeof o->head);
    o = office(&r, "arica");
    assert_true(o->member && oid_is_zero(&o->head));
    assert_int_equal(o->commits, 0);
    release(&r);
}

static void who_was_not_heard_of(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *b = &m->of[IQUIQUE], *c = &m->of[ARICA];
    struct audit_result r;
    crowd_seconds = 20 * DAY;
    members_set(m, b, 1, "a", "\"x\"");
    crowd_mingle(m);
    crowd_seconds = (20 + AUDIT_SILENT_DAYS) * DAY;
    members_set(m, c, 2, "a", "\"y\"");
    crowd_mingle(m);
    gather(a, &r);
    assert_false(office(&r, "iquique")->silent); /* just so long is not too long */
    assert_false(office(&r, "arica")->silent);
    assert_true(office(&r, "calama")->silent); /* never heard of */
    release(&r);
    crowd_seconds++;
    members_set(m, c, 2, "a", "\"z\"");
    crowd_mingle(m);
    gather(a, &r);
    assert_true(office(&r, "iquique")->silent);
    release(&r);
}

/* Who is no member any more is told as long as its commits are there. */
static void former_members_and_what_waits(void **state)
{
    struct members *m = *state;
    struct one *a = &m->of[SANTIAGO], *d = &m->of[CALAMA];
    struct audit_result r;
    members_set(m, d, 1, "a", "\"kept\"");
    members_carry(m, d, a);
    struct oid kept = graph_node(replica_graph(a->replica), last_node(a))->id;
    members_set(m, d, 2, "a", "\"late\"");
    crowd_retire(m, "calama", &kept, 1, NULL);
    crowd_tell(m, a);
    members_carry(m, d, a);
    gather(a, &r);
    const struct audit_office *o = office(&r, "calama");
    assert_false(o->member);
    assert_int_equal(o->commits, 2);
    assert_int_equal(o->waiting, 1);
    assert_int_equal(o->seq, 1); /* what waits is in no sum */
    assert_memory_equal(&o->head, &kept, sizeof kept);
    release(&r);
}

static void closed(void **state)
{
    (void)state;
    struct audit_office offices[] = {
        {.label = "arica", .member = true, .role = CHARTER_OFFICE, .time = 11 * DAY},
        {.label = "calama", .member = true, .role = CHARTER_OFFICE, .time = 11 * DAY - 1},
        {.label = "contraloria", .member = true, .role = CHARTER_AUDITOR, .time = 99 * DAY},
        {.label = "talca", .member = false, .role = CHARTER_OFFICE, .time = 99 * DAY},
    };
    struct audit_result r = {.offices = offices, .office_count = 4};
    assert_false(audit_offices_closed(&r, 10)); /* one office alone does not say so */
    offices[1].time++;
    assert_true(audit_offices_closed(&r, 10));
    assert_false(audit_offices_closed(&r, 11));
    offices[1].member = false;
    assert_true(audit_offices_closed(&r, 10)); /* the only office there is */
}

static void no_memory(void **state)
{
    struct members *m = *state;
    bool failed = true;
    members_set(m, &m->of[SANTIAGO], 1, "a", "\"x\"");
    for (uint64_t n = 1; failed; n++) {
        struct audit_result r = {.state = {{0}}};
        mem_fail_at(n);
        enum status st = audit_offices_gather(m->of[SANTIAGO].replica, &r);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        release(&r);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, crowd_start, members_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_member_and_how_far),
        TEST(who_was_not_heard_of),
        TEST(former_members_and_what_waits),
        cmocka_unit_test(closed),
        TEST(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
