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

/* However many ballots an admin makes, the list stays within its quota. */
static void a_flood_stays_small(void **state)
{
    (void)state;
    struct admins *a = admins_start(4);
    struct one *arica = &a->of[0];
    const struct bytes *lent;
    bool grown;
    for (uint64_t round = 2; round < 40; round++) {
        struct charter next = admins_next(&a->chain);
        struct charter_member members[ADMINS_MAX];
        struct buf body = {0}, raw = {0};
        struct motion m;
        struct ballot ballot = {.round = round, .admin = a->of[1].identity.key};
        memcpy(members, next.members, next.member_count * sizeof members[0]);
        snprintf(members[0].address, sizeof members[0].address, "127.0.0.1:%u", (unsigned)round);
        next.members = members;
        charter_file_add_body(&next, &body);
        assert_int_equal(motion_new(buf_bytes(&body), &ballot, &m, &a->f), ST_OK);
        assert_int_equal(motion_sign(&m, a->of[1].identity.secret), ST_OK);
        motion_encode(&m, &raw);
        struct bytes offered = buf_bytes(&raw);
        assert_int_equal(replica_offer_motions(arica->replica, &offered, 1, &grown, &a->f), ST_OK);
        motion_release(&m);
        buf_release(&raw);
        buf_release(&body);
        assert_true(arica->replica->council->motion_count <= PROPOSALS_MAX);
    }
    /* Two with full lists have nothing to tell each other for long. */
    for (int i = 0; i < 3; i++) {
        admins_must_carry(a, arica, &a->of[2]);
        admins_must_carry(a, &a->of[2], arica);
    }
    uint64_t revision = arica->replica->council->revision;
    admins_must_carry(a, &a->of[2], arica);
    assert_int_equal(arica->replica->council->revision, revision);
    assert_true(replica_motions(arica->replica, &lent) <= PROPOSALS_MAX);
    assert_int_equal(arica->replica->council->vow.promised.round, 39);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restored_admin_is_silent),
        cmocka_unit_test(two_bodies_under_one_ballot),
        cmocka_unit_test(what_is_skipped),
        cmocka_unit_test(a_flood_stays_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
