/*
 * jblock: a run of items in order, as one piece of memory: what a feed block holds and what the
 * journal keeps of the part that was read last. Owns its bytes.
 *
 * The bytes are, for each item, its length as u32 big-endian and its payload: exactly the raw
 * content of a feed block.
 */
#ifndef REPLICAS_JBLOCK_H
#define REPLICAS_JBLOCK_H

#include "proto/bytes.h"

enum { JBLOCK_LENGTH_BYTES = 4 };

struct jblock {
    uint64_t first; /* ordinal */
    uint64_t count; /* items */
    struct buf raw;
    /* Where the item asked for last stands, so that reading in order does not walk again. */
    uint64_t at_ordinal;
    size_t at_offset;
};

void jblock_release(struct jblock *b);

/* jblock_start(): an empty block whose first item will have the ordinal 'first'; keeps the memory.
 */
void jblock_start(struct jblock *b, uint64_t first);

/* jblock_add(): one item of 1 .. JFRAME_PAYLOAD_MAX bytes behind the others.
 * Errors: ST_NO_MEMORY  the block is as it was */
MUST_USE enum status jblock_add(struct jblock *b, struct bytes payload);

/*
 * jblock_check(): take 'count' items from what stands in 'raw', which came from a disk.
 * Errors: ST_MALFORMED  not exactly 'count' items of 1 .. JFRAME_PAYLOAD_MAX bytes; holds nothing
 */
MUST_USE enum status jblock_check(struct jblock *b, uint64_t count);

bool jblock_holds(const struct jblock *b, uint64_t ordinal);

/* jblock_item(): an item that it holds; borrowed until the block changes. */
struct bytes jblock_item(struct jblock *b, uint64_t ordinal);

#endif
