#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "proto/mem.h"
#include "proto/noise.h"

enum { VECTOR_BYTES_MAX = 1024 };

struct side {
    struct noise_handshake handshake;
    struct noise_cipher send, receive;
};

/* The bytes of a member in hex; none when there is no such member. */
static size_t hex_member(const json_t *object, const char *name, uint8_t *out)
{
    const char *text = json_string_value(json_object_get(object, name));
    size_t count = 0;
    if (text != NULL)
        assert_int_equal(
            sodium_hex2bin(out, VECTOR_BYTES_MAX, text, strlen(text), NULL, &count, NULL), 0);
    return count;
}

static void begin_side(struct side *side, const json_t *vector, bool initiator)
{
    uint8_t secret[VECTOR_BYTES_MAX], ephemeral[VECTOR_BYTES_MAX], prologue[VECTOR_BYTES_MAX];
    uint8_t remote[VECTOR_BYTES_MAX], psk[VECTOR_BYTES_MAX];
    const char *name = json_string_value(json_object_get(vector, "protocol_name"));
    bool with_psk = strstr(name, "psk3") != NULL;
    hex_member(vector, initiator ? "init_static" : "resp_static", secret);
    hex_member(vector, initiator ? "init_ephemeral" : "resp_ephemeral", ephemeral);
    size_t prologue_bytes =
        hex_member(vector, initiator ? "init_prologue" : "resp_prologue", prologue);
    if (initiator)
        assert_int_equal(hex_member(vector, "init_remote_static", remote), NOISE_KEY_BYTES);
    noise_begin(&side->handshake, &(struct noise_options){
                                      .pattern = with_psk ? NOISE_XKPSK3 : NOISE_XK,
                                      .initiator = initiator,
                                      .prologue = {prologue, prologue_bytes},
                                      .secret = secret,
                                      .ephemeral = ephemeral,
                                      .remote = initiator ? remote : NULL,
                                  });
    if (with_psk) {
        const json_t *psks = json_object_get(vector, initiator ? "init_psks" : "resp_psks");
        const char *text = json_string_value(json_array_get(psks, 0));
        assert_int_equal(sodium_hex2bin(psk, sizeof psk, text, strlen(text), NULL, NULL, NULL), 0);
        noise_set_psk(&side->handshake, psk);
    }
}

static void begin_both(struct side sides[2], const json_t *vector)
{
    begin_side(&sides[0], vector, true);
    begin_side(&sides[1], vector, false);
}

static void pass_handshake(struct side *from, struct side *to, struct bytes payload,
                           struct bytes ciphertext)
{
    struct buf message = {0}, received = {0};
    assert_true(noise_is_ours(&from->handshake));
    assert_false(noise_is_ours(&to->handshake));
    assert_int_equal(noise_write(&from->handshake, payload, &message), ST_OK);
    assert_int_equal(message.count, ciphertext.count);
    assert_memory_equal(message.data, ciphertext.data, ciphertext.count);
    assert_int_equal(noise_read(&to->handshake, ciphertext, &received), ST_OK);
    assert_true(bytes_equal(buf_bytes(&received), payload));
    buf_release(&message);
    buf_release(&received);
}

static void pass_transport(struct side *from, struct side *to, struct bytes payload,
                           struct bytes ciphertext)
{
    uint8_t sealed[VECTOR_BYTES_MAX], plain[VECTOR_BYTES_MAX];
    struct bytes none = {NULL, 0};
    noise_encrypt(&from->send, none, payload, sealed);
    assert_int_equal(ciphertext.count, payload.count + NOISE_MAC_BYTES);
    assert_memory_equal(sealed, ciphertext.data, ciphertext.count);
    assert_int_equal(noise_decrypt(&to->receive, none, ciphertext, plain), ST_OK);
    assert_memory_equal(plain, payload.data, payload.count);
}

