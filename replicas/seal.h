/*
 * seal: one value, or one chunk of a file, kept outside the history. Pure: bytes in, bytes out.
 *
 * The history holds {"class","key","salt","sealed"} (sealed.h); the vault holds the item:
 *
 *   1 (version) | nonce, 24 | commitment, 32 | XChaCha20-Poly1305 of the padded plaintext, with tag
 *
 * value key  = BLAKE2b-256, keyed by the class key, of parts("minga/seal/1", salt, field, nonce)
 * commitment = BLAKE2b-256, keyed by the value key, of "minga/commit/1": a ciphertext opens under
 *              one key only
 * associated = parts("minga/sealed/1", network, type, record id, class, field)
 * padding    = a byte 0x80, then zeros, up to a power of two, 32 at least: of the size only its
 *              class is seen
 * name       = BLAKE2b-256 of the item's bytes
 * key id     = BLAKE2b-160 of parts("minga/classkey/1", class key); salt id likewise,
 * "minga/salt/1"
 *
 * Who holds the class key and the salt opens every value of that record and class; who holds a
 * value key opens that one item.
 */
#ifndef REPLICAS_SEAL_H
#define REPLICAS_SEAL_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/schema.h"

enum {
    SEAL_KEY_BYTES = 32,
    SEAL_SALT_BYTES = 32,
    SEAL_ID_BYTES = 20,
    SEAL_ID_TEXT = 2 * SEAL_ID_BYTES, /* hex, without a NUL */
    SEAL_NONCE_BYTES = 24,
    SEAL_HEAD_BYTES = 1 + SEAL_NONCE_BYTES + 32,
    SEAL_TAG_BYTES = 16,
    SEAL_PLAIN_BYTES_MAX = 64 * 1024 - 1, /* one chunk: padded, 64 KiB */
    SEAL_ITEM_BYTES_MAX = SEAL_HEAD_BYTES + 64 * 1024 + SEAL_TAG_BYTES,
};

struct seal_key { /* a class key, or a value key: wipe it */
    uint8_t key[SEAL_KEY_BYTES];
};
struct seal_salt {
    uint8_t salt[SEAL_SALT_BYTES];
};
struct seal_id { /* names a class key or a salt by its hash */
    uint8_t id[SEAL_ID_BYTES];
};

struct seal_place { /* what a ciphertext is bound to */
    const struct digest *network;
    struct bytes type, record; /* record: hex digits */
    enum schema_class class;   /* internal or personal */
    struct bytes field;
};

void seal_key_id(const struct seal_key *key, struct seal_id *out);
void seal_salt_id(const struct seal_salt *salt, struct seal_id *out);
void seal_name(struct bytes item, struct digest *out);

/* seal_value_key(): the key of one item. Errors: ST_MALFORMED  no item */
MUST_USE enum status seal_value_key(const struct seal_key *class_key, const struct seal_salt *salt,
                                    struct bytes field, struct bytes item, struct seal_key *out);

/* seal_close(): 'plain' (0 .. SEAL_PLAIN_BYTES_MAX) as an item, appended; 'nonce' random, once.
 * Errors: ST_TOO_LARGE, ST_NO_MEMORY */
MUST_USE enum status seal_close(const struct seal_key *class_key, const struct seal_salt *salt,
                                const struct seal_place *place,
                                const uint8_t nonce[static SEAL_NONCE_BYTES], struct bytes plain,
                                struct buf *out);

/*
 * seal_open(): the exact inverse, appended; seal_open_with(): by the value's own key (disclosed).
 * Errors: ST_MALFORMED  no item; wrong padding
 *         ST_BAD_MAC    another key, salt, record, class or field, or damaged bytes
 *         ST_NO_MEMORY; 'out' is unchanged
 */
MUST_USE enum status seal_open(const struct seal_key *class_key, const struct seal_salt *salt,
                               const struct seal_place *place, struct bytes item, struct buf *out);
MUST_USE enum status seal_open_with(const struct seal_key *value_key,
                                    const struct seal_place *place, struct bytes item,
                                    struct buf *out);

#endif
