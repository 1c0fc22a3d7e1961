#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/mem.h"
#include "replicas/sshsig.h"
#include "tests/unit/replicas/judge_key.h"

static struct judge judge;
static struct key key;
static uint8_t secret[SSHSIG_SECRET_BYTES];

static int set_up(void **unused)
{
    (void)unused;
    if (sodium_init() < 0 || judge_open(&judge) != 0)
        return -1;
    return judge_key(&judge, "key", 7, &key, secret);
}

static int tear_down(void **unused)
{
    (void)unused;
    judge_close(&judge);
    return 0;
}

static struct buf armour_of(struct bytes message)
{
    struct buf text = {0};
    uint8_t signature[SIGNATURE_BYTES];
    sshsig_sign(message, secret, signature);
    sshsig_armour(&key, signature, &text);
    assert_int_equal(text.count, SSHSIG_ARMOUR_TEXT);
    return text;
}

static void armour_is_that_of_ssh_keygen(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {0, 1, 111, 112, 5000};
    static const uint8_t zeros[5000];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(judge_write(&judge, "message", zeros, sizes[i]), 0);
        assert_int_equal(judge_run(&judge, "ssh-keygen -q -Y sign -f key -n git < message"), 0);
        struct buf text = armour_of((struct bytes){zeros, sizes[i]});
        assert_int_equal(text.count, strlen(judge.output) + 1);
        assert_memory_equal(text.data, judge.output, text.count - 1);
        buf_release(&text);
    }
}

static void ssh_keygen_verifies_ours(void **unused)
{
    (void)unused;
    struct buf text = armour_of(BYTES("hello"));
    assert_int_equal(judge_write(&judge, "message", "hello", 5), 0);
    assert_int_equal(judge_write(&judge, "message.sig", text.data, text.count), 0);
    assert_int_equal(judge_run(&judge, "echo \"talca $(cut -d' ' -f1,2 key.pub)\" > allowed && "
                                       "ssh-keygen -Y verify -f allowed -I talca -n git "
                                       "-s message.sig < message"),
                     0);
    assert_non_null(strstr(judge.output, "Good \"git\" signature for talca"));
    buf_release(&text);
}

static void signatures_of_anything_else_do_not_verify(void **unused)
{
    (void)unused;
    uint8_t signature[SIGNATURE_BYTES];
    sshsig_sign(BYTES("hello"), secret, signature);
    assert_int_equal(sshsig_verify(BYTES("hello"), &key, signature), ST_OK);
    assert_int_equal(sshsig_verify(BYTES("hellO"), &key, signature), ST_BAD_SIGNATURE);
    struct key other = key;
    other.id[3] ^= 1;
    assert_int_equal(sshsig_verify(BYTES("hello"), &other, signature), ST_BAD_SIGNATURE);
    for (size_t i = 0; i < SIGNATURE_BYTES; i++) {
        signature[i] ^= 0x40;
        assert_int_equal(sshsig_verify(BYTES("hello"), &key, signature), ST_BAD_SIGNATURE);
        signature[i] ^= 0x40;
    }
}

static void parse_takes_back_key_and_signature(void **unused)
{
    (void)unused;
    struct buf text = armour_of(BYTES("hello"));
    struct key read;
    uint8_t signature[SIGNATURE_BYTES];
    assert_int_equal(sshsig_parse(buf_bytes(&text), &read, signature), ST_OK);
    assert_memory_equal(read.id, key.id, KEY_BYTES);
    assert_int_equal(sshsig_verify(BYTES("hello"), &read, signature), ST_OK);
    buf_release(&text);
}

static void other_namespaces_and_hashes_are_refused(void **unused)
{
    (void)unused;
    struct key read;
    uint8_t signature[SIGNATURE_BYTES];
    static const char *const options[] = {"-n file", "-n git -O hashalg=sha256"};
    assert_int_equal(judge_write(&judge, "message", "hello", 5), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(judge_run(&judge, "ssh-keygen -q -Y sign -f key %s < message", options[i]),
                         0);
        size_t count = strlen(judge.output);
        judge.output[count] = '\n';
        struct bytes text = {(const uint8_t *)judge.output, count + 1};
        enum status st = sshsig_parse(text, &read, signature);
        assert_int_not_equal(st, ST_OK);
    }
}

static void every_prefix_and_every_flipped_bit_is_refused(void **unused)
{
    (void)unused;
    struct buf text = armour_of(BYTES("hello"));
    struct key read, before;
    uint8_t signature[SIGNATURE_BYTES];
    memset(&read, 0x5a, sizeof read);
    before = read;
    for (size_t cut = 0; cut < text.count; cut++) {
        uint8_t *prefix = mem_copy(text.data, cut);
        assert_int_not_equal(sshsig_parse((struct bytes){prefix, cut}, &read, signature), ST_OK);
        mem_free(prefix);
    }
    assert_memory_equal(&read, &before, sizeof read);
    for (size_t i = 0; i < text.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            text.data[i] ^= (uint8_t)(1 << bit);
            /* Another key or signature is well formed: then only the verification can tell. */
            if (sshsig_parse(buf_bytes(&text), &read, signature) == ST_OK) {
                struct buf again = {0};
                sshsig_armour(&read, signature, &again);
                assert_memory_equal(again.data, text.data, text.count);
                buf_release(&again);
                assert_int_equal(sshsig_verify(BYTES("hello"), &read, signature), ST_BAD_SIGNATURE);
            }
            text.data[i] ^= (uint8_t)(1 << bit);
        }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(armour_is_that_of_ssh_keygen),
        cmocka_unit_test(ssh_keygen_verifies_ours),
        cmocka_unit_test(signatures_of_anything_else_do_not_verify),
        cmocka_unit_test(parse_takes_back_key_and_signature),
        cmocka_unit_test(other_namespaces_and_hashes_are_refused),
        cmocka_unit_test(every_prefix_and_every_flipped_bit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
