#include "tests/unit/replicas/admins.h"

/* A file of ours that is damaged is as good as none: what it said may be known elsewhere. */
static void a_damaged_file_is_a_restore(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    replica_drop(arica->replica);
    assert_true(simdisk_flip(arica->sim, "council", 100, 1));
    admins_open(a, arica);
    assert_true(council_is_silent(arica->replica));
    assert_int_equal(admins_remove(a, arica, "talca"), ST_WAITING);
    admins_reopen(a, arica); /* with a file that is whole again, and empty */
    assert_true(council_is_silent(arica->replica));
    assert_int_equal(admins_remove(a, arica, "talca"), ST_WAITING);
    assert_int_equal(replica_heard_peer(arica->replica, &a->f), ST_OK);
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    admins_stop(a);
}

/* All of it comes back; every byte of it matters. */
static void it_comes_back(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0], *iquique = &a->of[1];
    assert_int_equal(admins_remove(a, iquique, "talca"), ST_NEEDS_PERSON);
    admins_must_carry(a, iquique, arica);
    assert_int_equal(admins_approve(a, arica, 0), ST_NEEDS_PERSON);
    assert_int_equal(admins_address(a, arica, "talca", "127.0.0.1:5"), ST_NEEDS_PERSON);
    struct council before = *arica->replica->council;
    struct digest approved = before.approved[0];
    uint32_t motions = before.motion_count, wishes = before.wish_count;
    admins_reopen(a, arica);
    const struct council *c = arica->replica->council;
    assert_int_equal(c->version, 3);
    assert_memory_equal(&c->vow.promised, &before.vow.promised, sizeof c->vow.promised);
    assert_memory_equal(&c->vow.vote, &before.vow.vote, sizeof c->vow.vote);
    assert_int_equal(c->motion_count, motions);
    assert_int_equal(c->wish_count, wishes);
    assert_int_equal(wishes, 1);
    assert_memory_equal(&c->approved[0], &approved, sizeof approved);
    struct bytes file = simdisk_content(arica->sim, "council");
    assert_true(file.count > 1000);
    for (size_t i = 0; i < file.count; i += i < 400 ? 1 : 101) {
        struct council again = {.version = 0};
        assert_true(simdisk_flip(arica->sim, "council", i, 0x20));
        assert_int_equal(council_file_load(arica->replica, &again, &a->f), ST_OK);
        assert_int_equal(again.restored, 2);
        assert_int_equal(again.motion_count, 0);
        council_file_clear(&again, true);
        assert_true(simdisk_flip(arica->sim, "council", i, 0x20));
    }
    admins_stop(a);
}

static void no_memory(void **state)
{
    (void)state;
    struct admins *a = admins_start(3);
    struct one *arica = &a->of[0];
    assert_int_equal(admins_remove(a, arica, "talca"), ST_NEEDS_PERSON);
    for (uint64_t n = 1;; n++) {
        struct council again = {.version = 0};
        mem_fail_at(n);
        enum status st = council_file_load(arica->replica, &again, &a->f);
        bool failed = mem_failed();
        mem_fail_at(0);
        council_file_clear(&again, true);
        if (!failed)
            break;
        assert_int_equal(st, ST_NO_MEMORY);
    }
    for (uint64_t n = 1;; n++) {
        mem_fail_at(n);
        enum status st = council_file_save(arica->replica, arica->replica->council, &a->f);
        bool failed = mem_failed();
        mem_fail_at(0);
        if (!failed)
            break;
        assert_int_equal(st, ST_NO_MEMORY);
    }
    admins_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_file_is_a_restore),
        cmocka_unit_test(it_comes_back),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