static void check_vector(const json_t *vector)
{
    struct side sides[2] = {0};
    const json_t *messages = json_object_get(vector, "messages");
    begin_both(sides, vector);
    for (size_t i = 0; i < json_array_size(messages); i++) {
        uint8_t payload[VECTOR_BYTES_MAX], ciphertext[VECTOR_BYTES_MAX], hash[VECTOR_BYTES_MAX];
        const json_t *message = json_array_get(messages, i);
        size_t payload_bytes = hex_member(message, "payload", payload);
        size_t ciphertext_bytes = hex_member(message, "ciphertext", ciphertext);
        struct side *from = &sides[i % 2], *to = &sides[1 - i % 2];
        (i < NOISE_HANDSHAKE_MESSAGES ? pass_handshake : pass_transport)(
            from, to, (struct bytes){payload, payload_bytes},
            (struct bytes){ciphertext, ciphertext_bytes});
        if (i != NOISE_HANDSHAKE_MESSAGES - 1)
            continue;
        for (size_t k = 0; k < 2; k++) {
            assert_true(noise_is_finished(&sides[k].handshake));
            noise_split(&sides[k].handshake, &sides[k].send, &sides[k].receive);
            if (hex_member(vector, "handshake_hash", hash) == NOISE_HASH_BYTES)
                assert_memory_equal(sides[k].handshake.h, hash, NOISE_HASH_BYTES);
        }
    }
}

static void for_each_vector(void (*check)(const json_t *vector))
{
    size_t plain = 0, with_psk = 0, index;
    const json_t *vector;
    json_t *file = json_load_file(SHARED_DIR "/data/noise/vectors.json", 0, NULL);
    assert_non_null(file);
    json_array_foreach(json_object_get(file, "vectors"), index, vector)
    {
        const char *name = json_string_value(json_object_get(vector, "protocol_name"));
        if (strcmp(name, "Noise_XK_25519_ChaChaPoly_BLAKE2b") == 0)
            plain++;
        else if (strcmp(name, "Noise_XKpsk3_25519_ChaChaPoly_BLAKE2b") == 0)
            with_psk++;
        else
            continue;
        check(vector);
    }
    assert_true(plain >= 2);
    assert_true(with_psk >= 1);
    json_decref(file);
}

static void test_published_vectors(void **state)
{
    (void)state;
    for_each_vector(check_vector);
}

/* A damaged message is refused, and leaves the reader as it was: the true one still passes. */
static void check_damage(struct side *to, struct bytes good)
{
    uint8_t bad[VECTOR_BYTES_MAX];
    struct buf payload = {0};
    struct noise_handshake before = to->handshake;
    for (size_t count = 0; count < good.count; count++) {
        enum status status = noise_read(&to->handshake, (struct bytes){good.data, count}, &payload);
        assert_true(status == ST_MALFORMED || status == ST_BAD_MAC);
    }
    for (size_t i = 0; i < good.count; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(bad, good.data, good.count);
            bad[i] = (uint8_t)(bad[i] ^ 1u << bit);
            enum status status =
                noise_read(&to->handshake, (struct bytes){bad, good.count}, &payload);
            assert_true(status == ST_MALFORMED || status == ST_BAD_MAC);
        }
    }
    memcpy(bad, good.data, good.count);
    bad[good.count] = 0;
    assert_int_equal(noise_read(&to->handshake, (struct bytes){bad, good.count + 1}, &payload),
                     ST_BAD_MAC);
    assert_int_equal(payload.count, 0);
    assert_memory_equal(&before, &to->handshake, sizeof before);
    buf_release(&payload);
}

static void check_vector_damage(const json_t *vector)
{
    struct side sides[2] = {0};
    begin_both(sides, vector);
    for (size_t i = 0; i < NOISE_HANDSHAKE_MESSAGES; i++) {
        struct buf message = {0}, payload = {0};
        assert_int_equal(noise_write(&sides[i % 2].handshake, BYTES("payload"), &message), ST_OK);
        check_damage(&sides[1 - i % 2], buf_bytes(&message));
        assert_int_equal(noise_read(&sides[1 - i % 2].handshake, buf_bytes(&message), &payload),
                         ST_OK);
        assert_true(bytes_equal_text(buf_bytes(&payload), "payload"));
        buf_release(&message);
        buf_release(&payload);
    }
}

