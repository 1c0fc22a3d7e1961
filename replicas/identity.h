/*
 * identity: the text of the file that holds an office's secret key: one line, in one of two forms.
 *
 *   minga-identity 1 plain <seed>\n
 *   minga-identity 1 argon2id <key> <passes> <memory, KiB> <salt> <nonce> <sealed>\n
 *
 * Seed, public key, salt (16 bytes), nonce (24) and sealed (48) in hex. sealed is the seed under
 * XChaCha20-Poly1305 with the key that Argon2id makes of passphrase and salt; what stands before it
 * is its associated data, so that no other key, cost or salt can be put in its place.
 */
#ifndef REPLICAS_IDENTITY_H
#define REPLICAS_IDENTITY_H

#include "proto/id.h"
#include "replicas/fault.h"
#include "replicas/passphrase.h"

enum { IDENTITY_SEED_BYTES = 32, IDENTITY_TEXT_MAX = 512, IDENTITY_SECRET_BYTES = 64 };

/* How an identity is kept: what is needed to write another one under the same passphrase, which
 * itself is forgotten. All zero: without a passphrase. Wipe it. */
struct identity_wrap {
    bool wrapped;
    struct passphrase_cost cost;
    uint8_t salt[PASSPHRASE_SALT_BYTES];
    uint8_t key[PASSPHRASE_KEY_BYTES];
};

/* identity_wrap_make(): a fresh salt. Errors: as passphrase_key() */
MUST_USE enum status identity_wrap_make(struct bytes passphrase, struct passphrase_cost cost,
                                        struct identity_wrap *out, struct fault *f);

/* identity_write(): the file's text, appended; the nonce is fresh. Check buf_status(), wipe. */
void identity_write(const uint8_t seed[static IDENTITY_SEED_BYTES],
                    const struct identity_wrap *wrap, struct buf *out);

/* identity_look(): what needs no passphrase: the public key, and whether one is asked for.
 * Errors: ST_MALFORMED */
MUST_USE enum status identity_look(struct bytes text, struct key *key_out, bool *wrapped_out);

/*
 * identity_read(): the seed, and how it is kept. 'passphrase' of a plain one is not looked at.
 * Errors: ST_MALFORMED
 *         ST_WRONG_KEY  not that passphrase, or a changed file: which of them nobody can tell
 *         ST_NO_MEMORY; both out-parameters are unchanged
 */
MUST_USE enum status identity_read(struct bytes text, struct bytes passphrase,
                                   uint8_t seed_out[static IDENTITY_SEED_BYTES],
                                   struct identity_wrap *wrap_out, struct fault *f);

/* identity_read_next(): the seed of another file of the same office, written with 'wrap'.
 * Errors: ST_MALFORMED; ST_WRONG_KEY  written otherwise */
MUST_USE enum status identity_read_next(struct bytes text, const struct identity_wrap *wrap,
                                        uint8_t seed_out[static IDENTITY_SEED_BYTES],
                                        struct fault *f);

#endif
