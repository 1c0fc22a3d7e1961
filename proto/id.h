/*
 * id: the fixed-size names of things, and their text forms (hex, Crockford base32).
 */
#ifndef PROTO_ID_H
#define PROTO_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/bytes.h"
#include "proto/status.h"

enum {
    OID_BYTES = 20,
    OID_TEXT = 40, /* hex */
    DIGEST_BYTES = 32,
    DIGEST_TEXT = 52, /* base32; the last character carries one bit */
    CHANGE_BYTES = 20,
    CHANGE_TEXT = 32, /* base32 */
    RECORD_ID_BYTES = 12,
    RECORD_ID_TEXT = 24,
    ENTRY_ID_BYTES = 20,
    ENTRY_ID_TEXT = 40,
    KEY_BYTES = 32,
    SIGNATURE_BYTES = 64,
};

struct oid { /* a git object: commit, tree or blob */
    uint8_t id[OID_BYTES];
};
struct digest { /* BLAKE2b-256: a commit's digest, a charter's hash, the network id */
    uint8_t id[DIGEST_BYTES];
};
struct change { /* the first 160 bits of a commit's digest */
    uint8_t id[CHANGE_BYTES];
};
struct key { /* an Ed25519 public key */
    uint8_t id[KEY_BYTES];
};

static inline int oid_compare(const struct oid *a, const struct oid *b)
{
    return memcmp(a->id, b->id, OID_BYTES);
}
static inline bool oid_equal(const struct oid *a, const struct oid *b)
{
    return oid_compare(a, b) == 0;
}
static inline bool oid_is_zero(const struct oid *a)
{
    static const struct oid zero;
    return oid_compare(a, &zero) == 0;
}
static inline int change_compare(const struct change *a, const struct change *b)
{
    return memcmp(a->id, b->id, CHANGE_BYTES);
}

/* change_of_digest(): the change that a commit of this digest makes. */
struct change change_of_digest(const struct digest *d);

/* hex_encode(): lower case, 2 * count characters and a NUL into 'out' (2 * count + 1 bytes). */
void hex_encode(const uint8_t *data, size_t count, char *out);

/*
 * hex_decode(): exactly 2 * count lower-case digits of 'text' into 'out'.
 * Errors: ST_MALFORMED  another length or character; *out is unchanged
 */
MUST_USE enum status hex_decode(struct bytes text, uint8_t *out, size_t count);

/*
 * base32_encode(): Crockford's alphabet, lower case, most significant bit first;
 * ceil(8 * count / 5) characters and a NUL into 'out'. The order of the texts is that of the bytes.
 */
void base32_encode(const uint8_t *data, size_t count, char *out);

/*
 * base32_decode(): the exact inverse; spare bits must be zero.
 * Errors: ST_MALFORMED  another length, character or spare bit; *out is unchanged
 */
MUST_USE enum status base32_decode(struct bytes text, uint8_t *out, size_t count);

/* label_is_valid(): [a-z][a-z0-9-]{1,31} and not "main". name_is_valid(): [a-z][a-z0-9_]{0,63}. */
bool label_is_valid(struct bytes label);
bool name_is_valid(struct bytes name);

#endif
