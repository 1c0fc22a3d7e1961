/*
 * bundle: the envelope of a file that carries history to one office by hand: a signed head, then a
 * stream that only its recipient reads. Pure: bytes in, bytes out; fresh keys come from libsodium.
 *
 *   head    "minga/bundle/1" zero, 1 (kind) | network, 32 | sender, 32 | recipient, 32 |
 *           bundle id, 16 | part, u32 | parts, u32 | body bytes, u64 | BLAKE2b-256 of the body |
 *           crypto_box_seal of the stream's key to the recipient's X25519 form, 80 |
 *           Ed25519 by the sender over parts("minga/bundle-head/1", all of the above), 64
 *   body    24 bytes of crypto_secretstream_xchacha20poly1305, then chunks: u32 length |
 *           ciphertext. Associated data of each chunk: the head up to the part's number, and the
 *           sealed key. The last chunk has the tag FINAL. What a chunk holds: parcel.h.
 *
 * The head is written when the body is complete, so that a file which was never finished has none.
 * It binds the whole body by its length and hash under the sender's signature: a file that was cut,
 * changed or put together from others is told as such. Every part is a file of its own.
 */
#ifndef REPLICAS_BUNDLE_H
#define REPLICAS_BUNDLE_H

#include <sodium.h>

#include "proto/bytes.h"
#include "proto/id.h"
#include "proto/limits.h"
#include "replicas/fault.h"

enum {
    BUNDLE_MAGIC_BYTES = 16,
    BUNDLE_ID_BYTES = 16,
    BUNDLE_KEY_BYTES = 32,        /* of the stream */
    BUNDLE_SEALED_KEY_BYTES = 80, /* crypto_box_seal of it */
    BUNDLE_HEAD_BYTES = 320,
    BUNDLE_BOUND_BYTES = 212,            /* of it, what every chunk is bound to */
    BUNDLE_PARTS_MAX = 10000,            /* files of one bundle: a bound for what a head claims */
    BUNDLE_CHUNK_BYTES_MAX = 768 * KIB,  /* plain: the largest item, and a charter version */
    BUNDLE_START_BYTES = 24,             /* of a body */
    BUNDLE_CHUNK_MORE_BYTES = 4 + 17,    /* of a chunk in the file, beside its plaintext */
    BUNDLE_PART_BYTES_MIN = 1024 * 1024, /* the least --max: any one chunk fits */
};

enum bundle_kind { BUNDLE_FILE = 1, BUNDLE_RECEIPT = 2 };

struct bundle_head {
    struct digest network;
    struct key sender, recipient;
    uint8_t id[BUNDLE_ID_BYTES]; /* the same in all parts */
    uint32_t part, parts;        /* 1 .. parts; parts 1 .. BUNDLE_PARTS_MAX */
    uint64_t body_bytes;
    struct digest body_hash;
    uint8_t sealed_key[BUNDLE_SEALED_KEY_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
};

/* bundle_kind_of(): what the first bytes of a file say it is. Errors: ST_MALFORMED  neither */
MUST_USE enum status bundle_kind_of(struct bytes file, enum bundle_kind *out);
/* bundle_magic(): the first BUNDLE_MAGIC_BYTES of such a file, appended. */
void bundle_magic(enum bundle_kind kind, struct buf *out);

/* bundle_encode(): BUNDLE_HEAD_BYTES, appended. */
void bundle_encode(const struct bundle_head *h, struct buf *out);

/*
 * bundle_decode(): the exact inverse; verifies nothing.
 * Errors: ST_MALFORMED  no head of a bundle; a part that cannot be
 */
MUST_USE enum status bundle_decode(struct bytes in, struct bundle_head *out);

/* bundle_sign(): by the sender. bundle_verify(): Errors: ST_BAD_SIGNATURE */
void bundle_sign(struct bundle_head *h, const uint8_t secret[static 64]);
MUST_USE enum status bundle_verify(const struct bundle_head *h);

/* bundle_seal(): a fresh stream's key into key_out, and sealed into the head, whose recipient is
 * set. Errors: ST_BAD_VALUE  the recipient's key has no X25519 form */
MUST_USE enum status bundle_seal(struct bundle_head *h, uint8_t key_out[static BUNDLE_KEY_BYTES]);

/* bundle_open(): the stream's key, by the recipient's secret.
 * Errors: ST_WRONG_KEY  it was not sealed to that key */
MUST_USE enum status bundle_open(const struct bundle_head *h, const uint8_t secret[static 64],
                                 uint8_t key_out[static BUNDLE_KEY_BYTES]);

/* A body on its way out or in: of both, hash and bytes are those of what went by. */
struct bundle_stream {
    crypto_secretstream_xchacha20poly1305_state state;
    crypto_generichash_state hash;
    uint64_t body_bytes;
    uint8_t bound[BUNDLE_BOUND_BYTES]; /* the associated data */
    bool ended;
};

void bundle_stream_wipe(struct bundle_stream *s);

/* bundle_push_begin(): the body's first bytes, appended; of the head everything up to 'part' and
 * the sealed key is set. bundle_push(): one chunk of 1 .. BUNDLE_CHUNK_BYTES_MAX plain bytes,
 * appended. bundle_push_end(): length and hash into the head, after the last chunk.
 * Errors: ST_TOO_LARGE, ST_NO_MEMORY */
void bundle_push_begin(struct bundle_stream *s, const struct bundle_head *h,
                       const uint8_t key[static BUNDLE_KEY_BYTES], struct buf *out);
MUST_USE enum status bundle_push(struct bundle_stream *s, struct bytes plain, bool last,
                                 struct buf *out);
void bundle_push_end(struct bundle_stream *s, struct bundle_head *h);

/* bundle_pull_begin(): 'start' are the body's first BUNDLE_START_BYTES. Errors: ST_BAD_MAC */
MUST_USE enum status bundle_pull_begin(struct bundle_stream *s, const struct bundle_head *h,
                                       const uint8_t key[static BUNDLE_KEY_BYTES],
                                       struct bytes start);
/*
 * bundle_pull(): the next chunk from the front of 'in'; plaintext appended to 'out'.
 * used_out  bytes of it in the file; wanted_out: on ST_AGAIN, how many 'in' has to hold.
 * Errors: ST_AGAIN      the chunk is not all there
 *         ST_MALFORMED  a length that cannot be, or bytes behind the last chunk
 *         ST_BAD_MAC    changed, in another order, or of another bundle
 *         ST_NO_MEMORY
 */
MUST_USE enum status bundle_pull(struct bundle_stream *s, struct bytes in, struct buf *out,
                                 size_t *used_out, size_t *wanted_out);
/* bundle_pull_end(): whether the whole body went by, as the sender signed it.
 * Errors: ST_CLOSED  it ended before its last chunk; ST_BAD_MAC  another length or hash */
MUST_USE enum status bundle_pull_end(struct bundle_stream *s, const struct bundle_head *h);

#endif
