/*
 * feedpart: the bytes of a feed file (feed.h lays them out): header, block, index, trailer. Pure;
 * owns nothing. A sum binds each part to its header and its place.
 */
#ifndef REPLICAS_FEEDPART_H
#define REPLICAS_FEEDPART_H

#include "replicas/jframe.h"

enum {
    FEEDPART_HEAD_BYTES = 92,
    FEEDPART_BLOCK_BYTES = 40, /* a block's header */
    FEEDPART_ENTRY_BYTES = 16, /* of the index */
    FEEDPART_TAIL_BYTES = 60,
    FEEDPART_RAW_BYTES = 128 * KIB, /* raw bytes of a block, unless it is one longer item */
    FEEDPART_RAW_MAX = JFRAME_PAYLOAD_MAX + 4,
    FEEDPART_STORED_MAX = FEEDPART_RAW_MAX + FEEDPART_RAW_MAX / 128 + KIB, /* zstd's bound */
    FEEDPART_BLOCKS_MAX = 1024 * KIB, /* of one file; bounds its index to 16 MiB */
};

static_assert(FEEDPART_RAW_BYTES <= FEEDPART_RAW_MAX, "a block may be one long item");

struct feedpart_head {
    uint32_t generation_first, generation;
    uint64_t first; /* ordinal */
    struct digest network;
    struct jframe_sum previous;
};

struct feedpart_block {
    uint32_t stored_bytes, raw_bytes, items;
    uint64_t first; /* ordinal */
};

struct feedpart_entry {
    uint64_t offset, first;
};

struct feedpart_tail {
    uint32_t blocks;
    uint64_t items, raw_bytes;
    struct jframe_sum last;
};

/* feedpart_head_encode(): appended to 'out', which fails stickily; 'sum' binds the other parts. */
void feedpart_head_encode(const struct feedpart_head *head, struct buf *out,
                          struct jframe_sum *sum);

/* Errors: ST_MALFORMED  too short, another magic, version or sum, no generation; *out unchanged */
MUST_USE enum status feedpart_head_decode(struct bytes in, struct feedpart_head *out,
                                          struct jframe_sum *sum);

/* feedpart_block_encode(): header and stored bytes at 'offset' of the file, appended to 'out'. */
void feedpart_block_encode(const struct jframe_sum *head, uint64_t offset,
                           const struct feedpart_block *block, struct bytes stored,
                           struct buf *out);

/*
 * feedpart_block_decode(): a whole block, header and exactly its stored bytes.
 * stored  on ST_OK, points into 'in'.
 * Errors: ST_MALFORMED  another length, magic or sum, a size over its limit; *out is unchanged
 */
MUST_USE enum status feedpart_block_decode(const struct jframe_sum *head, uint64_t offset,
                                           struct bytes in, struct feedpart_block *out,
                                           struct bytes *stored);

void feedpart_entry_encode(const struct feedpart_entry *entry, struct buf *out);

/* feedpart_tail_encode(): the trailer behind 'index', appended to 'out'. */
void feedpart_tail_encode(const struct jframe_sum *head, struct bytes index,
                          const struct feedpart_tail *tail, struct buf *out);

/*
 * feedpart_tail_blocks(): how many entries the index before this trailer has; not checked yet by
 * its sum.
 * Errors: ST_MALFORMED  not FEEDPART_TAIL_BYTES, another magic, 0 or too many blocks
 */
MUST_USE enum status feedpart_tail_blocks(struct bytes in, uint32_t *blocks_out);

/*
 * feedpart_tail_decode(): index and trailer, together the end of the file, of a feed with this
 * header whose index begins at 'offset'.
 *
 * entries  room for as many as feedpart_tail_blocks() said.
 *
 * Errors: ST_MALFORMED  the sum, or entries that do not rise from the header's end and first item
 */
MUST_USE enum status feedpart_tail_decode(const struct jframe_sum *head_sum,
                                          const struct feedpart_head *head, uint64_t offset,
                                          struct bytes in, struct feedpart_entry *entries,
                                          struct feedpart_tail *out);

#endif
