/*
 * segment: the open segment of the journal, journal/<generation>.log, as jframe.h lays it out.
 *
 * Appending is a copy into memory; a sync is one write and one fdatasync. The file grows by zeros
 * written ahead, SEGMENT_AHEAD_BYTES at a time, so that a sync changes no size and no extent, and
 * a full disk shows at an append, which takes nothing, rather than at a sync.
 *
 * Owns its file handle, what is not written yet, and a sparse index (one entry for every
 * SEGMENT_BLOCK_BYTES). Invariant: durable <= written <= end <= reserved.
 */
#ifndef REPLICAS_SEGMENT_H
#define REPLICAS_SEGMENT_H

#include "replicas/disk.h"
#include "replicas/jblock.h"
#include "replicas/jframe.h"

enum {
    SEGMENT_AHEAD_BYTES = 256 * KIB, /* zeros ahead: 0.3 ms more in one sync of some hundred */
    SEGMENT_GATHER_BYTES = 4 * MIB,  /* not written yet; more is written before the sync */
    SEGMENT_BLOCK_BYTES = 16 * KIB,  /* what reading one item reads */
};

struct segment;

/* What a caller may look at. */
struct segment_view {
    uint32_t generation;
    uint64_t first, next;   /* ordinals: of its first item, and of the next one */
    uint64_t bytes;         /* header and frames, written or not */
    struct jframe_sum last; /* the sum that the next segment names */
};

/*
 * segment_create(): a new segment with the name <generation>.log.tmp, its bytes durable, its name
 * not: segment_publish() gives it its name. 'log' with generation, first, network and previous;
 * the salt is drawn here. The disk is borrowed until segment_free().
 * Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status segment_create(struct disk *disk, const struct jframe_log *log,
                                    struct segment **out, struct fault *f);

/* segment_publish(): rename to <generation>.log and make the name durable. Errors: ST_IO. */
MUST_USE enum status segment_publish(struct segment *s, struct fault *f);

/*
 * segment_open(): recover journal/<generation>.log: cut a torn tail, make the rest durable.
 * Errors: ST_CORRUPT  names file and offset
 *         ST_WRONG_NETWORK, ST_NOT_FOUND, ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status segment_open(struct disk *disk, uint32_t generation,
                                  const struct digest *network, struct segment **out,
                                  struct jframe_log *log_out, struct fault *f);

/* segment_free(): closes the file; what was not synced is lost. */
void segment_free(struct segment *s);

struct segment_view segment_view(const struct segment *s);

/*
 * segment_append(): one item of 1 .. JFRAME_PAYLOAD_MAX bytes, not durable yet.
 * On error nothing was appended.
 * Errors: ST_NO_MEMORY, ST_DISK_FULL  it may be tried again
 *         ST_IO                       writing failed; after a failed flush for ever
 */
MUST_USE enum status segment_append(struct segment *s, struct bytes payload, struct fault *f);

/* segment_sync(): all that was appended is durable on ST_OK. After a failure every further
 * append and sync is ST_IO. */
MUST_USE enum status segment_sync(struct segment *s, struct fault *f);

/* segment_idle(): sync; and where no frame names the last item durable yet, append and sync a
 * mark that does. Errors: as segment_append() and segment_sync(). */
MUST_USE enum status segment_idle(struct segment *s, struct fault *f);

/* segment_refuse(): from now on appends and syncs are ST_IO: its place was taken by the feed. */
void segment_refuse(struct segment *s);

/*
 * segment_block(): the items around 'ordinal' (first <= ordinal < next), checked again, into 'out'.
 * On error 'out' is empty.
 * Errors: ST_CORRUPT  names file and offset
 *         ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status segment_block(struct segment *s, uint64_t ordinal, struct jblock *out,
                                   struct fault *f);

/* segment_remove(): remove journal/<generation>.log; its absence is no error. Errors: ST_IO. */
MUST_USE enum status segment_remove(struct disk *disk, uint32_t generation, struct fault *f);

#endif
