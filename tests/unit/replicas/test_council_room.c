#include "tests/unit/replicas/admins.h"

static const struct charter_member *member_of(const struct one *o, const char *label)
{
    return charter_by_label(charter_newest(replica_charters(o->replica)), bytes_of_text(label));
}

/* A motion for a new address, signed by its owner under any ballot that it likes. */
static void forge(struct admins *a, struct one *by, uint64_t round, unsigned port, struct buf *raw)
{
    struct charter next = admins_next(&a->chain);
    struct charter_member members[ADMINS_MAX];
    struct buf body = {0};
    struct motion m;
    struct ballot ballot = {.round = round, .admin = by->identity.key};
    memcpy(members, next.members, next.member_count * sizeof members[0]);
    snprintf(members[0].address, sizeof members[0].address, "127.0.0.1:%u", port);
    next.members = members;
    charter_file_add_body(&next, &body);
    assert_int_equal(motion_new(buf_bytes(&body), &ballot, &m, &a->f), ST_OK);
    assert_int_equal(motion_sign(&m, by->identity.secret), ST_OK);
    motion_encode(&m, raw);
    assert_int_equal(buf_status(raw), ST_OK);
    motion_release(&m);
    buf_release(&body);
}

static void offer_forged(struct admins *a, struct one *by, uint64_t round, struct one *to)
{
    struct buf raw = {0};
    bool grown;
    forge(a, by, round, (unsigned)(round % 50000) + 1, &raw);
    struct bytes offered = buf_bytes(&raw);
    assert_int_equal(replica_offer_motions(to->replica, &offered, 1, &grown, &a->f), ST_OK);
    assert_true(to->replica->council->motion_count <= PROPOSALS_MAX);
    buf_release(&raw);
}

/* Two honest admins of three put the third out, whatever it sent before. */
static void must_remove_iquique(struct admins *a)
{
    struct one *arica = &a->of[0], *santiago = &a->of[2];
    const struct council_motion *mine = NULL;
    struct council_motion open[PROPOSALS_MAX];
    for (int i = 0; i < 2; i++) /* again: against what is open */
        assert_int_equal(admins_remove(a, arica, "iquique"), ST_NEEDS_PERSON);
    admins_must_carry(a, arica, santiago);
    uint32_t count = council_ask_motions(santiago->replica, open), at = 0;
    for (; at < count && mine == NULL; at++)
        if (open[at].next->retired_count == 1)
            mine = &open[at];
    assert_non_null(mine);
    enum status st = admins_approve(a, santiago, at - 1);
    assert_true(st == ST_OK || st == ST_NEEDS_PERSON);
    for (int i = 0; i < 4; i++) {
        admins_must_carry(a, santiago, arica);
        admins_must_carry(a, arica, santiago);
    }
    assert_int_equal(admins_version(santiago), 3);
    assert_null(member_of(santiago, "iquique"));
    assert_int_equal(admins_version(arica), 3);
}

/* One admin's motions, all signed, fill the lists of the others: theirs still find room. */
static void a_flood_leaves_room_for_others(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    for (uint64_t round = 2; round < 40; round++) {
        offer_forged(a, &a->of[1], round, &a->of[0]);
        offer_forged(a, &a->of[1], round, &a->of[2]);
    }
    must_remove_iquique(a);
    admins_stop(a);
}

/* The greatest ballot there is, taken by one admin, does not end the chain. */
static void the_greatest_ballot_locks_nothing(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    offer_forged(a, &a->of[1], BALLOT_ROUND_MAX, &a->of[0]);
    offer_forged(a, &a->of[1], BALLOT_ROUND_MAX, &a->of[2]);
    admins_reopen(a, &a->of[0]);
    must_remove_iquique(a);
    admins_stop(a);
}

/* However many ballots an admin makes, the list stays within its quota. */
static void a_flood_stays_small(void **state)
{
    (void)state;
    struct admins *a = admins_start(4);
    struct one *arica = &a->of[0];
    const struct bytes *lent;
    for (uint64_t round = 2; round < 40; round++)
        offer_forged(a, &a->of[1], round, arica);
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

/* Who is to be removed goes on raising its ballots between any two words of the others: those who
 * approved the removal follow it no more, and need no person a second time. */
static void who_is_removed_cannot_outbid(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *liar = &a->of[1], *santiago = &a->of[2];
    struct council_motion open[PROPOSALS_MAX];
    uint64_t round = 10;
    assert_int_equal(admins_remove(a, arica, "iquique"), ST_NEEDS_PERSON);
    offer_forged(a, liar, round++, arica);
    admins_must_carry(a, arica, santiago);
    offer_forged(a, liar, round++, santiago);
    uint32_t count = council_ask_motions(santiago->replica, open), at = 0;
    while (at < count && open[at].next->retired_count == 0)
        at++;
    assert_true(at < count);
    enum status st = admins_approve(a, santiago, at);
    assert_true(st == ST_OK || st == ST_NEEDS_PERSON);
    for (int i = 0; i < 6 && admins_version(santiago) == 2; i++) {
        offer_forged(a, liar, round++, arica);
        admins_must_carry(a, santiago, arica);
        offer_forged(a, liar, round++, arica);
        offer_forged(a, liar, round++, santiago);
        admins_must_carry(a, arica, santiago);
    }
    assert_int_equal(admins_version(santiago), 3);
    assert_null(member_of(santiago, "iquique"));
    admins_stop(a);
}

/* The order of telling: long before the second one of anybody comes the first one of each. */
static void each_owner_is_told_in_turn(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    struct council *c = arica->replica->council;
    uint32_t order[PROPOSALS_MAX];
    for (uint64_t round = 2; round < 40; round++)
        offer_forged(a, &a->of[1], round, arica);
    offer_forged(a, &a->of[2], 2, arica);
    assert_int_equal(c->motion_count, PROPOSALS_MAX);
    council_room_order(c, order);
    const struct key *first = &c->motions[order[0]].ballot.admin;
    const struct key *second = &c->motions[order[1]].ballot.admin;
    assert_memory_not_equal(first->id, second->id, KEY_BYTES);
    bool seen[PROPOSALS_MAX] = {false};
    for (uint32_t i = 0; i < c->motion_count; i++) {
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_stays_small),
        cmocka_unit_test(a_flood_leaves_room_for_others),
        cmocka_unit_test(the_greatest_ballot_locks_nothing),
        cmocka_unit_test(each_owner_is_told_in_turn),
        cmocka_unit_test(who_is_removed_cannot_outbid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
