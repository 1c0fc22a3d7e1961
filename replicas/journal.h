/*
 * journal: the durable, ordered list of accepted items, and its closed, compressed part, the feed.
 *
 * Every frame has an ordinal: 0 for the first item this replica ever accepted, without gaps, in an
 * order in which parents come before children. The open segment journal/<generation>.log is a
 * file of frames with zeros written ahead (jframe.h has its bytes); a closed one is
 * journal/<generation>.feed, zstd blocks of items, served and scanned as it stands (feed.h has its
 * bytes). Generations are 8 decimal digits. Small feeds merge as the journal rolls; a merged one is
 * named by its last generation.
 *
 * A frame carries the offset known durable when it was written and a checksum chained to the frame
 * before. An idle journal writes a closing mark. Recovery: damage beyond the greatest durable
 * offset that any sound frame names is a torn tail and is cut; damage before it is ST_CORRUPT,
 * naming segment and offset, and how to repair. What recovery shows is durable.
 * A segment's header names the network, the generation, the ordinal it starts at and the last
 * checksum of the segment before.
 *
 * One thread uses a journal. Everything but append blocks; append does once in some hundred.
 */
#ifndef REPLICAS_JOURNAL_H
#define REPLICAS_JOURNAL_H

#include "proto/id.h"
#include "replicas/disk.h"

struct journal;

struct journal_stats {
    uint64_t items;      /* ordinals 0 .. items - 1 exist */
    uint64_t open_first; /* first ordinal of the open segment: not yet checkpointed */
    uint64_t open_bytes, feed_bytes;
    uint32_t generation;
};

/*
 * journal_open(): recover. The disk is borrowed until journal_close(). 'found' sets up an empty
 * journal where there is none; without it that is ST_NOT_FOUND.
 * Errors: ST_CORRUPT, ST_WRONG_NETWORK (a journal of another network), ST_IO, ST_DISK_FULL,
 *         ST_NO_MEMORY
 */
MUST_USE enum status journal_open(struct disk *disk, const struct digest *network, bool found,
                                  struct journal **out, struct fault *f);
void journal_close(struct journal *j);

/* journal_each(): every frame from ordinal 'first' on, in order; payload borrowed for the call. */
typedef enum status (*journal_each_fn)(void *user, uint64_t ordinal, struct bytes payload);
MUST_USE enum status journal_each(struct journal *j, uint64_t first, journal_each_fn each,
                                  void *user, struct fault *f);

/* journal_read(): one payload, appended to 'out'. A cache of one block serves reads in order.
 * Errors: ST_NOT_FOUND, ST_CORRUPT, ST_IO, ST_NO_MEMORY */
MUST_USE enum status journal_read(struct journal *j, uint64_t ordinal, struct buf *out,
                                  struct fault *f);

/* journal_append(): one frame (payload 1 .. ITEM_BYTES_MAX + CHARTER_BYTES_MAX bytes), not yet
 * durable. On error nothing was appended; after ST_DISK_FULL or ST_NO_MEMORY it may be tried
 * again. Writes are gathered and reach the file at the sync. */
MUST_USE enum status journal_append(struct journal *j, struct bytes payload, uint64_t *ordinal_out,
                                    struct fault *f);

/* journal_sync(): everything appended is durable on ST_OK: one write, one fdatasync. After a
 * failure the journal refuses all further writes (ST_IO); what was not synced is not
 * acknowledged. */
MUST_USE enum status journal_sync(struct journal *j, struct fault *f);

/* journal_idle(): write a closing mark if the last frames are not yet named durable by one. */
MUST_USE enum status journal_idle(struct journal *j, struct fault *f);

/* journal_roll(): after a checkpoint: close the open segment into the feed (crash-safe: the .log
 * goes only when the .feed is durable), start the next generation. Without items it does nothing.
 * On error the journal goes on as it was, or, where the feed may have its name already, refuses
 * further writes until it is opened again. */
MUST_USE enum status journal_roll(struct journal *j, struct fault *f);

void journal_stats(const struct journal *j, struct journal_stats *out);

/* journal_damage(): read-only check of every byte of every segment; calls 'each' with a sentence
 * for each damage found (of the open segment, whose frames are chained, the first); ST_CORRUPT if
 * there was any, ST_NOT_FOUND where there is no journal. For verify and doctor. */
MUST_USE enum status journal_damage(struct disk *disk, const struct digest *network,
                                    void (*each)(void *user, const char *text), void *user,
                                    struct fault *f);

#endif
