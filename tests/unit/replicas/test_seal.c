#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/mem.h"
#include "replicas/seal.h"

/* Ascending bytes, so that whoever writes the format anew can check against the texts below, which
 * another program made (plain Python; its cipher checked against the vector of the draft). */
static struct seal_key class_key;
static struct seal_salt salt;
static struct digest network;
static uint8_t nonce[SEAL_NONCE_BYTES];

static const char KEY_ID[] = "55f0bbc5bb8569492b5b7782b7eefbbab18282ec";
static const char SALT_ID[] = "d868b545ff6f857ad86c9322722cbdc20dea261b";
static const char VALUE_KEY[] = "705037a467401c049880d0ee1c3f2bf914b6c72622a08f899d3f3ccb7ff9ee09";
static const char NAME[] = "ac0dcf295f639baeeb71b655b7edb675806bf6b377ee9ce58cdb503500e01390";
static const char ITEM[] =
    "01606162636465666768696a6b6c6d6e6f70717273747576773e90422d34ca37a1b57bcef31c2123725a4520b3c98b"
    "1e64a4cd650a58bad139a1b533cd91b839d6c00d1274f3f61058a0ca5942b08f62007cc350d0dc2b6b36ffe9c82487"
    "ccfd8075885e664bc72698";
static const char EMPTY_ITEM[] =
    "01606162636465666768696a6b6c6d6e6f70717273747576776f92ff194115734a8cd1bc7a0480ed8220fc69b6cff2"
    "b39ee59fc3417568cfc671d8ab8da7c02af12744caa9674e8fde84665d8cc82faee942ffeece1af9655618da1c13d9"
    "ef38ee791414b970b0ccee";
static const char NAME_OF_40[] = "aa95aabea8d077383e80ad54004686ed108b8f074ea195dac97985f4360a938c";
static const char NAME_OF_MAX[] =
    "dd2c11170e1daf4512a300bb2c862e1885ca76f749522cd70c60c3e04cf6ac94";

static const struct bytes PLAIN = BYTES("\"Taller Norte\"");

static int set_up(void **unused)
{
    (void)unused;
    for (uint8_t i = 0; i < 32; i++) {
        class_key.key[i] = i;
        salt.salt[i] = (uint8_t)(0x20 + i);
        network.id[i] = (uint8_t)(0x40 + i);
    }
    for (uint8_t i = 0; i < SEAL_NONCE_BYTES; i++)
        nonce[i] = (uint8_t)(0x60 + i);
    return sodium_init() < 0 ? -1 : 0;
}

static struct seal_place name_of_enterprise(void)
{
    return (struct seal_place){&network, BYTES("enterprise"), BYTES("3fa9c04be1d27788a0c4f19e"),
                               SCHEMA_PERSONAL, BYTES("name")};
}

static struct seal_place note_of_visit(void)
{
    return (struct seal_place){&network, BYTES("visit"), BYTES("00112233445566778899aabb"),
                               SCHEMA_INTERNAL, BYTES("note")};
}

static void assert_hex(const void *data, size_t count, const char *expected)
{
    char text[2 * SEAL_ITEM_BYTES_MAX + 1];
    hex_encode(data, count, text);
    assert_string_equal(text, expected);
}

static void close_example(struct buf *out)
{
    struct seal_place place = name_of_enterprise();
    assert_int_equal(seal_close(&class_key, &salt, &place, nonce, PLAIN, out), ST_OK);
}

