/*
 * pack_index: the index (version 2) of one pack, read whole and checked before anything is
 * believed.
 */
#ifndef REPLICAS_PACK_INDEX_H
#define REPLICAS_PACK_INDEX_H

#include "proto/bytes.h"
#include "proto/id.h"
#include "replicas/fault.h"

enum { PACK_INDEX_TRAILER_BYTES = 2 * OID_BYTES };

struct pack_index {
    struct buf data;                              /* owned, where it was opened from a file */
    const uint8_t *fanout, *ids, *crcs, *offsets; /* into the bytes */
    uint32_t count;
    uint64_t pack_bytes; /* of the pack beside it; 0 unless opened */
    struct oid pack_hash;
};

/*
 * pack_index_parse(): the form of 'data', borrowed: lengths, ascending ids, a fanout that tells
 * them. Offsets and sums are not looked at.
 * Errors: ST_MALFORMED
 */
MUST_USE enum status pack_index_parse(struct bytes data, struct pack_index *out);

/*
 * pack_index_open(): read and check an index "…/pack-<hex>.idx", its sum, and the size, head and
 * last bytes of the pack beside it.
 * Errors: ST_CORRUPT  with the file's name; ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status pack_index_open(const char *path, struct pack_index *out, struct fault *f);
void pack_index_release(struct pack_index *x);

void pack_index_id(const struct pack_index *x, uint32_t at, struct oid *out);
uint32_t pack_index_crc(const struct pack_index *x, uint32_t at);

/* pack_index_offset(): UINT32_MAX stands for one beyond 2 GiB. */
uint32_t pack_index_offset(const struct pack_index *x, uint32_t at);

/* pack_index_find(): where 'id' is. Returns false where it is not. */
bool pack_index_find(const struct pack_index *x, const struct oid *id, uint32_t *at_out);

#endif
