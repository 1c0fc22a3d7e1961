#include "tests/unit/replicas/charter_kit.h"

#include "proto/mem.h"

/* Three admins, added one by one by whoever is a majority. */
static struct charter_chain three(const struct person *p)
{
    struct charter_chain chain = found(&p[0], SMALL);
    for (uint32_t i = 1; i < 3; i++) {
        struct charter next = next_of(&chain);
        struct charter_member members[3];
        const struct person *signers[] = {&p[0], &p[1]};
        memcpy(members, next.members, next.member_count * sizeof members[0]);
        members[next.member_count++] = p[i].member;
        next.members = members;
        assert_int_equal(offer(&chain, &next, signers, i), ST_OK);
    }
    assert_int_equal(charter_newest(&chain)->member_count, 3);
    return chain;
}

static void majorities_count(void **state)
{
    (void)state;
    struct person p[] = {admin("aa", 1), admin("bb", 2), admin("cc", 3)};
    struct person office = person("dd", 4, CHARTER_OFFICE);
    struct charter_chain chain = three(p);
    struct charter next = next_of(&chain);
    next.limits_json = BYTES("{\"parents_max\":16}");
    const struct person *one[] = {&p[0]}, *two[] = {&p[0], &p[2]};
    const struct person *all[] = {&p[0], &p[1], &p[2]}, *stranger[] = {&p[0], &office};
    assert_int_equal(offer(&chain, &next, one, 1), ST_BAD_SIGNATURE);
    assert_int_equal(offer(&chain, &next, stranger, 2), ST_BAD_SIGNATURE);
    assert_int_equal(offer(&chain, &next, all, 0), ST_NOT_CANONICAL);
    struct fault f = {0};
    struct buf file = sign(&next, two, 2, &office.member.key);
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_BAD_SIGNATURE);
    buf_release(&file);
    assert_int_equal(offer(&chain, &next, two, 2), ST_OK);
    assert_int_equal(offer(&chain, &next, all, 3), ST_EXISTS);
    struct charter rival = next;
    rival.limits_json = BYTES("{\"parents_max\":17}");
    assert_int_equal(offer(&chain, &rival, all, 3), ST_WRONG_CHARTER);
    next = next_of(&chain);
    next.previous.id[0] ^= 1;
    assert_int_equal(offer(&chain, &next, all, 3), ST_WRONG_CHARTER);
    charter_chain_release(&chain);
}

static void the_newest_can_be_dropped_and_come_back(void **state)
{
    (void)state;
    struct person p[] = {admin("aa", 1), admin("bb", 2), admin("cc", 3)};
    struct charter_chain chain = three(p);
    struct charter next = next_of(&chain);
    const struct person *two[] = {&p[0], &p[2]};
    uint32_t before = chain.count;
    next.limits_json = BYTES("{\"parents_max\":16}");
    assert_int_equal(offer(&chain, &next, two, 2), ST_OK);
    charter_chain_drop(&chain);
    assert_int_equal(chain.count, before);
    assert_int_equal(charter_newest(&chain)->version, before);
    assert_int_equal(offer(&chain, &next, two, 2), ST_OK);
    charter_chain_release(&chain);
}

static void losses_are_retirements(void **state)
{
    (void)state;
    struct person p[] = {admin("aa", 1), admin("bb", 2), admin("cc", 3)};
    struct charter_chain chain = three(p);
    const struct person *two[] = {&p[0], &p[1]};
    struct charter_member members[3];
    struct oid kept[2] = {{{1}}, {{2}}};
    struct charter_retired retired = {
        .label = "cc", .key = p[2].member.key, .kept = kept, .kept_count = 2};
    struct charter next = next_of(&chain);
    memcpy(members, next.members, sizeof members);
    next.members = members;
    members[2].treasurer = false;
    assert_int_equal(offer(&chain, &next, two, 2), ST_WRONG_CHARTER);
    next.member_count = 2;
    assert_int_equal(offer(&chain, &next, two, 2), ST_WRONG_CHARTER);
    next.retired = &retired;
    next.retired_count = 1;
    memcpy(retired.label, "bb", sizeof "bb");
    assert_int_equal(offer(&chain, &next, two, 2), ST_WRONG_CHARTER);
    memcpy(retired.label, "cc", sizeof "cc");
    assert_int_equal(offer(&chain, &next, two, 2), ST_OK);
    const struct charter_retired *found =
        charter_retired_key(charter_newest(&chain), &p[2].member.key);
    assert_non_null(found);
    assert_int_equal(found->kept_count, 2);
    assert_true(oid_equal(&found->kept[1], &kept[1]));
    next = next_of(&chain);
    next.retired_count = 0;
    assert_int_equal(offer(&chain, &next, two, 2), ST_WRONG_CHARTER);
    next.retired = &retired;
    next.retired_count = 1;
    retired.kept_count = 1;
    assert_int_equal(offer(&chain, &next, two, 2), ST_WRONG_CHARTER);
    retired.kept_count = 2;
    memcpy(&members[2], &p[2].member, sizeof members[2]);
    next.members = members;
    next.member_count = 3;
    assert_int_equal(offer(&chain, &next, two, 2), ST_MALFORMED);
    charter_chain_release(&chain);
}

static void the_schema_only_grows(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1);
    const struct person *alone[] = {&santiago};
    struct charter_chain chain = found(&santiago, SMALL);
    struct charter next = next_of(&chain);
    next.schema_json = BYTES(OTHER);
    assert_int_equal(offer(&chain, &next, alone, 1), ST_WRONG_CHARTER);
    next.schema_json = BYTES("{\"types\":{\"visit\":{}}}");
    assert_int_equal(offer(&chain, &next, alone, 1), ST_NOT_SCHEMA);
    next.schema_json = BYTES(GROWN);
    assert_int_equal(offer(&chain, &next, alone, 1), ST_OK);
    assert_true(bytes_equal_text(charter_newest(&chain)->schema_json, GROWN));
    charter_chain_release(&chain);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1);
    struct charter_chain chain = {0};
    struct buf file = {0};
    struct fault f = {0};
    enum status status = ST_NO_MEMORY;
    uint64_t n = 1;
    for (; n < 10000 && status == ST_NO_MEMORY; n++) {
        buf_release(&file);
        mem_fail_at(n);
        status = charter_found("net", &santiago.member, BYTES(SMALL), santiago.secret, &file, &f);
        assert_true(status == (mem_failed() ? ST_NO_MEMORY : ST_OK));
    }
    assert_true(n > 5);
    status = ST_NO_MEMORY;
    for (n = 1; n < 10000 && status == ST_NO_MEMORY; n++) {
        mem_fail_at(n);
        status = charter_chain_add(&chain, buf_bytes(&file), NULL, &f);
        assert_true(status == (mem_failed() ? ST_NO_MEMORY : ST_OK));
        assert_int_equal(chain.count, status == ST_OK ? 1 : 0);
    }
    assert_true(n > 10);
    mem_fail_at(0);
    charter_chain_release(&chain);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(majorities_count),
        cmocka_unit_test(the_newest_can_be_dropped_and_come_back),
        cmocka_unit_test(losses_are_retirements),
        cmocka_unit_test(the_schema_only_grows),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
