#include "replicas/identity.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "proto/check.h"

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SEALED_BYTES = IDENTITY_SEED_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    NUMBER_DIGITS_MAX = 7,
};

static_assert((int)IDENTITY_SEED_BYTES == (int)crypto_sign_SEEDBYTES, "libsodium's seed");
static_assert((int)PASSPHRASE_KEY_BYTES == (int)crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
              "the cipher's key");

static const char plain_magic[] = "minga-identity 1 plain ";
static const char wrapped_magic[] = "minga-identity 1 argon2id ";

struct parsed {
    bool wrapped;
    uint8_t seed[IDENTITY_SEED_BYTES]; /* plain */
    struct key key;
    struct identity_wrap wrap; /* without its key */
    uint8_t nonce[NONCE_BYTES], sealed[SEALED_BYTES];
    size_t bound; /* bytes of associated data */
};

enum status identity_wrap_make(struct bytes passphrase, struct passphrase_cost cost,
                               struct identity_wrap *out, struct fault *f)
{
    struct identity_wrap fresh = {.wrapped = true, .cost = cost};
    randombytes_buf(fresh.salt, sizeof fresh.salt);
    enum status st = passphrase_key(passphrase, cost, fresh.salt, fresh.key, f);
    if (st == ST_OK)
        *out = fresh;
    sodium_memzero(&fresh, sizeof fresh);
    return st;
}

static void add_hex(struct buf *out, const uint8_t *data, size_t count, char after)
{
    uint8_t *room = buf_reserve(out, 2 * count + 1);
    if (room == NULL)
        return;
    hex_encode(data, count, (char *)room);
    room[2 * count] = (uint8_t)after;
    out->count += 2 * count + 1;
}

void identity_write(const uint8_t seed[static IDENTITY_SEED_BYTES],
                    const struct identity_wrap *wrap, struct buf *out)
{
    uint8_t key[KEY_BYTES], secret[crypto_sign_SECRETKEYBYTES];
    uint8_t nonce[NONCE_BYTES], sealed[SEALED_BYTES];
    size_t start = out->count;
    /* All of it at once: a buffer that grows leaves copies of what it held. */
    if (buf_reserve(out, IDENTITY_TEXT_MAX) == NULL)
        return;
    if (!wrap->wrapped) {
        buf_add_text(out, plain_magic);
        add_hex(out, seed, IDENTITY_SEED_BYTES, '\n');
        return;
    }
    CHECK(passphrase_cost_is_valid(wrap->cost));
    crypto_sign_seed_keypair(key, secret, seed);
    sodium_memzero(secret, sizeof secret);
    randombytes_buf(nonce, sizeof nonce);
    buf_add_text(out, wrapped_magic);
    add_hex(out, key, sizeof key, ' ');
    buf_add_format(out, "%u %u ", wrap->cost.passes, wrap->cost.memory_kib);
    add_hex(out, wrap->salt, sizeof wrap->salt, ' ');
    add_hex(out, nonce, sizeof nonce, ' ');
    if (buf_status(out) != ST_OK)
        return;
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, seed, IDENTITY_SEED_BYTES,
                                               out->data + start, out->count - start, NULL, nonce,
                                               wrap->key);
    add_hex(out, sealed, sizeof sealed, '\n');
    CHECK(out->failed || out->count - start <= IDENTITY_TEXT_MAX);
}

/* ---- Reading: exactly what is written, or nothing ---- */

struct reader {
    struct bytes text;
    size_t at;
    bool failed;
};

static void read_text(struct reader *r, const char *text)
{
    size_t count = strlen(text);
    r->failed = r->failed || r->text.count - r->at < count ||
                memcmp(r->text.data + r->at, text, count) != 0;
    r->at += r->failed ? 0 : count;
}

static void read_hex(struct reader *r, uint8_t *out, size_t count, char after)
{
    const char end[2] = {after, '\0'};
    r->failed = r->failed || r->text.count - r->at < 2 * count ||
                hex_decode((struct bytes){r->text.data + r->at, 2 * count}, out, count) != ST_OK;
    r->at += r->failed ? 0 : 2 * count;
    read_text(r, end);
}

