#include "tests/unit/replicas/charter_kit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founding_and_adding),
        cmocka_unit_test(what_adding_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
