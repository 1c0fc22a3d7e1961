/*
 * The identity's file in both forms: what is written is read, any other byte is refused, and a
 * wrong passphrase says no more than that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>

#include "proto/mem.h"
#include "replicas/identity.h"

static const struct passphrase_cost cheap = {.passes = 1, .memory_kib = PASSPHRASE_KIB_MIN};
static const struct bytes secret = {(const uint8_t *)"correct horse", 13};
static const struct identity_wrap plain;
static const uint8_t seed[IDENTITY_SEED_BYTES] = {1, 2, 3, 250};
static struct fault f;

static void write_wrapped(struct buf *out, struct identity_wrap *wrap)
{
    assert_int_equal(identity_wrap_make(secret, cheap, wrap, &f), ST_OK);
    identity_write(seed, wrap, out);
    assert_int_equal(buf_status(out), ST_OK);
}

static void assert_key(const struct key *key)
{
    uint8_t own[KEY_BYTES], all[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(own, all, seed);
    assert_memory_equal(key->id, own, KEY_BYTES);
}

static void both_forms_pass_whole(void **state)
{
    struct identity_wrap made, read;
    uint8_t found[IDENTITY_SEED_BYTES];
    struct key key;
    bool wrapped = true;
    struct buf text = {0};
    (void)state;
    identity_write(seed, &plain, &text);
    assert_int_equal(text.count, 23 + 64 + 1);
    assert_int_equal(identity_look(buf_bytes(&text), &key, &wrapped), ST_OK);
    assert_false(wrapped);
    assert_key(&key);
    assert_int_equal(identity_read(buf_bytes(&text), secret, found, &read, &f), ST_OK);
    assert_memory_equal(found, seed, sizeof seed);
    assert_false(read.wrapped);

    buf_reset(&text);
    write_wrapped(&text, &made);
    assert_in_range(text.count, 1, IDENTITY_TEXT_MAX);
    assert_null(memmem(text.data, text.count, "01020300", 8)); /* no digit of the seed */
    assert_int_equal(identity_look(buf_bytes(&text), &key, &wrapped), ST_OK);
    assert_true(wrapped);
    assert_key(&key);
    assert_int_equal(identity_read(buf_bytes(&text), secret, found, &read, &f), ST_OK);
    assert_memory_equal(found, seed, sizeof seed);
    assert_memory_equal(&made, &read, sizeof made);
    buf_release(&text);
}

static void no_two_texts_are_alike(void **state)
{
    struct identity_wrap wrap, other;
    struct buf one = {0}, two = {0};
    (void)state;
    write_wrapped(&one, &wrap);
    identity_write(seed, &wrap, &two);
    assert_false(bytes_equal(buf_bytes(&one), buf_bytes(&two))); /* a nonce is used once */
    assert_int_equal(identity_wrap_make(secret, cheap, &other, &f), ST_OK);
    assert_memory_not_equal(wrap.key, other.key, sizeof wrap.key); /* nor is a salt */
    buf_release(&one);
    buf_release(&two);
}

static void a_wrong_passphrase(void **state)
{
    static const struct bytes wrong[] = {{(const uint8_t *)"correct hors", 12},
                                         {(const uint8_t *)"correct horse ", 14},
                                         {(const uint8_t *)"Correct horse", 13},
                                         {NULL, 0}};
    struct identity_wrap wrap, read = {.cost = {7, 7}};
    uint8_t found[IDENTITY_SEED_BYTES] = {9};
    struct buf text = {0};
    (void)state;
    write_wrapped(&text, &wrap);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        f = (struct fault){0};
        assert_int_equal(identity_read(buf_bytes(&text), wrong[i], found, &read, &f), ST_WRONG_KEY);
        assert_string_equal(f.text, "the passphrase does not open the key of this office");
        assert_int_equal(found[0], 9); /* nothing came out */
        assert_int_equal(read.cost.passes, 7);
    }
    buf_release(&text);
}