static void test_damaged_messages(void **state)
{
    (void)state;
    for_each_vector(check_vector_damage);
}

static void begin_fixed(struct side sides[2], enum noise_pattern pattern, const char *prologue)
{
    uint8_t secrets[4][NOISE_KEY_BYTES], remote[NOISE_KEY_BYTES];
    for (size_t i = 0; i < 4; i++)
        memset(secrets[i], (int)(i + 1), NOISE_KEY_BYTES);
    crypto_scalarmult_base(remote, secrets[1]);
    for (size_t i = 0; i < 2; i++)
        noise_begin(&sides[i].handshake, &(struct noise_options){
                                             .pattern = pattern,
                                             .initiator = i == 0,
                                             .prologue = bytes_of_text(i == 0 ? prologue : "same"),
                                             .secret = secrets[i],
                                             .ephemeral = secrets[2 + i],
                                             .remote = i == 0 ? remote : NULL,
                                         });
}

/* One message from side 'from'; the reader's verdict. */
static enum status pass(struct side sides[2], size_t from)
{
    struct buf message = {0}, payload = {0};
    assert_int_equal(noise_write(&sides[from].handshake, (struct bytes){NULL, 0}, &message), ST_OK);
    enum status status = noise_read(&sides[1 - from].handshake, buf_bytes(&message), &payload);
    buf_release(&message);
    buf_release(&payload);
    return status;
}

static void test_other_prologue_is_refused(void **state)
{
    (void)state;
    struct side sides[2];
    begin_fixed(sides, NOISE_XK, "another");
    assert_int_equal(pass(sides, 0), ST_BAD_MAC);
    begin_fixed(sides, NOISE_XK, "same");
    assert_int_equal(pass(sides, 0), ST_OK);
}

static void test_other_psk_is_refused_in_the_third_message(void **state)
{
    (void)state;
    struct side sides[2];
    uint8_t psk[NOISE_KEY_BYTES] = {7};
    for (unsigned wrong = 0; wrong < 2; wrong++) {
        begin_fixed(sides, NOISE_XKPSK3, "same");
        assert_int_equal(pass(sides, 0), ST_OK);
        assert_int_equal(pass(sides, 1), ST_OK);
        noise_set_psk(&sides[0].handshake, psk);
        psk[31] ^= (uint8_t)wrong;
        noise_set_psk(&sides[1].handshake, psk);
        assert_int_equal(pass(sides, 0), wrong ? ST_BAD_MAC : ST_OK);
        assert_int_equal(noise_is_finished(&sides[1].handshake), !wrong);
    }
}

/* Keys of small order, as RFC 7748 warns of them: each gives an all-zero shared secret. */
static void test_keys_of_small_order_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct side sides[2];
        struct buf payload = {0};
        uint8_t message[NOISE_KEY_BYTES + NOISE_MAC_BYTES] = {0};
        begin_fixed(sides, NOISE_XK, "same");
        assert_int_equal(sodium_hex2bin(message, NOISE_KEY_BYTES, keys[i], 64, NULL, NULL, NULL),
                         0);
        assert_int_equal(
            noise_read(&sides[1].handshake, (struct bytes){message, sizeof message}, &payload),
            ST_MALFORMED);
        memcpy(sides[0].handshake.rs, message, NOISE_KEY_BYTES);
        assert_int_equal(noise_write(&sides[0].handshake, (struct bytes){NULL, 0}, &payload),
                         ST_MALFORMED);
        assert_int_equal(payload.count, 0);
        assert_int_equal(sides[0].handshake.message_index, 0);
        buf_release(&payload);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    struct side sides[2];
    struct buf message = {0}, payload = {0};
    uint8_t *large = mem_alloc(NOISE_MESSAGE_BYTES_MAX + 1);
    begin_fixed(sides, NOISE_XK, "same");
    assert_int_equal(
        noise_write(&sides[0].handshake, (struct bytes){large, NOISE_MESSAGE_BYTES_MAX}, &message),
        ST_TOO_LARGE);
    assert_int_equal(noise_read(&sides[1].handshake,
                                (struct bytes){large, NOISE_MESSAGE_BYTES_MAX + 1}, &payload),
                     ST_TOO_LARGE);
    assert_int_equal(message.count, 0);
    assert_int_equal(noise_write(&sides[0].handshake, (struct bytes){large, 60000}, &message),
                     ST_OK);
    assert_int_equal(message.count, NOISE_KEY_BYTES + 60000 + NOISE_MAC_BYTES);
    assert_int_equal(noise_read(&sides[1].handshake, buf_bytes(&message), &payload), ST_OK);
    assert_int_equal(payload.count, 60000);
    mem_free(large);
    buf_release(&message);
    buf_release(&payload);
}