static void the_format_is_what_another_program_writes(void **unused)
{
    (void)unused;
    static uint8_t long_plain[SEAL_PLAIN_BYTES_MAX];
    struct buf item = {0};
    struct seal_id id;
    struct seal_key value_key;
    struct digest name;
    struct seal_place place = note_of_visit();
    seal_key_id(&class_key, &id);
    assert_hex(id.id, sizeof id.id, KEY_ID);
    seal_salt_id(&salt, &id);
    assert_hex(id.id, sizeof id.id, SALT_ID);
    close_example(&item);
    assert_hex(item.data, item.count, ITEM);
    seal_name(buf_bytes(&item), &name);
    assert_hex(name.id, sizeof name.id, NAME);
    assert_int_equal(seal_value_key(&class_key, &salt, BYTES("name"), buf_bytes(&item), &value_key),
                     ST_OK);
    assert_hex(value_key.key, sizeof value_key.key, VALUE_KEY);

    buf_reset(&item);
    assert_int_equal(seal_close(&class_key, &salt, &place, nonce, (struct bytes){NULL, 0}, &item),
                     ST_OK);
    assert_hex(item.data, item.count, EMPTY_ITEM);
    for (size_t i = 0; i < sizeof long_plain; i++)
        long_plain[i] = (uint8_t)i;
    buf_reset(&item);
    assert_int_equal(
        seal_close(&class_key, &salt, &place, nonce, (struct bytes){long_plain, 40}, &item), ST_OK);
    seal_name(buf_bytes(&item), &name);
    assert_hex(name.id, sizeof name.id, NAME_OF_40);
    buf_reset(&item);
    assert_int_equal(seal_close(&class_key, &salt, &place, nonce,
                                (struct bytes){long_plain, sizeof long_plain}, &item),
                     ST_OK);
    assert_int_equal(item.count, SEAL_ITEM_BYTES_MAX);
    seal_name(buf_bytes(&item), &name);
    assert_hex(name.id, sizeof name.id, NAME_OF_MAX);
    buf_release(&item);
}

/* Of a value's size only its class is seen, and every size comes back; appended, both times. */
static void every_size_comes_back(void **unused)
{
    (void)unused;
    static uint8_t plain[SEAL_PLAIN_BYTES_MAX + 1];
    static const size_t sizes[] = {0,  1,   30,  31,   32,   33,    62,    63,  64,
                                   65, 127, 128, 4095, 4096, 65534, 65535, 1000};
    struct seal_place place = note_of_visit();
    struct buf item = {0}, back = {0};
    /* zeros and marks at the end, which unpadding must not take for its own */
    memset(plain, 0, sizeof plain);
    for (size_t i = 0; i < sizeof plain; i += 3)
        plain[i] = 0x80;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct bytes in = {plain, sizes[i]};
        buf_reset(&item);
        buf_reset(&back);
        buf_add_byte(&item, 'x');
        buf_add_byte(&back, 'y');
        assert_int_equal(seal_close(&class_key, &salt, &place, nonce, in, &item), ST_OK);
        assert_int_equal(item.data[0], 'x');
        size_t padded = item.count - 1 - SEAL_HEAD_BYTES - SEAL_TAG_BYTES;
        assert_true(padded >= 32 && padded > in.count && (padded & (padded - 1)) == 0);
        assert_true(padded == 32 || padded / 2 < in.count + 1);
        struct bytes closed = {item.data + 1, item.count - 1};
        assert_int_equal(seal_open(&class_key, &salt, &place, closed, &back), ST_OK);
        assert_int_equal(back.count, in.count + 1);
        assert_int_equal(back.data[0], 'y');
        assert_memory_equal(back.data + 1, plain, in.count);
    }
    size_t before = item.count;
    assert_int_equal(
        seal_close(&class_key, &salt, &place, nonce, (struct bytes){plain, sizeof plain}, &item),
        ST_TOO_LARGE);
    assert_int_equal(item.count, before);
    buf_release(&item);
    buf_release(&back);
}

static void the_value_key_alone_opens_its_item_and_no_other(void **unused)
{
    (void)unused;
    struct seal_place place = name_of_enterprise(), other = place;
    struct seal_key value_key;
    struct buf item = {0}, second = {0}, back = {0};
    uint8_t next[SEAL_NONCE_BYTES];
    other.field = BYTES("names");
    memcpy(next, nonce, sizeof next);
    next[0] ^= 1;
    close_example(&item);
    assert_int_equal(seal_value_key(&class_key, &salt, place.field, buf_bytes(&item), &value_key),
                     ST_OK);
    assert_int_equal(seal_open_with(&value_key, &place, buf_bytes(&item), &back), ST_OK);
    assert_true(bytes_equal(buf_bytes(&back), PLAIN));
    buf_reset(&back);
    assert_int_equal(seal_open_with(&value_key, &other, buf_bytes(&item), &back), ST_BAD_MAC);
    assert_int_equal(seal_close(&class_key, &salt, &place, next, PLAIN, &second), ST_OK);
    assert_int_equal(seal_open_with(&value_key, &place, buf_bytes(&second), &back), ST_BAD_MAC);
    assert_int_equal(back.count, 0);
    buf_release(&item);
    buf_release(&second);
    buf_release(&back);
}

