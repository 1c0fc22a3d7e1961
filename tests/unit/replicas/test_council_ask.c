#include "tests/unit/replicas/admins.h"

static void one_admin_twice_is_one(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    assert_int_equal(admins_approve(a, arica, 0), ST_NEEDS_PERSON);
    assert_int_equal(admins_approve(a, arica, 0), ST_NEEDS_PERSON);
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, &a->of[3]);
    admins_must_carry(a, &a->of[3], arica);
    assert_int_equal(admins_version(arica), 2);
    admins_stop(a);
}

static void what_is_refused(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *talca = &a->of[3];
    struct wish w = {.kind = WISH_CHANGE, .what = WISH_ROLE, .member = {.label = "iquique"}};
    assert_int_equal(admins_remove(a, talca, "arica"), ST_NOT_ALLOWED);
    assert_int_equal(admins_remove(a, arica, "nobody"), ST_NOT_FOUND);
    w.member.role = CHARTER_PARTNER;
    assert_int_equal(council_ask(arica->replica, &w, &a->f), ST_BAD_VALUE);
    assert_non_null(strstr(a->f.text, "partner"));
    assert_int_equal(
        council_ask_motions(arica->replica, (struct council_motion[PROPOSALS_MAX]){{0}}), 0);
    admins_stop(a);
    a = admins_start(1); /* one admin, one office more */
    assert_int_equal(admins_remove(a, &a->of[0], "arica"), ST_NOT_ALLOWED);
    assert_non_null(strstr(a->f.text, "last admin"));
    assert_int_equal(admins_remove(a, &a->of[0], "iquique"), ST_OK);
    assert_int_equal(admins_version(&a->of[0]), 3);
    assert_int_equal(admins_remove(a, &a->of[0], "arica"), ST_NOT_ALLOWED);
    assert_non_null(strstr(a->f.text, "last office"));
    admins_stop(a);
}

static void signs_only_what_it_holds(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1], *talca = &a->of[3];
    struct op_list ops = {0};
    struct replica_commit commit;
    struct replica_verdict v;
    struct buf frame = {0};
    struct item item;
    case_set(talca->replica, 1, "a", "\"x\"", &ops);
    assert_int_equal(replica_write(talca->replica, &ops, members_author, &commit, &a->f), ST_OK);
    op_list_release(&ops);
    assert_int_equal(replica_item(talca->replica, commit.node, &frame, &item, &a->f), ST_OK);
    buf_drop_front(&frame, OID_BYTES);
    assert_int_equal(replica_accept(arica->replica, buf_bytes(&frame), &v, &a->f), ST_OK);
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, iquique);
    assert_int_equal(admins_approve(a, iquique, 0), ST_WAITING);
    assert_non_null(strstr(a->f.text, "talca"));
    assert_int_equal(replica_accept(iquique->replica, buf_bytes(&frame), &v, &a->f), ST_OK);
    assert_int_equal(admins_approve(a, iquique, 0), ST_OK);
    buf_release(&frame);
    admins_stop(a);
}

/* Whom it waits for, and whose approval is wanted. */
static void who_is_wanted(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct council_motion open[PROPOSALS_MAX];
    struct buf who = {0};
    assert_int_equal(admins_remove(a, &a->of[0], "talca"), ST_NEEDS_PERSON);
    for (int i = 1; i < 4; i++)
        admins_must_carry(a, &a->of[0], &a->of[i]);
    assert_int_equal(council_ask_motions(a->of[0].replica, open), 1);
    assert_true(open[0].approved && !open[0].wanted);
    assert_int_equal(open[0].signed_count, 1);
    assert_int_equal(open[0].needed, 2);
    council_ask_waits_for(a->of[0].replica, &open[0], &who);
    assert_string_equal(buf_text(&who), "iquique, santiago");
    assert_int_equal(council_ask_motions(a->of[1].replica, open), 1);
    assert_true(open[0].wanted && !open[0].approved);
    assert_int_equal(council_ask_motions(a->of[3].replica, open), 1);
    assert_false(open[0].wanted); /* no admin */
    struct digest none = {{0}};
    assert_int_equal(council_ask_approve(a->of[1].replica, &none, &a->f), ST_NOT_FOUND);
    assert_int_equal(admins_approve(a, &a->of[3], 0), ST_NOT_ALLOWED);
    buf_release(&who);
    admins_stop(a);
}

/* A newcomer that asks again and again moves no ballot; a person who does so, does. */
static void asking_again(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1];
    struct charter_member fresh = {.label = "lima", .role = CHARTER_OFFICE, .key = {{7}}};
    const struct ballot_vow *vow = &iquique->replica->council->vow;
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, iquique);
    for (int i = 0; i < 3; i++)
        assert_int_equal(replica_add_member(iquique->replica, &fresh, &a->f), ST_NEEDS_PERSON);
    assert_int_equal(iquique->replica->council->wish_count, 1);
    assert_int_equal(iquique->replica->council->motion_count, 1);
    assert_int_equal(vow->promised.round, 0);
    assert_int_equal(admins_remove(a, iquique, "santiago"), ST_NEEDS_PERSON);
    assert_int_equal(iquique->replica->council->motion_count, 1); /* behind the one that is open */
    assert_int_equal(admins_remove(a, iquique, "santiago"), ST_NEEDS_PERSON);
    assert_int_equal(iquique->replica->council->motion_count, 2); /* against it */
    assert_int_equal(vow->promised.round, 2);
    assert_int_equal(admins_remove(a, iquique, "santiago"), ST_NEEDS_PERSON);
    assert_int_equal(vow->promised.round, 2); /* it leads already */
    admins_stop(a);
}

/* One invitation, many keys and addresses: they are one wish, and others still fit behind it. */
static void one_label_is_one_wish(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1];
    struct charter_member fresh = {.label = "lima", .role = CHARTER_OFFICE};
    const struct council *c = iquique->replica->council;
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, iquique);
    for (uint8_t i = 1; i <= 2 * COUNCIL_WISHES_MAX; i++) {
        fresh.key.id[0] = i;
        snprintf(fresh.address, sizeof fresh.address, "127.0.0.1:%u", i);
        assert_int_equal(replica_add_member(iquique->replica, &fresh, &a->f), ST_NEEDS_PERSON);
    }
    assert_int_equal(c->wish_count, 1);
    assert_int_equal(c->wishes[0].member.key.id[0], 2 * COUNCIL_WISHES_MAX);
    assert_int_equal(admins_remove(a, iquique, "santiago"), ST_NEEDS_PERSON);
    admins_reopen(a, iquique);
    assert_int_equal(iquique->replica->council->wish_count, 2);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_admin_twice_is_one),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(signs_only_what_it_holds),
        cmocka_unit_test(who_is_wanted),
        cmocka_unit_test(asking_again),
        cmocka_unit_test(one_label_is_one_wish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
