#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "replicas/receipt.h"

static struct key key, other_key;
static uint8_t secret[64], other_secret[64];
static uint8_t heads[3 * OID_BYTES], wants[2 * DIGEST_BYTES];

static int make_keys(void **state)
{
    (void)state;
    uint8_t seed[crypto_sign_SEEDBYTES] = {5}, other[crypto_sign_SEEDBYTES] = {6};
    if (sodium_init() < 0)
        return -1;
    crypto_sign_seed_keypair(key.id, secret, seed);
    crypto_sign_seed_keypair(other_key.id, other_secret, other);
    return 0;
}

static struct receipt sample(void)
{
    struct receipt r = {.from = key,
                        .part = 3,
                        .seconds = 1777629720,
                        .charter = 9,
                        .heads = {heads, sizeof heads},
                        .wants = {wants, sizeof wants}};
    memset(r.network.id, 0x4e, DIGEST_BYTES);
    memset(r.to.id, 0x70, KEY_BYTES);
    memset(r.bundle, 0xb1, BUNDLE_ID_BYTES);
    memset(heads, 0xaa, sizeof heads);
    memset(wants, 0xbb, sizeof wants);
    return r;
}

static struct buf written(const struct receipt *r, const uint8_t by[static 64])
{
    struct buf out = {0};
    assert_int_equal(receipt_write(r, by, &out), ST_OK);
    return out;
}

static void comes_back_as_it_was(void **state)
{
    (void)state;
    struct receipt r = sample(), back;
    struct buf file = written(&r, secret);
    assert_int_equal(receipt_read(buf_bytes(&file), &back), ST_OK);
    assert_memory_equal(&back.network, &r.network, sizeof r.network);
    assert_memory_equal(&back.from, &key, sizeof key);
    assert_memory_equal(&back.to, &r.to, sizeof r.to);
    assert_memory_equal(back.bundle, r.bundle, sizeof r.bundle);
    assert_int_equal(back.part, 3);
    assert_int_equal(back.seconds, r.seconds);
    assert_int_equal(back.charter, 9);
    assert_true(bytes_equal(back.heads, r.heads));
    assert_true(bytes_equal(back.wants, r.wants));
    buf_release(&file);
}

static void a_forged_one_is_told(void **state)
{
    (void)state;
    struct receipt r = sample(), back;
    struct buf file = written(&r, other_secret);
    assert_int_equal(receipt_read(buf_bytes(&file), &back), ST_BAD_SIGNATURE);
    buf_release(&file);
}

static void every_cut_and_every_flip_is_told(void **state)
{
    (void)state;
    struct receipt r = sample(), back;
    struct buf file = written(&r, secret);
    for (size_t count = 0; count < file.count; count++)
        assert_int_not_equal(receipt_read((struct bytes){file.data, count}, &back), ST_OK);
    for (size_t at = 0; at < file.count; at++) {
        file.data[at] ^= 1;
        assert_int_not_equal(receipt_read(buf_bytes(&file), &back), ST_OK);
        file.data[at] ^= 1;
    }
    buf_add_byte(&file, 0);
    assert_int_not_equal(receipt_read(buf_bytes(&file), &back), ST_OK);
    buf_release(&file);
}

static void the_largest_fits_and_one_more_does_not(void **state)
{
    (void)state;
    struct receipt r = sample(), back;
    uint8_t *many = mem_alloc((RECEIPT_WANTS_MAX + 1) * DIGEST_BYTES);
    assert_non_null(many);
    r.heads = (struct bytes){many, HEADS_MAX * OID_BYTES};
    r.wants = (struct bytes){many, RECEIPT_WANTS_MAX * DIGEST_BYTES};
    struct buf file = written(&r, secret);
    assert_true(file.count <= RECEIPT_BYTES_MAX);
    assert_int_equal(receipt_read(buf_bytes(&file), &back), ST_OK);
    buf_release(&file);
    r.wants.count += DIGEST_BYTES;
    file = written(&r, secret);
    assert_int_equal(receipt_read(buf_bytes(&file), &back), ST_TOO_LARGE);
    buf_release(&file);
    r = sample();
    r.heads = (struct bytes){many, (HEADS_MAX + 1) * OID_BYTES};
    file = written(&r, secret);
    assert_int_equal(receipt_read(buf_bytes(&file), &back), ST_TOO_LARGE);
    buf_release(&file);
    mem_free(many);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    struct receipt r = sample(), back;
    enum status st = ST_NO_MEMORY;
    for (uint64_t n = 1; st != ST_OK; n++) {
        struct buf file = {0};
        mem_fail_at(n);
        st = receipt_write(&r, secret, &file);
        if (st == ST_OK)
            st = receipt_read(buf_bytes(&file), &back);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&file);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(a_forged_one_is_told),
        cmocka_unit_test(every_cut_and_every_flip_is_told),
        cmocka_unit_test(the_largest_fits_and_one_more_does_not),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
