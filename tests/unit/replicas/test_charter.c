#include "tests/unit/replicas/programme.h"

#include <sodium.h>
#include <string.h>

#include "proto/mem.h"
#include "replicas/charter.h"
#include "replicas/charter_file.h"
#include "replicas/charter_parse.h"
#include "replicas/charter_sign.h"

#define SMALL                                                                                      \
    "{\"types\":{\"visit\":{\"fields\":{\"date\":{\"class\":\"open\",\"kind\":\"date\"}},"         \
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}"
#define GROWN                                                                                      \
    "{\"types\":{\"visit\":{\"fields\":{\"date\":{\"class\":\"open\",\"kind\":\"date\"},"          \
    "\"score\":{\"class\":\"open\",\"kind\":\"integer\"}},"                                        \
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}"
#define OTHER                                                                                      \
    "{\"types\":{\"visit\":{\"fields\":{\"score\":{\"class\":\"open\",\"kind\":\"date\"}},"        \
    "\"shape\":\"record\",\"writers\":[\"office\"]}}}"

struct person {
    struct charter_member member;
    uint8_t secret[64];
};

/* A person of a fixed key. */
static struct person person(const char *label, uint8_t seed, enum charter_role role)
{
    struct person p = {.member = {.role = role}};
    uint8_t seed_bytes[crypto_sign_SEEDBYTES] = {seed};
    crypto_sign_seed_keypair(p.member.key.id, p.secret, seed_bytes);
    snprintf(p.member.label, sizeof p.member.label, "%s", label);
    snprintf(p.member.address, sizeof p.member.address, "127.0.0.1:%d", 7700 + seed);
    return p;
}

static struct person admin(const char *label, uint8_t seed)
{
    struct person p = person(label, seed, CHARTER_OFFICE);
    p.member.admin = true;
    p.member.treasurer = true;
    return p;
}

static struct charter_chain found(const struct person *founder, const char *schema)
{
    struct charter_chain chain = {0};
    struct buf file = {0};
    struct fault f = {0};
    assert_int_equal(charter_found("vicaría", &founder->member, bytes_of_text(schema),
                                   founder->secret, &file, &f),
                     ST_OK);
    if (charter_chain_add(&chain, buf_bytes(&file), NULL, &f) != ST_OK)
        fail_msg("%s", f.text);
    buf_release(&file);
    return chain;
}

/* A version of any content, signed by any of them under one ballot: what add_member() never makes.
 */
static struct buf sign(struct charter *c, const struct person *const *signers, uint32_t count,
                       const struct key *ballot_admin)
{
    struct charter_signature signatures[8] = {0};
    struct buf body = {0}, file = {0};
    charter_file_add_body(c, &body);
    charter_file_hash(buf_bytes(&body), &c->hash);
    for (uint32_t i = 0; i < count; i++) {
        signatures[i].key = signers[i]->member.key;
        signatures[i].admin = *ballot_admin;
        signatures[i].round = 3;
        charter_sign(c->version, &c->hash, signers[i]->secret, &signatures[i]);
    }
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t j = i;
             j > 0 && memcmp(&signatures[j - 1].key, &signatures[j].key, sizeof(struct key)) > 0;
             j--) {
            struct charter_signature swap = signatures[j];
            signatures[j] = signatures[j - 1];
            signatures[j - 1] = swap;
        }
    c->signatures = signatures;
    c->signature_count = count;
    charter_file_add(c, buf_bytes(&body), &file);
    c->signatures = NULL;
    c->signature_count = 0;
    buf_release(&body);
    assert_int_equal(buf_status(&file), ST_OK);
    return file;
}

static enum status offer(struct charter_chain *chain, struct charter *c,
                         const struct person *const *signers, uint32_t count)
{
    struct fault f = {0};
    struct buf file = sign(c, signers, count, &signers[0]->member.key);
    enum status status = charter_chain_add(chain, buf_bytes(&file), NULL, &f);
    buf_release(&file);
    return status;
}

/* A copy of the newest version, as the next one, that borrows its lists. */
static struct charter next_of(const struct charter_chain *chain)
{
    struct charter next = *charter_newest(chain);
    next.previous = next.hash;
    next.version++;
    return next;
}

