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
    uint32_t count = council_ask_motions(iquique->replica, open), wanted = 0;
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
    count = council_ask_motions(iquique->replica, open);
    assert_int_equal(count, 1);
    for (int i = 0; i < 2; i++) {
        admins_must_carry(a, iquique, arica);
        if (admins_version(arica) == 3 && council_ask_motions(arica->replica, open) == 1 &&
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

/* ---- Crashes ---- */

/* What left the office before the power went: each motion that it lent, as often as it did. */
struct seen {
    struct buf motions[64];
    uint32_t count;
};

static void look(struct one *o, struct seen *seen)
{
    const struct bytes *lent;
    uint32_t count = replica_motions(o->replica, &lent);
    for (uint32_t i = 0; i < count && seen->count < 64; i++)
        buf_add_bytes(&seen->motions[seen->count++], lent[i]);
}

/* One office's part: a motion comes, is promised, and is approved by a person. */
static enum status play(struct admins *a, struct one *o, const struct buf *motion,
                        struct seen *seen)
{
    struct bytes raw = buf_bytes(motion);
    bool grown;
    enum status st = replica_offer_motions(o->replica, &raw, 1, &grown, &a->f);
    if (seen != NULL)
        look(o, seen);
    struct council_motion open[PROPOSALS_MAX];
    uint32_t count = council_ask_motions(o->replica, open);
    if (st == ST_OK && count > 0) {
        struct digest hash = open[0].next->hash;
        st = council_ask_approve(o->replica, &hash, &a->f);
        if (seen != NULL)
            look(o, seen);
    }
    return st;
}

/* After a crash the office knows every word of its own that anybody has seen. */
static void check_words(struct one *o, struct seen *seen)
{
    const struct key *key = &o->identity.key;
    for (uint32_t i = 0; i < seen->count; i++) {
        struct motion m;
        struct fault f;
        assert_int_equal(motion_decode(buf_bytes(&seen->motions[i]), &m, &f), ST_OK);
        const struct ballot_vow *vow = &o->replica->council->vow;
        bool past = admins_version(o) >= m.charter->version;
        if (!past && motion_promise_of(&m, key) != NULL)
            assert_true(ballot_compare(&vow->promised, &m.ballot) >= 0);
        if (!past && motion_signature_of(&m, key) != NULL)
            assert_true(ballot_compare(&vow->vote.ballot, &m.ballot) >= 0);
        motion_release(&m);
        buf_release(&seen->motions[i]);
    }
    seen->count = 0;
}

static void every_crash(void **state)
{
    (void)state;
    for (int loss = 0; loss < SIMDISK_LOSS_COUNT; loss++)
        for (uint64_t cut = 1;; cut++) {
            struct admins *a = admins_start(3);
            struct one *arica = &a->of[0], *iquique = &a->of[1];
            struct seen seen = {.count = 0};
            const struct bytes *lent;
            struct buf motion = {0};
            assert_int_equal(admins_remove(a, iquique, "talca"), ST_NEEDS_PERSON);
            assert_int_equal(replica_motions(iquique->replica, &lent), 1);
            buf_add_bytes(&motion, lent[0]);
            simdisk_cut(arica->sim, cut);
            enum status st = play(a, arica, &motion, &seen);
            bool off = simdisk_is_off(arica->sim);
            replica_drop(arica->replica);
            arica->replica = NULL;
            assert_int_equal(simdisk_crash(arica->sim, (enum simdisk_loss)loss, cut), ST_OK);
            admins_open(a, arica);
            check_words(arica, &seen);
            st = play(a, arica, &motion, NULL); /* and it goes on as if nothing had been */
            assert_int_equal(st, ST_NEEDS_PERSON);
            admins_must_carry(a, arica, iquique);
            assert_int_equal(admins_version(iquique), 3);
            buf_release(&motion);
            admins_stop(a);
            if (!off)
                break;
        }
}

/* The power goes while the version itself is put down: it is there, or comes again. */
static void every_crash_at_the_end(void **state)
{
    (void)state;
    for (uint64_t cut = 1;; cut++) {
        struct admins *a = admins_start(3);
        struct one *arica = &a->of[0], *iquique = &a->of[1];
        assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
        admins_must_carry(a, arica, iquique);
        simdisk_cut(iquique->sim, cut);
        (void)admins_approve(a, iquique, 0);
        bool off = simdisk_is_off(iquique->sim);
        replica_drop(iquique->replica);
        iquique->replica = NULL;
        assert_int_equal(simdisk_crash(iquique->sim, SIMDISK_TEAR, cut), ST_OK);
        admins_open(a, iquique);
        admins_must_carry(a, arica, iquique);
        if (admins_version(iquique) == 2)
            assert_int_equal(admins_approve(a, iquique, 0), ST_OK);
        assert_int_equal(admins_version(iquique), 3);
        admins_stop(a);
        if (!off)
            break;
    }
}

static void no_memory_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct admins *a = admins_start(3);
        struct one *arica = &a->of[0], *iquique = &a->of[1];
        const struct bytes *lent;
        struct buf motion = {0};
        assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
        assert_int_equal(replica_motions(arica->replica, &lent), 1);
        buf_add_bytes(&motion, lent[0]);
        mem_fail_at(n);
        enum status st = play(a, iquique, &motion, NULL);
        bool failed = mem_failed();
        mem_fail_at(0);
        admins_reopen(a, iquique);
        if (failed && st != ST_OK)
            assert_true(st == ST_NO_MEMORY || st == ST_NOT_FOUND);
        st = admins_version(iquique) == 3 ? ST_OK : play(a, iquique, &motion, NULL);
        assert_int_equal(st, ST_OK);
        assert_int_equal(admins_version(iquique), 3);
        buf_release(&motion);
        admins_stop(a);
        if (!failed)
            break;
    }
}

