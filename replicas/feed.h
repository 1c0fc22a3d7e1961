/*
 * feed: a closed, compressed part of the journal, journal/<generation>.feed. Written once, under
 * the name <generation>.feed.tmp, and never changed.
 *
 * One feed file holds the items of one generation or, merged, of several that follow each other;
 * it is named by the last. All numbers are big-endian; a sum is BLAKE2b with 16 bytes of output.
 *
 *   header, 92 bytes
 *     0  "mingafed"
 *     8  u32  version, 1
 *    12  u32  first generation in it
 *    16  u32  last generation in it
 *    20  u64  ordinal of its first item
 *    28  32   network id
 *    60  16   the last frame sum of the segment before its first; zeros from generation 1 on
 *    76  16   sum of the bytes before
 *
 *   blocks without gaps, each 40 bytes and the stored bytes
 *     0  "mjbk"
 *     4  u32  stored bytes
 *     8  u32  raw bytes, at most FEEDPART_RAW_BYTES, or more where the block is one long item
 *    12  u32  items
 *    16  u64  ordinal of the first item
 *    24  16   sum of the header's sum, bytes 0 .. 23, the block's offset as u64, the stored bytes
 *    40       a zstd frame: for each item, its length as u32 and its payload
 *
 *   index: for each block, its offset as u64 and the ordinal of its first item as u64
 *
 *   trailer, 60 bytes, the last of the file
 *     0  "mingaend"
 *     8  u32  blocks
 *    12  u64  items
 *    20  u64  raw bytes of all blocks
 *    28  16   the last frame sum of its last generation
 *    44  16   sum of the header's sum, the index and the trailer's bytes 0 .. 43
 *
 * Opening reads header, index and trailer; a block is read, checked and decompressed when an item
 * of it is wanted.
 */
#ifndef REPLICAS_FEED_H
#define REPLICAS_FEED_H

#include "replicas/disk.h"
#include "replicas/feedpart.h"
#include "replicas/jblock.h"

/* Decompression state, shared by all feeds of a journal. Errors: ST_NO_MEMORY. */
struct feed_reader;
MUST_USE enum status feed_reader_new(struct feed_reader **out);
void feed_reader_free(struct feed_reader *r);

struct feed;

/*
 * feed_open(): a finished feed file; the disk is borrowed until feed_free().
 *
 * finished  false: <generation>.feed.tmp, as feedwriter_finish() left it.
 *
 * Errors: ST_CORRUPT  names file and offset
 *         ST_WRONG_NETWORK, ST_NOT_FOUND, ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status feed_open(struct disk *disk, uint32_t generation, bool finished,
                               const struct digest *network, struct feed **out, struct fault *f);
void feed_free(struct feed *d);

const struct feedpart_head *feed_head(const struct feed *d);
const struct feedpart_tail *feed_tail(const struct feed *d);
uint64_t feed_bytes(const struct feed *d); /* of the file */

/* feed_publish(): <generation>.feed.tmp becomes <generation>.feed, durably. Errors: ST_IO. */
MUST_USE enum status feed_publish(struct feed *d, struct fault *f);

/*
 * feed_block(): the block that holds 'ordinal' (one of its items), into 'out'; on error it is
 * empty. Errors: ST_CORRUPT  names file and offset ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status feed_block(struct feed *d, struct feed_reader *r, uint64_t ordinal,
                                struct jblock *out, struct fault *f);

/*
 * feed_check(): read-only check of every block; 'each' gets a sentence for each damage found.
 * Errors: ST_CORRUPT  there was any
 *         ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status feed_check(struct feed *d, struct feed_reader *r,
                                void (*each)(void *user, const char *text), void *user,
                                struct fault *f);

/* feed_remove(): remove <generation>.feed; its absence is no error. Errors: ST_IO. */
MUST_USE enum status feed_remove(struct disk *disk, uint32_t generation, struct fault *f);

#endif
