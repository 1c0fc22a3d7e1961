/*
 * feedwriter: make a feed file (feed.h has its bytes) from items in order. Owns its file handle,
 * the block being filled and the compressor; free it when the file is finished.
 */
#ifndef REPLICAS_FEEDWRITER_H
#define REPLICAS_FEEDWRITER_H

#include "replicas/disk.h"
#include "replicas/feedpart.h"

struct feedwriter;

/*
 * feedwriter_new(): begin journal/<generation>.feed.tmp; the disk is borrowed until the free.
 * Errors: ST_IO, ST_DISK_FULL, ST_NO_MEMORY
 */
MUST_USE enum status feedwriter_new(struct disk *disk, const struct feedpart_head *head,
                                    struct feedwriter **out, struct fault *f);

/* feedwriter_add(): the next item, 1 .. JFRAME_PAYLOAD_MAX bytes; borrowed. On error the file
 * cannot be finished. Errors: as feedwriter_new(). */
MUST_USE enum status feedwriter_add(struct feedwriter *w, struct bytes payload, struct fault *f);

/*
 * feedwriter_finish(): last block, index and trailer, durable. At least one item was added.
 * last  the last frame sum of the last generation in it.
 * Errors: as feedwriter_new().
 */
MUST_USE enum status feedwriter_finish(struct feedwriter *w, const struct jframe_sum *last,
                                       struct fault *f);

void feedwriter_free(struct feedwriter *w);

#endif
