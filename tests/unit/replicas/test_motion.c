#include "tests/unit/replicas/admins.h"

/* A motion by the second admin, with two promises and two signatures. */
static struct buf sample(struct admins *a)
{
    const struct bytes *lent;
    struct buf copy = {0};
    assert_int_equal(admins_remove(a, &a->of[1], "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, &a->of[1], &a->of[0]);
    assert_int_equal(admins_approve(a, &a->of[0], 0), ST_NEEDS_PERSON);
    assert_int_equal(replica_motions(a->of[0].replica, &lent), 1);
    buf_add_bytes(&copy, lent[0]);
    return copy;
}

static const struct charter *before(const struct admins *a)
{
    return charter_newest(&a->chain);
}

static void its_bytes_are_exact(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct buf raw = sample(a), again = {0};
    struct motion m;
    assert_int_equal(motion_decode(buf_bytes(&raw), &m, &a->f), ST_OK);
    assert_int_equal(m.promise_count, 2);
    assert_int_equal(m.signature_count, 1);
    assert_int_equal(m.ballot.round, 2);
    motion_encode(&m, &again);
    assert_true(bytes_equal(buf_bytes(&raw), buf_bytes(&again)));
    assert_int_equal(motion_check(&a->chain.network, before(a), &m, &a->f), ST_OK);
    motion_release(&m);
    for (size_t cut = 0; cut < raw.count; cut += cut < 300 ? 1 : 37)
        assert_int_not_equal(motion_decode((struct bytes){raw.data, cut}, &m, &a->f), ST_OK);
    buf_release(&raw);
    buf_release(&again);
    admins_stop(a);
}

/* Every byte, flipped: nothing of it is taken for what it was. */
static void every_byte_matters(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct buf raw = sample(a);
    for (size_t i = 0; i < raw.count; i++) {
        struct motion m;
        raw.data[i] ^= 0x10;
        enum status st = motion_decode(buf_bytes(&raw), &m, &a->f);
        if (st == ST_OK)
            st = motion_check(&a->chain.network, before(a), &m, &a->f);
        if (st == ST_OK)
            fail_msg("byte %zu of %zu", i, raw.count);
        motion_release(&m);
        raw.data[i] ^= 0x10;
    }
    buf_release(&raw);
    admins_stop(a);
}

static void who_may_speak(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct buf raw = sample(a), file = {0};
    struct motion m, other;
    struct ballot_vote none = {.ballot = {.round = 0}};
    bool grown;
    assert_int_equal(motion_decode(buf_bytes(&raw), &m, &a->f), ST_OK);
    /* Too few. */
    assert_false(motion_version(&m, before(a), &file));
    /* One admin twice is one. */
    assert_int_equal(motion_sign(&m, a->of[0].identity.secret), ST_OK);
    assert_int_equal(m.signature_count, 1);
    assert_int_equal(motion_join(&m, &m, &grown), ST_OK);
    assert_false(grown);
    /* One that is no admin. */
    assert_int_equal(motion_sign(&m, a->of[3].identity.secret), ST_OK);
    assert_int_equal(motion_check(&a->chain.network, before(a), &m, &a->f), ST_BAD_SIGNATURE);
    motion_release(&m);
    assert_int_equal(motion_decode(buf_bytes(&raw), &m, &a->f), ST_OK);
    assert_int_equal(motion_promise(&m, &a->chain.network, &none, a->of[3].identity.secret), ST_OK);
    assert_int_equal(motion_check(&a->chain.network, before(a), &m, &a->f), ST_BAD_SIGNATURE);
    /* A promise for another network. */
    motion_release(&m);
    assert_int_equal(motion_decode(buf_bytes(&raw), &m, &a->f), ST_OK);
    struct digest elsewhere = a->chain.network;
    elsewhere.id[0] ^= 1;
    assert_int_equal(motion_check(&elsewhere, before(a), &m, &a->f), ST_BAD_SIGNATURE);
    /* A ballot that its owner said nothing of; round 1 of another than the first admin. */
    struct ballot foreign = {.round = 9, .admin = a->of[2].identity.key};
    assert_int_equal(motion_new(buf_bytes(&m.charter->file), &foreign, &other, &a->f), ST_OK);
    assert_int_equal(motion_sign(&other, a->of[0].identity.secret), ST_OK);
    assert_int_equal(motion_check(&a->chain.network, before(a), &other, &a->f), ST_BAD_SIGNATURE);
    motion_release(&other);
    foreign.round = 1;
    assert_int_equal(motion_new(buf_bytes(&m.charter->file), &foreign, &other, &a->f), ST_OK);
    assert_int_equal(motion_sign(&other, a->of[2].identity.secret), ST_OK);
    assert_int_equal(motion_check(&a->chain.network, before(a), &other, &a->f), ST_WRONG_CHARTER);
    motion_release(&other);
    /* It is for the version after, and for no other. */
    assert_int_equal(motion_check(&a->chain.network, charter_at(&a->chain, 1), &m, &a->f),
                     ST_WRONG_CHARTER);
    assert_int_equal(motion_sign(&m, a->of[1].identity.secret), ST_OK);
    assert_true(motion_version(&m, before(a), &file));
    assert_int_equal(charter_chain_add(&a->chain, buf_bytes(&file), NULL, &a->f), ST_OK);
    motion_release(&m);
    buf_release(&file);
    buf_release(&raw);
    admins_stop(a);
}

static void no_memory(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct buf raw = sample(a);
    for (uint64_t n = 1;; n++) {
        struct motion m;
        mem_fail_at(n);
        enum status st = motion_decode(buf_bytes(&raw), &m, &a->f);
        bool failed = mem_failed();
        mem_fail_at(0);
        motion_release(&m);
        if (!failed) {
            assert_int_equal(st, ST_OK);
            break;
        }
        assert_int_equal(st, ST_NO_MEMORY);
    }
    buf_release(&raw);
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_bytes_are_exact),
        cmocka_unit_test(every_byte_matters),
        cmocka_unit_test(who_may_speak),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