/* Cut at every byte, longer by one, each bit of each byte flipped: never another key. */
static void every_byte(void **state)
{
    struct identity_wrap wrap, read;
    uint8_t found[IDENTITY_SEED_BYTES];
    struct key key;
    bool wrapped;
    struct buf text = {0};
    (void)state;
    write_wrapped(&text, &wrap);
    for (size_t cut = 0; cut < text.count; cut++)
        assert_int_equal(identity_read((struct bytes){text.data, cut}, secret, found, &read, &f),
                         ST_MALFORMED);
    buf_add_byte(&text, '\n');
    assert_int_equal(identity_look(buf_bytes(&text), &key, &wrapped), ST_MALFORMED);
    text.count--;
    for (size_t i = 0; i < text.count; i++)
        for (int bit = 0; bit < 8; bit++) {
            text.data[i] ^= (uint8_t)(1 << bit);
            enum status st = identity_look(buf_bytes(&text), &key, &wrapped);
            /* A cost that was made dear is not paid here for each bit. */
            if (st == ST_OK && i > 26 + 64 && i < 26 + 64 + 6)
                st = ST_WRONG_KEY;
            else if (st == ST_OK)
                st = identity_read(buf_bytes(&text), secret, found, &read, &f);
            assert_true(st == ST_MALFORMED || st == ST_WRONG_KEY);
            text.data[i] ^= (uint8_t)(1 << bit);
        }
    assert_int_equal(identity_read(buf_bytes(&text), secret, found, &read, &f), ST_OK);
    buf_release(&text);
}

static void costs_out_of_bounds(void **state)
{
    static const char *const costs[] = {"0 8",  "1 7", "17 8",       "1 1048577", "01 8",
                                        "1 08", "1 ",  "10000000 8", "-1 8",      "1 99999999"};
    char text[IDENTITY_TEXT_MAX];
    struct key key;
    bool wrapped;
    (void)state;
    char zeros[97];
    memset(zeros, '0', 96);
    zeros[96] = '\0';
    for (size_t i = 0; i <= sizeof costs / sizeof costs[0]; i++) {
        const char *cost = i < sizeof costs / sizeof costs[0] ? costs[i] : "16 1048576";
        int count =
            snprintf(text, sizeof text, "minga-identity 1 argon2id %.64s %s %.32s %.48s %s\n",
                     zeros, cost, zeros, zeros, zeros);
        assert_int_equal(
            identity_look((struct bytes){(uint8_t *)text, (size_t)count}, &key, &wrapped),
            cost == costs[i % 10] && i < 10 ? ST_MALFORMED : ST_OK);
    }
}

static void the_next_one_under_the_same_passphrase(void **state)
{
    static const uint8_t next[IDENTITY_SEED_BYTES] = {77};
    struct identity_wrap wrap, other;
    uint8_t found[IDENTITY_SEED_BYTES];
    struct buf text = {0};
    (void)state;
    write_wrapped(&text, &wrap);
    buf_reset(&text);
    identity_write(next, &wrap, &text);
    assert_int_equal(identity_read_next(buf_bytes(&text), &wrap, found, &f), ST_OK);
    assert_memory_equal(found, next, sizeof next);
    assert_int_equal(identity_read(buf_bytes(&text), secret, found, &other, &f), ST_OK);
    assert_memory_equal(found, next, sizeof next);
    assert_int_equal(identity_wrap_make(secret, cheap, &other, &f), ST_OK);
    assert_int_equal(identity_read_next(buf_bytes(&text), &other, found, &f), ST_WRONG_KEY);
    buf_release(&text);
}

static void no_memory(void **state)
{
    struct identity_wrap wrap;
    struct buf text = {0};
    (void)state;
    assert_int_equal(identity_wrap_make(secret, cheap, &wrap, &f), ST_OK);
    for (uint64_t n = 1;; n++) {
        mem_fail_at(n);
        identity_write(seed, &wrap, &text);
        mem_fail_at(0);
        if (buf_status(&text) == ST_OK)
            break;
        assert_int_equal(buf_status(&text), ST_NO_MEMORY);
        buf_release(&text);
        assert_in_range(n, 1, 10);
    }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_pass_whole),
        cmocka_unit_test(no_two_texts_are_alike),
        cmocka_unit_test(a_wrong_passphrase),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(costs_out_of_bounds),
        cmocka_unit_test(the_next_one_under_the_same_passphrase),
        cmocka_unit_test(no_memory),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
