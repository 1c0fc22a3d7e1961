/*
 * Copies of class keys for those who lack one: with their membership, or a little later.
 */
#include "tests/unit/replicas/offices.h"

#include "replicas/share.h"

static void draw_nothing(void *context, void *out, size_t count)
{
    (void)context;
    memset(out, 0, count);
}

static uint64_t tend(struct office *o, struct tend *t, uint64_t now_ms, bool *wrote)
{
    uint64_t next_ms;
    if (tend_run(t, o->replica, now_ms, &next_ms, wrote, &o->fault) != ST_OK)
        fail_msg("%s", o->fault.text);
    assert_int_equal(replica_sync(o->replica, &o->fault), ST_OK);
    return next_ms;
}

static uint32_t lacking(struct office *o)
{
    struct op_list ops = {0};
    assert_int_equal(share_add(o->replica, &ops, &o->fault), ST_OK);
    uint32_t count = ops.count;
    op_list_release(&ops);
    return count;
}

static void a_newcomer_reads_at_once(void **state)
{
    (void)state;
    struct office a, b, fosis;
    office_found(&a, "santiago");
    assert_int_equal(lacking(&a), 0);
    office_run(&a, ST_OK, "add", "household", "head_name=x", NULL);
    assert_int_equal(lacking(&a), 0);
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_join(&fosis, &a, "fosis", CHARTER_PARTNER);
    assert_int_equal(lacking(&a), 0); /* in the commit with its membership; a partner has none */
    office_send(&a, &fosis);
    assert_int_equal(lacking(&fosis), 0);
    office_close(&fosis);
    office_close(&b);
    office_close(&a);
}

/* A key that was made by somebody who did not know of a member: whoever sees it, shares it. */
static void who_lacks_one_gets_it_later(void **state)
{
    (void)state;
    struct office a, b, c;
    struct tend t;
    bool wrote;
    office_found(&a, "santiago");
    office_join(&b, &a, "iquique", CHARTER_OFFICE);
    office_join(&c, &a, "alto-hospicio", CHARTER_OFFICE); /* of whom iquique has not heard */
    office_run(&b, ST_OK, "add", "household", "head_name=x", NULL);
    office_send(&b, &a);
    assert_true(lacking(&a) > 0);
    tend_init(&t, &(struct tend_options){.entropy = draw_nothing});
    const uint64_t due = 1000 + SHARE_MS; /* other steps may ask for an earlier round */
    assert_true(tend(&a, &t, 1000, &wrote) <= due);
    assert_false(wrote);
    (void)tend(&a, &t, due - 1, &wrote);
    assert_false(wrote);
    (void)tend(&a, &t, due, &wrote);
    assert_true(wrote);
    assert_int_equal(lacking(&a), 0);
    office_send(&a, &c);
    office_send_sealed(&a, &c);
    office_send_sealed(&b, &a);
    office_send_sealed(&a, &c);
    office_run(&c, ST_OK, "list", "household", NULL);
    assert_string_equal(office_text(&c, 0, "fields.head_name"), "x");
    (void)tend(&a, &t, due + 100000, &wrote);
    assert_false(wrote);
    office_close(&c);
    office_close(&b);
    office_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newcomer_reads_at_once),
        cmocka_unit_test(who_lacks_one_gets_it_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