/* ---- By chance ---- */

enum { RUNS = 24, STEPS = 120 };

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static void act(struct admins *a, uint64_t *seed)
{
    struct one *o = &a->of[draw(seed, a->count)], *other = &a->of[draw(seed, a->count)];
    struct council_motion open[PROPOSALS_MAX];
    uint32_t what = draw(seed, 20), count;
    char address[32];
    switch (what) {
    case 0:
    case 1: /* not the admins themselves, so that the same ones stay */
        snprintf(address, sizeof address, "127.0.0.1:%u", draw(seed, 1000) + 1);
        (void)admins_address(a, o, a->of[draw(seed, a->count)].member.label, address);
        break;
    case 2:
    case 3:
    case 4:
        count = council_ask_motions(o->replica, open);
        if (count > 0)
            (void)admins_approve(a, o, draw(seed, count));
        break;
    case 5:
        replica_drop(o->replica);
        o->replica = NULL;
        assert_int_equal(
            simdisk_crash(o->sim, (enum simdisk_loss)draw(seed, SIMDISK_LOSS_COUNT), *seed), ST_OK);
        admins_open(a, o);
        break;
    default:
        if (o != other)
            assert_int_equal(admins_carry(a, o, other), ST_OK);
    }
}

/* Every version that anybody has is everybody's. */
static void check_one_chain(struct admins *a, uint64_t run)
{
    for (uint32_t i = 1; i < a->count; i++) {
        const struct charter_chain *x = replica_charters(a->of[0].replica);
        const struct charter_chain *y = replica_charters(a->of[i].replica);
        for (uint32_t v = 1; v <= x->count && v <= y->count; v++)
            if (memcmp(&charter_at(x, v)->hash, &charter_at(y, v)->hash, DIGEST_BYTES) != 0)
                fail_msg("run %llu: charter %u exists twice", (unsigned long long)run, v);
    }
}

/* Whoever meets, in whatever order, with crashes: one chain; and when all meet it goes on. */
static void by_chance(void **state)
{
    (void)state;
    uint32_t grown = 0;
    for (uint64_t run = 1; run <= RUNS; run++) {
        uint64_t seed = run;
        struct admins *a = admins_start(3 + draw(&seed, 2));
        for (int i = 0; i < STEPS; i++) {
            act(a, &seed);
            check_one_chain(a, run);
        }
        uint32_t before = admins_version(&a->of[0]);
        (void)admins_address(a, &a->of[0], "arica", "127.0.0.1:7777");
        struct council_motion open[PROPOSALS_MAX];
        for (int pass = 0; pass < 8; pass++)
            for (uint32_t i = 0; i < a->count * a->count; i++) {
                struct one *o = &a->of[i % a->count], *other = &a->of[i / a->count];
                if (o != other)
                    assert_int_equal(admins_carry(a, o, other), ST_OK);
                uint32_t count = council_ask_motions(other->replica, open), which = 0;
                while (which < count && !open[which].wanted)
                    which++;
                if (which < count)
                    (void)admins_approve(a, other, which);
            }
        check_one_chain(a, run);
        if (admins_version(&a->of[0]) <= before)
            fail_msg("run %llu: no way forward", (unsigned long long)run);
        grown += before - 2;
        admins_stop(a);
    }
    assert_true(grown >= RUNS / 2); /* versions made by chance alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_approval_is_enough),
        cmocka_unit_test(another_admin_needs_promises),
        cmocka_unit_test(two_wishes_and_a_third_gone),
        cmocka_unit_test(two_remove_each_other),
        cmocka_unit_test(every_crash),
        cmocka_unit_test(every_crash_at_the_end),
        cmocka_unit_test(no_memory_changes_nothing),
        cmocka_unit_test(by_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
