#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "replicas/bundle.h"

struct side {
    struct key key;
    uint8_t secret[64];
};

static struct side sender, recipient, stranger;

static int make_sides(void **state)
{
    (void)state;
    struct side *const sides[] = {&sender, &recipient, &stranger};
    if (sodium_init() < 0)
        return -1;
    for (unsigned i = 0; i < 3; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES];
        memset(seed, (int)i + 1, sizeof seed);
        crypto_sign_seed_keypair(sides[i]->key.id, sides[i]->secret, seed);
    }
    return 0;
}

static struct bundle_head head_of(uint32_t part, uint32_t parts)
{
    struct bundle_head h = {.part = part, .parts = parts};
    memset(h.network.id, 0x4e, DIGEST_BYTES);
    memset(h.id, 0x1d, BUNDLE_ID_BYTES);
    h.sender = sender.key;
    h.recipient = recipient.key;
    return h;
}

/* A whole file: head, and a body of these texts. */
static struct buf file_of(struct bundle_head *h, const char *const *texts, size_t count)
{
    struct buf file = {0}, body = {0};
    struct bundle_stream s;
    uint8_t key[BUNDLE_KEY_BYTES];
    assert_int_equal(bundle_seal(h, key), ST_OK);
    bundle_push_begin(&s, h, key, &body);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(bundle_push(&s, bytes_of_text(texts[i]), i + 1 == count, &body), ST_OK);
    bundle_push_end(&s, h);
    bundle_sign(h, sender.secret);
    bundle_encode(h, &file);
    assert_int_equal(file.count, BUNDLE_HEAD_BYTES);
    buf_add_bytes(&file, buf_bytes(&body));
    assert_int_equal(buf_status(&file), ST_OK);
    buf_release(&body);
    return file;
}

/* As a reader does it; the plain texts one behind the other. */
static enum status read_file(struct bytes file, const uint8_t secret[static 64], struct buf *out)
{
    struct bundle_head h;
    struct bundle_stream s = {.ended = false};
    uint8_t key[BUNDLE_KEY_BYTES];
    size_t used, wanted, start = BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES;
    if (file.count < start)
        return ST_AGAIN;
    enum status st = bundle_decode((struct bytes){file.data, BUNDLE_HEAD_BYTES}, &h);
    if (st == ST_OK)
        st = bundle_verify(&h);
    if (st == ST_OK)
        st = bundle_open(&h, secret, key);
    if (st == ST_OK)
        st = bundle_pull_begin(&s, &h, key,
                               (struct bytes){file.data + BUNDLE_HEAD_BYTES, BUNDLE_START_BYTES});
    struct bytes left = {file.data + start, file.count - start};
    while (st == ST_OK && left.count > 0) {
        st = bundle_pull(&s, left, out, &used, &wanted);
        if (st == ST_OK)
            left = (struct bytes){left.data + used, left.count - used};
    }
    return st == ST_OK ? bundle_pull_end(&s, &h) : st;
}

static const char *const texts[] = {"one", "the second, which is longer", "three"};

static void comes_back_as_it_was(void **state)
{
    (void)state;
    struct bundle_head h = head_of(2, 3), back;
    struct buf file = file_of(&h, texts, 3), plain = {0};
    assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_OK);
    assert_string_equal(buf_text(&plain), "onethe second, which is longerthree");
    assert_int_equal(bundle_decode((struct bytes){file.data, BUNDLE_HEAD_BYTES}, &back), ST_OK);
    assert_memory_equal(&back.network, &h.network, sizeof h.network);
    assert_memory_equal(&back.sender, &sender.key, sizeof back.sender);
    assert_memory_equal(&back.recipient, &recipient.key, sizeof back.recipient);
    assert_memory_equal(back.id, h.id, sizeof h.id);
    assert_int_equal(back.part, 2);
    assert_int_equal(back.parts, 3);
    assert_int_equal(back.body_bytes, file.count - BUNDLE_HEAD_BYTES);
    buf_release(&plain);
    buf_release(&file);
}

static void two_of_one_content_are_not_alike(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf a = file_of(&h, texts, 3), b = file_of(&h, texts, 3);
    assert_int_equal(a.count, b.count);
    assert_memory_not_equal(a.data + BUNDLE_HEAD_BYTES, b.data + BUNDLE_HEAD_BYTES,
                            a.count - BUNDLE_HEAD_BYTES);
    buf_release(&a);
    buf_release(&b);
}

