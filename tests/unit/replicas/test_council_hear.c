#include "tests/unit/replicas/admins.h"

#include "replicas/assembly.h"

static void look_for_arica(void *user, const char *level, const char *text, const char *fix)
{
    bool *told = user;
    assert_true(fix[0] != '\0');
    *told = *told || (strcmp(level, "error") == 0 && strstr(text, "arica proposed two") != NULL);
}

static const struct charter_member *member_of(const struct one *o, const char *label)
{
    return charter_by_label(charter_newest(replica_charters(o->replica)), bytes_of_text(label));
}

static void a_restored_admin_is_silent(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1], *santiago = &a->of[2];
    struct simdisk *old = simdisk_clone(santiago->sim);
    assert_non_null(old);
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    assert_int_equal(admins_remove(a, iquique, "arica"), ST_NEEDS_PERSON);
    admins_must_carry(a, iquique, santiago); /* it promises iquique's ballot, and that is lost */
    admins_must_carry(a, santiago, &a->of[3]);
    replica_drop(santiago->replica);
    assert_int_equal(simdisk_restore(santiago->sim, old), ST_OK);
    simdisk_free(old);
    assert_int_equal(disk_put(&santiago->disk, "", "restored", BYTES("2\n"), &a->f), ST_OK);
    admins_open(a, santiago);
    admins_must_carry(a, arica, santiago);
    assert_int_equal(admins_approve(a, santiago, 0), ST_WAITING);
    assert_non_null(strstr(a->f.text, "restored from a backup"));
    assert_int_equal(admins_remove(a, santiago, "talca"), ST_WAITING);
    admins_must_carry(a, &a->of[3], santiago); /* its own promise comes back */
    assert_int_equal(replica_heard_peer(santiago->replica, &a->f), ST_OK);
    assert_true(santiago->replica->council->vow.promised.round == 2);
    admins_reopen(a, santiago);
    assert_false(council_is_silent(santiago->replica));
    assert_int_equal(admins_approve(a, santiago, 0), ST_NEEDS_PERSON); /* under a ballot above */
    admins_must_carry(a, santiago, arica);
    admins_must_carry(a, arica, santiago);
    assert_int_equal(admins_version(santiago), 3);
    assert_null(member_of(santiago, "talca"));
    admins_stop(a);
}

/* The backup is older than a version, and a wish is in it: when the chain moves on, what was said
 * for the version that is next now is not known either. */
static void an_older_backup_is_silent_too(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1], *santiago = &a->of[2];
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    assert_int_equal(admins_address(a, arica, "santiago", "127.0.0.1:1"), ST_NEEDS_PERSON);
    struct simdisk *old = simdisk_clone(arica->sim);
    assert_non_null(old);
    admins_must_carry(a, arica, iquique);
    assert_int_equal(admins_approve(a, iquique, 0), ST_OK);
    admins_must_carry(a, iquique, arica); /* its second wish, under the first ballot, signed */
    assert_int_equal(admins_version(arica), 3);
    assert_int_equal(admins_address(a, arica, "iquique", "127.0.0.1:2"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, santiago);
    replica_drop(arica->replica);
    assert_int_equal(simdisk_restore(arica->sim, old), ST_OK);
    simdisk_free(old);
    assert_int_equal(disk_put(&arica->disk, "", "restored", BYTES("2\n"), &a->f), ST_OK);
    admins_open(a, arica);
    struct bytes file = buf_bytes(&charter_at(replica_charters(santiago->replica), 3)->file);
    bool grown;
    assert_int_equal(replica_offer_charters(arica->replica, &file, 1, &grown, &a->f), ST_OK);
    assert_int_equal(admins_version(arica), 3);
    assert_true(council_is_silent(arica->replica));
    assert_int_equal(arica->replica->council->vow.promised.round, 0);
    assert_int_equal(arica->replica->council->motion_count, 0);
    admins_must_carry(a, santiago, arica);
    assert_int_equal(replica_heard_peer(arica->replica, &a->f), ST_OK);
    assert_false(council_is_silent(arica->replica));
    assert_int_equal(arica->replica->council->vow.vote.ballot.round, 1);
    admins_stop(a);
}

/* The owner of a ballot gives it two bodies: the second is refused, and both are kept as proof. */
static void two_bodies_under_one_ballot(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *santiago = &a->of[2];
    struct simdisk *old = simdisk_clone(arica->sim);
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, santiago);
    replica_drop(arica->replica);
    assert_int_equal(simdisk_restore(arica->sim, old), ST_OK); /* and it keeps silent about it */
    simdisk_free(old);
    admins_open(a, arica);
    assert_int_equal(admins_remove(a, arica, "iquique"), ST_NEEDS_PERSON);
    assert_int_equal(admins_carry(a, arica, santiago), ST_OK);
    assert_int_equal(a->f.code, ST_WRONG_CHARTER);
    assert_non_null(strstr(a->f.text, "arica"));
    assert_int_equal(
        council_ask_motions(santiago->replica, (struct council_motion[PROPOSALS_MAX]){{0}}), 1);
    assert_int_equal(santiago->replica->council->liar_count, 1);
    bool told = false;
    assembly_health(santiago->replica, look_for_arica, &told);
    assert_true(told);
    admins_stop(a);
}

/* What is not a motion, not for the next version, or not signed, is skipped and named. */
static void what_is_skipped(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1];
    const struct bytes *lent;
    struct buf good = {0}, bad = {0};
    bool grown;
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    assert_int_equal(replica_motions(arica->replica, &lent), 1);
    buf_add_bytes(&good, lent[0]);
    buf_add_bytes(&bad, lent[0]);
    bad.data[bad.count - 1] ^= 1;
    struct bytes offered[] = {BYTES("no motion"), buf_bytes(&bad), buf_bytes(&good)};
    memset(&a->f, 0, sizeof a->f);
    assert_int_equal(replica_offer_motions(iquique->replica, offered, 3, &grown, &a->f), ST_OK);
    assert_true(grown);
    assert_int_equal(a->f.code, ST_BAD_SIGNATURE);
    assert_int_equal(iquique->replica->council->motion_count, 1);
    memset(&a->f, 0, sizeof a->f);
    assert_int_equal(replica_offer_motions(iquique->replica, &offered[2], 1, &grown, &a->f), ST_OK);
    assert_false(grown); /* nothing new */
    assert_int_equal(a->f.code, ST_OK);
    assert_int_equal(admins_approve(a, iquique, 0), ST_OK);
    assert_int_equal(replica_offer_motions(iquique->replica, &offered[2], 1, &grown, &a->f), ST_OK);
    assert_false(grown); /* decided */
    assert_int_equal(replica_motions(iquique->replica, &lent), 0);
    buf_release(&good);
    buf_release(&bad);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_admin_is_silent),
        cmocka_unit_test(an_older_backup_is_silent_too),
        cmocka_unit_test(two_bodies_under_one_ballot),
        cmocka_unit_test(what_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