static void test_transport_damage(void **state)
{
    (void)state;
    struct noise_cipher send = {.key = {1}, .keyed = true}, receive = send;
    struct bytes ad = BYTES("bound"), other = BYTES("other");
    uint8_t sealed[5 + NOISE_MAC_BYTES], plain[5];
    noise_encrypt(&send, ad, BYTES("hello"), sealed);
    assert_int_equal(send.nonce, 1);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 0x10;
        assert_int_equal(noise_decrypt(&receive, ad, (struct bytes){sealed, sizeof sealed}, plain),
                         ST_BAD_MAC);
        sealed[i] ^= 0x10;
        enum status status = noise_decrypt(&receive, ad, (struct bytes){sealed, i}, plain);
        assert_int_equal(status, i < NOISE_MAC_BYTES ? ST_MALFORMED : ST_BAD_MAC);
    }
    assert_int_equal(noise_decrypt(&receive, other, (struct bytes){sealed, sizeof sealed}, plain),
                     ST_BAD_MAC);
    assert_int_equal(receive.nonce, 0);
    assert_int_equal(noise_decrypt(&receive, ad, (struct bytes){sealed, sizeof sealed}, plain),
                     ST_OK);
    assert_memory_equal(plain, "hello", 5);
    assert_int_equal(noise_decrypt(&receive, ad, (struct bytes){sealed, sizeof sealed}, plain),
                     ST_BAD_MAC); /* a repeat */
}

static void test_no_memory(void **state)
{
    (void)state;
    struct side sides[2];
    struct buf message = {0}, payload = {0};
    begin_fixed(sides, NOISE_XK, "same");
    struct noise_handshake writer = sides[0].handshake, reader = sides[1].handshake;
    mem_fail_at(1);
    assert_int_equal(noise_write(&sides[0].handshake, BYTES("x"), &message), ST_NO_MEMORY);
    assert_true(mem_failed());
    assert_memory_equal(&writer, &sides[0].handshake, sizeof writer);
    buf_reset(&message);
    assert_int_equal(noise_write(&sides[0].handshake, BYTES("x"), &message), ST_OK);
    mem_fail_at(1);
    assert_int_equal(noise_read(&sides[1].handshake, buf_bytes(&message), &payload), ST_NO_MEMORY);
    assert_memory_equal(&reader, &sides[1].handshake, sizeof reader);
    buf_reset(&payload);
    assert_int_equal(noise_read(&sides[1].handshake, buf_bytes(&message), &payload), ST_OK);
    buf_release(&message);
    buf_release(&payload);
}

static void test_clear_wipes(void **state)
{
    (void)state;
    struct side sides[2];
    begin_fixed(sides, NOISE_XK, "same");
    assert_false(sodium_is_zero((const uint8_t *)&sides[0].handshake, sizeof sides[0].handshake));
    noise_clear(&sides[0].handshake);
    assert_true(sodium_is_zero((const uint8_t *)&sides[0].handshake, sizeof sides[0].handshake));
    noise_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_vectors),
        cmocka_unit_test(test_damaged_messages),
        cmocka_unit_test(test_other_prologue_is_refused),
        cmocka_unit_test(test_other_psk_is_refused_in_the_third_message),
        cmocka_unit_test(test_keys_of_small_order_are_refused),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_transport_damage),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_clear_wipes),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