static void only_its_recipient_opens_it(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf file = file_of(&h, texts, 3), plain = {0};
    assert_int_equal(read_file(buf_bytes(&file), stranger.secret, &plain), ST_WRONG_KEY);
    assert_int_equal(read_file(buf_bytes(&file), sender.secret, &plain), ST_WRONG_KEY);
    assert_int_equal(plain.count, 0);
    buf_release(&plain);
    buf_release(&file);
}

/* A head that somebody else signed again, for a body that the sender made. */
static void only_its_sender_signs_it(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf file = file_of(&h, texts, 3);
    assert_int_equal(bundle_verify(&h), ST_OK);
    bundle_sign(&h, stranger.secret);
    assert_int_equal(bundle_verify(&h), ST_BAD_SIGNATURE);
    h.sender = stranger.key; /* and in whose name: then the body is another one's */
    bundle_sign(&h, stranger.secret);
    assert_int_equal(bundle_verify(&h), ST_OK);
    struct buf forged = {0}, plain = {0};
    bundle_encode(&h, &forged);
    buf_add(&forged, file.data + BUNDLE_HEAD_BYTES, file.count - BUNDLE_HEAD_BYTES);
    assert_int_equal(read_file(buf_bytes(&forged), recipient.secret, &plain), ST_BAD_MAC);
    assert_int_equal(plain.count, 0);
    buf_release(&plain);
    buf_release(&forged);
    buf_release(&file);
}

static void every_cut_is_told(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf file = file_of(&h, texts, 3), plain = {0};
    for (size_t count = 0; count < file.count; count++) {
        enum status st = read_file((struct bytes){file.data, count}, recipient.secret, &plain);
        assert_true(st == ST_AGAIN || st == ST_CLOSED);
    }
    buf_add_byte(&file, 0); /* and what stands behind its end */
    assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_MALFORMED);
    buf_release(&plain);
    buf_release(&file);
}

static void every_flipped_byte_is_told(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 2);
    struct buf file = file_of(&h, texts, 3), plain = {0};
    for (size_t at = 0; at < file.count; at++)
        for (unsigned bit = 0; bit < 8; bit += 7) {
            file.data[at] ^= (uint8_t)(1u << bit);
            buf_reset(&plain);
            assert_int_not_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_OK);
            file.data[at] ^= (uint8_t)(1u << bit);
        }
    assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_OK);
    buf_release(&plain);
    buf_release(&file);
}

static void chunks_stay_in_their_order_and_their_file(void **state)
{
    (void)state;
    static const char *const alike[] = {"aaaa", "bbbb", "cccc"};
    struct bundle_head h = head_of(1, 1), other = head_of(2, 2);
    struct buf file = file_of(&h, alike, 3), second = file_of(&other, alike, 3), plain = {0};
    size_t first = BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES, chunk = 4 + BUNDLE_CHUNK_MORE_BYTES;
    uint8_t kept[64];
    assert_true(chunk <= sizeof kept);
    memcpy(kept, file.data + first, chunk);
    memcpy(file.data + first, file.data + first + chunk, chunk);
    memcpy(file.data + first + chunk, kept, chunk);
    assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_BAD_MAC);
    /* The whole body of another part, under this head. */
    memcpy(file.data + BUNDLE_HEAD_BYTES, second.data + BUNDLE_HEAD_BYTES,
           file.count - BUNDLE_HEAD_BYTES);
    assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_BAD_MAC);
    buf_release(&plain);
    buf_release(&second);
    buf_release(&file);
}

/* The recipient knows the stream's key: what it puts in itself, the sender did not sign. */
static void a_body_that_the_sender_did_not_sign_is_told(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf file = file_of(&h, texts, 3), body = {0}, plain = {0};
    struct bundle_stream s;
    uint8_t key[BUNDLE_KEY_BYTES];
    assert_int_equal(bundle_open(&h, recipient.secret, key), ST_OK);
    bundle_push_begin(&s, &h, key, &body);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(bundle_push(&s, bytes_of_text(texts[i]), i == 2, &body), ST_OK);
    file.count = BUNDLE_HEAD_BYTES;
    buf_add_bytes(&file, buf_bytes(&body));
    assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_BAD_MAC);
    buf_release(&plain);
    buf_release(&body);
    buf_release(&file);
}

