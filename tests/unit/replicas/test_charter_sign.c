#include "tests/unit/replicas/programme.h"

#include <sodium.h>
#include <string.h>

#include "replicas/charter_sign.h"
#include "replicas/commit.h"
#include "replicas/sshsig.h"
#include "tests/unit/replicas/judge.h"

static struct charter_signature signed_by(uint8_t seed, uint32_t version, const struct digest *hash,
                                          uint8_t secret[static 64])
{
    struct charter_signature s = {.round = 5};
    uint8_t seed_bytes[crypto_sign_SEEDBYTES] = {seed};
    crypto_sign_seed_keypair(s.key.id, secret, seed_bytes);
    s.admin = s.key;
    charter_sign(version, hash, secret, &s);
    return s;
}

static void it_binds_version_hash_and_ballot(void **state)
{
    (void)state;
    struct digest hash = {{3}}, other = {{4}};
    uint8_t secret[64];
    struct charter_signature s = signed_by(1, 2, &hash, secret);
    assert_int_equal(charter_sign_verify(2, &hash, &s), ST_OK);
    assert_int_equal(charter_sign_verify(3, &hash, &s), ST_BAD_SIGNATURE);
    assert_int_equal(charter_sign_verify(2, &other, &s), ST_BAD_SIGNATURE);
    s.round = 6;
    assert_int_equal(charter_sign_verify(2, &hash, &s), ST_BAD_SIGNATURE);
    s.round = 5;
    s.admin.id[0] ^= 1;
    assert_int_equal(charter_sign_verify(2, &hash, &s), ST_BAD_SIGNATURE);
}

static void the_armour_comes_back(void **state)
{
    (void)state;
    struct digest hash = {{3}};
    uint8_t secret[64], signature[SIGNATURE_BYTES];
    struct charter_signature s = signed_by(1, 2, &hash, secret), read = {0};
    struct key key;
    struct buf armour = {0};
    charter_sign_armour(&s, &armour);
    assert_int_equal(charter_sign_read(buf_bytes(&armour), &read), ST_OK);
    assert_memory_equal(&read.key, &s.key, sizeof s.key);
    assert_memory_equal(read.signature, s.signature, sizeof s.signature);
    assert_int_not_equal(sshsig_parse(buf_bytes(&armour), &key, signature), ST_OK);
    for (size_t i = 0; i < armour.count; i++) {
        struct charter_signature again = {0};
        assert_int_not_equal(charter_sign_read((struct bytes){armour.data, i}, &again), ST_OK);
        armour.data[i] ^= 1;
        /* Another key or signature is another armour, which no longer verifies. */
        if (charter_sign_read(buf_bytes(&armour), &again) == ST_OK) {
            again.round = s.round;
            again.admin = s.admin;
            assert_int_equal(charter_sign_verify(2, &hash, &again), ST_BAD_SIGNATURE);
        }
        armour.data[i] ^= 1;
    }
    buf_release(&armour);
}

static void ssh_keygen_agrees(void **state)
{
    (void)state;
    struct digest hash = {{3}};
    uint8_t secret[64];
    struct charter_signature s = signed_by(1, 2, &hash, secret);
    struct judge j;
    struct buf armour = {0}, line = {0}, signers = {0};
    char hash_hex[2 * DIGEST_BYTES + 1], admin_hex[2 * KEY_BYTES + 1];
    hex_encode(hash.id, DIGEST_BYTES, hash_hex);
    hex_encode(s.admin.id, KEY_BYTES, admin_hex);
    buf_add_format(&line, "minga/charter/1 2 %s 5 %s\n", hash_hex, admin_hex);
    charter_sign_armour(&s, &armour);
    commit_key_line(BYTES("santiago"), &s.key, &signers);
    assert_int_equal(judge_open(&j), 0);
    assert_int_equal(judge_write(&j, "line", line.data, line.count), 0);
    assert_int_equal(judge_write(&j, "line.sig", armour.data, armour.count), 0);
    assert_int_equal(judge_write(&j, "key", signers.data, signers.count), 0);
    assert_int_equal(judge_run(&j,
                               "(printf 'santiago '; cat key) > signers && ssh-keygen -Y verify "
                               "-f signers -I santiago -n minga-charter -s line.sig < line"),
                     0);
    judge_close(&j);
    buf_release(&signers);
    buf_release(&line);
    buf_release(&armour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_binds_version_hash_and_ballot),
        cmocka_unit_test(the_armour_comes_back),
        cmocka_unit_test(ssh_keygen_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