static void another_key_salt_or_place_opens_nothing(void **unused)
{
    (void)unused;
    struct seal_place places[5];
    struct seal_key other_key = class_key;
    struct seal_salt other_salt = salt;
    struct digest other_network = network;
    struct seal_place place = name_of_enterprise();
    struct buf item = {0}, back = {0};
    other_key.key[31] ^= 0x80;
    other_salt.salt[0] ^= 1;
    other_network.id[7] ^= 1;
    for (size_t i = 0; i < 5; i++)
        places[i] = place;
    places[0].network = &other_network;
    places[1].type = BYTES("visit");
    places[2].record = BYTES("3fa9c04be1d27788a0c4f19f");
    places[3].class = SCHEMA_INTERNAL;
    places[4].field = BYTES("tame");
    close_example(&item);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(seal_open(&class_key, &salt, &places[i], buf_bytes(&item), &back),
                         ST_BAD_MAC);
    assert_int_equal(seal_open(&other_key, &salt, &place, buf_bytes(&item), &back), ST_BAD_MAC);
    assert_int_equal(seal_open(&class_key, &other_salt, &place, buf_bytes(&item), &back),
                     ST_BAD_MAC);
    /* where one part ends and the next begins is bound too */
    places[1].type = BYTES("enterprise3");
    places[1].record = BYTES("fa9c04be1d27788a0c4f19e");
    assert_int_equal(seal_open(&class_key, &salt, &places[1], buf_bytes(&item), &back), ST_BAD_MAC);
    assert_int_equal(back.count, 0);
    assert_int_equal(seal_open(&class_key, &salt, &place, buf_bytes(&item), &back), ST_OK);
    buf_release(&item);
    buf_release(&back);
}

static void no_damaged_byte_and_no_beginning_opens(void **unused)
{
    (void)unused;
    struct seal_place place = name_of_enterprise();
    struct buf item = {0}, back = {0};
    close_example(&item);
    for (size_t i = 0; i < item.count; i++) {
        for (unsigned flip = 1; flip <= UINT8_MAX; flip++) {
            item.data[i] ^= (uint8_t)flip;
            enum status status = seal_open(&class_key, &salt, &place, buf_bytes(&item), &back);
            assert_int_equal(status, i == 0 ? ST_MALFORMED : ST_BAD_MAC);
            item.data[i] ^= (uint8_t)flip;
        }
    }
    for (size_t n = 0; n < item.count; n++) {
        uint8_t *block = mem_copy(item.data, n); /* so that a sanitizer sees a byte too far */
        struct bytes cut = {block, n};
        struct seal_key key;
        assert_non_null(block);
        assert_int_equal(seal_open(&class_key, &salt, &place, cut, &back), ST_MALFORMED);
        assert_int_equal(seal_value_key(&class_key, &salt, place.field, cut, &key), ST_MALFORMED);
        assert_int_equal(seal_open_with(&class_key, &place, cut, &back), ST_MALFORMED);
        mem_free(block);
    }
    buf_add_byte(&item, 0);
    assert_int_equal(seal_open(&class_key, &salt, &place, buf_bytes(&item), &back), ST_MALFORMED);
    assert_int_equal(back.count, 0);
    buf_release(&item);
    buf_release(&back);
}

/* The associated data of the example's place, spelled out. */
static const struct bytes ASSOCIATED = BYTES("\0\0\0\0\0\0\0\x0eminga/sealed/1"
                                             "\0\0\0\0\0\0\0\x20@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
                                             "\0\0\0\0\0\0\0\x0a"
                                             "enterprise"
                                             "\0\0\0\0\0\0\0\x18"
                                             "3fa9c04be1d27788a0c4f19e"
                                             "\0\0\0\0\0\0\0\x08personal"
                                             "\0\0\0\0\0\0\0\x04name");