static void impossible_lengths_are_refused_before_memory_is_taken(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf file = file_of(&h, texts, 3), plain = {0};
    static const uint8_t lengths[][4] = {
        {0, 0, 0, 0}, {0, 0, 0, 17}, {0xff, 0xff, 0xff, 0xff}, {0, 0x0c, 0, 18}};
    size_t at = BUNDLE_HEAD_BYTES + BUNDLE_START_BYTES;
    for (unsigned i = 0; i < 4; i++) {
        memcpy(file.data + at, lengths[i], 4);
        assert_int_equal(read_file(buf_bytes(&file), recipient.secret, &plain), ST_MALFORMED);
    }
    assert_null(plain.data);
    buf_release(&file);
}

static void knows_bundles_receipts_and_neither(void **state)
{
    (void)state;
    struct buf file = {0};
    enum bundle_kind kind;
    bundle_magic(BUNDLE_RECEIPT, &file);
    assert_int_equal(bundle_kind_of(buf_bytes(&file), &kind), ST_OK);
    assert_int_equal(kind, BUNDLE_RECEIPT);
    for (size_t count = 0; count < file.count; count++)
        assert_int_equal(bundle_kind_of((struct bytes){file.data, count}, &kind), ST_MALFORMED);
    for (size_t at = 0; at < file.count; at++) {
        file.data[at] ^= 0x80;
        assert_int_equal(bundle_kind_of(buf_bytes(&file), &kind), ST_MALFORMED);
        file.data[at] ^= 0x80;
    }
    buf_release(&file);
}

static void parts_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t part, parts;
    } bad[] = {{0, 1}, {2, 1}, {1, 0}, {1, BUNDLE_PARTS_MAX + 1}, {UINT32_MAX, UINT32_MAX}};
    struct bundle_head h = head_of(1, 1), out;
    struct buf file = {0};
    bundle_encode(&h, &file);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (unsigned k = 0; k < 4; k++) {
            file.data[128 + k] = (uint8_t)(bad[i].part >> (24 - 8 * k));
            file.data[132 + k] = (uint8_t)(bad[i].parts >> (24 - 8 * k));
        }
        assert_int_equal(bundle_decode(buf_bytes(&file), &out), ST_MALFORMED);
    }
    buf_release(&file);
}

static void a_key_without_another_form_is_refused(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    uint8_t key[BUNDLE_KEY_BYTES];
    memset(h.recipient.id, 0xff, KEY_BYTES);
    assert_int_equal(bundle_seal(&h, key), ST_BAD_VALUE);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    struct bundle_head h = head_of(1, 1);
    struct buf file = file_of(&h, texts, 3);
    enum status st = ST_NO_MEMORY;
    for (uint64_t n = 1; st != ST_OK; n++) {
        struct buf plain = {0};
        mem_fail_at(n);
        st = read_file(buf_bytes(&file), recipient.secret, &plain);
        bool failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(st, failed ? ST_NO_MEMORY : ST_OK);
        buf_release(&plain);
        assert_true(n < 100);
    }
    struct bundle_stream s;
    struct buf body = {0};
    uint8_t key[BUNDLE_KEY_BYTES] = {0};
    bundle_push_begin(&s, &h, key, &body);
    uint8_t *large = mem_alloc(BUNDLE_CHUNK_BYTES_MAX + 1);
    assert_non_null(large);
    mem_fail_at(1);
    assert_int_equal(bundle_push(&s, (struct bytes){large, BUNDLE_CHUNK_BYTES_MAX}, false, &body),
                     ST_NO_MEMORY);
    mem_fail_at(0);
    assert_int_equal(
        bundle_push(&s, (struct bytes){large, BUNDLE_CHUNK_BYTES_MAX + 1}, false, &body),
        ST_TOO_LARGE);
    mem_free(large);
    buf_release(&body);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(two_of_one_content_are_not_alike),
        cmocka_unit_test(only_its_recipient_opens_it),
        cmocka_unit_test(only_its_sender_signs_it),
        cmocka_unit_test(every_cut_is_told),
        cmocka_unit_test(every_flipped_byte_is_told),
        cmocka_unit_test(chunks_stay_in_their_order_and_their_file),
        cmocka_unit_test(a_body_that_the_sender_did_not_sign_is_told),
        cmocka_unit_test(impossible_lengths_are_refused_before_memory_is_taken),
        cmocka_unit_test(knows_bundles_receipts_and_neither),
        cmocka_unit_test(parts_that_cannot_be_are_refused),
        cmocka_unit_test(a_key_without_another_form_is_refused),
        cmocka_unit_test(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, make_sides, NULL);
}