static uint32_t read_number(struct reader *r)
{
    uint32_t number = 0, digits = 0;
    while (!r->failed && r->at < r->text.count && r->text.data[r->at] >= '0' &&
           r->text.data[r->at] <= '9' && digits < NUMBER_DIGITS_MAX) {
        number = number * 10 + (uint32_t)(r->text.data[r->at++] - '0');
        r->failed = digits++ > 0 && number < 10; /* a leading zero */
    }
    r->failed = r->failed || digits == 0;
    read_text(r, " ");
    return number;
}

static enum status parse(struct bytes text, struct parsed *out)
{
    size_t magic = sizeof plain_magic - 1;
    struct reader r = {.text = text};
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    *out = (struct parsed){.wrapped =
                               text.count < magic || memcmp(text.data, plain_magic, magic) != 0};
    if (!out->wrapped) {
        read_text(&r, plain_magic);
        read_hex(&r, out->seed, sizeof out->seed, '\n');
        crypto_sign_seed_keypair(out->key.id, secret, out->seed);
        sodium_memzero(secret, sizeof secret);
    } else {
        read_text(&r, wrapped_magic);
        read_hex(&r, out->key.id, KEY_BYTES, ' ');
        out->wrap.wrapped = true;
        out->wrap.cost.passes = read_number(&r);
        out->wrap.cost.memory_kib = read_number(&r);
        read_hex(&r, out->wrap.salt, sizeof out->wrap.salt, ' ');
        read_hex(&r, out->nonce, sizeof out->nonce, ' ');
        out->bound = r.at;
        read_hex(&r, out->sealed, sizeof out->sealed, '\n');
        r.failed = r.failed || !passphrase_cost_is_valid(out->wrap.cost);
    }
    return r.failed || r.at != text.count ? ST_MALFORMED : ST_OK;
}

enum status identity_look(struct bytes text, struct key *key_out, bool *wrapped_out)
{
    struct parsed p;
    enum status st = parse(text, &p);
    if (st == ST_OK) {
        *key_out = p.key;
        *wrapped_out = p.wrapped;
    }
    sodium_memzero(&p, sizeof p);
    return st;
}

/* The seed of a wrapped one, by p->wrap.key. */
static enum status unwrap(struct bytes text, struct parsed *p, struct fault *f)
{
    uint8_t key[KEY_BYTES], secret[crypto_sign_SECRETKEYBYTES];
    bool opened =
        crypto_aead_xchacha20poly1305_ietf_decrypt(p->seed, NULL, NULL, p->sealed, sizeof p->sealed,
                                                   text.data, p->bound, p->nonce, p->wrap.key) == 0;
    if (opened) {
        crypto_sign_seed_keypair(key, secret, p->seed);
        sodium_memzero(secret, sizeof secret);
        opened = memcmp(key, p->key.id, sizeof key) == 0;
    }
    if (!opened) {
        fault_set(f, ST_WRONG_KEY, "the passphrase does not open the key of this office");
        fault_fix(f, "try again; a lost passphrase cannot be found: join again, with a new key");
    }
    return opened ? ST_OK : ST_WRONG_KEY;
}

enum status identity_read(struct bytes text, struct bytes passphrase,
                          uint8_t seed_out[static IDENTITY_SEED_BYTES],
                          struct identity_wrap *wrap_out, struct fault *f)
{
    struct parsed p;
    enum status st = parse(text, &p);
    if (st == ST_OK && p.wrapped)
        st = passphrase_key(passphrase, p.wrap.cost, p.wrap.salt, p.wrap.key, f);
    if (st == ST_OK && p.wrapped)
        st = unwrap(text, &p, f);
    if (st == ST_OK) {
        memcpy(seed_out, p.seed, sizeof p.seed);
        *wrap_out = p.wrap;
    }
    sodium_memzero(&p, sizeof p);
    return st;
}

enum status identity_read_next(struct bytes text, const struct identity_wrap *wrap,
                               uint8_t seed_out[static IDENTITY_SEED_BYTES], struct fault *f)
{
    struct parsed p;
    enum status st = parse(text, &p);
    memcpy(p.wrap.key, wrap->key, sizeof p.wrap.key);
    if (st == ST_OK && p.wrapped)
        st = unwrap(text, &p, f);
    if (st == ST_OK)
        memcpy(seed_out, p.seed, sizeof p.seed);
    sodium_memzero(&p, sizeof p);
    return st;
}
