/*
 * memo: what pure functions of libsodium gave, for the programs in which many members live in one
 * thread. Linked by --wrap (tests/CMakeLists.txt): a call with an input that was seen gives what
 * the real function gave for that input; every distinct input goes through the real function.
 *
 *     crypto_sign_verify_detached()           of one commit, by every member and judge
 *     crypto_sign_ed25519_pk_to_curve25519()  of one member's key, by every other, again and again
 *     crypto_scalarmult_base()                of one member's static key, at each of its handshakes
 *
 * An input is compared by all its bytes, not by a hash of them. The table has a fixed size, and
 * what falls out of it is worked out once more: the results do not depend on it.
 */
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

enum {
    SLOTS = 2048,           /* of each table: above what one world signs and converts */
    SIGNED_BYTES_MAX = 192, /* what sshsig.c signs has 100 to 130; longer is not kept */
};

struct signed_slot {
    bool used;
    int result;
    size_t count;
    uint8_t key[crypto_sign_PUBLICKEYBYTES], signature[crypto_sign_BYTES];
    uint8_t message[SIGNED_BYTES_MAX];
};

struct key_slot {
    bool used;
    int result;
    uint8_t from[crypto_sign_PUBLICKEYBYTES], to[crypto_scalarmult_BYTES];
};

static struct signed_slot verified[SLOTS];
static struct key_slot converted[SLOTS], multiplied[SLOTS];

int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long count, const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long count, const unsigned char *key);
int __real_crypto_sign_ed25519_pk_to_curve25519(unsigned char *to, const unsigned char *from);
int __wrap_crypto_sign_ed25519_pk_to_curve25519(unsigned char *to, const unsigned char *from);
int __real_crypto_scalarmult_base(unsigned char *to, const unsigned char *from);
int __wrap_crypto_scalarmult_base(unsigned char *to, const unsigned char *from);

/* Keys and signatures are as good as random: some of their bytes say where to look. */
static size_t slot_of(const uint8_t *bytes)
{
    uint32_t n;
    memcpy(&n, bytes, sizeof n);
    return n % SLOTS;
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long count, const unsigned char *key)
{
    struct signed_slot *s = &verified[slot_of(signature)];
    if (s->used && s->count == count && memcmp(s->signature, signature, crypto_sign_BYTES) == 0 &&
        memcmp(s->key, key, sizeof s->key) == 0 && memcmp(s->message, message, s->count) == 0)
        return s->result;
    int result = __real_crypto_sign_verify_detached(signature, message, count, key);
    if (count > sizeof s->message)
        return result;
    *s = (struct signed_slot){.used = true, .result = result, .count = (size_t)count};
    memcpy(s->signature, signature, sizeof s->signature);
    memcpy(s->key, key, sizeof s->key);
    memcpy(s->message, message, s->count);
    return result;
}

static int of_key(struct key_slot slots[static SLOTS],
                  int (*real)(unsigned char *, const uint8_t *), unsigned char *to,
                  const unsigned char *from)
{
    struct key_slot *s = &slots[slot_of(from)];
    if (!s->used || memcmp(s->from, from, sizeof s->from) != 0) {
        *s = (struct key_slot){.used = true};
        memcpy(s->from, from, sizeof s->from);
        s->result = real(s->to, from);
    }
    memcpy(to, s->to, sizeof s->to);
    return s->result;
}

int __wrap_crypto_sign_ed25519_pk_to_curve25519(unsigned char *to, const unsigned char *from)
{
    return of_key(converted, __real_crypto_sign_ed25519_pk_to_curve25519, to, from);
}

int __wrap_crypto_scalarmult_base(unsigned char *to, const unsigned char *from)
{
    return of_key(multiplied, __real_crypto_scalarmult_base, to, from);
}
