/*
 * jscan: read an open journal segment from its start and judge what stands in it. Read-only.
 *
 * Where the frames stop being sound, the rest of the file is searched for headers that are: the
 * greatest durable offset that any names decides whether the damage is a torn tail (at or beyond
 * it, to be cut) or a loss (before it, an error).
 */
#ifndef REPLICAS_JSCAN_H
#define REPLICAS_JSCAN_H

#include "replicas/disk.h"
#include "replicas/jframe.h"

struct jscan_frame {
    const struct jframe *frame;
    uint64_t offset;
    const struct jframe_sum *previous; /* the frame sum before */
    struct bytes payload;              /* borrowed for the call */
};

typedef enum status (*jscan_each_fn)(void *user, const struct jscan_frame *found);

struct jscan {
    struct jframe_log log;
    uint64_t file_bytes;
    uint64_t end;           /* behind the last sound frame: where the next one goes */
    uint64_t items_end;     /* behind the last item; the header's end where there is none */
    uint64_t next;          /* ordinal of the next item */
    uint64_t named_durable; /* the greatest offset that any sound frame names */
    struct jframe_sum last; /* frame sum of the last sound frame, or what the header names */
    bool zeros_behind;      /* every byte from 'end' on is zero: nothing to cut */
    uint64_t resumes;       /* offset of the first sound frame behind the damage; 0: none */
};

/*
 * jscan_run(): every sound frame in order, until damage or the end; holds a window of the file.
 *
 * name  of the file, for the fault.
 * each  may be NULL; its failure ends the scan and is the result.
 * out   always filled as far as the scan came.
 *
 * Errors: ST_CORRUPT  damage before named_durable; the fault names file and offset (out->end)
 *         ST_WRONG_NETWORK, ST_IO, ST_NO_MEMORY
 */
MUST_USE enum status jscan_run(struct disk *disk, struct disk_file *file, const char *name,
                               const struct digest *network, jscan_each_fn each, void *user,
                               struct jscan *out, struct fault *f);

#endif
