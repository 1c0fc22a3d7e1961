#include "tests/unit/replicas/admins.h"

static const struct charter_member *member_of(const struct one *o, const char *label)
{
    return charter_by_label(charter_newest(replica_charters(o->replica)), bytes_of_text(label));
}

/* The first admin proposes, one other approves: the version is there at once, where it was
 * approved. The third is never asked. */
static void one_approval_is_enough(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1], *talca = &a->of[3];
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    assert_non_null(strstr(a->f.text, "iquique, santiago"));
    assert_int_equal(admins_version(arica), 2);
    admins_must_carry(a, arica, iquique);
    assert_int_equal(admins_version(iquique), 2);
    assert_int_equal(admins_approve(a, iquique, 0), ST_OK);
    assert_int_equal(admins_version(iquique), 3);
    assert_null(member_of(iquique, "talca"));
    const struct charter *newest = charter_newest(replica_charters(iquique->replica));
    assert_int_equal(newest->retired_count, 1);
    assert_int_equal(newest->signature_count, 2);
    admins_must_carry(a, iquique, arica);
    assert_int_equal(admins_version(arica), 3);
    admins_must_carry(a, arica, talca); /* who was removed learns it, too */
    assert_int_equal(admins_version(talca), 3);
    admins_stop(a);
}

/* Any other admin's ballot needs promises first: its own signature comes when it is back. */
static void another_admin_needs_promises(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1], *talca = &a->of[3];
    assert_int_equal(admins_remove(a, iquique, "santiago"), ST_NEEDS_PERSON);
    admins_must_carry(a, iquique, talca); /* through one that is no admin */
    admins_must_carry(a, talca, arica);
    assert_int_equal(admins_approve(a, arica, 0), ST_NEEDS_PERSON);
    assert_non_null(strstr(a->f.text, "iquique"));
    assert_int_equal(admins_version(arica), 2);
    admins_must_carry(a, arica, talca);
    admins_must_carry(a, talca, iquique); /* signs unasked: it was its own wish */
    assert_int_equal(admins_version(iquique), 3);
    assert_null(member_of(iquique, "santiago"));
    admins_stop(a);
}

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

/* Two admins, offline from each other, propose; the third is gone. Neither fork nor lock: what was
 * signed first goes first, the other follows on top of it. */
static void two_wishes_and_a_third_gone(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1];
    assert_int_equal(admins_address(a, arica, "talca", "127.0.0.1:1"), ST_NEEDS_PERSON);
    assert_int_equal(admins_remove(a, iquique, "talca"), ST_NEEDS_PERSON);
    for (int i = 0; i < 3; i++) {
        admins_must_carry(a, arica, iquique);
        admins_must_carry(a, iquique, arica);
    }
    struct council_motion open[PROPOSALS_MAX];
    uint32_t count = council_motions(iquique->replica, open), wanted = 0;
    for (uint32_t i = 0; i < count; i++)
        wanted += open[i].wanted ? 1 : 0;
    assert_int_equal(wanted, 1);
    for (uint32_t i = 0; i < count; i++)
        if (open[i].wanted) {
            assert_int_equal(admins_approve(a, iquique, i), ST_OK);
            break;
        }
    assert_int_equal(admins_version(iquique), 3);
    assert_string_equal(member_of(iquique, "talca")->address, "127.0.0.1:1");
    /* And now its own wish, again. */
    count = council_motions(iquique->replica, open);
    assert_int_equal(count, 1);
    for (int i = 0; i < 2; i++) {
        admins_must_carry(a, iquique, arica);
        if (admins_version(arica) == 3 && council_motions(arica->replica, open) == 1 &&
            open[0].wanted)
            assert_int_equal(admins_approve(a, arica, 0), ST_NEEDS_PERSON);
        admins_must_carry(a, arica, iquique);
    }
    assert_int_equal(admins_version(iquique), 4);
    assert_null(member_of(iquique, "talca"));
    admins_stop(a);
}

/* Two admins remove each other; the third decides, and either outcome is one. */
static void two_remove_each_other(void **state)
{
    (void)state;
    for (uint32_t choice = 0; choice < 2; choice++) {
        struct admins *a = admins_start(3);
        struct one *arica = &a->of[0], *iquique = &a->of[1], *santiago = &a->of[2];
        assert_int_equal(admins_remove(a, arica, "iquique"), ST_NEEDS_PERSON);
        assert_int_equal(admins_remove(a, iquique, "arica"), ST_NEEDS_PERSON);
        admins_must_carry(a, arica, santiago);
        admins_must_carry(a, iquique, santiago);
        enum status st = admins_approve(a, santiago, choice);
        assert_true(st == ST_NEEDS_PERSON || st == ST_OK);
        for (int i = 0; i < 4; i++) {
            admins_must_carry(a, santiago, arica);
            admins_must_carry(a, arica, santiago);
            admins_must_carry(a, santiago, iquique);
            admins_must_carry(a, iquique, santiago);
        }
        assert_int_equal(admins_version(santiago), 3);
        const char *gone = member_of(santiago, "iquique") == NULL ? "iquique" : "arica";
        assert_string_equal(gone, choice == 0 ? "iquique" : "arica");
        assert_int_equal(admins_version(arica), 3);
        assert_int_equal(admins_version(iquique), 3);
        admins_stop(a);
    }
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
    assert_int_equal(council_motions(arica->replica, (struct council_motion[PROPOSALS_MAX]){{0}}),
                     0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_approval_is_enough), cmocka_unit_test(another_admin_needs_promises),
        cmocka_unit_test(one_admin_twice_is_one), cmocka_unit_test(two_wishes_and_a_third_gone),
        cmocka_unit_test(two_remove_each_other),  cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