/* An item whose key commits to 'commit' and whose body is 'padded' under 'key'. */
static void forge(const struct seal_key *commit, const struct seal_key *key, struct bytes padded,
                  struct buf *out)
{
    static const struct bytes text = BYTES("minga/commit/1");
    uint8_t commitment[32], body[256];
    unsigned long long count = 0;
    assert_true(padded.count + SEAL_TAG_BYTES <= sizeof body);
    crypto_generichash(commitment, sizeof commitment, text.data, text.count, commit->key,
                       SEAL_KEY_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(body, &count, padded.data, padded.count,
                                               ASSOCIATED.data, ASSOCIATED.count, NULL, nonce,
                                               key->key);
    buf_reset(out);
    buf_add_byte(out, 1);
    buf_add(out, nonce, sizeof nonce);
    buf_add(out, commitment, sizeof commitment);
    buf_add(out, body, (size_t)count);
    assert_int_equal(buf_status(out), ST_OK);
}

/* Poly1305 alone would let one ciphertext open under two keys; here one of them is not the one
 * committed to. Whichever it is, the other key opens nothing, though its tag verifies. */
static void a_forged_commitment_is_refused(void **unused)
{
    (void)unused;
    uint8_t padded[32] = {'a', 'b', 0x80};
    struct bytes body = {padded, sizeof padded};
    struct seal_place place = name_of_enterprise();
    struct seal_key first = class_key, second = class_key;
    struct buf item = {0}, back = {0};
    second.key[5] ^= 4;
    forge(&first, &first, body, &item);
    assert_int_equal(seal_open_with(&first, &place, buf_bytes(&item), &back), ST_OK);
    assert_true(bytes_equal(buf_bytes(&back), BYTES("ab")));
    buf_reset(&back);
    forge(&first, &second, body, &item);
    assert_int_equal(seal_open_with(&first, &place, buf_bytes(&item), &back), ST_BAD_MAC);
    assert_int_equal(seal_open_with(&second, &place, buf_bytes(&item), &back), ST_BAD_MAC);
    assert_int_equal(back.count, 0);
    buf_release(&item);
    buf_release(&back);
}

static void another_padding_is_refused(void **unused)
{
    (void)unused;
    uint8_t padded[64] = {0};
    struct seal_place place = name_of_enterprise();
    struct buf item = {0}, back = {0};
    forge(&class_key, &class_key, (struct bytes){padded, 32}, &item); /* no mark at all */
    assert_int_equal(seal_open_with(&class_key, &place, buf_bytes(&item), &back), ST_MALFORMED);
    padded[30] = 0x81;
    forge(&class_key, &class_key, (struct bytes){padded, 32}, &item);
    assert_int_equal(seal_open_with(&class_key, &place, buf_bytes(&item), &back), ST_MALFORMED);
    memset(padded, 0, sizeof padded);
    padded[31] = 0x80; /* 31 bytes need 32, not 64 */
    forge(&class_key, &class_key, (struct bytes){padded, 64}, &item);
    assert_int_equal(seal_open_with(&class_key, &place, buf_bytes(&item), &back), ST_MALFORMED);
    forge(&class_key, &class_key, (struct bytes){padded, 48}, &item); /* no power of two */
    assert_int_equal(seal_open_with(&class_key, &place, buf_bytes(&item), &back), ST_MALFORMED);
    forge(&class_key, &class_key, (struct bytes){padded, 16}, &item); /* too small */
    assert_int_equal(seal_open_with(&class_key, &place, buf_bytes(&item), &back), ST_MALFORMED);
    assert_int_equal(back.count, 0);
    buf_release(&item);
    buf_release(&back);
}

static void each_allocation_may_fail(void **unused)
{
    (void)unused;
    struct seal_place place = name_of_enterprise();
    bool failed = true;
    uint64_t n = 1;
    for (; failed; n++) {
        struct buf item = {0}, back = {0};
        mem_fail_at(n);
        enum status status = seal_close(&class_key, &salt, &place, nonce, PLAIN, &item);
        if (status == ST_OK)
            status = seal_open(&class_key, &salt, &place, buf_bytes(&item), &back);
        failed = mem_failed();
        mem_fail_at(0);
        assert_int_equal(status, failed ? ST_NO_MEMORY : ST_OK);
        assert_int_equal(back.count, failed ? 0 : PLAIN.count);
        buf_release(&item);
        buf_release(&back);
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_what_another_program_writes),
        cmocka_unit_test(every_size_comes_back),
        cmocka_unit_test(the_value_key_alone_opens_its_item_and_no_other),
        cmocka_unit_test(another_key_salt_or_place_opens_nothing),
        cmocka_unit_test(no_damaged_byte_and_no_beginning_opens),
        cmocka_unit_test(a_forged_commitment_is_refused),
        cmocka_unit_test(another_padding_is_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