static void founding_and_adding(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1);
    struct person iquique = person("iquique", 2, CHARTER_OFFICE);
    struct person fosis = person("fosis", 3, CHARTER_PARTNER);
    struct buf schema = programme_schema_json(), file = {0};
    struct charter_chain chain = found(&santiago, buf_text(&schema)), copy = {0};
    struct fault f = {0};
    const struct charter *first = charter_newest(&chain);
    assert_int_equal(first->version, 1);
    assert_string_equal(first->network, "vicaría");
    assert_memory_equal(&first->hash, &chain.network, sizeof first->hash);
    assert_true(bytes_equal(first->schema_json, buf_bytes(&schema)));
    assert_non_null(strstr((const char *)first->file.data, "\n\"household\":{\"fields\":{"));
    assert_int_equal(charter_add_member(&chain, &iquique.member, santiago.secret, &file, &f),
                     ST_OK);
    assert_int_equal(charter_version_of(buf_bytes(&file)), 2);
    assert_int_equal(charter_chain_add(&copy, buf_bytes(&file), NULL, &f), ST_WAITING);
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_EXISTS);
    buf_reset(&file);
    assert_int_equal(charter_add_member(&chain, &fosis.member, santiago.secret, &file, &f), ST_OK);
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
    const struct charter *newest = charter_newest(&chain);
    assert_int_equal(newest->version, 3);
    assert_int_equal(newest->member_count, 3);
    assert_string_equal(newest->members[0].label, "fosis");
    assert_int_equal(charter_by_label(newest, BYTES("fosis"))->role, CHARTER_PARTNER);
    assert_string_equal(charter_by_key(newest, &iquique.member.key)->address, "127.0.0.1:7702");
    assert_null(charter_by_label(newest, BYTES("lima")));
    assert_null(charter_at(&chain, 0));
    assert_ptr_equal(charter_at(&chain, 1), first);
    assert_null(charter_at(&chain, 4));
    struct digest other = chain.network;
    other.id[0] ^= 1;
    assert_int_equal(charter_chain_add(&copy, buf_bytes(&first->file), &other, &f),
                     ST_WRONG_NETWORK);
    for (uint32_t i = 0; i < chain.count; i++)
        assert_int_equal(
            charter_chain_add(&copy, buf_bytes(&chain.versions[i]->file), &chain.network, &f),
            ST_OK);
    assert_memory_equal(&charter_newest(&copy)->hash, &newest->hash, sizeof newest->hash);
    charter_chain_release(&copy);
    charter_chain_release(&chain);
    buf_release(&file);
    buf_release(&schema);
}

static void what_adding_refuses(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1), second = admin("second", 9);
    struct person iquique = person("iquique", 2, CHARTER_OFFICE);
    struct person fosis = person("fosis", 3, CHARTER_PARTNER);
    struct charter_chain chain = found(&santiago, SMALL);
    struct buf file = {0};
    struct fault f = {0};
    assert_int_equal(charter_add_member(&chain, &iquique.member, iquique.secret, &file, &f),
                     ST_NOT_ALLOWED);
    assert_int_equal(charter_add_member(&chain, &santiago.member, santiago.secret, &file, &f),
                     ST_EXISTS);
    struct charter_member again = santiago.member;
    memcpy(again.label, "again", sizeof "again");
    assert_int_equal(charter_add_member(&chain, &again, santiago.secret, &file, &f), ST_EXISTS);
    fosis.member.admin = true;
    assert_int_equal(charter_add_member(&chain, &fosis.member, santiago.secret, &file, &f),
                     ST_BAD_VALUE);
    memcpy(iquique.member.label, "main", sizeof "main");
    assert_int_equal(charter_add_member(&chain, &iquique.member, santiago.secret, &file, &f),
                     ST_BAD_VALUE);
    iquique = person("iquique", 2, CHARTER_OFFICE);
    memcpy(iquique.member.address, "a b:1", sizeof "a b:1");
    assert_int_equal(charter_add_member(&chain, &iquique.member, santiago.secret, &file, &f),
                     ST_BAD_VALUE);
    assert_int_equal(charter_add_member(&chain, &second.member, santiago.secret, &file, &f), ST_OK);
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
    iquique = person("iquique", 2, CHARTER_OFFICE);
    assert_int_equal(charter_add_member(&chain, &iquique.member, santiago.secret, &file, &f),
                     ST_NEEDS_PERSON);
    struct buf none = {0};
    assert_int_equal(charter_found("", &santiago.member, BYTES(SMALL), santiago.secret, &none, &f),
                     ST_BAD_VALUE);
    assert_int_equal(
        charter_found("a\nb", &santiago.member, BYTES(SMALL), santiago.secret, &none, &f),
        ST_BAD_VALUE);
    assert_int_equal(
        charter_found("n", &santiago.member, BYTES("{\"types\":"), santiago.secret, &none, &f),
        ST_NOT_SCHEMA);
    assert_non_null(strstr(f.text, "line 1"));
    assert_int_equal(none.count, 0);
    buf_release(&none);
    buf_release(&file);
    charter_chain_release(&chain);
}

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

static void every_prefix_and_flip_is_refused(void **state)
{
    (void)state;
    struct person santiago = admin("santiago", 1), iquique = person("iquique", 2, CHARTER_OFFICE);
    struct charter_chain chain = found(&santiago, SMALL);
    struct buf file = {0};
    struct fault f = {0};
    assert_int_equal(charter_add_member(&chain, &iquique.member, santiago.secret, &file, &f),
                     ST_OK);
    for (size_t count = 0; count < file.count; count++)
        assert_int_not_equal(charter_chain_add(&chain, (struct bytes){file.data, count}, NULL, &f),
                             ST_OK);
    for (size_t i = 0; i < file.count; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            file.data[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
            file.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_int_equal(charter_chain_add(&chain, buf_bytes(&file), NULL, &f), ST_OK);
    buf_add_byte(&file, '\n');
    assert_int_equal(charter_version_of(buf_bytes(&file)), 0);
    charter_chain_release(&chain);
    buf_release(&file);
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
        cmocka_unit_test(founding_and_adding),
        cmocka_unit_test(what_adding_refuses),
        cmocka_unit_test(majorities_count),
        cmocka_unit_test(losses_are_retirements),
        cmocka_unit_test(the_schema_only_grows),
        cmocka_unit_test(every_prefix_and_flip_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
